"""What stands out in a period, in plain words made of its numbers: no claim without n and interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from dwellmap.report.floor import Floor
from dwellmap.report.flows import Flows
from dwellmap.report.numbers import count, plain, seconds, share, span, too_few, upper, wilson
from dwellmap.report.summary import Summary

# Fewer visitors, entries or hours than this say nothing that a shop should be changed for.
LEAST_VISITORS, LEAST_ENTRIES, LEAST_HOURS = 10, 20, 3
# Days are drawn where there are that many, for people of one day are alike; else people.
LEAST_DAYS = 5
_DRAWS, _BLOCKS, _SEED = 1000, 2000, 20090101
# How much more or less than the zones together a zone must be used to be worth a sentence.
_MORE, _LESS = 1.25, 0.8


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer.

    Attributes:
        question: What the analyst asked.
        answer: The answer, or that there is not enough footage for one.
        basis: What it rests on.
        advice: What could be tried; "" for nothing.
        known: False where the footage does not suffice.

    """

    question: str
    answer: str
    basis: str
    advice: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """How the time divides among zones, with 95 % intervals from a bootstrap over days or people.

    Attributes:
        zones: (k,) numbers of the zones that are compared: not staff-only, seen, with enough to tell.
        share: (k, 3) share of the time in these zones, its lower and upper bound.
        ratio: (k, 3) person-seconds per m2 against that of these zones together; NaN without metres.
        drawn: "days" or "visitors".
        units: How many of them there are.

    """

    zones: NDArray[np.int64]
    share: NDArray[np.float64]
    ratio: NDArray[np.float64]
    drawn: str
    units: int


def use_of(floor: Floor) -> Use:
    """Compare the zones."""
    figures, visits = floor.figures, floor.visits.visits
    chosen = np.flatnonzero(
        ~np.array([zone.staff for zone in floor.zones], dtype=np.bool_)
        & figures["dwell_s"].notna().to_numpy()
    )
    inside = np.isin(visits.place, chosen)
    days = np.unique(floor.visit_day[inside])
    by_day = len(days[days >= 0]) >= LEAST_DAYS
    who = (floor.visit_day if by_day else visits.person)[inside]
    names, unit = np.unique(who, return_inverse=True)
    units = min(len(names), _BLOCKS)
    dwell = np.zeros((max(units, 1), len(chosen)))
    at = np.searchsorted(chosen, visits.place[inside])
    np.add.at(dwell, (unit % max(units, 1), at), visits.dwell_s[inside])
    area = figures["seen_m2"].to_numpy()[chosen]
    rng = np.random.default_rng(_SEED)
    weights = rng.multinomial(max(units, 1), np.full(max(units, 1), 1 / max(units, 1)), _DRAWS)
    totals = np.vstack([dwell.sum(axis=0), weights @ dwell])
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = totals / totals.sum(axis=1, keepdims=True)
        ratios = shares / (area / area.sum())
    drawn = "days" if by_day else "visitors"
    return Use(chosen, _interval(shares), _interval(ratios), drawn, len(names))


