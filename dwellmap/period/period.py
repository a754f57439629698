"""A period: which runs it is made of, and on which clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dwellmap.days.links import UsedRun, links_file, read_links
from dwellmap.days.part import runs_in
from dwellmap.opening_hours import OpeningHours
from dwellmap.period.member import Member, member_of, read_recipe
from dwellmap.period.setup import Setup, made_alike, setup_of


@dataclass(frozen=True, slots=True, eq=False)
class Period:
    """Runs to be read as one.

    Attributes:
        members: The runs, ordered by camera, start and folder.
        setups: How they were made; `Member.setup` counts in them.
        begin: What counts begins here; None for the first of it. Undated recordings count whole.
        end: And ends before here; None for the last of it.
        hours: Opening hours; None if every hour counts.
        clock: The zone in which hours and days are told.
        remarks: What a reader has to know of the choice, in plain words.

    """

    members: tuple[Member, ...]
    setups: tuple[Setup, ...]
    begin: datetime | None
    end: datetime | None
    hours: OpeningHours | None
    clock: tzinfo
    remarks: tuple[str, ...]

    @classmethod
    def of_runs(
        cls,
        folders: Sequence[Path],
        begin: datetime | None = None,
        end: datetime | None = None,
        hours: OpeningHours | None = None,
        clock: tzinfo | None = None,
    ) -> Period:
        """The period that some runs make up.

        Args:
            folders: Folders of runs, or of cameras with runs in them.
            begin: Only what comes after; without a time zone it is told on the period's clock.
            end: Only what comes before, likewise.
            hours: Opening hours.
            clock: Zone of hours and days; default the recordings' own.

        Raises:
            ValueError: If a folder is no run, or one recording is there twice.

        """
        found = [_runs_of(folder) for folder in folders]
        if not any(found):
            found = [[folder] for folder in folders]
        # Else passed over: a pattern takes in what lies beside the runs, such as links, reports, overlays.
        chosen = list(dict.fromkeys(run for runs in found for run in runs))
        period = cls._of(chosen, begin, end, hours, clock, choose=False)
        if not period.members:
            raise ValueError("expected a run of that period, found none")
        return period

    @classmethod
    def between(
        cls,
        out: Path,
        begin: datetime | None,
        end: datetime | None,
        cameras: Sequence[str] = (),
        hours: OpeningHours | None = None,
        clock: tzinfo | None = None,
    ) -> Period:
        """All runs in an output folder that show something of a period.

        Of one recording that is there with several settings, the run that was made last counts.

        Args:
            out: The output folder.
            begin: Begin of the period, None for the first recording; without a time zone it is told on the
                period's clock.
            end: Its end, likewise; None for the last recording.
            cameras: Names of the cameras; none for all.
            hours: Opening hours.
            clock: Zone of hours and days; default the recordings' own.

        Raises:
            ValueError: If there is none, or a camera is not there.

        """
        if not out.is_dir():
            raise ValueError(f"{out}: expected an output folder of `dwellmap run`, found none; see --out")
        found = sorted(e for e in out.iterdir() if e.is_dir() and e.name[0] != ".")
        absent = set(cameras) - {folder.name for folder in found}
        if absent:
            known = ", ".join(folder.name for folder in found) or "none"
            raise ValueError(f"{out}: expected the camera {', '.join(sorted(absent))}; there is {known}")
        folders = [f for f in found if not cameras or f.name in cameras]
        runs = [folder / name for folder in folders for name in runs_in(folder)]
        period = cls._of(runs, begin, end, hours, clock, choose=True)
        if not period.members:
            raise ValueError(
                f"{out}: expected a recording of that period, found none among {len(runs)} runs; recordings "
                "without a known start have to be named by their run folders"
            )
        return period

    @classmethod
    def _of(
        cls,
        folders: Iterable[Path],
        begin: datetime | None,
        end: datetime | None,
        hours: OpeningHours | None,
        clock: tzinfo | None,
        choose: bool,
    ) -> Period:
        numbers: dict[str, int] = {}
        setups: list[Setup] = []
        found: list[Member] = []
        remarks: list[str] = []
        for folder in folders:
            try:
                recipe = read_recipe(folder)
                alike = made_alike(recipe)
                member = member_of(folder, recipe, numbers.get(alike, len(setups)))
                if alike not in numbers:
                    setups.append(setup_of(len(setups), folder, recipe))
                    numbers[alike] = len(setups) - 1
            except (KeyError, TypeError, ValueError) as error:
                if not choose:
                    raise ValueError(str(error)) from error
                # Reports are handed on: they name no folder of this machine.
                remarks.append(f"left out: {str(error).replace(str(folder), _short(folder))}")
                continue
            found.append(member)
        if clock is None:
            clock, told = _clock(found)
            remarks.extend(told)
        # Local moments are those of the recordings: what day it was in UTC is nobody's question.
        begin, end = (
            moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=clock)
            for moment in (begin, end)
        )
        limited = choose and (begin is not None or end is not None)
        members, doubled = _once_each([m for m in found if _within(m, begin, end, limited)], choose)
        remarks.extend(doubled)
        members, unread = _linked(members)
        remarks.extend(unread)
        members.sort(key=lambda m: (m.camera, m.zero_s, str(m.path)))
        used = sorted({member.setup for member in members})
        members = [replace(member, setup=used.index(member.setup)) for member in members]
        setups = [replace(setups[number], number=at) for at, number in enumerate(used)]
        return cls(tuple(members), tuple(setups), begin, end, hours, clock, tuple(remarks))

    @property
    def cameras(self) -> tuple[str, ...]:
        """Names of the cameras."""
        return tuple(sorted({member.camera for member in self.members}))

    @property
    def observed_time_s(self) -> float:
        """Footage that was decoded and counts, closed hours and other days included."""
        return float(sum((m.counted_s[:, 1] - m.counted_s[:, 0]).sum() for m in self.members))


def _runs_of(folder: Path) -> list[Path]:
    """The run itself, or what is to be one; the runs in a camera's folder; none in anything else."""
    if (folder / "run.json").is_file() or not folder.exists():
        return [folder]
    return [folder / name for name in runs_in(folder)] if folder.is_dir() else []


