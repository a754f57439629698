"""Run folders: whole or absent, and never changed once written."""

from __future__ import annotations

import errno
import glob
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationError

from calibration.calibration import Calibration
from dwellmap.leftovers import held
from dwellmap.progress import Reporter
from dwellmap.site_file import Settings
from dwellmap.source import Source
from dwellmap.view import CameraView
from tracker.detections import DetectionLog
from tracker.frames import Footage
from tracker.phantoms import Suspect
from tracker.scenepicture import Part
from tracker.tracks import Tracks

RECIPE = "run.json"
DETECTIONS = "detections.parquet"
TRACKS = "tracks.parquet"
CALIBRATION = "calibration.json"
SCENE_PICTURE = "scene.png"
PLAN_STEM = "plan"
ERASED = "erased.json"
DAMAGED = ".damaged-"
"""Begins the name of a damaged run that was set aside."""
PERSONAL = (
    DETECTIONS, TRACKS, "trajectories.parquet", "stays.parquet", "visits.parquet", "visits.csv",
    "people.parquet",
)  # fmt: skip
"""What of a run tells of single people; maps and zones hold sums only."""
FORMAT, VERSION = "dwellmap-run", 3
KEYS = ("source", "footage", "view", "grid", "settings", "results", "warnings", "notes", "files")
LARGEST_RECIPE_BYTES = 20_000_000


class DamagedRunError(ValueError):
    """A run that was whole once and is not any more, as after a power cut: it can only be made again."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A finished run.

    Attributes:
        path: Its folder.
        recipe: The content of `run.json`.

    """

    path: Path
    recipe: dict[str, Any]

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Open a folder that `dwellmap run` wrote.

        Raises:
            DamagedRunError: If something of it is gone or unreadable.
            ValueError: If it is no run, or one that this version cannot read.

        """
        file = path / RECIPE
        if not file.is_file():
            raise DamagedRunError(
                f"{path}: expected a run (a folder with {RECIPE}), found none; give a folder that "
                "`dwellmap run` printed, such as outputs/<camera>/<recording>-<key>, or delete it if it is "
                "in the way"
            )
        if file.stat().st_size > LARGEST_RECIPE_BYTES:
            raise ValueError(
                f"{file}: expected at most {LARGEST_RECIPE_BYTES // 10**6} MB; it is no recipe of ours"
            )
        try:
            recipe = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DamagedRunError(f"{file}: expected JSON, got {error}; run the recording again") from error
        if not isinstance(recipe, dict) or recipe.get("format") != FORMAT or recipe.get("version") != VERSION:
            found = recipe.get("version") if isinstance(recipe, dict) else type(recipe).__name__
            raise ValueError(
                f"{file}: expected a {FORMAT} of version {VERSION}, got {found!r}; run the recording again"
            )
        missing = [key for key in KEYS if key not in recipe]
        if missing:
            raise ValueError(f"{file}: expected the keys {', '.join(KEYS)}, {', '.join(missing)} are missing")
        files = recipe["files"]
        if not isinstance(files, list) or not all(isinstance(name, str) for name in files):
            raise ValueError(f"{file}: expected a list of names under 'files'; run the recording again")
        erased = PERSONAL if (path / ERASED).is_file() else ()
        lost = [name for name in files if name not in erased and not _is_whole(path / name)]
        if lost:
            raise DamagedRunError(
                f"{path}: this run is not whole, {', '.join(lost)} are gone; delete the folder and run again"
            )
        return cls(path, recipe)

    @property
    def is_erased(self) -> bool:
        """Whether its personal data were erased; maps, zones and recipe are kept."""
        return (self.path / ERASED).is_file()

    def detections(self) -> DetectionLog:
        """The stored detections."""
        with self._table(DETECTIONS) as file:
            return DetectionLog.from_parquet(file)

    def picture_times_s(self) -> NDArray[np.float64]:
        """(F,) times of the pictures that were looked at."""
        with self._table(DETECTIONS) as file:
            return np.unique(pd.read_parquet(file, columns=["t_s"])["t_s"].to_numpy(dtype=np.float64))

    def tracks(self) -> Tracks:
        """The stored tracks."""
        with self._table(TRACKS) as file:
            return Tracks.from_parquet(file)

    def suspects(self) -> tuple[Suspect, ...]:
        """Still things that may have been taken for people."""
        with self._reading("results"):
            return tuple(Suspect.from_json(stored) for stored in self.recipe["results"]["phantoms"])

    def calibration(self) -> Calibration | None:
        """The calibration that the run was made with."""
        with self._reading("view"):
            stated = self.recipe["view"]["calibration"]
        if stated is None:
            return None
        found = Calibration.load(self._existing(CALIBRATION, "every calibrated run has one"))
        if found.id != stated:
            raise ValueError(
                f"{self.path / CALIBRATION}: expected the calibration {stated}, which the run was made with, "
                f"got {found.id}; name another calibration with --calibration instead of replacing this file"
            )
        return found

    def plan_picture(self) -> Path | None:
        """The copy of the plan picture."""
        return next(iter(sorted(self.path.glob(f"{PLAN_STEM}.*"))), None)

    def scene_picture(self) -> Path | None:
        """The people-free picture of the scene."""
        file = self.path / SCENE_PICTURE
        return file if file.exists() else None

    def view(self) -> CameraView:
        """The camera's view of the floor, as it was."""
        calibration = self.calibration()
        with self._reading("view"):
            return CameraView.from_json(self.recipe["view"], calibration, self.plan_picture())

    def settings(self) -> Settings:
        """The settings, as they were."""
        with self._reading("settings"):
            return Settings.model_validate(self.recipe["settings"])

    def source(self) -> Source:
        """Where the footage came from."""
        with self._reading("source"):
            return Source.from_json(self.recipe["source"])

    def footage(self) -> Footage:
        """What of the recording was decoded."""
        with self._reading("footage"):
            stored = self.recipe["footage"]
            return Footage(
                stored["observed_s"], stored["frames"], stored["damaged"], tuple(stored["warnings"])
            )

    def shown_px(self) -> Part:
        """The part of the picture that shows the scene."""
        with self._reading("footage"):
            x0, y0, x1, y1 = self.recipe["footage"]["shown_px"]
            return x0, y0, x1, y1

    @contextmanager
    def _reading(self, part: str) -> Iterator[None]:
        """Say which part of the recipe is damaged."""
        try:
            yield
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(
                f"{self.path / RECIPE}: its {part!r} is damaged ({_in_words(error)}); run the recording again"
            ) from error

    @contextmanager
    def _table(self, name: str) -> Iterator[Path]:
        """A table of the run, and which one it is if it cannot be read."""
        file = self._existing(name, "every run has one")
        try:
            yield file
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise ValueError(f"{file}: cannot be read ({error}); run the recording again") from error

    def _existing(self, name: str, hint: str) -> Path:
        file = self.path / name
        if name in PERSONAL and self.is_erased:
            raise ValueError(
                f"{self.path}: its personal data were erased (see {ERASED}); its maps and zones are kept, "
                "but nothing new can be computed from it without the footage"
            )
        if not file.is_file():
            raise ValueError(
                f"{file}: expected this file of the run, it is not there ({hint}); run the recording again"
            )
        return file


