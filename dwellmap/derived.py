"""What was made from runs and recordings and tells of single people: overlays, films of activity."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime
from pathlib import Path

from dwellmap.run_folder import ERASED

OVERLAY, ACTIVITY = "overlay.json", "activity.json"


def erase_derived(camera: Path, before: date) -> int:
    """Erase the overlays of erased runs, and the films of activity from before a day.

    Pictures and numbers of activity are sums and stay. Overlays that were made of what is left of a run stay.

    Args:
        camera: Folder of a camera.
        before: The first day that is kept.

    Returns:
        Bytes that were freed.

    """
    freed = 0
    for mark in sorted(camera.glob(f"*/{OVERLAY}")):
        if _is_of_erased(mark, before):
            freed += sum(file.stat().st_size for file in mark.parent.iterdir() if file.is_file())
            shutil.rmtree(mark.parent)
    for mark in sorted(camera.glob(f"*/{ACTIVITY}")):
        if _day(mark, _read(mark)) < before:
            for film in mark.parent.glob("*.mp4"):
                freed += film.stat().st_size
                film.unlink()
    return freed


def _is_of_erased(mark: Path, before: date) -> bool:
    """Whether an overlay was made before its run was erased; one that names none is judged by its date."""
    made = mark.stat().st_mtime
    run = _read(mark).get("run")
    if not isinstance(run, str) or "/" in run or run in ("", "..") or not (mark.parent.parent / run).is_dir():
        return date.fromtimestamp(made) < before
    erased = mark.parent.parent / run / ERASED
    return erased.is_file() and made <= erased.stat().st_mtime


def _read(mark: Path) -> dict[str, object]:
    try:
        told = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # not ours, or damaged: judged by its own date
    return told if isinstance(told, dict) else {}


def _day(mark: Path, told: dict[str, object]) -> date:
    """The day on which the recording began, or, where nobody knows that, on which the folder was made."""
    source = told.get("source")
    start = source.get("start") if isinstance(source, dict) else None
    try:
        return datetime.fromisoformat(str(start)).date()
    except ValueError:
        return date.fromtimestamp(mark.stat().st_mtime)
