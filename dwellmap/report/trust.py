"""How far a report can be trusted, in plain words."""

from __future__ import annotations

from dwellmap.report.floor import Floor
from dwellmap.report.numbers import plain, seconds, share, upper
from dwellmap.report.summary import Summary
from dwellmap.report.use import LEAST_DAYS, overlaps

# Of the time, in cells finer than positions are accurate.
_FINE = 0.5


def trust(summary: Summary, floor: Floor) -> list[str]:
    """How far the answers can be trusted, the worst first."""
    quality, told = summary.quality, []
    if quality.grade == "poor":
        told.append(
            f"People are often mixed up (about {plain(quality.switches_per_min)} times in a minute of "
            "a person's time, an "
            "estimate): numbers of people and lengths of visits are rough; where the time is spent "
            "is less affected."
        )
    elif quality.grade == "fair":
        told.append(
            "People are sometimes mixed up: lengths of visits are a little short, and people a little many."
        )
    elif quality.grade == "too short to tell":
        told.append("The footage is too short to tell how often people are mixed up.")
    if floor.grid.unit == "px":
        told.append("The camera is not calibrated: cells are pixels, and there are no metres.")
    told += _floor_error(summary)
    days = len(summary.people.days)
    if quality.observed_s < 3600:
        told.append(f"{upper(seconds(quality.observed_s))} of footage is a snapshot, no habit.")
    elif days == 1:
        told.append("One day says nothing of other days.")
    elif 1 < days < LEAST_DAYS:
        told.append(f"{days} days: differences between days are hardly in the intervals.")
    if pairs := overlaps(floor):
        names = "; ".join(f"“{floor.zones[a].name}” and “{floor.zones[b].name}”" for a, b in pairs)
        told.append(
            f"Zones share floor: {names}. Their difference would tell of few people, so of zones that share "
            "floor only the first in the site file is told."
            if floor.min_people
            else f"Zones share floor, whose time counts in each of them: {names}."
        )
    told += _lacks(summary)
    return told or ["Nothing stands against the numbers in the self-audit."]


def _floor_error(summary: Summary) -> list[str]:
    """What is to be known of positions and lengths."""
    period, told = summary.period, []
    estimated = sorted({s.camera for s in period.setups if s.view.floor_from_people})
    if estimated:
        told.append(
            f"The floor of {', '.join(estimated)} was estimated from people alone: metres may be off by a "
            "tenth."
        )
    sizes = [
        float(m.results["finest_honest_cell"])
        for m in period.members
        if (m.results.get("fine_share") or 0.0) > _FINE and m.results.get("finest_honest_cell")
        and period.setups[m.setup].grid.unit == "m"
    ]  # fmt: skip
    if sizes:
        told.append(
            "Cells are smaller than positions are sure: who stands in one may be counted in the next; areas "
            f"of {plain(max(sizes))} m can be told apart."
        )
    return told


def _lacks(summary: Summary) -> list[str]:
    """What the recordings lack."""
    quality = summary.quality
    told: list[str] = []
    if "motion" in quality.detectors or "mog2" in quality.detectors:
        told.append(
            "People were found by motion, without a detector of people: some are missed, some things "
            "taken for one."
        )
    if quality.tracked_s and (quality.outside_s + quality.unplaced_s) / quality.tracked_s > 0.1:
        lost = (quality.outside_s + quality.unplaced_s) / quality.tracked_s
        # What lies off the map may be one person's.
        part = "More than a tenth" if summary.choice.min_people else share(lost)
        told.append(f"{part} of the time followed lies off the map or has no position.")
    missing = summary.people.missing
    if missing:
        told.append(
            f"Of {missing} erased recording{'' if missing == 1 else 's'} only a part counts; how many people "
            "came then is not known, so the number of people is a least one."
        )
    if quality.erased:
        told.append(
            f"Personal data of {quality.erased} recordings have been erased: lengths of visits and "
            "ways are those of the others; sums hold all of them, and times of day with fewer than "
            "5 people are spread evenly over the hours around."
        )
    if summary.people.noun == "visits":
        told.append("Recordings are not linked with each other: who is in two of them counts twice.")
    return told
