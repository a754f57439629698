"""People found by a YOLO: any weights of ultralytics, as `.pt`, `.onnx` or OpenVINO folder."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import supervision as sv
from numpy.typing import NDArray

from tracker.boxes import people
from tracker.computing import Computing, computing
from tracker.frames import Frame
from tracker.habits import Habits
from tracker.letterbox import Letterbox, input_size
from tracker.network import Network
from tracker.settings import YoloSettings

_STRIDE = 32  # of nearly all networks of ultralytics; the export sees to the others


class YoloDetector:
    """A `Detector` for weights of ultralytics.

    Several pictures are under way at a time; the boxes of one do not depend on which others go with it.

    Attributes:
        description: One line for reports, such as "YOLO11n (OpenVINO, 640x640)".
        every_frame: False.
        habits: Boxes are learned from people's drawings, and how these treat shoes is not known.
        remarks: None.

    """

    every_frame = False
    habits = Habits()
    remarks: tuple[str, ...] = ()

    def __init__(
        self,
        weights: Path,
        settings: YoloSettings | None = None,
        picture_px: tuple[int, int] | None = None,
    ) -> None:
        """Load the weights; nothing is downloaded, installed or sent, and nothing kept but an export.

        Args:
            weights: A `.pt` checkpoint, an `.onnx` file or an OpenVINO folder, made by ultralytics.
            settings: What to keep and how to compute; the defaults if None.
            picture_px: (width, height) of the pictures to come, for which a `.pt` is exported; others are
                found in as well, at the price of more grey around them. None exports for a square.

        Raises:
            ValueError: If the file is none of these, is not safe to load, or knows no people.
            FileNotFoundError: If there is nothing.

        """
        self._settings = settings or YoloSettings()
        how = computing(weights, self._settings)
        self._network = open_network(weights, self._settings, how, picture_px)
        facts = self._network.facts
        size = "x".join(map(str, facts.input_px)) if facts.input_px else f"{self._settings.input_px} px"
        self.description = f"{facts.title} ({how}, {size})"

    def detect(self, frames: Sequence[Frame]) -> list[sv.Detections]:
        """Find the people in each frame.

        Raises:
            ValueError: If a frame has no picture.

        """
        return [found for _, found in self.detected(frames)]

    def detected(self, frames: Iterable[Frame]) -> Generator[tuple[Frame, sv.Detections]]:
        """Find the people in each frame while the next ones come; see `StreamDetector`.

        Raises:
            ValueError: If a frame has no picture.

        """
        under_way: deque[tuple[Frame, Letterbox, tuple[int, int]]] = deque()

        def fitted() -> Generator[NDArray[np.uint8]]:
            for frame in frames:
                letterbox, size_px = self._fitted(frame)
                under_way.append((frame, letterbox, size_px))
                yield letterbox.image_bgr

        for answer in self._network.infer(fitted()):
            frame, letterbox, size_px = under_way.popleft()
            xyxy, score = self._people_in(answer)
            yield frame, people(letterbox.to_picture(xyxy), score, size_px)

    def _fitted(self, frame: Frame) -> tuple[Letterbox, tuple[int, int]]:
        """The frame in the network's input, and its (width, height)."""
        if frame.image_bgr is None:
            raise ValueError(
                "YOLO looks at pictures, and this recording has none: "
                "use --detector replay for a MOTChallenge folder"
            )
        height, width = frame.image_bgr.shape[:2]
        facts = self._network.facts
        size = facts.input_px or input_size((width, height), self._settings.input_px, facts.stride)
        return Letterbox.fit(frame.image_bgr, size), (width, height)

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


def open_network(
    weights: Path, settings: YoloSettings, how: Computing, picture_px: tuple[int, int] | None
) -> Network:
    """Open weights with what runs them.

    Args:
        weights: A `.pt` checkpoint, an `.onnx` file or an OpenVINO folder, made by ultralytics.
        settings: Size of the input, where the weights leave it open.
        how: What computes, with which arithmetic.
        picture_px: (width, height) of the pictures to come; a square if None.

    Raises:
        ValueError: If the file is not of a kind that can be run, or not safe to load.
        FileNotFoundError: If there is nothing.

    """
    if not weights.exists():
        raise FileNotFoundError(f"{weights}: no such weights")
    if weights.is_dir() or weights.suffix == ".onnx":
        from tracker.openvino_network import open_openvino  # OpenVINO takes a third of a second to load

        return open_openvino(weights, how)
    if weights.suffix == ".pt" and how.runtime == "torch":
        from tracker.torch_network import TorchNetwork  # torch and ultralytics take seconds to load

        return TorchNetwork(weights, how)
    if weights.suffix == ".pt":
        return _exported(weights, input_size(picture_px or (1, 1), settings.input_px, _STRIDE), how)
    raise ValueError(
        f"{weights}: expected a .pt checkpoint, an .onnx file or an OpenVINO folder, "
        f"got a file ending in {weights.suffix!r}"
    )


def _exported(weights: Path, input_px: tuple[int, int], how: Computing) -> Network:
    from tracker.export import Export
    from tracker.openvino_network import OpenVinoNetwork, open_openvino

    export = Export(weights, input_px)
    kept = export.find()
    if kept is not None:
        return open_openvino(kept, how)
    return OpenVinoNetwork(*export.make(), weights, how)


def without_duplicates(
    xyxy_px: NDArray[np.floating], score: NDArray[np.floating], most_iou: float, most: int
) -> NDArray[np.intp]:
    """Greedy non-maximum suppression: rows to keep, best score first, at most `most`."""
    if not len(score):
        return np.empty(0, dtype=np.intp)
    ltwh = np.hstack([xyxy_px[:, :2], xyxy_px[:, 2:] - xyxy_px[:, :2]])
    kept = cv2.dnn.NMSBoxes(ltwh.tolist(), score.tolist(), score_threshold=0.0, nms_threshold=most_iou)
    return np.asarray(kept, dtype=np.intp).reshape(-1)[:most]