def _interval(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if values.shape[1] == 0:
        return np.zeros((0, 3))
    drawn = values[1:][np.isfinite(values[1:]).all(axis=1)]
    if not len(drawn):
        return np.column_stack([values[0], np.full((values.shape[1], 2), np.nan)])
    low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
    return np.column_stack([values[0], low, high])


def enough(floor: Floor, number: int) -> bool:
    """Whether so many people came to a zone that something can be said of it."""
    visitors = float(floor.figures["visitors"].iloc[number])
    return not np.isnan(visitors) and visitors >= LEAST_VISITORS


def findings(summary: Summary, floor: Floor, use: Use, flows: Flows) -> list[Finding]:
    """The answers of the first page."""
    if not floor.visits.visits.person.size and not np.nansum(floor.cells.dwell_s):
        if floor.min_people and (floor.all_visits.visits.person.size or floor.cells.hidden.any()):
            return [_all_hidden("What to change?", floor)]
        observed = seconds(summary.quality.observed_s)
        return [
            Finding(
                "What to change?",
                f"Nobody was counted in {observed} of footage.",
                "an empty place, or a camera that does not see the people",
                known=False,
            )
        ]
    if not len(use.zones) and floor.hidden["dwell_s"].any():
        return [_spots(floor), _all_hidden("How long, and what to change?", floor)]
    if not len(use.zones):
        return [
            _spots(floor),
            Finding(
                "How long, and what to change?",
                "No zones are drawn for this camera, so nothing can be said of areas.",
                "draw zones in the site file, then `dwellmap maps RUN --site SITE`",
                known=False,
            ),
        ]
    told = [
        _where(floor, use),
        _length(floor, use),
        _space(floor, use),
        _passed(floor, use),
        _when(floor, use),
        _ways(floor, flows),
    ]
    return [one for one in told if one is not None]


def _where(floor: Floor, use: Use) -> Finding:
    question = "Where do people spend their time?"
    order = np.argsort(-use.share[:, 0])
    first = order[0]
    number = int(use.zones[first])
    if not enough(floor, number):
        n = count(float(np.nan_to_num(floor.figures["visitors"].to_numpy()[use.zones]).max(initial=0)))
        return Finding(
            question,
            "Not enough footage to tell.",
            f"at most {n} visitors in a zone; at least {LEAST_VISITORS} are needed",
            known=False,
        )
    value, low, high = use.share[first]
    row = floor.figures.iloc[number]
    text = (
        f"Most of all in {_name(floor, number)}: {share(value)} of the time in the zones compared, "
        f"{seconds(row['dwell_s'])} in all."
    )
    if len(order) > 1:
        second = order[1]
        also = _name(floor, int(use.zones[second]))
        if use.share[second, 2] > low:
            text += f" {also} may be as strong ({share(use.share[second, 0])})."
        else:
            text += f" Next is {also} with {share(use.share[second, 0])}."
    return Finding(
        question, text, f"{count(row['visitors'])} visitors; 95 % interval {share(low)} to {share(high)}"
    )


def _length(floor: Floor, use: Use) -> Finding:
    question = "How long do they stay?"
    figures = floor.figures.iloc[use.zones]
    usable = figures[(figures["entries"] >= LEAST_ENTRIES) & figures["attention_low_s"].notna()]
    if usable.empty:
        n = count(float(figures["entries"].max())) if figures["entries"].notna().any() else "0"
        return Finding(
            question,
            "Not enough arrivals to tell.",
            f"at most {n} entries to a zone; at least {LEAST_ENTRIES} are needed",
            known=False,
        )
    order = np.argsort(usable["attention_s"].to_numpy())
    longest, shortest = usable.iloc[int(order[-1])], usable.iloc[int(order[0])]
    text = f"Longest in {_quoted(longest['zone'])}: {seconds(longest['attention_s'])} a visit on average."
    if np.isfinite(longest["median_s"]):
        text += f" Half of the visits there are over after {seconds(longest['median_s'])}."
    if len(usable) > 1 and shortest["attention_high_s"] < longest["attention_low_s"]:
        text += f" Shortest in {_quoted(shortest['zone'])}: {seconds(shortest['attention_s'])}."
    interval = span(longest["attention_low_s"], longest["attention_high_s"])
    return Finding(question, text, f"{count(longest['entries'])} entries; 95 % interval {interval}")


def verdict(floor: Floor, use: Use, k: int) -> str:
    """Whether a zone is used more or less than the others for its size, in a word or two."""
    value, low, high = use.ratio[k]
    if np.isnan(value) or not enough(floor, int(use.zones[k])) or np.isnan(low):
        return "not enough to tell" if not np.isnan(value) else "no areas in metres"
    if low > _MORE:
        return "crowded for its size"
    if high < _LESS:
        return "large for its use"
    return "as the others"


def _space(floor: Floor, use: Use) -> Finding:
    question = "Which area is too small, which too big?"
    told = [verdict(floor, use, k) for k in range(len(use.zones))]
    if floor.grid.unit == "px":
        return Finding(
            question,
            "Not known: without calibration there are no square metres.",
            "calibrate the camera (docs/calibration.md)",
            known=False,
        )
    if len(use.zones) < 2 or all(text == "not enough to tell" for text in told):
        return Finding(
            question,
            "Not enough footage to tell.",
            f"two zones with at least {LEAST_VISITORS} visitors each are needed",
            known=False,
        )
    parts, advice, basis = [], [], []
    order = np.argsort(-use.ratio[:, 0])
    for word, sign in (("crowded for its size", 1), ("large for its use", -1)):
        fitting = [k for k in order[::sign] if told[k] == word][:2]
        for k in fitting:
            name, (value, low, high) = _name(floor, int(use.zones[k])), use.ratio[k]
            much = f"{plain(value)} times" if sign > 0 else f"{share(value)} of"
            parts.append(f"{name} is {word}: {much} the time per m² of the zones together")
            basis.append(f"{name}: {plain(low)} to {plain(high)} times")
            advice.append(
                f"give {name} more room, or spread what draws people there"
                if sign > 0
                else f"give up floor in {name}, or put something there worth stopping for"
            )
    if not parts:
        return Finding(
            question,
            "None stands out: all zones are used about as much for their size as the others.",
            f"{count(use.units)} {use.drawn}; no 95 % interval beyond {_LESS:g} to {_MORE:g} times",
        )
    tried = "Worth trying: " + "; or ".join(advice[:2]) + "." if advice else ""
    return Finding(
        question,
        ". ".join(upper(part) for part in parts) + ".",
        f"95 % intervals over {count(use.units)} {use.drawn}: " + "; ".join(basis),
        tried,
    )


def _passed(floor: Floor, use: Use) -> Finding | None:
    question = "Where do people pass without stopping?"
    figures = floor.figures.iloc[use.zones]
    entered = floor.entered
    told = figures["attracting_power"].notna()
    usable = figures[(figures["entries"] >= LEAST_ENTRIES) & told]
    if len(usable) < 2:
        return None
    together = float(usable["stopped"].sum() / sum(entered[k] for k in usable.index))
    at = int(np.argmin(usable["attracting_power"].to_numpy()))
    low, n = usable.iloc[at], int(entered[usable.index[at]])
    below, above = wilson(float(low["stopped"]), n)
    if not above < together:
        return Finding(
            question,
            "No zone is passed by more than the others.",
            f"{share(together)} of the entries stop, over all zones with {LEAST_ENTRIES} entries or more",
        )
    text = (
        f"{upper(_quoted(low['zone']))}: {count(low['stopped'])} of {count(n)} entries stopped "
        f"({share(low['attracting_power'])}), against {share(together)} in the zones together."
    )
    return Finding(
        question,
        text,
        f"95 % interval {share(below)} to {share(above)}",
        "If it is no mere aisle, try what it offers somewhere else, or something else there.",
    )


def _when(floor: Floor, use: Use) -> Finding | None:
    question = "When is it busy?"
    hours = floor.hours[floor.hours["zone"].isin(use.zones) & floor.hours["hour"].notna()]
    if hours.empty:
        return Finding(
            question,
            "Not known: nobody knows when the footage was recorded.",
            "name its start with --start or in the file name",
            known=False,
        )
    pairs = overlaps(floor)
    if any(a in use.zones and b in use.zones for a, b in pairs):
        top = int(use.zones[np.argmax(use.share[:, 0])])
        hours, where = hours[hours["zone"] == top], f"in {_name(floor, top)}"
    else:
        where = "in the zones"
    # Of an hour that is hidden in one of the zones, the others are no sum.
    hours = hours[hours.groupby(["day", "hour"])["dwell_s"].transform("count")
                  == hours.groupby(["day", "hour"])["dwell_s"].transform("size")]  # fmt: skip
    one = hours.drop_duplicates(["day", "hour"]).groupby("hour")["observed_s"].agg(["sum", "size"])
    mean = hours.groupby("hour")["dwell_s"].sum(min_count=1) / one["sum"]
    # Hours of which only a sliver was filmed say nothing about the hour.
    mean = mean[(one["sum"] >= 900) & mean.notna()]
    if len(mean) < LEAST_HOURS:
        return Finding(
            question,
            "Not enough footage to tell.",
            f"{len(mean)} hours of the day with a quarter of an "
            f"hour of footage; at least {LEAST_HOURS} are needed",
            known=False,
        )
    of, values = mean.index.to_numpy(dtype=np.int64), mean.to_numpy(dtype=float)
    top_h, low_h = int(of[np.argmax(values)]), int(of[np.argmin(values)])
    days = len(hours["day"].unique())
    text = (
        f"Most from {top_h}:00 to {top_h + 1}:00: {plain(float(values.max()))} people at once {where} "
        "on average. "
        f"Least from {low_h}:00 to {low_h + 1}:00: {plain(float(values.min()))}."
    )
    basis = f"{days} days" if days > 1 else "one day only: another one may differ"
    if days > 1:
        each = hours.groupby(["day", "hour"])["dwell_s"].sum(min_count=1).unstack("hour")
        # A day may be hidden altogether.
        busiest = each.dropna(how="all").idxmax(axis=1)
        basis += f"; the busiest hour was this one on {int((busiest == top_h).sum())} of them"
    return Finding(question, text, basis)


def _ways(floor: Floor, flows: Flows) -> Finding | None:
    question = "Where do they go next?"
    ways = flows.largest(1)
    staff = [zone.staff for zone in floor.zones]
    if not ways or staff[ways[0][0]] or staff[ways[0][1]]:
        return None
    a, b, n = ways[0]
    out = flows.out_of(a)
    if not out >= LEAST_ENTRIES:
        return None
    low, high = wilson(n, out)
    text = (
        f"Most often from {_name(floor, a)} to {_name(floor, b)}: {count(n)} of {count(out)} who "
        "left the first "
    )
    return Finding(question, text + f"({share(n / out)}).", f"95 % interval {share(low)} to {share(high)}")


def _spots(floor: Floor) -> Finding:
    question = "Where do people spend their time?"
    dwell = np.nan_to_num(floor.cells.dwell_s)
    if floor.min_people and not dwell.any():
        return _all_hidden("Where do people spend their time?", floor)
    seen = floor.cells.coverage >= floor.setups[0].maps.min_coverage
    order = np.argsort(-dwell)
    half = int(np.searchsorted(np.cumsum(dwell[order]), dwell.sum() / 2)) + 1
    x, y = floor.grid.centres[order[0]]
    unit = floor.grid.unit
    visitors = float(np.nanmax(floor.cells.visitors))
    text = (
        f"Half of all the time is spent on {share(half / max(int(seen.sum()), 1))} of the floor seen; "
        "the strongest "
        f"spot is at x {x:.4g} {unit}, y {y:.4g} {unit}, dark on the map of total dwell."
    )
    if visitors < LEAST_VISITORS:
        text = "Not enough footage to tell; the strongest spot so far is dark on the map of total dwell."
    return Finding(
        question,
        text,
        f"at most {count(visitors)} different people in one cell, {seconds(float(dwell.sum()))} in all",
        known=visitors >= LEAST_VISITORS,
    )


def _all_hidden(question: str, floor: Floor) -> Finding:
    return Finding(
        question,
        f"{upper(too_few(floor.min_people))}: too few people came on any day for a number.",
        "a longer period does not help, as each day is hidden by itself; fewer with --min-people would",
        known=False,
    )


def overlaps(floor: Floor) -> list[tuple[int, int]]:
    """Pairs of zones that share floor: their figures do not add."""
    polygons = [shapely.Polygon(zone.xy_m) for zone in floor.zones]
    return [
        (a, b)
        for a in range(len(polygons))
        for b in range(a + 1, len(polygons))
        if polygons[a].intersection(polygons[b]).area > 1e-6
    ]


def _name(floor: Floor, number: int) -> str:
    return _quoted(floor.zones[number].name)


def _quoted(name: object) -> str:
    return f"“{name}”"
