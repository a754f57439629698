"""What stands out in a period, in plain words made of its numbers: no claim without n and interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dwellmap.report.busy import busy_hours
from dwellmap.report.floor import Floor
from dwellmap.report.flows import Flows
from dwellmap.report.numbers import count, plain, seconds, share, span, too_few, upper, wilson
from dwellmap.report.summary import Summary
from dwellmap.report.use import (
    ALIKE,
    CROWDED,
    EMPTIER,
    FULLER,
    LARGE,
    LEAST_VISITORS,
    LESS,
    MORE,
    NOT_ENOUGH,
    Use,
    enough,
    overlaps,
    verdict,
)

# Fewer entries or hours than this say nothing that a shop should be changed for.
LEAST_ENTRIES, LEAST_HOURS = 20, 3
# Shares of entries that stop are called alike if none can be further from all together.
_STOP_MARGIN = 0.1


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


def findings(summary: Summary, floor: Floor, use: Use, flows: Flows) -> list[Finding]:
    """The answers of the first page."""
    nobody = _nobody(summary, floor)
    if nobody is not None:
        return [nobody]
    if not len(use.zones) and floor.hidden["dwell_s"].any():
        return [_spots(floor), _all_hidden("How long, and what to change?", floor)]
    if not len(use.zones):
        return [_spots(floor), _without_zones(floor)]
    told = [
        _where(floor, use),
        _length(floor, use),
        _space(floor, use),
        _passed(floor, use),
        _when(floor, use),
        _ways(floor, flows),
    ]
    return [one for one in told if one is not None]


def _nobody(summary: Summary, floor: Floor) -> Finding | None:
    """What to say where there is no time at all, and why."""
    question = "What to change?"
    if not summary.quality.observed_s:
        return Finding(
            question,
            "None of the footage counts.",
            "no recording shows anything of the period within the opening hours",
            known=False,
        )
    if np.nansum(floor.cells.dwell_s) or np.nansum(floor.hours["dwell_s"]) or len(floor.visits.visits):
        return None
    if floor.cells.hidden.any() or floor.hidden_hours or len(floor.all_visits.visits):
        return _all_hidden(question, floor)
    return Finding(
        question,
        f"Nobody was counted in {seconds(summary.quality.observed_s)} of footage.",
        "an empty place, or a camera that does not see the people",
        known=False,
    )


def _without_zones(floor: Floor) -> Finding:
    question = "How long, and what to change?"
    if floor.grid.unit == "px":
        return Finding(
            question,
            "The camera is not calibrated, so there are no zones and nothing can be said of areas.",
            "calibrate it (docs/calibration.md), draw zones, and run the recording again",
            known=False,
        )
    if floor.zones:
        return Finding(
            question,
            "No zone has a number: too little of it is seen, too few people came, or it is for staff only.",
            "the table of zones says which",
            known=False,
        )
    return Finding(
        question,
        "No zones are drawn for this camera, so nothing can be said of areas.",
        "draw zones in the site file, then dwellmap maps RUN --site SITE",
        known=False,
    )


def _others(floor: Floor) -> str:
    """What an interval that rests on visits leaves out."""
    if not floor.erased:
        return ""
    return f", from the recordings that are not erased ({floor.erased} are)"


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
    in_all = "" if use.left_out else f", {seconds(row['dwell_s'])} in all"
    of = "of the time per hour filmed" if use.uneven else "of the time in the zones compared"
    text = f"Most of all in {_name(floor, number)}: {share(value)} {of}{in_all}."
    if len(order) > 1:
        second = order[1]
        also = _name(floor, int(use.zones[second]))
        if np.isnan(low) or use.share[second, 2] > low:
            text += f" {also} may be as strong ({share(use.share[second, 0])})."
        else:
            text += f" Next is {also} with {share(use.share[second, 0])}."
    basis = f"{count(row['visitors'])} visitors{use.without}; "
    if np.isnan(low):
        basis += "how sure that is cannot be told" + (", as personal data are erased" if floor.erased else "")
    else:
        basis += f"95 % interval {share(low)} to {share(high)}"
    return Finding(question, text, basis)


def _length(floor: Floor, use: Use) -> Finding:
    question = "How long do they stay?"
    figures = floor.figures.iloc[use.zones]
    usable = figures[figures["entries"] >= LEAST_ENTRIES]
    if usable.empty:
        n = count(float(figures["entries"].max())) if figures["entries"].notna().any() else "0"
        return Finding(
            question,
            "Not enough arrivals to tell.",
            f"at most {n} entries to a zone; at least {LEAST_ENTRIES} are needed",
            known=False,
        )
    order = np.argsort(-usable["attention_s"].to_numpy())
    longest, shortest = usable.iloc[int(order[0])], usable.iloc[int(order[-1])]
    text = f"Longest in {_quoted(longest['zone'])}: {seconds(longest['attention_s'])} a visit on average."
    if np.isfinite(longest["median_s"]):
        text += f" Half of the visits there are over after {seconds(longest['median_s'])}."
    low, high = longest["attention_low_s"], longest["attention_high_s"]
    if len(usable) > 1:
        second = usable.iloc[int(order[1])]
        if not second["attention_high_s"] < low:
            text += f" {upper(_quoted(second['zone']))} may be as long ({seconds(second['attention_s'])})."
        if len(usable) > 2 and shortest["attention_high_s"] < low:
            text += f" Shortest in {_quoted(shortest['zone'])}: {seconds(shortest['attention_s'])}."
    basis = f"{count(longest['entries'])} entries; "
    if np.isnan(low):
        return Finding(question, text, basis + "how sure that is cannot be told" + _others(floor))
    return Finding(question, text, basis + f"95 % interval {span(low, high)}" + _others(floor))


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
    if len(use.zones) < 2 or all(text == NOT_ENOUGH for text in told):
        return Finding(question, "Not enough footage to tell.", _lacking(floor, use), known=False)
    parts: list[str] = []
    basis: list[str] = []
    advice: dict[str, str] = {}
    order = np.argsort(-use.ratio[:, 0])
    for word, sign in ((CROWDED, 1), (LARGE, -1)):
        fitting = [k for k in order[::sign] if told[k] == word][:2]
        for k in fitting:
            name, (value, low, high) = _name(floor, int(use.zones[k])), use.ratio[k]
            much = f"{plain(value)} times" if sign > 0 else f"{share(value)} of"
            parts.append(f"{name} is {word}: {much} the time per m² of the zones together")
            basis.append(f"{name}: {plain(low)} to {plain(high)} times")
            # Of each kind the first: room for the one may come from the other.
            advice.setdefault(
                word,
                f"give {name} more room, or spread what draws people there"
                if sign > 0
                else f"give up floor in {name}, or put something there worth stopping for",
            )
    by_word = {
        word: ", ".join(_name(floor, int(use.zones[k])) for k in order if told[k] == word)
        for word in (ALIKE, FULLER, EMPTIER, NOT_ENOUGH)
    }
    rest = "".join(f" {upper(word)}: {names}." for word, names in by_word.items() if names and word != ALIKE)
    if not parts:
        text = (
            f"{upper(ALIKE)} for their size: {by_word[ALIKE]}."
            if rest
            else "None: all zones are used about alike for their size."
        )
        bounds = f"{use.over}; alike: 95 % within {LESS:g} to {MORE:g} times"
        return Finding(question, (text if by_word[ALIKE] else "None is known to be.") + rest, bounds)
    tried = "Worth trying: " + "; or ".join(advice.values()) + "." if advice else ""
    return Finding(
        question,
        ". ".join(upper(part) for part in parts) + "." + rest,
        f"95 % intervals over {use.over}: " + "; ".join(basis),
        tried,
    )


def _lacking(floor: Floor, use: Use) -> str:
    """Why zones cannot be compared for their size."""
    if len(use.zones) < 2:
        return "two zones with numbers are needed"
    if floor.erased and use.drawn == "visitors":
        return "personal data are erased, and there are too few days to draw from"
    return (
        f"needed: {LEAST_VISITORS} visitors to a zone, and a 95 % interval that lies above, below or within "
        f"{LESS:g} to {MORE:g} times the use of all zones"
    )


def _passed(floor: Floor, use: Use) -> Finding | None:
    question = "Where do people pass without stopping?"
    figures, entered = floor.figures.iloc[use.zones], floor.entered
    # Erased recordings count in the entries and know no stops.
    known = figures["attracting_power"].notna() & figures["stopped"].notna()
    usable = figures[(entered[use.zones] >= LEAST_ENTRIES) & known]
    if len(usable) < 2:
        return None
    n = entered[usable.index.to_numpy()]
    together = float(usable["stopped"].sum() / n.sum())
    # The lowest of several is low by chance alone: the intervals hold for all of them at once.
    bounds = np.array(
        [wilson(float(s), float(m), len(usable)) for s, m in zip(usable["stopped"], n, strict=True)]
    )
    at = int(np.argmin(usable["attracting_power"].to_numpy()))
    low, (below, above) = usable.iloc[at], bounds[at]
    interval = f"95 % interval, for {len(usable)} zones at once, "
    if above < together:
        return Finding(
            question,
            f"{upper(_quoted(low['zone']))}: {count(low['stopped'])} of {count(n[at])} entries stopped "
            f"({share(low['attracting_power'])}), against {share(together)} in the zones together.",
            f"{interval}{share(below)} to {share(above)}" + _others(floor),
            "If it is no mere aisle, try what it offers somewhere else, or something else there.",
        )
    if np.abs(bounds - together).max() <= _STOP_MARGIN:
        return Finding(
            question,
            f"About equally in all: {share(together)} of the entries stop.",
            f"{interval}at most {share(_STOP_MARGIN)} off in every zone" + _others(floor),
        )
    return Finding(
        question,
        f"Not enough footage to tell the zones apart: {share(together)} of the entries stop in all together.",
        f"least in {_quoted(low['zone'])}; {interval}{share(below)} to {share(above)}" + _others(floor),
        known=False,
    )


def _when(floor: Floor, use: Use) -> Finding | None:
    question = "When is it busy?"
    zones, where = use.zones, "in the zones"
    if any(a in zones and b in zones for a, b in overlaps(floor)):
        # Who is in two of them would count twice.
        zones = use.zones[[np.argmax(use.share[:, 0])]]
        where = f"in {_name(floor, int(zones[0]))}"
    busy = busy_hours(floor, zones)
    if not busy.days:
        return Finding(
            question,
            "Not known: nobody knows when the footage was recorded.",
            "name its start with --start or in the file name",
            known=False,
        )
    hours, people = busy.people.index.to_numpy(dtype=np.int64), busy.people.to_numpy(dtype=float)
    if len(people) < LEAST_HOURS:
        return Finding(
            question,
            "Not enough footage to tell.",
            f"hours of the day with a quarter of an hour of every zone to show: {len(people) or 'none'}; at "
            f"least {LEAST_HOURS} are needed",
            known=False,
        )
    top_h, low_h = int(hours[people.argmax()]), int(hours[people.argmin()])
    days = len(busy.busiest)
    same = int((busy.busiest == top_h).sum())
    on = "On the day filmed, most" if busy.days == 1 else "Most"
    text = (
        f"{on} from {top_h}:00 to {top_h + 1}:00: {plain(float(people.max()))} people at once {where} "
        f"on average. Least from {low_h}:00 to {low_h + 1}:00: {plain(float(people.min()))}."
    )
    if busy.days == 1:
        basis = f"{len(people)} hours of one day: another one may differ"
    else:
        if days and same < days / 2:
            text += " It is not the same hour every day."
        basis = f"{busy.days} days; the busiest hour was this one on {same} of {days}"
    if busy.left_out:
        basis += f"; {busy.left_out} hours left out (too little footage, or a zone that is not shown)"
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
        f"Most often from {_name(floor, a)} to {_name(floor, b)}: {count(n)} of {count(out)} times "
        "that somebody left the first "
    )
    return Finding(
        question,
        text + f"({share(n / out)}).",
        f"95 % interval {share(low)} to {share(high)}" + _others(floor),
    )


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
    visitors = float(np.nan_to_num(floor.cells.visitors).max(initial=0.0))
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


def _name(floor: Floor, number: int) -> str:
    return _quoted(floor.zones[number].name)


def _quoted(name: object) -> str:
    return f"“{name}”"