def _is_whole(file: Path) -> bool:
    """Whether a file is there and not empty, as a power cut leaves what was not on the disk yet."""
    return file.is_file() and file.stat().st_size > 0


def _in_words(error: Exception) -> str:
    """An error on one line."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return repr(error) if isinstance(error, KeyError) else str(error)


def safe_name(name: str) -> str:
    """A recording's name fit for a folder: no separators, no control characters, at most 80 bytes."""
    cleaned = re.sub(r"[^\w.+-]+", "_", name, flags=re.UNICODE).strip("._") or "recording"
    while len(cleaned.encode()) > 80:
        cleaned = cleaned[:-1]
    return cleaned


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A temporary folder that becomes `target` when the block ends, or vanishes when it fails."""
    made = not target.parent.exists()
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.{os.getpid()}.", dir=target.parent))
    try:
        with held(draft):
            yield draft
        # mkdtemp makes folders that only their owner may read; results are for the whole team.
        draft.chmod(0o777 & ~_umask())
        # A rename may reach the disk before what it names: then a power cut leaves empty files for results.
        for folder, _, files in os.walk(draft):
            for name in files:
                _to_disk(Path(folder, name))
            _to_disk(Path(folder))
        os.replace(draft, target)
        for folder_of in (target.parent, target.parent.parent) if made else (target.parent,):
            _to_disk(folder_of)
    except BaseException as error:
        shutil.rmtree(draft, ignore_errors=True)
        if made and not any(target.parent.iterdir()):
            target.parent.rmdir()
        if isinstance(error, OSError) and target.exists():
            raise FileExistsError(
                f"{target}: another process wrote this run meanwhile; it is there, this one was dropped"
            ) from error
        raise


def make_way(target: Path) -> tuple[str, ...]:
    """Set a damaged run aside, so that it is made again: nothing of it is lost, nobody takes it for a run.

    Returns:
        What to say of it; nothing if there is no run, or a whole one.

    Raises:
        ValueError: If there is something else.
        OSError: If it cannot be moved.

    """
    if not target.exists():
        return ()
    try:
        RunFolder.open(target)
    except DamagedRunError as error:
        return (_set_aside(target, error),)
    return ()


def is_made(target: Path, recipe: str, reporter: Reporter) -> bool:
    """Whether a result (not a run) is there and whole; a damaged one is set aside, and that is said.

    Args:
        target: Its folder.
        recipe: Its JSON file, which lists all others under "files".
        reporter: Told what was set aside.

    Raises:
        OSError: If it cannot be moved.

    """
    if not target.exists():
        return False
    try:
        listed = json.loads((target / recipe).read_text(encoding="utf-8"))["files"]
        lacking = [name for name in listed if not _is_whole(target / name)]
        if not lacking:
            return True
        error = f"{target} lacks {', '.join(lacking)}"
    except (OSError, ValueError, KeyError, TypeError) as why:
        error = f"{target / recipe} cannot be read ({why})"
    reporter.say(_set_aside(target, error))
    return False


def _set_aside(target: Path, error: object) -> str:
    """Rename a damaged folder; what to say of it."""
    number = 1
    while (aside := target.with_name(f"{DAMAGED}{target.name}-{number}")).exists():
        number += 1
    os.rename(target, aside)
    return f"{error}: the damaged folder was set aside as {aside.name}, and is made again"


def _to_disk(path: Path) -> None:
    """Wait until a file or folder is on the disk (fsync(2)).

    Raises:
        OSError: If it cannot be written, as on a disk that is full or gone.

    """
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        # Some shares know no such thing for folders.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(opened)


def _sweep(target: Path) -> None:
    """Remove drafts of this target whose process was killed."""
    for draft in target.parent.glob(f".{glob.escape(target.name)}.*"):
        pid = draft.name.removeprefix(f".{target.name}.").partition(".")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and Path("/proc").exists():
            shutil.rmtree(draft, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def dump_json(content: Any) -> str:
    """JSON that is the same for the same content."""
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
