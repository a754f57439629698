"""What a user of other programs would run; for `benchmarks/peers.py`, in the peers' own environment.

    python benchmarks/peer_scripts.py heatmap|supervision CLIP WEIGHTS TRACKS

`heatmap` is the Heatmap of ultralytics Solutions with its defaults; `supervision` detects with ultralytics,
tracks with the package trackers, and draws the heat map and measures the time in a zone with supervision.
Both look at every picture and at people only. TRACKS receives the boxes as MOTChallenge text.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

os.environ.update(YOLO_OFFLINE="true", YOLO_AUTOINSTALL="false", YOLO_VERBOSE="false")

import cv2
import numpy as np

Row = tuple[int, int, np.ndarray, float]


def heatmap(clip: str, weights: str) -> Iterator[Row]:
    """`ultralytics.solutions.Heatmap` on every picture."""
    from ultralytics import solutions

    solution = solutions.Heatmap(model=weights, show=False, classes=[0], verbose=False)
    for number, picture in pictures(clip):
        solution.process(picture)
        for box, who in zip(solution.boxes, solution.track_ids, strict=True):
            yield number, int(who), np.asarray(box), 1.0


def supervision(clip: str, weights: str) -> Iterator[Row]:
    """Detect, track, heat map, time in a zone."""
    import supervision as sv
    from trackers import ByteTrackTracker
    from ultralytics import YOLO

    info = sv.VideoInfo.from_video_path(clip)
    model = YOLO(weights, task="detect")
    tracker = ByteTrackTracker(frame_rate=info.fps)
    heat = sv.HeatMapAnnotator()
    width, height = info.resolution_wh
    zone = sv.PolygonZone(polygon=np.array([[0, 0], [width, 0], [width, height], [0, height]]))
    frames_in_zone: Counter[int] = Counter()
    for number, picture in pictures(clip):
        found = sv.Detections.from_ultralytics(model(picture, verbose=False, classes=[0])[0])
        found = tracker.update(found)
        found = found[found.tracker_id >= 0]
        frames_in_zone.update(found.tracker_id[zone.trigger(found)].tolist())
        heat.annotate(scene=picture.copy(), detections=found)
        for box, who, score in zip(found.xyxy, found.tracker_id, found.confidence, strict=True):
            yield number, int(who), box, float(score)


def mend_torchvision() -> None:
    """Give torchvision its suppression of duplicates by OpenCV, where its wheel has none for this torch.

    That is so beside a torch for processors only. It is faster than what ultralytics would fall back to.
    """
    import torch

    try:
        import torchvision

        torchvision.extension._assert_has_ops()
        return
    except RuntimeError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]

    def nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
        xyxy = boxes.numpy()
        ltwh = np.hstack([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]])
        kept = cv2.dnn.NMSBoxes(ltwh.tolist(), scores.tolist(), 0.0, iou_threshold)
        return torch.as_tensor(np.asarray(kept, dtype=np.int64).reshape(-1))

    library = torch.library.Library("torchvision", "FRAGMENT")
    # What torchvision registers more about, whether it is there or not; the second since 0.28.
    for operator in ("nms", "qnms"):
        if f"torchvision::{operator}" not in torch._C._dispatch_get_all_op_names():
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.impl("nms", nms, "CPU")
    import torchvision

    torchvision.ops.nms = nms
    torchvision._dwellmap_library = library  # goes when it is collected


def pictures(clip: str) -> Iterator[tuple[int, np.ndarray]]:
    """All pictures by OpenCV, numbered from 1."""
    film = cv2.VideoCapture(clip)
    number = 0
    while True:
        read, picture = film.read()
        if not read:
            return
        number += 1
        yield number, picture


def main() -> None:
    """Run one and print the versions."""
    from importlib.metadata import version

    kind, clip, weights, tracks = sys.argv[1:]
    mend_torchvision()
    lines = []
    for number, who, (x1, y1, x2, y2), score in {"heatmap": heatmap, "supervision": supervision}[kind](
        clip, weights
    ):
        lines.append(
            f"{number},{who + 1},{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},{score:.3f},-1,-1,-1\n"
        )
    Path(tracks).write_text("".join(lines))
    print(
        json.dumps({name: version(name) for name in ("ultralytics", "supervision", "trackers", "openvino")})
    )


if __name__ == "__main__":
    main()
