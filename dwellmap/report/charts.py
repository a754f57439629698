"""The drawings of a report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely
from markupsafe import Markup
from numpy.typing import NDArray

from analytics.palette import colour_map
from dwellmap.report.floor import Floor
from dwellmap.report.flows import Flows
from dwellmap.report.numbers import count, plain, seconds
from dwellmap.report.plan import Plan, name_of
from dwellmap.report.svg import (
    BAR,
    INK,
    LINE,
    SOFT,
    VEIL,
    add,
    drawing,
    level,
    markup,
    shortened,
    tick,
    titled,
)


def shade(value: float) -> str:
    """The colour of a share 0..1 on the maps' scale."""
    r, g, b, _ = colour_map()(float(np.clip(value, 0.0, 1.0)))
    return f"#{round(r * 255):02x}{round(g * 255):02x}{round(b * 255):02x}"


def hours_by_zone(
    names: Sequence[str],
    hours: Sequence[str],
    people: NDArray[np.float64],
    told: Sequence[Sequence[str]],
    hidden: NDArray[np.bool_],
) -> Markup:
    """A field of colour: (zones, hours) mean people at once; NaN is no footage, or hidden."""
    left, cell_w, cell_h, top = 150.0, min(64.0, 720 / max(len(hours), 1)), 26.0, 22.0
    root = drawing(
        left + cell_w * len(hours) + 10, top + cell_h * len(names) + 8, "people at once by hour and zone"
    )
    most = float(np.nanmax(people)) if np.isfinite(people).any() else 0.0
    for k, hour in enumerate(hours):
        tick(root, left + cell_w * (k + 0.5), 15, hour, 11)
    for row, name in enumerate(names):
        y = top + row * cell_h
        add(
            root, "text", shortened(name, 22), x=left - 8, y=y + 17, text_anchor="end", font_size=12, fill=INK
        )
        for k in range(len(hours)):
            value = people[row, k]
            known = bool(np.isfinite(value))
            secret = not known and bool(hidden[row, k])
            fill = (
                VEIL
                if secret
                else "#f1f2f4"
                if not known
                else "#ffffff"
                if value == 0
                else shade(value / most)
            )
            box = add(
                root,
                "rect",
                x=left + k * cell_w + 1,
                y=y + 1,
                width=cell_w - 2,
                height=cell_h - 2,
                rx=2,
                fill=fill,
                stroke=LINE,
                stroke_width=0.5,
            )
            titled(box, told[row][k])
            if known and value > 0:
                dark = value / most > 0.45
                add(
                    root,
                    "text",
                    plain(value),
                    x=left + (k + 0.5) * cell_w,
                    y=y + 17,
                    text_anchor="middle",
                    font_size=10,
                    fill="#ffffff" if dark else INK,
                    pointer_events="none",
                )
            elif not known:
                add(
                    root,
                    "text",
                    "hidden" if secret and cell_w > 40 else "h" if secret else "·",
                    x=left + (k + 0.5) * cell_w,
                    y=y + 17,
                    text_anchor="middle",
                    font_size=10,
                    fill=SOFT,
                    pointer_events="none",
                )
    return markup(root)


