"""People against the truth: ours and a peer's ByteTrack on the ten MOTChallenge sequences, in one run.

    python benchmarks/identity.py [--data ../shared/data] [--drops 20]

Boxes are the published detections, without pictures but for the rows that name looks; one set of settings for
all sequences. The rows of PETS with boxes dropped are medians over so many runs, each without another 5 % of
the boxes. The last table looks at fewer pictures a second, as a run does as shipped (8). Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from dwellmap.demo.peer import peer_tracklets
from dwellmap.evaluation.evaluation import Evaluation, evaluate, floor_by_truth
from dwellmap.evaluation.returns import return_scores
from dwellmap.evaluation.sightings import Sightings
from dwellmap.evaluation.truth import Truth, load_truth
from tracker.appearance.looks import Looks
from tracker.appearance.opening import open_embedder
from tracker.appearance.sight import look
from tracker.bytetrack import track
from tracker.detections import DetectionLog
from tracker.following import followed
from tracker.linking.known import Known
from tracker.motsequence import MotSequence, open_mot_sequence
from tracker.replay import ReplayDetector
from tracker.settings import LinkingSettings
from tracker.sources import open_recording
from tracker.tracklets import Tracklets
from tracker.tracks import Tracks

FASTER, PUBLIC = "det/det_frrcnn_sort.txt", "det/det.txt"
STATIC = {
    "PETS09-S2L1": FASTER, "TUD-Campus": FASTER, "Venice-2": FASTER, "ADL-Rundle-6": FASTER,
    "MOT17-02": PUBLIC, "MOT17-04": PUBLIC,
}  # fmt: skip
MOVING = {"MOT17-05": PUBLIC, "MOT17-10": PUBLIC, "MOT17-13": PUBLIC, "ADL-Rundle-8": FASTER}
PETS_VIDEO, PETS_SCALE, PETS_CLOCK_RATE = "video/pets09_s2l1_view001_480x360.mp4", 0.625, 10 / 7
# Its truth gives whoever comes back a new number. Who they are, by clothes and faces, looked at one by one.
SAME_ON_PETS = {19: 1, 13: 2, 11: 3, 12: 4, 9: 5, 10: 6, 14: 8, 15: 8, 18: 8}
NETWORKS = ("person-reidentification-retail-0287", "osnet_x0_25_msmt17.onnx")


def detections(
    sequence: MotSequence, file: str, drop: int | None = None, sample_fps: float | None = None
) -> DetectionLog:
    """The published boxes of all or some pictures a second; what is left when 5 % are dropped at random."""
    detector = ReplayDetector(sequence.path / file, sequence.size_px)
    frames = list(sequence.read(sample_fps))
    log = DetectionLog.collect(zip(frames, detector.detect(frames), strict=True))
    if drop is None:
        return log
    kept = np.random.default_rng(drop).random(len(log.score)) >= 0.05
    before = np.concatenate([[0], np.cumsum(kept)])
    return replace(log, offsets=before[log.offsets], xyxy_px=log.xyxy_px[kept], score=log.score[kept])


def ours(sequence: MotSequence, log: DetectionLog, data: Path, appearance: str | None) -> Sightings:
    """Tracklets, linking, smoothed boxes."""
    tracklets, known = track(log), known_of(sequence, log)
    looks = None if appearance is None else looks_of(log, tracklets, data, appearance)
    return sighted(known, followed(tracklets, known, LinkingSettings(), looks)[0])


def looks_of(log: DetectionLog, tracklets: Tracklets, data: Path, appearance: str) -> Looks:
    """What the people of PETS look like."""
    film = open_recording(data / PETS_VIDEO, clock_rate=PETS_CLOCK_RATE)
    # The film is smaller than the pictures that the boxes are stated in, and its clock runs differently.
    small = replace(tracklets, xyxy_px=tracklets.xyxy_px * PETS_SCALE)
    model = None if appearance == "colours" else data / "models" / appearance
    return look(film, replace(log, xyxy_px=log.xyxy_px * PETS_SCALE), small, open_embedder(model))


def known_of(sequence: MotSequence, log: DetectionLog) -> Known:
    """What linking knows of a sequence: no calibration."""
    shown = (0.0, 0.0, float(sequence.size_px[0]), float(sequence.size_px[1]))
    return Known(log.t_s, np.array([[0.0, log.t_s[-1]]]), shown)


def sighted(known: Known, tracks: Tracks) -> Sightings:
    """Tracks at the pictures; who comes back is somebody new in MOTChallenge, so scene visits are judged."""
    frame = np.searchsorted(known.picture_t_s, tracks.t_s - 1e-9)
    return Sightings(frame, tracks.scene_visit, tracks.xyxy_px, np.full((len(frame), 2), np.nan))


def peers(sequence: MotSequence, log: DetectionLog) -> Sightings:
    """`trackers.ByteTrackTracker` with its own defaults."""
    found = peer_tracklets(log, sequence.frame_rate)
    frame = np.searchsorted(log.t_s, found.t_s - 1e-9)
    return Sightings(frame, found.tracklet, found.xyxy_px, np.full((len(frame), 2), np.nan))


def returns(data: Path) -> None:
    """Who comes back on PETS: its truth numbers them anew, the pictures show who they are."""
    folder = next(iter(sorted((data / "mot").glob("PETS09-S2L1*"))))
    sequence, truth = open_mot_sequence(folder), load_truth(folder)
    person = np.array([SAME_ON_PETS.get(int(p), int(p)) for p in truth.seen.person])
    truth = replace(truth, seen=replace(truth.seen, person=person))
    log = detections(sequence, FASTER)
    known, tracklets = known_of(sequence, log), track(log)
    print("\n| PETS09-S2L1, returns | known again | taken for somebody else |\n|---|---|---|")
    for appearance in ("colours", *NETWORKS):
        tracks, _ = followed(tracklets, known, LinkingSettings(), looks_of(log, tracklets, data, appearance))
        visitor = dict(zip(tracks.scene_visit.tolist(), tracks.person.tolist(), strict=True))
        scores = return_scores(truth, sighted(known, tracks), visitor)
        print(
            f"| {appearance} | {scores.right} of {scores.returns} | {scores.wrong} of {scores.arrivals} |",
            flush=True,
        )


def thinned(truth: Truth, t_s: np.ndarray) -> Truth:
    """The truth of some of its pictures only."""
    kept = np.abs(truth.t_s - t_s[:, None]).argmin(axis=1)
    new = np.full(len(truth.t_s), -1)
    new[kept] = np.arange(len(kept))

    def of(seen: Sightings) -> Sightings:
        seen = seen.where(new[seen.frame] >= 0)
        return replace(seen, frame=new[seen.frame])

    return replace(
        truth, t_s=truth.t_s[kept], frame_number=truth.frame_number[kept], seen=of(truth.seen),
        distractor=of(truth.distractor), uncounted=of(truth.uncounted),
    )  # fmt: skip


def rates(data: Path) -> None:
    """How much depends on the number of pictures a second that are looked at."""
    print(
        "\n| pictures a second | cameras | mean IDF1 | mean abs. log ratio of people | of mean time "
        "| people / true |\n|---|---|---|---|---|---|"
    )
    for sample_fps in (None, 15.0, 8.0, 5.0):
        for kind, names in (("six static", STATIC), ("four moving", MOVING)):
            results = []
            for name, file in names.items():
                folder = next(iter(sorted((data / "mot").glob(f"{name}*"))))
                sequence, truth = open_mot_sequence(folder), load_truth(folder)
                log = detections(sequence, file, sample_fps=sample_fps)
                results.append(judged(thinned(truth, log.t_s), ours(sequence, log, data, None)))
            idf1, people, lasting = means(results)
            each = ", ".join(f"{e.people.people_ratio:.2f}" for e in results)
            rate = "all" if sample_fps is None else f"{sample_fps:g}"
            print(
                f"| {rate} | {kind} | {idf1:.1f} | {people:.3f} | {lasting:.3f} | {each} |",
                flush=True,
            )


def means(results: list[Evaluation]) -> tuple[float, float, float]:
    """Mean IDF1 in percent, and mean absolute logarithms of the ratios of people and of their mean time."""
    ratios = np.abs(np.log([(e.people.people_ratio, e.people.time_ratio) for e in results])).mean(axis=0)
    return 100 * float(np.mean([e.identity.idf1 for e in results])), float(ratios[0]), float(ratios[1])


def judged(truth: Truth, found: Sightings) -> Evaluation:
    """All scores; feet on the floor by the truth's own homography where it states positions."""
    return evaluate(truth, floor_by_truth(truth, found) if truth.on_floor else found)


