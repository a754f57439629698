"""The motion detector against the truth: recall, precision and floor error on PETS and the demo shop.

    python benchmarks/motion.py [--data ../shared/data] [--seeds 101-110] [--length 600] [--keep FOLDER]

A box is right that overlaps a person by half (IoU 0.5), one to one. People count who are at least half
visible; a box on somebody less visible is neither right nor wrong. Milliseconds are of one thread and hold
everything: decoding, the two looks at the recording beforehand, and the search. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from calibration.calibration import Calibration
from calibration.scene import Scene
from dwellmap.demo.footage import make_footage
from dwellmap.demo.options import DemoOptions
from dwellmap.site import load_site
from tracker.detector import Detector
from tracker.frames import Recording
from tracker.livemotion import LiveMotionDetector
from tracker.mot import read_truth
from tracker.motion import MotionDetector
from tracker.sources import open_recording

FPS = 8.0
SCORE = 0.4
VISIBLE = 0.5
PETS = "pets09_s2l1_view001_480x360.mp4"
PETS_SCALE, PETS_CLOCK_RATE = 0.625, 10 / 7

Truth = Callable[[float, int], tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]


@dataclass
class Tally:
    """What was found in one recording."""

    right: int = 0
    people: int = 0
    wrong: int = 0
    pictures: int = 0
    seconds: float = 0.0
    error_m: list[float] = field(default_factory=list)

    def row(self, name: str) -> str:
        """A line of the table."""
        floor = f"{statistics.median(self.error_m):.3f}" if self.error_m else "-"
        return (
            f"| {name} | {self.recall:.3f} | {self.precision:.3f} | {floor} | "
            f"{1e3 * self.seconds / max(self.pictures, 1):.1f} |"
        )

    @property
    def recall(self) -> float:
        """Share of the people found."""
        return self.right / max(self.people, 1)

    @property
    def precision(self) -> float:
        """Share of the boxes that are somebody."""
        return self.right / max(self.right + self.wrong, 1)


def judge(
    recording: Recording,
    detector: Callable[[], Detector],
    calibration: Calibration | None,
    truth: Truth,
    sample_fps: float | None,
) -> Tally:
    """Run a detector over a recording and compare."""
    tally = Tally()
    begin = time.process_time()
    made = detector()
    found = [(f.t_s, f.index, made.detect([f])[0]) for f in recording.read(sample_fps)]
    tally.seconds = time.process_time() - begin
    tally.pictures = len(found)
    for t_s, index, boxes in found:
        kept = boxes.xyxy[boxes.confidence >= SCORE].astype(np.float64)
        true, visible, xy_m = truth(t_s, index)
        compare(tally, kept, true, visible, xy_m, calibration, made.habits.near_edge_m)
    return tally


def compare(
    tally: Tally,
    boxes: NDArray[np.float64],
    true: NDArray[np.float64],
    visible: NDArray[np.float64],
    xy_m: NDArray[np.float64],
    calibration: Calibration | None,
    near_edge_m: float,
) -> None:
    """Count one picture."""
    clear = visible >= VISIBLE
    tally.people += int(clear.sum())
    free = np.ones(len(boxes), dtype=np.bool_)
    if len(boxes) and clear.any():
        iou = overlap(boxes, true[clear])
        i, j = linear_sum_assignment(-iou)
        good = iou[i, j] >= 0.5
        free[i[good]] = False
        tally.right += int(good.sum())
        if calibration is not None and calibration.pose is not None:
            near_m = calibration.floor_from_image(calibration.pose.foot_from_box(boxes[i[good]]))
            away = near_m - np.asarray(calibration.pose.camera_xy_m)
            near_m += near_edge_m * away / np.hypot(away[:, :1], away[:, 1:])
            tally.error_m += list(np.hypot(*(near_m - xy_m[clear][j[good]]).T))
    rest = boxes[free]
    if len(rest) and not clear.all():
        rest = rest[overlap(rest, true[~clear]).max(axis=1) < 0.3]
    tally.wrong += len(rest)


def overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, m) intersection over union of boxes (n, 4) and (m, 4)."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    inside = np.prod(np.clip(high - low, 0, None), axis=2)
    area_a, area_b = (np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (a, b))
    return np.asarray(inside / (area_a[:, None] + area_b[None] - inside))


def pets(data: Path) -> None:
    """PETS09-S2L1, view 1, without and with one pass."""
    rows = read_truth(data / "mot" / "PETS09-S2L1" / "gt" / "gt.txt")

    def truth(t_s: float, index: int) -> tuple[NDArray[np.float64], ...]:
        del t_s
        boxes = rows.xyxy_px[rows.frame == index + 1] * PETS_SCALE
        return boxes, np.ones(len(boxes)), np.empty((len(boxes), 2))

    recording = open_recording(data / "video" / PETS, clock_rate=PETS_CLOCK_RATE)
    for name, make in (
        ("PETS09-S2L1, sizes learned", lambda: MotionDetector.for_recording(recording, None, Scene())),
        ("the same, one pass (`mog2`)", lambda: LiveMotionDetector(recording.size_px, None, Scene())),
    ):
        print(judge(recording, make, None, truth, None).row(name), flush=True)


def demo(folder: Path, seed: int, length_s: float, one_pass: bool) -> list[Tally]:
    """A film of the demo shop, calibrated."""
    if not (folder / "demo.mp4").exists():
        make_footage(folder, DemoOptions(length_s=length_s, seed=seed, fps=FPS), lambda _: None)
    scene = load_site(folder / "site.toml").scene
    calibration = Calibration.load(folder / "corner.calibration.json")
    table = pd.read_parquet(folder / "truth.parquet").dropna()
    by_time = {t: part for t, part in table.groupby(table["t_s"].round(3))}
    times = np.array(sorted(by_time))

    def truth(t_s: float, index: int) -> tuple[NDArray[np.float64], ...]:
        del index
        nearest = float(times[np.argmin(np.abs(times - t_s))]) if len(times) else np.inf
        rows = by_time[nearest] if abs(nearest - t_s) < 0.02 else table.iloc[:0]
        boxes = rows[["x1_px", "y1_px", "x2_px", "y2_px"]].to_numpy(np.float64)
        return boxes, rows["visible"].to_numpy(np.float64), rows[["x_m", "y_m"]].to_numpy(np.float64)

    recording = open_recording(folder / "demo.mp4")
    makers: list[Callable[[], Detector]] = [
        lambda: MotionDetector.for_recording(recording, calibration, scene)
    ]
    if one_pass:
        makers.append(lambda: LiveMotionDetector(recording.size_px, calibration, scene))
    return [judge(recording, make, calibration, truth, FPS) for make in makers]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("DWELLMAP_TEST_DATA", "../shared/data"))
    )
    parser.add_argument("--seeds", default="101-110", help="First and last seed of the demo shop")
    parser.add_argument("--length", type=float, default=600.0, help="Length of each film, s")
    parser.add_argument("--keep", type=Path, help="Keep the films in this folder, or take them from it")
    parser.add_argument("--one-pass", action="store_true", help="Judge the one-pass detector, too")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    first, _, last = arguments.seeds.partition("-")
    print("| recording | recall | precision | floor error, m | ms a picture, all in |\n|---|---|---|---|---|")
    pets(arguments.data)
    tallies: list[Tally] = []
    with tempfile.TemporaryDirectory() as temporary:
        for seed in range(int(first), int(last or first) + 1):
            folder = (arguments.keep or Path(temporary)) / f"seed-{seed}"
            found = demo(folder, seed, arguments.length, arguments.one_pass)
            tallies.append(found[0])
            for name, tally in zip((f"demo shop, seed {seed}", "the same, one pass"), found, strict=False):
                print(tally.row(name), flush=True)
    everything = Tally(
        sum(t.right for t in tallies), sum(t.people for t in tallies), sum(t.wrong for t in tallies),
        sum(t.pictures for t in tallies), sum(t.seconds for t in tallies),
        [e for t in tallies for e in t.error_m],
    )  # fmt: skip
    print(everything.row(f"all {len(tallies)} films together"))


if __name__ == "__main__":
    main()
