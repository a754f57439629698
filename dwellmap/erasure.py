"""Erasing what tells of single people from runs that have grown old; maps and sums are kept."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dwellmap.days.links import links_in, read_links
from dwellmap.days.part import runs_in
from dwellmap.days.rebuild import rebuild
from dwellmap.derived import erase_derived
from dwellmap.leftovers import sweep_leftovers
from dwellmap.run_folder import (
    DAMAGED,
    ERASED,
    FORMAT,
    LARGEST_RECIPE_BYTES,
    PERSONAL,
    RECIPE,
    VERSION,
    dump_json,
)
from dwellmap.run_tables import PEOPLE
from dwellmap.thinned import TIMES, sweep_thinning, thin_run
from dwellmap.unclosed_hours import erase_unclosed

FEW_PEOPLE = 5
"""What rests on fewer people tells of single ones, where nothing else is asked for."""

_NOBODY = ""


@dataclass(slots=True)
class Erased:
    """What was erased.

    Attributes:
        runs: Runs that lost their personal data.
        links: Files of links that went.
        leftovers: Half-written runs and links that went.
        hours: Hours of live cameras that went before a run was made of them.
        bytes: Size of the personal data that went.
        faults: What could not be erased, and why; if empty, nothing personal is left.
        remarks: What else went wrong.

    """

    runs: list[Path] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    leftovers: list[Path] = field(default_factory=list)
    hours: list[Path] = field(default_factory=list)
    bytes: int = 0
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def besides(self) -> str:
        """What went besides runs and links, in words, with a comma before each; empty if nothing did."""
        kinds = (
            (self.hours, "hours of live cameras that no run was made of"),
            (self.leftovers, "half-written results"),
        )
        return "".join(f", {len(gone)} {what}" for gone, what in kinds if gone)


def erase_before(out: Path, day: date, min_people: int = FEW_PEOPLE) -> Erased:
    """Erase detections, tracks, trajectories, stays, people and links of runs from before a day.

    A run is from the day on which its recording began or on which it was made, whichever is earlier: a
    recording cannot begin after its run was made. Files go by their names, whether or not the run can be
    read. It is marked first (`erased.json`), so that an erasure that was cut short is told from damage, and
    finished the next time. What its tables of times say of few people is made coarser (`analytics.thinning`).
    Links of later days that named people of these runs are made anew without them. Overlays of erased runs
    and films of activity go too, and so do hours of live cameras that nobody has made a run of.

    What goes wrong with one file, run or camera stops no other.

    Args:
        out: Output folder.
        day: The first day that is kept.
        min_people: What rests on fewer people is made coarser; with 0 or 1 nothing is.

    Raises:
        ValueError: If there is no such folder.
        OSError: If it cannot be read.

    """
    if not out.is_dir():
        raise ValueError(f"{out}: expected an output folder, there is none; name it with --out")
    erased = Erased()
    leftovers, faults = sweep_leftovers(out)
    erased.leftovers.extend(leftovers)
    erased.faults.extend(faults)
    hours, size, faults = erase_unclosed(out, day)
    erased.hours.extend(hours)
    erased.bytes += size
    erased.faults.extend(faults)
    for camera in sorted(entry for entry in out.iterdir() if entry.is_dir() and entry.name[0] != "."):
        with _noting(erased, camera):
            for run in sorted(f for f in camera.iterdir() if f.is_dir() and _may_be_run(f.name)):
                with _noting(erased, run):
                    _erase_run(run, day, min_people, erased)
        with _noting(erased, camera):
            erased.bytes += erase_derived(camera, day)
        with _noting(erased, camera):
            _erase_links(camera, day, erased)
    return erased


def _may_be_run(name: str) -> bool:
    """Whether a folder is no hidden one, or a damaged run that was set aside."""
    return name[0] != "." or name.startswith(DAMAGED)


@contextmanager
def _noting(erased: Erased, place: Path) -> Iterator[None]:
    """Go on after any fault, and say it: whatever it is, the rest has to be erased."""
    try:
        yield
    except Exception as error:
        erased.faults.append(f"{place}: {type(error).__name__}: {error}")


def _erase_run(run: Path, day: date, min_people: int, erased: Erased) -> None:
    files = [run / name for name in PERSONAL if os.path.lexists(run / name)]
    mark = _json(run / ERASED)
    coarse = mark.get("min_people")
    done = not files and isinstance(coarse, int) and coarse >= min_people
    ours = (run / RECIPE).is_file() or (run / ERASED).is_file() or any(f.suffix == ".parquet" for f in files)
    if done or not ours:
        return
    recipe = _json(run / RECIPE)
    if _began(run, recipe, files) >= day:
        return
    _mark(run, day, None)
    known = (recipe.get("format"), recipe.get("version")) == (FORMAT, VERSION)
    # Who was there when is needed to make the tables coarser, and room on a full disk; so that goes last.
    last = [file for file in files if file.name == PEOPLE]
    left = _remove([file for file in files if file not in last], erased)
    if _thin(run, recipe if known else None, min_people, erased):
        left += _remove(last, erased)
    else:
        left += last or [run / PEOPLE]
    if any(not os.path.lexists(file) for file in files):
        erased.runs.append(run)
    if recipe and not known:
        erased.faults.append(
            f"{run}: made by another version of Dwellmap; the files that this version knows to be personal "
            f"are gone, look whether others are left: {', '.join(sorted(f.name for f in run.iterdir()))}"
        )
    # A disk that was full may have room now.
    if unmarked := _mark(run, day, None if left else min_people):
        erased.remarks.append(f"{run}: erased, but not marked as such ({unmarked})")


def _remove(files: list[Path], erased: Erased) -> list[Path]:
    """Remove files; returns those that could not be."""
    left = []
    for file in files:
        try:
            size = file.lstat().st_size
            file.unlink()
        except FileNotFoundError:  # another erasure was quicker
            continue
        except OSError as error:
            left.append(file)
            erased.faults.append(f"{file}: cannot be erased ({error.strerror})")
        else:
            erased.bytes += size
    return left


def _thin(run: Path, recipe: dict[str, Any] | None, min_people: int, erased: Erased) -> bool:
    """Make tables of times coarser; damaged ones, and those of other versions, go as a whole."""
    if min_people <= 1:
        return True
    sweep_thinning(run)
    why = "of another version, or without a recipe"
    if recipe is not None:
        try:
            thin_run(run, recipe, min_people)
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            sweep_thinning(run)
            # Of a damaged file Arrow says so without a number; a full disk gets better.
            if isinstance(error, OSError) and error.errno is not None:
                erased.faults.append(f"{run}: its times of day cannot be made coarser ({error})")
                return False
            why = f"{type(error).__name__}: {error}"
        else:
            return True
    sweep_thinning(run)
    gone = [run / name for name in TIMES if (run / name).is_file()]
    if gone:
        names = ", ".join(file.name for file in gone)
        erased.remarks.append(f"{run}: {names} went too, they could not be made coarser ({why})")
    return not _remove(gone, erased)


def _began(run: Path, recipe: dict[str, Any], files: list[Path]) -> date:
    """The day on which its recording began, or on which it was made, whichever is earlier."""
    stamps = [run / RECIPE] if (run / RECIPE).is_file() else files or [run / ERASED]
    made = date.fromtimestamp(min(file.lstat().st_mtime for file in stamps))
    try:
        return min(made, datetime.fromisoformat(recipe["source"]["start"]).date())
    except (KeyError, TypeError, ValueError):
        return made


def _json(file: Path) -> dict[str, Any]:
    """The content of a file of ours; empty where it cannot be read."""
    try:
        if file.stat().st_size > LARGEST_RECIPE_BYTES:
            return {}
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _mark(run: Path, before: date, min_people: int | None) -> str:
    """Say in the run that it is erased, and with `min_people` that this is over; returns why not, or ""."""
    content = {
        "format": "dwellmap-erased",
        "version": 2,
        "erased": datetime.now().astimezone().isoformat(timespec="seconds"),
        "before": before.isoformat(),
        "files": list(PERSONAL),
        "min_people": min_people,
    }
    draft = run / f".{ERASED}.{os.getpid()}"
    try:
        draft.write_text(dump_json(content), encoding="utf-8")
        os.replace(draft, run / ERASED)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _erase_links(camera: Path, day: date, erased: Erased) -> None:
    """Remove the links of old days, and erased people from those of the others."""
    links = links_in(camera)
    for linked, file in links.items():
        if linked < day:
            _remove_links(file, erased)
    there = {name for name in runs_in(camera) if not (camera / name / ERASED).is_file()}
    for linked, file in links.items():
        if linked < day or (named := _named(file, linked == day)) <= there:
            continue
        damaged = named == {_NOBODY}
        for run in [None] if damaged else sorted(named & there):
            try:
                erased.remarks.extend(rebuild(camera, around=run).warnings)
            except (ValueError, OSError) as error:
                erased.remarks.append(str(error))
            if _named(file, linked == day) <= there:
                break
        else:
            _remove_links(file, erased)
            if damaged or named & there:
                erased.remarks.append(
                    f"{file}: removed, it named erased people; remake it with `dwellmap link`"
                )


def _remove_links(file: Path, erased: Erased) -> None:
    if not _remove([file], erased):
        erased.links.append(file)


def _named(file: Path, first: bool) -> set[str]:
    """Runs that the links of a day name; with one that nobody has if they cannot be read or tell of others.

    Args:
        file: The links.
        first: Whether it is the first day that is kept: who was there the day before already is not to be
            told of it.

    """
    try:
        used = [used for group in read_links(file) for used in group.runs]
    except FileNotFoundError:
        return set()
    except Exception:  # whatever is wrong with it, it may name anybody
        return {_NOBODY}
    told = {_NOBODY} if first and any(run.since_day_before.any() for run in used) else set()
    return {run.run for run in used} | told
