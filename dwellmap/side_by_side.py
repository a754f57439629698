"""People looked for in the spans of one recording by several processes at once."""

from __future__ import annotations

import os
import signal
from collections import defaultdict, deque
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

import cv2
import supervision as sv

from calibration.scene import Scene
from dwellmap.cores import dealt
from dwellmap.detector_choice import DetectorChoice
from tracker.ahead import ahead
from tracker.detector import detections
from tracker.frames import Frame
from tracker.spans import Cut, Span, UncutError, cut, frames_of
from tracker.video import VideoFile

# Several spans for each process, so that all have work to the end; and none so long that much is done again
# or waits in memory.
_SPANS_EACH, _LONGEST_S = 4, 300.0
# Pictures told of at a time.
_TOLD = 32
_AHEAD = 4
_END_S = 5.0

Found = tuple[Frame, sv.Detections]


def cut_for(recording: object, choice: DetectorChoice, sample_fps: float | None, workers: int) -> Cut:
    """Cut a recording for so many processes.

    Raises:
        UncutError: If it cannot be cut, with the reason.

    """
    if not choice.by_picture:
        raise UncutError(f"the detector {choice.kind} compares pictures with each other")
    if not isinstance(recording, VideoFile):
        raise UncutError("it is no video file")
    return cut(recording, sample_fps, _SPANS_EACH * workers, _LONGEST_S)


def found_side_by_side(
    whole: Cut,
    choice: DetectorChoice,
    workers: int,
    shown: frozenset[int],
    progress: Callable[[float], None],
) -> Generator[Found]:
    """Yield each picture that is looked at, in order of time, with the people in it.

    The same as one process finds, in the same order. Only some frames have their picture.

    Args:
        whole: The recording in spans.
        choice: Which detector; each process makes its own.
        workers: Processes, each with its share of the cores.
        shown: Places, among the pictures looked at, of those wanted with their picture.
        progress: Told how many pictures are done.

    Raises:
        UncutError: If a span does not hold the pictures it should; some may have been yielded by then.
        ChildProcessError: If a process dies.
        ValueError, OSError: What a process met.

    """
    processes = min(workers, len(whole.spans))
    cores = dealt(sorted(os.sched_getaffinity(0)), processes)
    tasks = deque(_tasks(whole, shown))
    working: dict[Connection, _Worker] = {}
    came: defaultdict[int, deque[Found]] = defaultdict(deque)
    over: set[int] = set()
    done = 0
    try:
        for number in range(processes):
            worker = _Worker.started(whole.video, choice, cores[number])
            working[worker.pipe] = worker
            worker.give(tasks.popleft())
        for span in range(len(whole.spans)):
            while True:
                while came[span]:
                    yield came[span].popleft()
                if span in over:
                    break
                for pipe in wait(list(working)):
                    worker = working[pipe]  # type: ignore[index]
                    number, some, is_last = worker.told()
                    came[number].extend(some)
                    done += len(some)
                    progress(done)
                    if is_last:
                        over.add(number)
                        worker.give(tasks.popleft() if tasks else None)
                        if worker.task is None:
                            del working[worker.pipe]
                            worker.end()
            del came[span]
    finally:
        for worker in working.values():
            worker.end(forced=True)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A span to work on: its number, and the places in it of the pictures wanted back."""

    number: int
    span: Span
    shown: frozenset[int]


def _tasks(whole: Cut, shown: frozenset[int]) -> Generator[_Task]:
    begin = 0
    for number, span in enumerate(whole.spans):
        end = begin + len(span.t_s)
        yield _Task(number, span, frozenset(place - begin for place in shown if begin <= place < end))
        begin = end


class _Worker:
    """A process that looks for people.

    Attributes:
        pipe: To and from it.
        task: What it works on; None if it has nothing left to do.

    """

    def __init__(self, process: SpawnProcess, pipe: Connection) -> None:
        self.pipe = pipe
        self.task: _Task | None = None
        self._process = process

    @classmethod
    def started(cls, video: VideoFile, choice: DetectorChoice, cores: frozenset[int]) -> _Worker:
        """Start one. A new interpreter: what has threads must not be forked."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, video, choice, cores), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours)

    def give(self, task: _Task | None) -> None:
        """Have it work on a span next; None to end."""
        self.task = task
        with suppress(BrokenPipeError):  # it is dead, which reading from it will tell
            self.pipe.send(task)

    def told(self) -> tuple[int, list[Found], bool]:
        """What it says next: number of the span, what was found in it, and whether that was the last.

        Raises:
            ChildProcessError: If it is dead.
            ValueError, OSError: What it met.

        """
        try:
            said: Any = self.pipe.recv()
        except (EOFError, OSError) as error:
            raise self._death() from error
        if isinstance(said, Exception):
            raise said
        number, some, is_last = said
        return number, some, is_last

    def end(self, forced: bool = False) -> None:
        """See it end."""
        if forced:
            self._process.terminate()
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.pipe.close()
        self._process.close()

    def _death(self) -> ChildProcessError:
        self._process.join(_END_S)
        code = self._process.exitcode
        how = f"exit code {code}"
        if code is not None and code < 0:
            with suppress(ValueError):
                how = signal.Signals(-code).name
        return ChildProcessError(
            f"one of the processes that look for people died ({how}); nothing was written. If memory ran out "
            "(SIGKILL), try fewer --workers; without --workers it is done in one process"
        )


def _work(pipe: Connection, video: VideoFile, choice: DetectorChoice, cores: frozenset[int]) -> None:
    """What the process does, until there is nothing more to do or nobody who wants it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that asked ends it
    os.sched_setaffinity(0, cores)
    cv2.setNumThreads(len(cores))
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            detector = choice.load(video, None, Scene())
            while (task := pipe.recv()) is not None:
                some: list[Found] = []
                with closing(ahead(frames_of(video, task.span), _AHEAD)) as frames:
                    for place, (frame, people) in enumerate(detections(detector, frames)):
                        image = frame.image_bgr if place in task.shown else None
                        some.append((Frame(frame.t_s, frame.index, image), people))
                        if len(some) == _TOLD:
                            pipe.send((task.number, some, False))
                            some = []
                pipe.send((task.number, some, True))
        except (BrokenPipeError, ConnectionResetError, EOFError):
            raise
        except (ValueError, OSError) as error:
            pipe.send(error)
