"""Networks that ultralytics exported: an OpenVINO folder or an ONNX file, both run by OpenVINO."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from tracker.computing import Computing
from tracker.network import NetworkFacts, person_class
from tracker.openvino_model import read_model
from tracker.third_party import load_openvino

_MOST_METADATA_BYTES = 1_000_000
# Pictures computed at the same time, at most; memory holds the layers of all of them.
_MOST_STREAMS = 8
_HOW = "export yours with `yolo export model=weights.pt format=onnx` (or format=openvino)"


class OpenVinoNetwork:
    """A `Network` run by OpenVINO on the processor; nothing is cached on disk.

    Several pictures are computed side by side, each by itself and by one thread: a batch is no faster, and
    how many threads or pictures there are could change the last digits.
    """

    def __init__(
        self, model: Any, metadata: Mapping[str, object], weights: Path, computing: Computing
    ) -> None:
        """Compile.

        Args:
            model: An `openvino.Model`; it is changed, so that it takes pictures as they are.
            metadata: What ultralytics wrote beside it: names of the classes, task, stride, description.
            weights: What to call it.
            computing: Precision.

        Raises:
            ValueError: If the weights are not an export of ultralytics, or know no people.

        """
        if "names" not in metadata:
            raise ValueError(
                f"{weights}: expected weights exported by ultralytics, got a network without their metadata "
                f"(names of the classes); {_HOW}"
            )
        if metadata.get("task", "detect") not in {"detect", "segment", "pose"}:
            raise ValueError(
                f"{weights}: expected weights that find boxes, got the task {metadata['task']!r}"
            )
        person, classes = person_class(metadata["names"], str(weights))
        self._sizes_fit(model, weights)
        height, width = model.input(0).partial_shape[2], model.input(0).partial_shape[3]
        static = height.is_static and width.is_static
        self._streams = min(len(os.sched_getaffinity(0)), _MOST_STREAMS)
        options = {
            "NUM_STREAMS": self._streams,
            "INFERENCE_NUM_THREADS": self._streams,
            "INFERENCE_PRECISION_HINT": computing.precision,
        }
        self._compiled = load_openvino().Core().compile_model(_for_pictures(model), "CPU", options)
        self._idle: list[Any] = []
        stride = metadata.get("stride", 32)
        self.facts = NetworkFacts(
            title=_title(metadata, weights),
            classes=classes,
            person=person,
            stride=stride if isinstance(stride, int) and 0 < stride <= 256 else 32,
            input_px=(width.get_length(), height.get_length()) if static else None,
        )

    def infer(self, pictures: Iterable[NDArray[np.uint8]]) -> Generator[NDArray[np.float32]]:
        """See `Network.infer`."""
        under_way: deque[Any] = deque()
        try:
            for picture in pictures:
                # One more than are computed, so that the next is at hand when one is done.
                if len(under_way) > self._streams:
                    yield self._answer(under_way.popleft())
                request = self._idle.pop() if self._idle else self._compiled.create_infer_request()
                request.start_async([picture[None]])
                under_way.append(request)
            while under_way:
                yield self._answer(under_way.popleft())
        finally:
            for request in under_way:
                request.wait()
                self._idle.append(request)

    def _answer(self, request: Any) -> NDArray[np.float32]:
        request.wait()
        # A copy: the tensor's memory is OpenVINO's and is written over by the next picture.
        found = np.array(request.get_output_tensor(0).data[0], dtype=np.float32)
        self._idle.append(request)
        return found

    @staticmethod
    def _sizes_fit(model: Any, weights: Path) -> None:
        shape = model.input(0).partial_shape
        if len(model.inputs) != 1 or len(shape) != 4 or not shape[1].is_static or shape[1].get_length() != 3:
            raise ValueError(f"{weights}: expected one input of (1, 3, height, width), got {shape}; {_HOW}")


def open_openvino(weights: Path, computing: Computing) -> OpenVinoNetwork:
    """Open what ultralytics exported.

    Args:
        weights: Folder with an `.xml`, a `.bin` and `metadata.yaml`, or an `.onnx` file.
        computing: Precision.

    Raises:
        ValueError: If the weights are not an export of ultralytics, or know no people.

    """
    model = read_model(weights, _HOW)
    metadata = _folder_metadata(weights) if weights.is_dir() else _onnx_metadata(model)
    return OpenVinoNetwork(model, metadata, weights, computing)


def _for_pictures(model: Any) -> Any:
    """The model with an input of (1, height, width, 3) uint8 BGR; networks want (1, 3, ...) RGB in 0..1."""
    openvino = load_openvino()
    steps = openvino.preprocess.PrePostProcessor(model)
    picture, wanted = steps.input(), model.input(0).element_type
    picture.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    picture.tensor().set_color_format(openvino.preprocess.ColorFormat.BGR)
    picture.preprocess().convert_element_type(openvino.Type.f32)
    picture.preprocess().convert_color(openvino.preprocess.ColorFormat.RGB).scale(255.0)
    if wanted != openvino.Type.f32:
        picture.preprocess().convert_element_type(wanted)
    picture.model().set_layout(openvino.Layout("NCHW"))
    return steps.build()


def _folder_metadata(folder: Path) -> dict[str, object]:
    file = folder / "metadata.yaml"
    if not file.is_file():
        return {}
    if file.stat().st_size > _MOST_METADATA_BYTES:
        raise ValueError(f"{file}: expected metadata of less than {_MOST_METADATA_BYTES} bytes")
    try:
        read = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: expected metadata in YAML, got something else") from error
    return read if isinstance(read, dict) else {}


def _onnx_metadata(model: Any) -> dict[str, object]:
    """The metadata of an ONNX file: texts, of which ultralytics writes tables as Python writes them."""
    metadata: dict[str, object] = {}
    for key in ("names", "task", "stride", "description"):
        if not model.has_rt_info(["framework", key]):
            continue
        text = str(model.get_rt_info(["framework", key]).value)
        if len(text) > _MOST_METADATA_BYTES:
            raise ValueError(
                f"expected metadata of less than {_MOST_METADATA_BYTES} bytes, got more in {key!r}"
            )
        try:
            # {0: 'person', 1: 'bicycle'} is YAML as well, and safe_load makes plain values only.
            metadata[key] = yaml.safe_load(text)
        except yaml.YAMLError:
            metadata[key] = text
    return metadata


def _title(metadata: Mapping[str, object], weights: Path) -> str:
    """The model's name out of "Ultralytics YOLO11n model trained on ...", else the file's."""
    named = re.match(r"Ultralytics ([\w.-]{1,40}) model", str(metadata.get("description", "")))
    return named[1] if named else weights.stem[:40]
