"""`dwellmap live` as a process of its own, and all that it started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

START = [sys.executable, "-P", "-c", "from dwellmap.cli import main; main()", "live"]


@dataclass
class Live:
    """A process of `dwellmap live`.

    Attributes:
        process: It.
        log: What it has written so far.
        out: Its output folder.

    """

    process: subprocess.Popen[bytes]
    log: Path
    out: Path

    @property
    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, true: Callable[[], object], what: str, patience_s: float = 60.0) -> None:
        """Wait until something is true, and say what happened instead."""
        until_s = time.monotonic() + patience_s
        while not true():
            assert time.monotonic() < until_s, f"waited for {what}\n{self.said}"
            assert self.process.poll() is None, f"ended while waiting for {what}\n{self.said}"
            time.sleep(0.1)

    def pictures(self, camera: str) -> int:
        """Lines of the hour under way that have reached the file."""
        files = (self.out / ".live" / camera).glob("*/pictures.jsonl")
        return sum(file.read_bytes().count(b"\n") for file in files)

    def kill_all(self) -> None:
        """End it and all that it started as a power cut does."""
        family = [*psutil.Process(self.process.pid).children(recursive=True), self.process]
        for one in (self.process, *family):
            if isinstance(one, psutil.Process):
                try:
                    one.kill()
                except psutil.NoSuchProcess:
                    continue
            else:
                one.kill()
        self.process.wait()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, and wait for the runs that it makes."""
        self.process.send_signal(number)
        return self.process.wait(timeout=90)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Callable[..., Live]]:
    """Start `dwellmap live` with the detector that needs no weights."""
    begun: list[Live] = []

    def start(*words: object, **environment: str) -> Live:
        log, out = tmp_path / f"live-{len(begun)}.txt", tmp_path / "out"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*START, *map(str, words), "--out", str(out), "--no-browser", "--detector", "motion"],
                stdin=subprocess.DEVNULL, stdout=file, stderr=file, env={**os.environ, **environment},
            )  # fmt: skip
        begun.append(Live(process, log, out))
        return begun[-1]

    yield start
    for one in begun:
        if one.process.poll() is None:
            one.kill_all()
