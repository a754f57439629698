"""Hours under way, and those that are being closed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, tzinfo
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv
from numpy.typing import NDArray

from dwellmap.live.hour import HourWriter, Watched, hours_of
from dwellmap.live.memory import Memory, Onlooker
from dwellmap.live.snapshot import News, Said, Saved
from dwellmap.progress import Silent
from dwellmap.site_file import Settings
from dwellmap.unclosed_hours import left_behind
from dwellmap.view import CameraView
from tracker.frames import Frame
from tracker.live.events import Picture
from tracker.scenepicture import Moment, ScenePicture

# Clocks drift: a run begins where the one before ended, unless the wall clock says otherwise by so much (s).
_DRIFT_S = 1.0
# Longer than a stream may be silent before it counts as broken.
_SILENT_S = 15.0
_AGAIN_S = 30.0
_NICE = 10


class Closers:
    """Processes that make runs of hours, one at a time, beside the watching.

    Args:
        out: Output folder.
        tell: Told what became of each.

    """

    def __init__(self, out: Path, tell: Callable[[News], None]) -> None:
        self._out, self._tell = out, tell
        self._waiting: list[tuple[Path, Memory | None]] = []
        self._running: tuple[SpawnProcess, Connection, Path] | None = None
        self._tried: set[Path] = set()

    def close(self, folder: Path, memory: Memory | None) -> None:
        """Close an hour, when those before are closed."""
        self._tried.add(folder)
        self._waiting.append((folder, memory))

    def recover(self, hours: Path) -> int:
        """Close what an earlier process left behind in a camera's folder; how many there are."""
        found = [folder for folder in left_behind(hours) if folder not in self._tried]
        for folder in found:
            self.close(folder, None)
        return len(found)

    def poll(self) -> bool:
        """Go on; whether there is still work."""
        if self._running is not None:
            process, news, folder = self._running
            with suppress(EOFError, OSError):
                while news.poll():
                    self._tell(news.recv())
            if process.exitcode is None:
                return True
            if process.exitcode != 0:
                self._tell(
                    Said(
                        f"{folder.name}: this hour could not be made a run (its process ended with "
                        f"{process.exitcode}); it stays on disk and is tried again at the next start"
                    )
                )
            news.close()
            process.close()
            self._running = None
        if not self._waiting:
            return False
        folder, memory = self._waiting.pop(0)
        context = get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_close, args=(folder, self._out, memory, theirs), daemon=False)
        process.start()
        theirs.close()
        self._running = (process, ours, folder)
        return True

    def finish(self) -> None:
        """Wait until all are closed."""
        while self.poll():
            time.sleep(0.05)


def _close(folder: Path, out: Path, memory: Memory | None, news: Connection) -> None:
    """Make the run of an hour, in a process of its own that gives way to the watching."""
    # Whoever ends the watching wants the hour whole; what is left after a kill is found at the next start.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(_NICE)
    from dwellmap.live.closing import HeldError, close_hour  # loads all libraries of maps and pictures

    told: News | None = None
    code = 0
    try:
        done = close_hour(folder, out, memory, Silent())
        if done is not None:
            recipe = done.folder.recipe
            told = Saved(
                recipe["source"]["name"],
                os.path.relpath(done.folder.path, out),
                recipe["results"]["people"],
                (*recipe["warnings"], *done.remarks),
            )
    except HeldError:
        pass
    except (ValueError, OSError) as error:
        told, code = Said(f"{folder.name}: {error}"), 1
    # Whoever began this may be gone: the hour is closed all the same.
    with suppress(OSError):
        if told is not None:
            news.send(told)
        news.close()
    os._exit(code)


