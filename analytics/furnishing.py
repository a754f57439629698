"""What lies under and over a map: plan or scene picture, walls, furniture, doors, zones, footprint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path as Outline
from matplotlib.patheffects import Normal, Stroke
from numpy.typing import NDArray

from analytics.lettering import Lettering, font, legible
from analytics.zones import Zone
from calibration.scene import Scene

FOOTPRINT, WALL, DOOR, FURNITURE, FURNITURE_EDGE, ZONE, HATCH = (
    "#00687a", "#2b333b", "#1464c8", "#cfd4da", "#7b858f", "#2b333b", "#8b9299",
)  # fmt: skip
HATCH_PATTERN = "////"

# How much of a picture's colour and darkness is kept, so that the map stands out over it.
_COLOUR_KEPT, _DARKNESS_KEPT = 0.35, 0.55


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """A picture of the floor, without people.

    Attributes:
        rgb: (height, width, 3) uint8.
        extent: (left, top, right, bottom) of the picture's outer edges in the floor's unit, y down.
        plan: True for a floor plan, which shows walls and furniture itself; False for a camera's picture.

    """

    rgb: NDArray[np.uint8]
    extent: tuple[float, float, float, float]
    plan: bool = True

    def __post_init__(self) -> None:
        """Check the picture and its place."""
        shape = np.shape(self.rgb)
        if len(shape) != 3 or shape[2] != 3 or 0 in shape or self.rgb.dtype != np.uint8:
            raise ValueError(
                f"backdrop: expected an RGB picture (height, width, 3) of uint8, got {shape} "
                f"of {self.rgb.dtype}"
            )
        left, top, right, bottom = self.extent
        if not (np.isfinite(self.extent).all() and left < right and top < bottom):
            raise ValueError(
                "backdrop: expected an extent (left, top, right, bottom), left < right and top < bottom, "
                f"got {self.extent}"
            )

    def drawn(self, view: tuple[float, float, float, float], pixels: float) -> tuple[NDArray[np.uint8], Box]:
        """The part inside a view (left, top, right, bottom), muted and no finer than `pixels` across."""
        left, top, right, bottom = self.extent
        rows, columns = self.rgb.shape[:2]
        x, y = (right - left) / columns, (bottom - top) / rows
        c0, c1 = max(0, int((view[0] - left) / x)), min(columns, int(np.ceil((view[2] - left) / x)))
        r0, r1 = max(0, int((view[1] - top) / y)), min(rows, int(np.ceil((view[3] - top) / y)))
        if c0 >= c1 or r0 >= r1:
            return np.zeros((0, 0, 3), dtype=np.uint8), view
        step = max(1, int((view[2] - view[0]) / x / pixels))
        part = _reduced(self.rgb[r0:r1, c0:c1], step)
        # Written out: a product of matrices so narrow keeps every core busy and is no faster.
        grey = 0.299 * part[..., 0] + 0.587 * part[..., 1] + 0.114 * part[..., 2]
        kept = _DARKNESS_KEPT * _COLOUR_KEPT
        muted = kept * part + ((_DARKNESS_KEPT - kept) * grey + 255 * (1 - _DARKNESS_KEPT))[..., None]
        box = (left + c0 * x, top + r0 * y, left + c1 * x, top + r1 * y)
        return muted.round().astype(np.uint8), box


Box = tuple[float, float, float, float]


def _reduced(rgb: NDArray[np.uint8], step: int) -> NDArray[np.float32]:
    """The picture with blocks of `step` pixels averaged, so that the thin lines of a large plan stay."""
    rows, columns = rgb.shape[0] // step, rgb.shape[1] // step
    if step == 1 or not rows or not columns:
        return rgb.astype(np.float32)
    blocks = rgb[: rows * step, : columns * step].reshape(rows, step, columns, step, 3)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32))


def draw_backdrop(axes: Axes, backdrop: Backdrop, view: Box) -> None:
    """Draw the picture under the map."""
    pixels = 2 * axes.get_window_extent().width
    picture, (left, top, right, bottom) = backdrop.drawn(view, pixels)
    if picture.size:
        axes.imshow(
            picture, extent=(left, right, bottom, top), interpolation="antialiased", aspect="auto", zorder=0
        )


def draw_hatch(axes: Axes, outline: Outline | None) -> None:
    """Hatch the floor that was not seen."""
    if outline is not None:
        axes.add_patch(
            PathPatch(outline, fill=False, hatch=HATCH_PATTERN, edgecolor=HATCH, linewidth=0, zorder=3)
        )


def draw_scene(axes: Axes, scene: Scene, filled: bool) -> None:
    """Draw furniture, walls and doors; furniture only in outline over a picture of the scene."""
    for piece in scene.furniture:
        axes.add_patch(
            Polygon(
                piece.xy_m,
                closed=True,
                facecolor=FURNITURE if filled else "none",
                edgecolor=FURNITURE_EDGE,
                linewidth=1.0,
                joinstyle="miter",
                zorder=4,
            )
        )
    walls = [wall.xy_m for wall in scene.walls]
    axes.add_collection(LineCollection(walls, colors=WALL, linewidths=2.4, capstyle="projecting", zorder=6))
    doors = [door.xy_m for door in scene.doors]
    axes.add_collection(LineCollection(doors, colors="white", linewidths=5.2, capstyle="butt", zorder=7))
    axes.add_collection(LineCollection(doors, colors=DOOR, linewidths=3.4, capstyle="butt", zorder=8))


def draw_footprint(axes: Axes, footprint: NDArray[np.float64]) -> None:
    """Draw the outline of what the camera's picture shows, a (n, 2) polygon."""
    closed = np.vstack([footprint, footprint[:1]])
    halo = [Stroke(linewidth=3.6, foreground="white", alpha=0.85), Normal()]
    axes.plot(
        closed[:, 0], closed[:, 1], color=FOOTPRINT, linewidth=1.8, dashes=(5, 2), path_effects=halo, zorder=9
    )


