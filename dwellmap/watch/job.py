"""One recording in a process of its own: what runs inside it."""

from __future__ import annotations

import ctypes
import errno
import faulthandler
import json
import os
import re
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

import av
import cv2

from dwellmap.appearance_choice import choose_embedder
from dwellmap.changed_settings import with_changes
from dwellmap.detector_choice import choose_detector
from dwellmap.running import Finished, run_recording
from dwellmap.site import load_site
from dwellmap.site_recording import site_recording
from dwellmap.watch.folder import WatchFolder
from dwellmap.watch.holder import join_workers
from dwellmap.watch.order import Order, camera_of
from dwellmap.watch.plain import Stamp, opened_plain, stamp_of, stamped
from tracker.container import opened, stated_duration_s

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""Only who writes meets these: no recording is to blame for them."""
AWAY = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.ENOTCONN, errno.ENODEV, errno.ENXIO, errno.EIO,
     errno.ETIMEDOUT, errno.EHOSTDOWN, errno.ECONNRESET}
)  # fmt: skip
"""A disk or a share that went away, whether it was read from or written to."""
_NUMBER = re.compile(r"\[errno (\d+)\] ([^\[\]]+?)\.?$", re.IGNORECASE)
"""How Arrow ends the text of an error that it has no number for."""
_ERASED = (
    "its personal data were erased, maps and sums are kept; to have it done anew, delete the run's folder"
)
_TOLD_EVERY_S = 0.5
_LEAST_BYTES_PER_S = 50.0
_SHORT_S = 60.0
_PR_SET_PDEATHSIG = 1
_LONGEST_TEXT = 1500


def _let_go_of_the_server() -> None:
    """Close the pipe that tells the fork server whether the service lives.

    Each process that it forks gets the writing end, too: with one open, the server would outlive the service
    as long as this process runs, and this process would not be ended with it.
    """
    alive = getattr(forkserver._forkserver, "_forkserver_alive_fd", None)
    if alive is not None:
        os.close(alive)


def work(order: Order, events: Connection, output: Connection) -> None:
    """Run a recording and tell the service how it went.

    Args:
        order: What to do.
        events: Takes JSON objects, as bytes: `step` and `share`, `duration_s`, `say`, and at the end `run` or
            `fault`.
        output: Takes what libraries print; its end is the recording's log.

    """
    parent = os.getppid()
    os.setsid()
    _let_go_of_the_server()
    # The service gone, nobody may finish this work beside its successor.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    faulthandler.enable()
    # A core dump would hold pictures of people.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # some containers have it read-only
        Path("/proc/self/oom_score_adj").write_text("1000")
    os.sched_setaffinity(0, order.cores)
    cv2.setNumThreads(len(order.cores))
    tempfile.tempdir = str(order.scratch)
    tell = _Telling(events)
    try:
        join_workers(WatchFolder(order.how.out))  # open until the process ends
        done = _run(order, tell)
    except _SiteError as error:
        tell.send(fault="site", text=str(error))
    except _ChangedError:
        tell.send(fault="changed", text="its content changed while it was worked on")
    except (ValueError, OSError) as error:
        tell.send(fault=_to_blame(error, order), text=_in_words(error, order))
    else:
        run = os.path.relpath(done.folder.path, order.how.out)
        tell.send(run=run, fresh=done.fresh, remarks="; ".join(_remarks(done)))


class _ChangedError(Exception):
    """The file is not what it was when it was entered."""


class _SiteError(Exception):
    """The site file cannot be used now; somebody may be writing it."""


def _run(order: Order, tell: _Telling) -> Finished:
    path = order.inbox / order.path
    try:
        held = opened_plain(path)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ELOOP):  # a pipe or a link lies there now
            raise _ChangedError from error
        raise
    with held:
        before = stamped(os.fstat(held.fileno()))
        done = _run_file(order, path, before[0], tell)
        if not done.fresh:
            return done
        try:
            changed = stamped(os.fstat(held.fileno())) != before or _lies_there(path, before) is False
        except OSError:
            _unmake(done)
            raise
    if changed:
        _unmake(done)
        raise _ChangedError
    return done


def _lies_there(path: Path, before: Stamp) -> bool | None:
    """Whether the file lies under its name still, or another one does; None for none.

    One that was renamed is the same as before, and its run stays: the name is the one at the time of the run.
    """
    try:
        return stamp_of(path) == before
    except (FileNotFoundError, NotADirectoryError):
        return None


def _unmake(done: Finished) -> None:
    """Take a run away of which nobody has been told: what was decoded is perhaps of two contents."""
    for file in sorted(done.folder.path.iterdir()):
        file.unlink()
    done.folder.path.rmdir()


def _run_file(order: Order, path: Path, size: int, tell: _Telling) -> Finished:
    how = order.how
    _check_length(path, size, tell)
    try:
        site = load_site(how.site)
    except (ValueError, OSError) as error:
        raise _SiteError(str(error)) from error
    camera = camera_of(site, order.path)
    settings = with_changes(site.settings, list(how.changes), how.cell_m)
    recording, view = site_recording(path, site, camera, camera.clock_rate, None, None)
    if recording.content_hash != order.content:
        raise _ChangedError
    choice = choose_detector(how.detector, how.weights or site.weights, None, path, settings)
    embedder = choose_embedder(how.appearance, recording)
    return run_recording(
        recording, path, view, choice, settings, how.out, tell, how.sample_fps, camera.clock_rate, embedder
    )


def _check_length(path: Path, size: int, tell: _Telling) -> None:
    """Refuse a length that the file's size belies, before anything is decoded.

    Raises:
        ValueError: If the header claims what cannot be.

    """
    with opened(path) as (container, stream):
        claimed_s = 0.0 if container.duration is None else container.duration / av.time_base
        if stream.duration is not None and stream.time_base is not None:
            claimed_s = max(claimed_s, float(stream.duration * stream.time_base))
        believed_s = stated_duration_s(container, stream)
    if claimed_s > max(_SHORT_S, size / _LEAST_BYTES_PER_S):
        raise ValueError(
            f"{path.name}: expected a length that {size:,} bytes can hold, its header claims "
            f"{claimed_s / 86_400:,.1f} days; it is damaged or forged: export it again"
        )
    tell.send(duration_s=believed_s)


def _to_blame(error: ValueError | OSError, order: Order) -> Literal["room", "inbox", "input"]:
    """Whether the place that results go to, the inbox, or the recording is at fault."""
    number, named = _number(error)
    if number in NO_ROOM:
        return "room"
    out = order.how.out
    is_ours = isinstance(named, str | os.PathLike) and out in Path(named).parents
    # Where a disk is no longer mounted there is a folder still, but an empty one.
    if (is_ours and number in AWAY) or not WatchFolder(out).ledger.is_file():
        return "room"
    try:
        os.scandir(order.inbox).close()
    except OSError:
        return "inbox"
    return "input"


def _remarks(done: Finished) -> tuple[str, ...]:
    """What is worth knowing of a run, whether it was made now or had been there."""
    if not done.fresh and done.folder.is_erased:
        return (*done.remarks, _ERASED)
    return done.remarks


def _number(error: BaseException | None) -> tuple[int | None, object]:
    """Number of the system's error behind this one, and the path that it names; None each if unknown.

    Texts quote the names of files, and those may be anything: only a number whose own words follow counts.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno is not None:
            return error.errno, error.filename
        if isinstance(error, OSError) and (stated := _NUMBER.search(str(error))) is not None:
            number = int(stated[1])
            if stated[2].casefold() == os.strerror(number).casefold():
                return number, None
        error = error.__cause__
    return None, None