class Saving:
    """Writes what is seen to disk, hour by hour.

    Args:
        out: Output folder.
        watched: What is watched.
        view: The camera's view of the floor.
        settings: Thresholds of all packages.
        zone: Of the wall clock; None for this machine's.
        run_s: Length of a run.
        onlooker: Looks at people; None if nobody does.
        closers: Make runs of hours.
        tell: Told what goes wrong.

    Attributes:
        fault: Why nothing is saved at present; empty if all is well.
        scene_bgr: The newest people-free picture.

    """

    def __init__(
        self,
        out: Path,
        watched: Watched,
        view: CameraView,
        settings: Settings,
        zone: tzinfo | None,
        run_s: float,
        onlooker: Onlooker | None,
        closers: Closers,
        tell: Callable[[News], None],
    ) -> None:
        self._folder = hours_of(out, watched.camera)
        self._watched, self._view, self._settings = watched, view, settings
        self._zone, self._run_s, self._onlooker = zone, run_s, onlooker
        self._closers, self._tell = closers, tell
        self._writer: HourWriter | None = None
        self._zero_s = 0.0
        self._part: tuple[datetime, int] | None = None
        self._again_s = -np.inf
        self._newest: datetime | None = None
        self._broken = False
        self._scene = ScenePicture(None)
        self.fault = ""

    @property
    def moments(self) -> tuple[Moment, ...]:
        """Pictures of the hour, with where they show nobody."""
        return self._scene.moments

    def add(self, picture: Picture, people: sv.Detections, track: NDArray[np.int64]) -> None:
        """Write what was found in a picture.

        Args:
            picture: The picture.
            people: All that was found in it.
            track: (n,) whom each box belongs to, 0 for nobody yet.

        """
        wall = picture.wall.astimezone(self._zone)
        if self._writer is not None and self._part_of(wall) != self._part:
            before = self._writer
            start = before.start + timedelta(seconds=picture.t_s - self._zero_s)
            drift_s = abs((start - wall).total_seconds())
            self._end(None if self._broken else picture.t_s)
            start = start if drift_s <= _DRIFT_S else wall
            self._begin(picture.t_s, start, wall, goes_on=not self._broken)
        self._newest, self._broken = picture.wall, False
        if self._writer is None and time.monotonic() >= self._again_s:
            self._begin(picture.t_s, wall, wall, goes_on=False)
        t_s = picture.t_s - self._zero_s
        self._scene.add(Frame(t_s, 0, picture.image_bgr), people.xyxy)
        if self._onlooker is not None:
            self._onlooker.look(t_s, picture.image_bgr, people.xyxy, track)
        if self._writer is not None:
            score = np.ones(len(people)) if people.confidence is None else people.confidence
            self._guarded(self._writer.add, t_s, np.asarray(people.xyxy), np.asarray(score))

    def gap(self, why: str) -> None:
        """Nothing is seen from the last picture to the next one."""
        self._broken = True
        if self._writer is not None and self._writer.pictures:
            self._guarded(self._writer.gap, why)

    def tick(self, now: datetime) -> None:
        """Close an hour that is over although no picture comes.

        A picture that is only late, as the machine is busy, goes on where the hour ends.
        """
        if self._writer is None or self._newest is None:
            return
        silent = self._broken or (now - self._newest).total_seconds() > _SILENT_S
        if silent and self._part_of(now.astimezone(self._zone)) != self._part:
            self._end(None)

    def keep_scene(self, scene_bgr: NDArray[np.uint8]) -> None:
        """Put the people-free picture beside the hour under way."""
        if self._writer is not None:
            self._guarded(self._writer.scene, scene_bgr)

    def close(self) -> None:
        """Close the hour under way."""
        if self._writer is not None:
            self._end(None)

    def _part_of(self, wall: datetime) -> tuple[datetime, int]:
        """The wall clock's hour that a time lies in, with the part of it where runs are shorter."""
        hour = wall.replace(minute=0, second=0, microsecond=0)
        return hour, int((wall - hour).total_seconds() // self._run_s)

    def _begin(self, zero_s: float, start: datetime, wall: datetime, goes_on: bool) -> None:
        whole = goes_on and self._run_s >= 3600.0
        name = f"{self._watched.camera}-{start:{'%Y-%m-%dT%H' if whole else '%Y-%m-%dT%H-%M-%S'}}"
        if whole:
            # Begun a moment before the hour by a drifting clock, it is that hour's all the same.
            name = f"{self._watched.camera}-{wall:%Y-%m-%dT%H}"
        self._zero_s, self._part = zero_s, self._part_of(wall)
        self._scene = ScenePicture(None)
        try:
            self._writer = HourWriter(self._folder, name, start, self._watched, self._view, self._settings)
        except OSError as error:
            self._lost(error)
        else:
            if self.fault:
                self._tell(Said("what is seen is saved again"))
            self.fault = ""

    def _end(self, end_s: float | None) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        end_s = None if end_s is None else end_s - self._zero_s
        moments = self._scene.moments
        sights = None if self._onlooker is None else self._onlooker.taken(end_s or 0.0)
        try:
            picture = self._scene.picture()
            if picture is not None:
                writer.scene(picture)
            writer.close(end_s)
        except OSError as error:
            self._lost(error)
        self._closers.close(writer.folder, Memory(moments, sights))

    def _guarded(self, write: Callable[..., None], *args: Any) -> None:
        """Write; where that fails watching goes on, and what was written so far is closed."""
        try:
            write(*args)
        except OSError as error:
            writer, self._writer = self._writer, None
            self._lost(error)
            if writer is not None:
                with suppress(OSError):
                    writer.let_go()
                self._closers.close(writer.folder, None)

    def _lost(self, error: OSError) -> None:
        reason = error.strerror.lower() if error.strerror else str(error)
        self._again_s = time.monotonic() + _AGAIN_S
        self.fault = f"nothing is saved at present: {self._folder}: {reason}; tried again in {_AGAIN_S:.0f} s"
        self._tell(Said(self.fault))
