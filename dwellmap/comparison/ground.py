"""What two periods need in common to be compared, one floor, and what they must not: the same footage."""

from __future__ import annotations

import numpy as np

from dwellmap.period.floors import floors_among
from dwellmap.period.member import Member
from dwellmap.period.period import Period
from dwellmap.period.setup import Setup


def check_apart(a: Period, b: Period) -> None:
    """Refuse footage that is on both sides: it would be compared with itself."""
    for mine in a.members:
        for other in b.members:
            if mine.camera != other.camera:
                continue
            same = mine.content == other.content and mine.zero_s == other.zero_s
            dated = mine.start is not None and other.start is not None
            if not (_overlap_s(a, mine, b, other) > 1.0 if dated else same):
                continue
            if mine.path.resolve() == other.path.resolve():
                raise ValueError(
                    f"{mine.path} is on both sides; compare different recordings, or different periods"
                )
            what = "are runs of one recording" if same else "overlap in time"
            raise ValueError(
                f"{mine.path} and {other.path} {what}, so the same people would be on both sides; choose "
                "recordings or periods that do not overlap"
            )


def _overlap_s(a: Period, mine: Member, b: Period, other: Member) -> float:
    """How long both sides show the same time."""
    spans = []
    for period, member in ((a, mine), (b, other)):
        low = -np.inf if period.begin is None else period.begin.timestamp()
        high = np.inf if period.end is None else period.end.timestamp()
        span = np.clip(member.counted_s + member.zero_s, low, high)
        if not len(span):
            return 0.0
        spans.append((float(span[0, 0]), float(span[-1, 1])))
    return min(spans[0][1], spans[1][1]) - max(spans[0][0], spans[1][0])


def common_floor(a: Period, b: Period) -> tuple[Setup, ...]:
    """The setups of both that look at the floor of which both have footage, the one with the most."""
    common = [
        group
        for group in floors_among([*a.setups, *b.setups])
        if all(any(setup in period.setups for setup in group) for period in (a, b))
    ]
    if common:
        return max(common, key=lambda group: min(_footage_s(period, group) for period in (a, b)))
    first, second = a.setups[0], b.setups[0]
    what = "the same floor, cells and definitions"
    if first.grid.unit != second.grid.unit:
        what = "both calibrated or both not"
    elif (first.grid.cell, first.grid.shape) != (second.grid.cell, second.grid.shape):
        what = (
            f"the same cells; A has {first.grid.columns} x {first.grid.rows} of {first.grid.cell:g} "
            f"{first.grid.unit}, B {second.grid.columns} x {second.grid.rows} of {second.grid.cell:g} "
            f"{second.grid.unit}"
        )
    elif first.grid.unit == "px" and first.camera != second.camera:
        what = "one camera, as nobody calibrated them"
    elif first.floor == second.floor:
        what = "one floor; these are other cameras over another drawing of the plan"
    raise ValueError(
        f"A and B cannot be compared place by place: expected {what}. Compute one of them again with "
        "`dwellmap maps RUN --site SITE.toml`"
    )


def _footage_s(period: Period, setups: tuple[Setup, ...]) -> float:
    chosen = {setup.number for setup in setups if setup in period.setups}
    spans = [member.counted_s for member in period.members if member.setup in chosen]
    return float(sum((s[:, 1] - s[:, 0]).sum() for s in spans))
