"""The plan of the demo shop as a picture, as an architect would hand it over."""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from dwellmap.demo.shop import Shop

PIXELS_PER_METRE = 100
_FILL = {"shelf": "#d9d4c7", "counter": "#d8c3ab", "table": "#e6dcc6"}


def draw_plan(shop: Shop, path: Path) -> float:
    """Draw the plan and return its scale in metres per pixel.

    Args:
        shop: The shop; the picture shows exactly its room.
        path: PNG to write.

    """
    dpi = 100
    size = shop.width_m * PIXELS_PER_METRE / dpi, shop.depth_m * PIXELS_PER_METRE / dpi
    figure = Figure(figsize=size, dpi=dpi, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, shop.width_m), ylim=(shop.depth_m, 0), aspect="equal")
    axes.axis("off")
    axes.add_patch(Rectangle((0, 0), shop.width_m, shop.depth_m, facecolor="#fbfaf6"))
    for x in range(1, int(shop.width_m)):
        axes.axvline(x, color="#ece8dd", linewidth=0.8)
    for y in range(1, int(shop.depth_m)):
        axes.axhline(y, color="#ece8dd", linewidth=0.8)
    for box in shop.furniture:
        width, depth = box.right_m - box.left_m, box.bottom_m - box.top_m
        axes.add_patch(
            Rectangle(
                (box.left_m, box.top_m),
                width,
                depth,
                facecolor=_FILL[box.kind],
                edgecolor="#5b564a",
                linewidth=1.5,
            )
        )
        axes.text(
            (box.left_m + box.right_m) / 2,
            (box.top_m + box.bottom_m) / 2,
            box.name,
            ha="center",
            va="center",
            fontsize=9,
            color="#3c382f",
            rotation=90 if depth > 1.5 * width else 0,
        )
    axes.add_patch(
        Rectangle((0, 0), shop.width_m, shop.depth_m, fill=False, edgecolor="#26221b", linewidth=9)
    )
    low, high = shop.door_m
    axes.plot([shop.width_m] * 2, [low, high], color="#fbfaf6", linewidth=11, solid_capstyle="butt")
    axes.text(
        shop.width_m - 0.12, (low + high) / 2, "door", ha="right", va="center", fontsize=9, color="#3c382f"
    )
    figure.savefig(path, dpi=dpi, metadata={"Software": None})
    return 1 / PIXELS_PER_METRE