def draw_zones(axes: Axes, zones: Sequence[Zone], lettering: Lettering) -> None:
    """Draw zones in outline with their names; a name that would cover another one is left out."""
    taken: list[tuple[float, float, float, float]] = []
    frame = axes.get_window_extent()
    halo = [Stroke(linewidth=2.4, foreground="white", alpha=0.9), Normal()]
    for zone in zones:
        axes.add_patch(
            Polygon(
                zone.xy_m,
                closed=True,
                fill=False,
                edgecolor=ZONE,
                linewidth=1.1,
                linestyle=(0, (1, 1.6)),
                zorder=9,
            )
        )
        corners = axes.transData.transform(zone.xy_m)
        low, high = corners.min(axis=0), corners.max(axis=0)
        left, top = max(low[0], frame.x0), min(high[1], frame.y1)
        room = min(max(high[0] - left, 90.0), frame.x1 - left) - 12
        name = legible(zone.name) + (" (staff)" if zone.staff else "")
        if room < 30:
            continue
        name = lettering.fit(name, 7.5, room)
        box = (left, top - 24, left + lettering.width_px(name, 7.5) + 12, top)
        inside = frame.y0 <= box[1] and box[3] <= frame.y1 + 1
        if not inside or any(_overlap(box, other) for other in taken):
            continue
        taken.append(box)
        axes.annotate(
            name, (left, top), xycoords="figure pixels", xytext=(3, -3), textcoords="offset points",
            va="top", ha="left", color=ZONE, fontproperties=font(name, 7.5), parse_math=False,
            path_effects=halo, zorder=11, annotation_clip=False,
        )  # fmt: skip


def draw_scale_bar(axes: Axes, width: float) -> None:
    """A bar of a round length under the map's left end, `width` being the view's width in metres."""
    length = nice(width / 5)
    pixel = width / axes.get_window_extent().width
    left = axes.get_xlim()[0]
    down = axes.get_xaxis_transform()
    height = axes.get_window_extent().height
    y = -62 / height
    tick = 7 / height
    line = {
        "color": "#1b2530",
        "linewidth": 2.0,
        "transform": down,
        "clip_on": False,
        "solid_capstyle": "butt",
    }
    axes.plot([left, left + length], [y, y], gid="scale bar", **line)  # type: ignore[arg-type]
    for end in (left + pixel, left + length - pixel):
        axes.plot([end, end], [y - tick, y + tick], **line)  # type: ignore[arg-type]
    text = f"{length:g} m"
    axes.annotate(
        text, (left + length, y), xycoords=down, xytext=(6, 0), textcoords="offset points", va="center",
        color="#1b2530", fontproperties=font(text, 9), parse_math=False, annotation_clip=False,
    )  # fmt: skip


def nice(length: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that is not above the length."""
    power = 10.0 ** np.floor(np.log10(length))
    return float(max(step for step in (1, 2, 5) if step * power <= length * (1 + 1e-9)) * power)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
