"""The demo shop against its truth: people, returns, identities and maps, on films that nobody looked at.

    python benchmarks/demo.py [--data ../shared/data] [--seeds 201-210] [--keep FOLDER]

Four minutes, twelve people, found by motion; joined without looks, with colours, and with a network that
tells people apart. Prints a Markdown table with a row per film and one of medians for each, and the peer's
tracker on the same detections.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np

from dwellmap.appearance_choice import choose_embedder
from dwellmap.commands.run import site_recording
from dwellmap.demo.footage import make_footage
from dwellmap.demo.options import DemoOptions
from dwellmap.demo.peer import peer_tracklets
from dwellmap.detector_choice import choose_detector
from dwellmap.evaluation.evaluation import Evaluation, evaluate
from dwellmap.evaluation.measured import measured_tracks
from dwellmap.evaluation.returns import ReturnScores
from dwellmap.evaluation.truth import Truth, load_truth
from dwellmap.pipeline import Looking, Seen, Timing, detect, follow
from dwellmap.progress import Silent
from dwellmap.site import load_site
from dwellmap.site_file import Settings
from dwellmap.view import CameraView
from tracker.frames import Recording
from tracker.placing import place
from tracker.tracks import Tracks

FPS = 8.0
NETWORK = "osnet_x0_25_msmt17.onnx"
Scores = tuple[Evaluation, ReturnScores]


def filmed(folder: Path, seed: int) -> tuple[Recording, CameraView, Settings, Seen, Truth]:
    """Make the film, find the people."""
    film = folder / "demo.mp4"
    if not film.exists():
        make_footage(folder, DemoOptions(seed=seed), lambda _: None)
    site = load_site(folder / "site.toml")
    camera = site.cameras[0]
    recording, view = site_recording(film, site, camera, camera.clock_rate, None, None)
    choice = choose_detector("motion", None, None, film, site.settings)
    seen = detect(recording, choice.load(recording, view.calibration, view.scene), FPS, Silent(), Timing())
    return recording, view, site.settings, seen, load_truth(folder / "truth.parquet")


def peers(seen: Seen, view: CameraView, settings: Settings) -> Tracks:
    """The peer's tracker with its own defaults, feet at the boxes' lower edges."""
    tracklets = peer_tracklets(seen.log.outside(view.ignored_px))
    bridge_s = settings.trajectories.max_bridge_s
    return place(tracklets, seen.log.t_s, seen.shown_px, view.calibration, bridge_s)


def row(name: str, *scores: Scores) -> str:
    """A line of the table: medians, and sums of the returns."""

    def median(of: object) -> float:
        return float(np.median([of(e) for e, _ in scores]))  # type: ignore[operator]

    def error_of(part: str) -> str:
        both = [median(lambda e, k=k: getattr(e, part)[k].median) for k in (0, 1)]
        return f"{100 * both[0]:.0f} / {100 * both[1]:.0f} %"

    total = sum((r for _, r in scores[1:]), scores[0][1])
    cells = [
        f"{median(lambda e: e.people.people_ratio):.2f}", f"{median(lambda e: e.people.time_ratio):.2f}",
        f"{median(lambda e: e.people.wrong_share):.2f}", f"{100 * median(lambda e: e.identity.idf1):.1f}",
        f"{total.right} of {total.returns}", f"{total.wrong} of {total.arrivals}",
        *(error_of(part) for part in ("both", "position_only", "identity_only")),
        f"{median(lambda e: e.both[0].visits_ratio):.2f}",
    ]  # fmt: skip
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = Path(os.environ.get("DWELLMAP_TEST_DATA", "../shared/data"))
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--seeds", default="201-210")
    parser.add_argument("--keep", type=Path, help="Folder for the films; used again if they are there.")
    options = parser.parse_args()
    first, _, last = options.seeds.partition("-")
    print(
        "| | people / true | time / true | missed + surplus | IDF1 | returns known | taken for another "
        "| attention 0.5 / 1 m | position only | identity only | visits |\n|" + "---|" * 11
    )
    every: dict[str, list[Scores]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(int(first), int(last or first) + 1):
            folder = (options.keep or Path(scratch)) / f"seed-{seed}"
            folder.mkdir(parents=True, exist_ok=True)
            recording, view, settings, seen, truth = filmed(folder, seed)
            observed = seen.footage.observed_s
            found = {"ByteTrack (trackers)": peers(seen, view, settings)}
            network = options.data / "models" / NETWORK
            for name, looks in (("motion alone", "none"), ("colours", "colours"), (NETWORK, str(network))):
                if name == NETWORK and not network.exists():
                    continue
                embedder = choose_embedder(looks, recording)
                looking = None if embedder is None else Looking(recording, embedder)
                found[f"ours, {name}"] = follow(
                    seen.log, view, seen.shown_px, observed, settings, Silent(), Timing(), looking
                ).tracks
            for who, tracks in found.items():
                given = measured_tracks(tracks, seen.log, view, settings, truth)
                if given.returns is None:
                    raise ValueError("expected the truth of the demo shop")
                result = evaluate(given.truth, given.found, given.paths), given.returns
                every.setdefault(who, []).append(result)
                print(row(f"seed {seed}, {who}", result), flush=True)
    for who, results in every.items():
        print(row(f"**{len(results)} seeds, {who}**", *results), flush=True)


if __name__ == "__main__":
    main()
