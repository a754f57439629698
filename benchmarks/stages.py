"""Seconds per second of footage, by stage: decode, detect, track, maps, drawing.

    python benchmarks/stages.py [--data ../shared/data] [--repeat 3] [--detector motion|yolo|both]

Prints a Markdown table: the median of the repeats. Runs go to a temporary folder that is deleted.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
from pathlib import Path

from dwellmap.detector_choice import choose_detector
from dwellmap.progress import Silent
from dwellmap.running import run_recording
from dwellmap.site_file import Settings
from dwellmap.view import uncalibrated_view
from tracker.sources import open_recording

CLIPS = ("pets09_s2l1_view001_480x360.mp4", "concourse_overhead_720p.mp4")
STAGES = ("decode", "detect", "track", "trajectories", "maps", "draw")
WEIGHTS = "yolo11n_int8_openvino_model"


def one(clip: Path, detector: str, weights: Path | None) -> tuple[dict[str, float], float]:
    """Timing of one run and the seconds of footage."""
    settings = Settings()
    recording = open_recording(clip)
    choice = choose_detector("yolo" if detector == "yolo" else "motion", weights, None, clip, settings)
    view = uncalibrated_view("bench", recording.size_px)
    with tempfile.TemporaryDirectory() as out:
        done = run_recording(recording, clip, view, choice, settings, Path(out), Silent(), 8.0, 1.0)
    return done.folder.recipe["timing"], done.folder.recipe["footage"]["observed_time_s"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("DWELLMAP_TEST_DATA", "../shared/data"))
    )
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--detector", choices=("motion", "yolo", "both"), default="both")
    arguments = parser.parse_args()
    detectors = ("motion", "yolo") if arguments.detector == "both" else (arguments.detector,)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, 8 pictures a second\n")
    print("| clip | detector | " + " | ".join(STAGES) + " | all | times real time |")
    print("|---|---|" + "---|" * (len(STAGES) + 2))
    for clip in CLIPS:
        for detector in detectors:
            weights = arguments.data / "models" / WEIGHTS if detector == "yolo" else None
            runs = [one(arguments.data / "video" / clip, detector, weights) for _ in range(arguments.repeat)]
            length = runs[0][1]
            medians = [statistics.median(t.get(stage, 0.0) / length for t, _ in runs) for stage in STAGES]
            total = statistics.median(sum(t.values()) / length for t, _ in runs)
            cells = " | ".join(f"{value:.4f}" for value in medians)
            print(f"| {clip.rsplit('_', 1)[0]} | {detector} | {cells} | {total:.3f} | {1 / total:.1f} |")


if __name__ == "__main__":
    main()
