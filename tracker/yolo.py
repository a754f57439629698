"""People found by a YOLO: any weights of ultralytics, as `.pt`, `.onnx` or OpenVINO folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import supervision as sv
from numpy.typing import NDArray

from tracker.boxes import people
from tracker.frames import Frame
from tracker.letterbox import Letterbox, input_size
from tracker.network import Network
from tracker.settings import YoloSettings


class YoloDetector:
    """A `Detector` for weights of ultralytics.

    The pictures go through the network one by one: on a processor a batch is no faster, and its last digits
    would depend on what else is in it.

    Attributes:
        description: One line for reports, such as "YOLO11n (OpenVINO, 640x640)".
        every_frame: False.
        near_edge_m: 0: boxes are learned from people's drawings, and how these treat shoes is not known.
        remarks: None.

    """

    every_frame = False
    near_edge_m = 0.0
    remarks: tuple[str, ...] = ()

    def __init__(self, weights: Path, settings: YoloSettings | None = None) -> None:
        """Load the weights; nothing is downloaded, installed, sent or cached.

        Args:
            weights: A `.pt` checkpoint, an `.onnx` file or an OpenVINO folder, made by ultralytics.
            settings: What to keep and how to compute; the defaults if None.

        Raises:
            ValueError: If the file is none of these, is not safe to load, or knows no people.
            FileNotFoundError: If there is nothing.

        """
        self._settings = settings or YoloSettings()
        self._network = open_network(weights, self._settings)
        facts = self._network.facts
        size = "x".join(map(str, facts.input_px)) if facts.input_px else f"{self._settings.input_px} px"
        self.description = f"{facts.title} ({facts.runtime}, {size})"

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find the people in each frame.

        Raises:
            ValueError: If a frame has no picture.

        """
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> sv.Detections:
        if frame.image_bgr is None:
            raise ValueError(
                "YOLO looks at pictures, and this recording has none: "
                "use --detector replay for a MOTChallenge folder"
            )
        height, width = frame.image_bgr.shape[:2]
        facts = self._network.facts
        size = facts.input_px or input_size((width, height), self._settings.input_px, facts.stride)
        letterbox = Letterbox.fit(frame.image_bgr, size)
        xyxy, score = self._people_in(self._network.infer(letterbox.blob))
        return people(letterbox.to_picture(xyxy), score, (width, height))

    def _people_in(self, found: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Boxes (n, 4) in input pixels and scores (n,) of the people in what `Network.infer` gave."""
        facts, settings = self._network.facts, self._settings
        # A dense answer has thousands of anchors for columns; one without duplicates has a few columns.
        if found.shape[0] < found.shape[1]:
            columns = np.flatnonzero(found[4 + facts.person] >= settings.min_score)
            some = found[:, columns].astype(np.float64)
            score = some[4 + facts.person]
            centre, size = some[:2].T, some[2:4].T
            xyxy = np.hstack([centre - size / 2, centre + size / 2])
            kept = without_duplicates(xyxy, score, settings.nms_iou, settings.max_people)
        else:
            some = found.astype(np.float64)
            xyxy, score = some[:, :4], some[:, 4]
            kept = np.flatnonzero((some[:, 5] == facts.person) & (score >= settings.min_score))
        return xyxy[kept], np.clip(score[kept], 0, 1)


def open_network(weights: Path, settings: YoloSettings) -> Network:
    """Open weights with what runs them.

    Raises:
        ValueError: If the file is not of a kind that can be run, or not safe to load.
        FileNotFoundError: If there is nothing.

    """
    if not weights.exists():
        raise FileNotFoundError(f"{weights}: no such weights")
    if weights.is_dir() or weights.suffix == ".onnx":
        from tracker.openvino_network import OpenVinoNetwork  # OpenVINO takes a third of a second to load

        return OpenVinoNetwork(weights, settings)
    if weights.suffix == ".pt":
        from tracker.torch_network import TorchNetwork  # torch and ultralytics take seconds to load

        return TorchNetwork(weights)
    raise ValueError(
        f"{weights}: expected a .pt checkpoint, an .onnx file or an OpenVINO folder, "
        f"got a file ending in {weights.suffix!r}"
    )


def without_duplicates(
    xyxy_px: NDArray[np.floating], score: NDArray[np.floating], most_iou: float, most: int
) -> NDArray[np.intp]:
    """Greedy non-maximum suppression: rows to keep, best score first, at most `most`."""
    if not len(score):
        return np.empty(0, dtype=np.intp)
    ltwh = np.hstack([xyxy_px[:, :2], xyxy_px[:, 2:] - xyxy_px[:, :2]])
    kept = cv2.dnn.NMSBoxes(ltwh.tolist(), score.tolist(), score_threshold=0.0, nms_threshold=most_iou)
    return np.asarray(kept, dtype=np.intp).reshape(-1)[:most]
