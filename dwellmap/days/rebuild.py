"""Rebuilding the links of a camera's days when a run has come, or by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dwellmap.days.linking import LinkedDay, link_day
from dwellmap.days.links import links_file, links_in, read_links, write_links
from dwellmap.days.part import Part, once_each, parts_in, runs_in
from dwellmap.days.timeline import UnreadableError
from dwellmap.run_folder import RunFolder


@dataclass(frozen=True, slots=True, eq=False)
class Rebuilt:
    """What was written.

    Attributes:
        days: Of each day the file and what is in it, a group for each recipe.
        undated: Names of runs that cannot be linked, for nobody knows when they were recorded.
        warnings: What is wrong, in plain words.

    """

    days: dict[date, tuple[Path, tuple[LinkedDay, ...]]]
    undated: tuple[str, ...]
    warnings: tuple[str, ...]


def rebuild(folder: Path, around: str | None = None) -> Rebuilt:
    """Write the links of a camera's days anew, from the runs alone.

    The result depends on the runs that are there, not on the order in which they came. Two processes may do
    so at once: each looks again after writing, and starts over if runs have come or gone meanwhile, so that
    the last one to write has seen all of them.

    Args:
        folder: The camera's folder in the output folder.
        around: Name of a run that has come: only its day is done, and days whose runs touch it. None does
            all days, and removes the links of days that have no run any more.

    Raises:
        ValueError: If there is no run in the folder, nor links of runs that were in it.
        OSError: If the folder cannot be read or written.

    """
    while True:
        names = runs_in(folder)
        if not names and not links_in(folder):
            raise ValueError(
                f"{folder}: expected a camera's folder with runs, such as outputs/<camera>, found no run "
                "in it"
            )
        rebuilt = _rebuilt(folder, around)
        if runs_in(folder) == names:
            return rebuilt


def is_linked(run: RunFolder, day: date) -> bool:
    """Whether the links of the day on which a run began name it, as they do unless a process was killed."""
    try:
        groups = read_links(links_file(run.path.parent, day))
    except (ValueError, OSError):
        return False
    return any(used.run == run.path.name for group in groups for used in group.runs)


def _rebuilt(folder: Path, around: str | None) -> Rebuilt:
    parts, undated, warnings = parts_in(folder)
    groups: dict[str, list[Part]] = {}
    for part in parts:
        groups.setdefault(part.recipe, []).append(part)
    if around is None:
        days = {part.day for part in parts}
    else:
        days = {day for part in parts if part.name == around for day in _touched(part, groups[part.recipe])}
    once = []
    for recipe in sorted(groups):
        kept, doubled = once_each(groups[recipe])
        once.append(kept)
        warnings.extend(doubled)
    done = {}
    for day in sorted(days):
        linked = [group for kept in once for group in _linked(day, kept, warnings)]
        if linked:
            file = links_file(folder, day)
            write_links(file, [group.links for group in linked])
            done[day] = (file, tuple(linked))
    if around is None:
        for file in {*links_in(folder).values()} - {file for file, _ in done.values()}:
            file.unlink(missing_ok=True)
    return Rebuilt(done, tuple(undated), tuple(warnings))


def _linked(day: date, parts: list[Part], warnings: list[str]) -> list[LinkedDay]:
    """One day of a recipe, or none; parts that cannot be read are taken out, and `warnings` says so."""
    while any(part.day == day for part in parts):
        try:
            group = link_day(day, parts, _reach_s(parts[0]))
        except UnreadableError as error:
            warnings.append(f"not linked with the recordings around it: {error}")
            parts.remove(error.part)
        else:
            warnings.extend(group.warnings)
            return [group]
    return []


def _touched(part: Part, others: list[Part]) -> set[date]:
    reach_s = _reach_s(part)
    near = (o for o in others if o.begin <= part.until + reach_s and o.until >= part.begin - reach_s)
    return {part.day, *(other.day for other in near)}


def _reach_s(part: Part) -> float:
    return part.settings.linking.max_gap_s
