"""Whether memory grows with the recording: the demo's film, looped to hours without encoding it again.

    python benchmarks/memory.py [--hours 4] [--sample-fps 8] [--detector motion] [--size 480x270]

Prints the resident memory at times of the footage while people are looked for, and then its peak in each of
the stages that follow, which work on the boxes of the whole recording.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import psutil
from numpy.typing import NDArray

from dwellmap.appearance_choice import choose_embedder
from dwellmap.demo.footage import make_footage
from dwellmap.demo.options import DemoOptions
from dwellmap.detector_choice import choose_detector
from dwellmap.running import run_recording
from dwellmap.site import load_site
from dwellmap.site_recording import site_recording

FILM_S = 120.0
TOLD_S = 600.0


def loop(film: Path, longer: Path, hours: float) -> None:
    """Repeat a film's packets until they fill so many hours."""
    with av.open(str(film)) as source, av.open(str(longer), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        packets = [p for p in source.demux(stream) if p.size]
        step = max(p.pts + p.duration for p in packets) - min(p.pts for p in packets)
        data = [(bytes(p), p.pts, p.dts, p.duration, p.is_keyframe) for p in packets]
        for turn in range(round(hours * 3600 / float(step * stream.time_base))):
            for content, pts, dts, duration, key in data:
                packet = av.Packet(content)
                packet.pts, packet.dts, packet.duration = pts + turn * step, dts + turn * step, duration
                packet.is_keyframe, packet.stream, packet.time_base = key, copy, stream.time_base
                target.mux(packet)


class Stages:
    """A `Reporter` that looks at the memory of this process five times a second."""

    def __init__(self) -> None:
        self.peak_mib: dict[str, float] = {}
        self._process = psutil.Process()
        self._stage = "start"
        threading.Thread(target=self._look, daemon=True).start()

    def mib(self) -> float:
        """Resident memory now."""
        return float(self._process.memory_info().rss / 2**20)

    def _look(self) -> None:
        while True:
            self.peak_mib[self._stage] = max(self.peak_mib.get(self._stage, 0.0), self.mib())
            time.sleep(0.2)

    @contextmanager
    def step(self, what: str, total: float | None) -> Iterator[Stages]:
        """See `Reporter.step`."""
        del total
        self._stage = what.rpartition(": ")[2]
        yield self

    def to(self, done: float) -> None:
        """See `Step.to`."""

    def say(self, text: str) -> None:
        """See `Reporter.say`."""
        print(text)


def main() -> None:
    """Film, loop, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=4.0)
    parser.add_argument("--sample-fps", type=float, default=8.0)
    parser.add_argument("--detector", default="motion", choices=["motion", "mog2", "yolo"])
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--size", default="480x270")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="dwellmap-memory-") as kept:
        folder = Path(kept)
        make_footage(folder, DemoOptions(length_s=FILM_S, size_px=(width, height), fps=10.0), lambda _: None)
        film = folder / "long.mp4"
        loop(folder / "demo.mp4", film, options.hours)
        site = load_site(folder / "site.toml")
        camera = site.cameras[0]
        recording, view = site_recording(film, site, camera, camera.clock_rate, None, None)
        stages, told = Stages(), [0.0]

        def watcher(t_s: float, image: NDArray[np.uint8] | None, boxes: NDArray[np.floating]) -> None:
            if t_s >= told[0]:
                print(f"{t_s / 60:4.0f} min of footage: {stages.mib():.0f} MiB", flush=True)
                told[0] += TOLD_S

        choice = choose_detector(options.detector, options.weights, None, film, site.settings)
        run_recording(
            recording, film, view, choice, site.settings, folder / "out", stages, options.sample_fps,
            camera.clock_rate, choose_embedder("colours", recording), watcher,
        )  # fmt: skip
        for stage, mib in stages.peak_mib.items():
            print(f"{stage}: at most {mib:.0f} MiB")


if __name__ == "__main__":
    main()
