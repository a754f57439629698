"""Erasing what tells of single people from runs that have grown old; maps and sums are kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from dwellmap.days.links import links_in, read_links
from dwellmap.days.part import runs_in
from dwellmap.days.rebuild import rebuild
from dwellmap.derived import erase_derived
from dwellmap.run_folder import ERASED, PERSONAL, RECIPE, RunFolder, dump_json


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased.

    Attributes:
        runs: Runs that lost their personal data.
        links: Files of links that went.
        bytes: How much that was.
        faults: What could not be erased, and why.

    """

    runs: tuple[Path, ...]
    links: tuple[Path, ...]
    bytes: int
    faults: tuple[str, ...]


def erase_before(out: Path, day: date) -> Erased:
    """Erase detections, tracks, trajectories, stays and links of runs from before a day.

    A run is from the day on which its recording began, or, where nobody knows that, on which it was made. It
    is marked first (`erased.json`), so that an erasure that was cut short is told from damage, and finished
    the next time. Links of later days that named people of these runs are made anew without them.

    Args:
        out: Output folder.
        day: The first day that is kept.

    Raises:
        ValueError: If there is no such folder.

    """
    if not out.is_dir():
        raise ValueError(f"{out}: expected an output folder, there is none; name it with --out")
    erased = Erased((), (), 0, ())
    for camera in sorted(entry for entry in out.iterdir() if entry.is_dir() and entry.name[0] != "."):
        one = _of_camera(camera, day)
        erased = Erased(
            erased.runs + one.runs,
            erased.links + one.links,
            erased.bytes + one.bytes,
            erased.faults + one.faults,
        )
    return erased


def _of_camera(camera: Path, day: date) -> Erased:
    runs: list[Path] = []
    faults: list[str] = []
    size, latest = 0, date.min
    for name in runs_in(camera):
        run = camera / name
        if (run / ERASED).exists() and not _personal(run):
            continue
        try:
            began = _day(RunFolder.open(run))
            freed = _erase(run, day) if began < day else 0
        except (ValueError, OSError) as error:
            faults.append(str(error))
            continue
        if freed:
            runs.append(run)
            size, latest = size + freed, max(latest, began)
    size += erase_derived(camera, {run.name for run in runs}, day)
    old = [file for linked, file in links_in(camera).items() if linked < day]
    for file in old:
        size += file.stat().st_size
        file.unlink()
    # People of the night before may be named by the first day that is kept.
    if latest == day - timedelta(days=1):
        try:
            for run_name in _linked_on(camera, day) - {run.name for run in runs}:
                faults.extend(rebuild(camera, around=run_name).warnings)
                break
        except (ValueError, OSError) as error:
            faults.append(str(error))
    return Erased(tuple(runs), tuple(old), size, tuple(faults))


def _linked_on(camera: Path, day: date) -> set[str]:
    """Runs that the links of a day name; those that reach into it among them."""
    file = links_in(camera).get(day)
    return set() if file is None else {used.run for group in read_links(file) for used in group.runs}


def _day(run: RunFolder) -> date:
    start = run.source().start
    return date.fromtimestamp((run.path / RECIPE).stat().st_mtime) if start is None else start.date()


def _erase(run: Path, before: date) -> int:
    """Erase the personal files of a run; returns their size, 0 if they were gone already."""
    files = _personal(run)
    if not files:
        return 0
    size = sum(file.stat().st_size for file in files)
    content = {
        "format": "dwellmap-erased",
        "version": 1,
        "erased": datetime.now().astimezone().isoformat(timespec="seconds"),
        "before": before.isoformat(),
        "files": list(PERSONAL),
    }
    mark = run / ERASED
    if not mark.exists():
        draft = run / f".{ERASED}.{os.getpid()}"
        draft.write_text(dump_json(content), encoding="utf-8")
        os.replace(draft, mark)
    for file in files:
        file.unlink()
    return size


def _personal(run: Path) -> list[Path]:
    return [run / name for name in PERSONAL if (run / name).is_file()]
