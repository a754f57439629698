"""How fast tracking and linking are: beside the peer's ByteTrack, and 10,000 tracklets with looks.

    python benchmarks/rates.py [--rounds 5]

Made-up crowds that walk straight on, with noise; the two trackers take turns on the same boxes, one thread
each. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import supervision as sv
from trackers import ByteTrackTracker

from tracker.appearance.looks import Looks
from tracker.bytetrack import ByteTrack
from tracker.following import followed
from tracker.linking.known import Known
from tracker.settings import LinkingSettings
from tracker.tracklets import Tracklets

FPS, PICTURES, SIZE = 10.0, 300, (1920.0, 1080.0)
TRACKLETS, HOURS, LINK_FPS = 10_000, 2.0, 8.0
DIMENSIONS = 256


def crowd(people: int) -> list[sv.Detections]:
    """Boxes of people who bounce about in the picture."""
    rng = np.random.default_rng(people)
    at = rng.uniform((0, 0), SIZE, (people, 2))
    speed = rng.normal(0, 40, (people, 2))
    found = []
    for k in range(PICTURES):
        xy = at + speed * k / FPS
        # A triangle wave: back and forth between the edges.
        xy = np.abs((xy + np.array(SIZE)) % (2 * np.array(SIZE)) - np.array(SIZE))
        boxes = np.column_stack([xy, np.add(xy, (60, 160))]) + rng.normal(0, 2, (people, 4))
        found.append(
            sv.Detections(
                xyxy=boxes.astype(np.float32),
                confidence=rng.uniform(0.5, 1, people).astype(np.float32),
                class_id=np.zeros(people, dtype=int),
            )
        )
    return found


def ms_a_picture(update: Callable[[int, sv.Detections], object], found: list[sv.Detections]) -> float:
    """Mean time of an update."""
    begin = time.perf_counter()
    for k, boxes in enumerate(found):
        update(k, boxes)
    return 1e3 * (time.perf_counter() - begin) / len(found)


def online(rounds: int) -> None:
    """Our ByteTrack and the peer's in turn."""
    print("| people | ours, ms a picture | ByteTrack (trackers) | ratio |\n|---|---|---|---|")
    for people in (10, 50, 200):
        found = crowd(people)
        ours, peers = [], []
        for _ in range(rounds):
            tracker, peer = ByteTrack(), ByteTrackTracker(frame_rate=FPS)
            ours.append(ms_a_picture(lambda k, boxes, t=tracker: t.update(k / FPS, boxes), found))
            peers.append(ms_a_picture(lambda _, boxes, p=peer: p.update(boxes), found))
        a, b = statistics.median(ours), statistics.median(peers)
        print(f"| {people} | {a:.2f} | {b:.2f} | {a / b:.2f} |", flush=True)


def linking() -> None:
    """Ten thousand tracklets in two hours: from tracklets to tracks, returns and self-audit included."""
    rng = np.random.default_rng(0)
    begin = np.sort(rng.uniform(0, HOURS * 3600, TRACKLETS))
    times = [
        np.arange(int(b * LINK_FPS), int((b + d) * LINK_FPS) + 1) / LINK_FPS
        for b, d in zip(begin, rng.exponential(8, TRACKLETS) + 0.3, strict=True)
    ]
    boxes = []
    for t in times:
        x = rng.uniform(0, SIZE[0] - 120) + rng.normal(0, 40) * (t - t[0])
        y = np.full(len(t), rng.uniform(0, SIZE[1] - 280))
        boxes.append(np.column_stack([x, y, x + 70, y + 180]) + rng.normal(0, 5, (len(t), 4)))
    number = np.repeat(np.arange(1, TRACKLETS + 1), [len(t) for t in times])
    rows = len(number)
    tracklets = Tracklets(
        number, np.concatenate(times), np.concatenate(boxes), rng.uniform(0.5, 1, rows), np.arange(rows)
    )
    pictures = np.arange(0, HOURS * 3600 + 100, 1 / LINK_FPS)
    known = Known(pictures, np.array([[0.0, pictures[-1]]]), (0.0, 0.0, *SIZE))
    # Everybody dressed in their own way, but for noise; eight crops of each.
    dressed = rng.normal(size=(TRACKLETS, DIMENSIONS))
    first = np.searchsorted(number, np.arange(1, TRACKLETS + 1))
    crops = np.unique(np.linspace(first, np.append(first[1:], rows) - 1, 8).round().astype(np.int64))
    vector = dressed[number[crops] - 1] + rng.normal(0, 0.5, (len(crops), DIMENSIONS))
    vector = (vector / np.linalg.norm(vector, axis=1)[:, None]).astype(np.float32)
    looks = Looks(crops, vector, np.ones(len(crops)))
    since = time.perf_counter()
    looks = looks.learned(number - 1, np.arange(rows), tracklets.t_s)
    tracks, _ = followed(tracklets, known, LinkingSettings(), looks)
    people = tracks.people
    seconds = time.perf_counter() - since
    # ru_maxrss is in KiB on Linux.
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print("\n| tracklets | boxes | people | s | GiB, whole process |\n|---|---|---|---|---|")
    print(f"| {TRACKLETS} | {rows} | {people} | {seconds:.1f} | {memory:.2f} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    online(parser.parse_args().rounds)
    linking()


if __name__ == "__main__":
    main()