def row(name: str, *runs: Evaluation) -> str:
    """A line of the table: medians over the runs."""

    def median(of: object) -> float:
        return float(np.median([of(run) for run in runs]))  # type: ignore[operator]

    cells = [
        f"{100 * median(lambda e: e.identity.idf1):.1f}", f"{median(lambda e: e.people.people_ratio):.2f}",
        f"{median(lambda e: e.people.time_ratio):.2f}", f"{median(lambda e: e.people.wrong_share):.2f}",
    ]  # fmt: skip
    if runs[0].both:
        cells += [
            " / ".join(f"{100 * median(lambda e, k=k: e.both[k].median):.0f}" for k in (0, 1)) + " %",
            f"{100 * median(lambda e: e.identity_only[0].median):.0f} %",
            f"{median(lambda e: e.both[0].visits_ratio):.2f}",
        ]
    else:
        cells += ["", "", ""]
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("DWELLMAP_TEST_DATA", "../shared/data"))
    )
    parser.add_argument("--drops", type=int, default=20)
    options = parser.parse_args()
    print(
        "| | IDF1 | people / true | time / true | missed + surplus | attention 0.5 / 1 m | identity only "
        "| visits |"
    )
    print("|---|---|---|---|---|---|---|---|")
    scores: dict[str, list[Evaluation]] = {"ours": [], "ByteTrack (trackers)": []}
    for name, file in (STATIC | MOVING).items():
        folder = next(iter(sorted((options.data / "mot").glob(f"{name}*"))))
        sequence, truth = open_mot_sequence(folder), load_truth(folder)
        log = detections(sequence, file)
        for who, found in (
            ("ours", ours(sequence, log, options.data, None)),
            ("ByteTrack (trackers)", peers(sequence, log)),
        ):
            result = judged(truth, found)
            if name in STATIC:
                scores[who].append(result)
            print(row(f"{name}, {who}{'' if name in STATIC else ' (moving camera)'}", result), flush=True)
        if name == "PETS09-S2L1":
            for appearance in (None, "colours", *NETWORKS):
                runs = [
                    judged(truth, ours(sequence, detections(sequence, file, drop), options.data, appearance))
                    for drop in range(options.drops)
                ]
                label = "no appearance" if appearance is None else appearance
                print(row(f"{name}, ours, {label}, {options.drops} runs with 5 % dropped", *runs), flush=True)
    print(
        "\n| six static cameras | mean IDF1 | mean abs. log ratio of people | of mean time |"
        "\n|---|---|---|---|"
    )
    for who, results in scores.items():
        idf1, people, lasting = means(results)
        print(f"| {who} | {idf1:.1f} | {people:.3f} | {lasting:.3f} |")
    returns(options.data)
    rates(options.data)


if __name__ == "__main__":
    main()