def _within(member: Member, begin: datetime | None, end: datetime | None, limited: bool) -> bool:
    if member.start is None or not len(member.observed_s):
        # Nobody knows when that was; somebody who names it knows better.
        return not limited
    first = member.zero_s + float(member.observed_s[0, 0])
    last = member.zero_s + float(member.observed_s[-1, 1])
    return not (end is not None and first >= end.timestamp()) and not (
        begin is not None and last <= begin.timestamp()
    )


def _once_each(members: list[Member], choose: bool) -> tuple[list[Member], list[str]]:
    """Every recording of a camera once: the run that was made last, or an error where they were named."""
    found: dict[tuple[str, str, float], list[Member]] = {}
    for member in members:
        found.setdefault((member.camera, member.content, member.zero_s), []).append(member)
    kept, left = [], 0
    for same in found.values():
        if len(same) > 1 and not choose:
            names = ", ".join(str(member.path) for member in same)
            raise ValueError(f"expected every recording once, these are the same one: {names}; name one run")
        kept.append(max(same, key=lambda m: (m.made, str(m.path))))
        left += len(same) - 1
    told = [f"{left} runs left out: the same recordings were computed again later"] if left else []
    return kept, told


def _linked(members: list[Member]) -> tuple[list[Member], list[str]]:
    """Put what the links of each camera's days say on the members, and say which links cannot be read."""
    known: dict[Path, dict[str, UsedRun]] = {}
    done, remarks = [], []
    for member in members:
        day = member.day
        if day is None:
            done.append(member)
            continue
        file = links_file(member.path.parent, day)
        if file not in known:
            try:
                groups = read_links(file) if file.is_file() else ()
            except (ValueError, OSError):
                groups = ()
                remarks.append(
                    f"the links of {member.camera} on {day} cannot be read: who is in two of its recordings "
                    "counts twice; make them again with `dwellmap link`"
                )
            known[file] = {used.run: used for group in groups for used in group.runs}
        used = known[file].get(member.path.name)
        if used is not None:
            member = replace(member, linked=used, used_s=(used.used_from_s, used.used_until_s))
        done.append(member)
    return done, remarks


def _short(folder: Path) -> str:
    """A run as its camera and itself."""
    return f"{folder.parent.name}/{folder.name}"


def _clock(members: Sequence[Member]) -> tuple[tzinfo, list[str]]:
    """The zone in which most recordings were told, and what to say of it."""
    names = sorted({m.time_zone for m in members if m.time_zone})
    dated = [m for m in members if m.start is not None]
    if names:
        try:
            zone = ZoneInfo(names[0])
        except (ZoneInfoNotFoundError, ValueError, OSError):
            zone = None
        if zone is not None:
            told = [f"recordings of several time zones; hours are those of {names[0]}"]
            return zone, told if len(names) > 1 else []
    if not dated or dated[0].start is None:
        return UTC, []
    offset = dated[0].start.utcoffset() or timedelta(0)
    return timezone(offset), []