def _in_words(error: ValueError | OSError, order: Order) -> str:
    """The error without the file's name, which stands beside it."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror is not None:
        text = f"{error.filename or 'the output folder'}: {error.strerror.lower()}"
    path = order.inbox / order.path
    for name in (str(path), path.name):
        text = text.removeprefix(f"{name}: ")
    return text


class _Telling:
    """A `Reporter` that tells the service."""

    def __init__(self, events: Connection) -> None:
        self._events = events
        self._told_s = 0.0
        self._total: float | None = None

    def send(self, **content: Any) -> None:
        """Tell."""
        for key, value in content.items():
            if isinstance(value, str):
                content[key] = value[:_LONGEST_TEXT]
        self._events.send_bytes(json.dumps(content).encode())

    @contextmanager
    def step(self, what: str, total: float | None) -> Iterator[_Telling]:
        """See `Reporter.step`."""
        self._total, self._told_s = total, 0.0
        self.send(step=what.rpartition(": ")[2], share=0.0)
        yield self

    def to(self, done: float) -> None:
        """See `Step.to`."""
        now_s = time.monotonic()
        if self._total and now_s - self._told_s >= _TOLD_EVERY_S:
            self._told_s = now_s
            self.send(share=min(1.0, max(0.0, done / self._total)))

    def say(self, text: str) -> None:
        """See `Reporter.say`."""
        print(text, flush=True)
