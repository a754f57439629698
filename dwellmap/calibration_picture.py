"""A calibration as a picture: a metre grid in the camera's view, and how far off positions are."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patheffects import Normal, Stroke
from numpy.typing import NDArray

from analytics.furnishing import Backdrop, draw_backdrop
from analytics.lettering import INK, QUIET, Lettering, font
from analytics.sheet import EDGE, WIDTH, Sheet
from calibration.accuracy import PERSON_M, floor_sigma_m
from calibration.calibration import Calibration
from calibration.overlay import figure_px, floor_lines_px, grid_step_m

Extent = tuple[float, float, float, float]

BANDS_CM = (0.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0, 200.0)
BAND_COLOURS = ("#0b6e4f", "#4aa564", "#a5cf7b", "#f4e285", "#f4a259", "#d9594c", "#8c2f39")
BEYOND = "#5c5470"
_SAMPLES = 220
_MOST_FIGURES = 6
_MARGIN_M = 2.0
_PANEL_TOP = 44
_TICKS_PX = 44


def draw_calibration(
    calibration: Calibration, name: str, still_rgb: NDArray[np.uint8] | None, plan: Backdrop | None
) -> Sheet:
    """Draw a calibration.

    Args:
        calibration: The camera.
        name: What the sheet is called.
        still_rgb: (height, width, 3) the camera's picture; None draws on an empty one.
        plan: The floor plan; None draws on an empty sheet.

    """
    lettering = Lettering()
    w, h = calibration.image_size_px
    extent = floor_extent(calibration) if plan is None else plan.extent
    whole = WIDTH - 2 * EDGE
    picture_w = min(whole, 820.0 * w / h)
    picture_h = picture_w * h / w
    panel = (whole - 2 * _TICKS_PX - 30) / 2
    floor_h = min(panel * (extent[3] - extent[1]) / (extent[2] - extent[0]), 1100.0)
    floor_w = floor_h * (extent[2] - extent[0]) / (extent[3] - extent[1])
    head = 96.0
    floor_top = head + _PANEL_TOP + picture_h + 70
    sheet = Sheet(WIDTH, floor_top + _PANEL_TOP + floor_h + 150, lettering)
    sheet.write(EDGE, 44, lettering.fit(name, 19, whole, "bold"), 19, weight="bold")
    step = grid_step_m(extent)
    told = f"The camera's view: floor grid of {step:g} m, pairs (rings; left out: crosses)"
    if calibration.pose is not None:
        told += f", figures of {PERSON_M:g} m"
    sheet.write(EDGE, head, told, 11, QUIET)
    axes = sheet.axes(EDGE, head + _PANEL_TOP - 20, picture_w, picture_h)
    _draw_view(axes, calibration, extent, step, still_rgb)
    for nth, title in enumerate(
        ("Calibration alone, 1-sigma (axes in metres)", f"Detected person of {PERSON_M:g} m, 1-sigma")
    ):
        left = EDGE + _TICKS_PX + nth * (panel + _TICKS_PX + 30)
        sheet.write(left, floor_top, title, 11, weight="bold")
        axes = sheet.axes(left, floor_top + _PANEL_TOP - 20, floor_w, floor_h)
        _draw_floor(axes, calibration, extent, nth, plan)
    _draw_bands(sheet, floor_top + _PANEL_TOP + floor_h + 70)
    return sheet


def floor_extent(calibration: Calibration) -> Extent:
    """The part of the floor around the pairs, in metres."""
    low, high = calibration.pairs.floor_m.min(axis=0), calibration.pairs.floor_m.max(axis=0)
    margin = max(_MARGIN_M, 0.15 * float(np.max(high - low)))
    return (
        float(low[0]) - margin, float(low[1]) - margin, float(high[0]) + margin, float(high[1]) + margin,
    )  # fmt: skip


def _draw_view(
    axes: Axes, calibration: Calibration, extent: Extent, step_m: float, still_rgb: NDArray[np.uint8] | None
) -> None:
    w, h = calibration.image_size_px
    if still_rgb is not None:
        axes.imshow(still_rgb, extent=(-0.5, w - 0.5, h - 0.5, -0.5), aspect="auto")
    else:
        axes.set_facecolor("#eef1f4")
    lines = floor_lines_px(calibration, extent, step_m)
    axes.add_collection(LineCollection(lines, colors="#00a3c4", linewidths=0.9, alpha=0.85))
    pairs = calibration.pairs
    _rings(axes, pairs.image_px, pairs.used, pairs.label)
    if calibration.pose is not None:
        chosen = _spread(pairs.floor_m[pairs.used])
        for foot, top in figure_px(calibration, chosen, PERSON_M):
            _figure(axes, foot, top)
    axes.set(xlim=(-0.5, w - 0.5), ylim=(h - 0.5, -0.5), xticks=[], yticks=[])


def _draw_floor(
    axes: Axes, calibration: Calibration, extent: Extent, which: int, plan: Backdrop | None
) -> None:
    x0, y0, x1, y1 = extent
    if plan is not None:
        draw_backdrop(axes, plan, extent)
    x, y = np.meshgrid(np.linspace(x0, x1, _SAMPLES), np.linspace(y0, y1, _SAMPLES))
    floor = np.column_stack([x.ravel(), y.ravel()])
    seen = _in_picture(calibration, floor)
    sigma_cm = np.full(len(floor), np.nan)
    sigma_cm[seen] = 100 * floor_sigma_m(calibration, floor[seen])[which]
    bands = ListedColormap(list(BAND_COLOURS)).with_extremes(over=BEYOND)
    norm = BoundaryNorm(BANDS_CM, bands.N)
    axes.imshow(
        np.ma.masked_invalid(sigma_cm.reshape(x.shape)), extent=(x0, x1, y1, y0), cmap=bands, norm=norm,
        alpha=0.72, interpolation="nearest", aspect="auto", zorder=2,
    )  # fmt: skip
    pairs = calibration.pairs
    _rings(axes, pairs.floor_m, pairs.used, pairs.label)
    if calibration.pose is not None:
        axes.plot(*calibration.pose.camera_xy_m, marker="^", color=INK, markersize=9, zorder=5, clip_on=True)
    axes.set(xlim=(x0, x1), ylim=(y1, y0))
    axes.tick_params(length=3, width=0.6, color=QUIET, labelcolor=INK)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(font(label.get_text(), 8))


def _in_picture(calibration: Calibration, xy_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    w, h = calibration.image_size_px
    px = calibration.image_from_floor(xy_m)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.all((px >= -0.5) & (px <= np.array([w, h]) - 0.5), axis=1))


def _rings(axes: Axes, xy: NDArray[np.float64], used: NDArray[np.bool_], label: tuple[str, ...]) -> None:
    for colour, width in (("white", 2.6), ("#b3005e", 1.3)):
        axes.scatter(
            xy[used, 0], xy[used, 1], s=52, facecolors="none", edgecolors=colour, linewidths=width, zorder=4
        )
    axes.scatter(xy[~used, 0], xy[~used, 1], s=60, marker="x", c="#b3005e", linewidths=2.0, zorder=4)
    halo = [Stroke(linewidth=2.6, foreground="white"), Normal()]
    for name, (x, y) in zip(label, xy, strict=True):
        axes.annotate(
            name, (x, y), xytext=(6, 6), textcoords="offset points", path_effects=halo, zorder=5,
            fontproperties=font(name, 8), color=INK, parse_math=False, annotation_clip=True,
        )  # fmt: skip


def _figure(axes: Axes, foot: NDArray[np.float64], top: NDArray[np.float64]) -> None:
    """A person as an outline: a head, a body, two legs."""
    if not np.isfinite([foot, top]).all():
        return
    up = top - foot
    across = np.array([-up[1], up[0]])
    # Shares of the height along and across: the right side from the feet to the neck, then round the head.
    turn = np.linspace(-0.85 * np.pi / 2, np.pi / 2, 9)
    side = [(0, 0.0), (0, 0.07), (0.45, 0.09), (0.6, 0.14), (0.79, 0.14), (0.83, 0.05)]
    side += [(0.925 + 0.075 * np.sin(a), 0.062 * np.cos(a)) for a in turn]
    right = np.array([foot + s * up + o * across for s, o in side])
    left = np.array([foot + s * up - o * across for s, o in reversed(side)])
    shape = np.concatenate([right, left])
    for width, colour in ((3.2, "white"), (1.5, "#d1495b")):
        axes.plot(*shape.T, color=colour, linewidth=width, zorder=6)


def _spread(xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """A few points far from each other."""
    chosen = [int(np.argmin(np.linalg.norm(xy_m - np.median(xy_m, axis=0), axis=1)))]
    while len(chosen) < min(_MOST_FIGURES, len(xy_m)):
        away = np.min(np.linalg.norm(xy_m[:, None] - xy_m[chosen][None], axis=2), axis=1)
        chosen.append(int(np.argmax(away)))
    return xy_m[chosen]


def _draw_bands(sheet: Sheet, y: float) -> None:
    """What the colours mean."""
    x = float(EDGE)
    upper = [f"to {v:g} cm" for v in BANDS_CM[1:]]
    for colour, text in zip((*BAND_COLOURS, BEYOND), (*upper, f"over {BANDS_CM[-1]:g} cm"), strict=True):
        sheet.paper.scatter([x + 10], [y], s=130, marker="s", c=colour, alpha=0.8, linewidths=0)
        sheet.write(x + 28, y, text, 9.5)
        x += 158