def bars(labels: Sequence[str], values: Sequence[float], told: Sequence[str], what: str) -> Markup:
    """Upright bars with their values; NaN is hidden."""
    width, height, bottom, top = 880.0, 190.0, 150.0, 18.0
    root = drawing(width, height, what)
    known = [v for v in values if np.isfinite(v)]
    most = max(known, default=0.0) or 1.0
    step = (width - 20) / max(len(values), 1)
    every = max(1, -(-len(values) // 16))
    for k, (label, value, text) in enumerate(zip(labels, values, told, strict=True)):
        x = 10 + k * step
        if np.isfinite(value):
            h = (bottom - top) * value / most
            box = add(
                root,
                "rect",
                x=x + step * 0.12,
                y=bottom - h,
                width=min(step * 0.76, 90),
                height=max(h, 0.5),
                fill=BAR,
                rx=1.5,
            )
            titled(box, text)
            if len(values) <= 24:
                add(
                    root,
                    "text",
                    count(value) if most >= 20 else plain(value),
                    x=x + step * 0.12 + min(step * 0.76, 90) / 2,
                    y=bottom - h - 4,
                    text_anchor="middle",
                    font_size=11,
                    fill=INK,
                )
        else:
            add(
                root,
                "text",
                "hidden" if step > 44 else "h",
                x=x + step / 2,
                y=bottom - 4,
                text_anchor="middle",
                font_size=11,
                fill=SOFT,
            )
        if k % every == 0:
            tick(root, x + step * 0.12 + min(step * 0.76, 90) / 2, bottom + 16, label, 11)
    add(root, "line", x1=10, x2=width - 10, y1=bottom, y2=bottom, stroke=LINE)
    return markup(root)


def occupancy(
    table: pd.DataFrame, labels: Sequence[str], name: str, observed_s: NDArray[np.float64]
) -> Markup:
    """Mean people (area) and most at once (line) over quarters of an hour of one zone."""
    width, height, left, bottom, top = 440.0, 130.0, 34.0, 106.0, 10.0
    root = drawing(width, height, f"people in {name} over time")
    mean = table["dwell_s"].to_numpy() / np.maximum(observed_s, 1e-9)
    peak = table["peak"].to_numpy(dtype=float)
    most = max(float(np.nan_to_num(peak).max(initial=0.0)), float(mean.max(initial=0.0)), 1.0)
    n = len(mean)
    x = left + (np.arange(n) + 0.5) * (width - left - 10) / max(n, 1)
    half = (width - left - 10) / max(n, 1) / 2

    def y(value: float) -> float:
        return bottom - (bottom - top) * value / most

    for value in sorted({0.0, round(most / 2), most}):
        level(root, y(value), f"{value:g}", left, width - 10)
    for k in range(n):
        box = add(
            root,
            "rect",
            x=x[k] - half,
            y=y(mean[k]),
            width=2 * half,
            height=max(bottom - y(mean[k]), 0),
            fill=BAR,
            fill_opacity=0.55,
        )
        at_once = "not known how many at once" if np.isnan(peak[k]) else f"at most {peak[k]:.0f}"
        titled(box, f"{labels[k]}: {plain(mean[k])} people on average, {at_once}")
        if np.isnan(peak[k]):
            continue
        add(
            root,
            "line",
            x1=x[k] - half,
            x2=x[k] + half,
            y1=y(peak[k]),
            y2=y(peak[k]),
            stroke=INK,
            stroke_width=1.2,
        )
    every = max(1, -(-n // 7))
    for k in range(0, n, every):
        tick(root, x[k], bottom + 15, labels[k])
    return markup(root)


def lengths(curve: NDArray[np.float64], name: str, until: float) -> Markup:
    """The share of visits that last longer than a time, with its 95 % band, up to `until` seconds.

    `curve` is (k, 4) times, shares and bounds, as `Survival.curve`.
    """
    width, height, left, bottom, top = 420.0, 190.0, 40.0, 158.0, 12.0
    root = drawing(width, height, f"how long visits to {name} last")

    def x(t: float) -> float:
        return left + (width - left - 14) * min(t, until) / until

    def y(share: float) -> float:
        return bottom - (bottom - top) * share

    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        level(root, y(value), f"{value:.0%}", left, width - 14)
    t = np.concatenate([[0.0], curve[:, 0]])
    shares = np.concatenate([[1.0], curve[:, 1]])
    low, high = (
        np.concatenate([[1.0], np.where(np.isnan(curve[:, k]), curve[:, 1], curve[:, k])]) for k in (2, 3)
    )
    keep = t <= until
    t, shares, low, high = t[keep], shares[keep], low[keep], high[keep]
    if len(t) > 400:
        at = np.unique(np.linspace(0, len(t) - 1, 400).astype(int))
        t, shares, low, high = t[at], shares[at], low[at], high[at]

    def steps(values: NDArray[np.float64]) -> list[tuple[float, float]]:
        points = []
        for k in range(len(t)):
            end = t[k + 1] if k + 1 < len(t) else until
            points += [(x(t[k]), y(values[k])), (x(end), y(values[k]))]
        return points

    band = steps(high) + steps(low)[::-1]
    add(root, "polygon", points=" ".join(f"{a:.1f},{b:.1f}" for a, b in band), fill=BAR, fill_opacity=0.16)
    add(
        root,
        "polyline",
        points=" ".join(f"{a:.1f},{b:.1f}" for a, b in steps(shares)),
        fill="none",
        stroke=BAR,
        stroke_width=2,
    )
    for part in range(5):
        end = until * part / 4
        tick(root, x(end), bottom + 15, seconds(end), anchor="middle" if part < 4 else "end")
    return markup(root)


def flow_picture(floor: Floor, flows: Flows) -> Markup:
    """Arrows between the zones on the plan, as wide as people go there often."""
    x0, y0 = floor.grid.origin
    x1, y1 = x0 + floor.grid.cell * floor.grid.columns, y0 + floor.grid.cell * floor.grid.rows
    scale = 640 / max(x1 - x0, y1 - y0)
    root = drawing((x1 - x0) * scale, (y1 - y0) * scale, "ways from zone to zone")
    definitions = add(root, "defs")
    tip = add(
        definitions,
        "marker",
        id="tip",
        viewBox="0 0 10 10",
        refX=8,
        refY=5,
        markerWidth=10,
        markerHeight=10,
        markerUnits="userSpaceOnUse",
        orient="auto",
    )
    add(tip, "path", d="M0 0 L10 5 L0 10 z", fill=BAR)
    add(
        root, "rect", x=0, y=0, width=(x1 - x0) * scale, height=(y1 - y0) * scale, fill="#fafafa", stroke=LINE
    )
    plan, scene = Plan((x0, y0), scale), floor.setups[0].view.scene
    plan.furniture(root, scene)
    plan.walls(root, scene)
    middles = []
    for zone in floor.zones:
        middle = shapely.Polygon(zone.xy_m).representative_point()
        middles.append(plan.at(middle.x, middle.y))
        plan.zone(root, zone, "#ffffff")
    ways = flows.largest(12)
    most = max((n for *_, n in ways), default=1.0)
    for a, b, n in ways[::-1]:
        (ax, ay), (bx, by) = middles[a], middles[b]
        dx, dy = bx - ax, by - ay
        size = max(float(np.hypot(dx, dy)), 1.0)
        # Bent to the right of the way, so that there and back are two arrows.
        cx, cy = (ax + bx) / 2 - dy * 0.18, (ay + by) / 2 + dx * 0.18
        sx, sy, ex, ey = ax + dx / size * 12, ay + dy / size * 12, bx - dx / size * 12, by - dy / size * 12
        arrow = add(
            root,
            "path",
            d=f"M{sx:.1f} {sy:.1f} Q{cx:.1f} {cy:.1f} {ex:.1f} {ey:.1f}",
            fill="none",
            stroke=BAR,
            stroke_opacity=0.75,
            stroke_width=1 + 7 * n / most,
            marker_end="url(#tip)",
        )
        titled(arrow, f"{floor.zones[a].name} to {floor.zones[b].name}: {count(n)}")
    for (mx, my), zone in zip(middles, floor.zones, strict=True):
        name_of(
            root, shortened(zone.name, 20), mx, my + 4, text_anchor="middle", font_size=12, font_weight="600"
        )
    return markup(root)
