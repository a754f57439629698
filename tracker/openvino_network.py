"""Networks that ultralytics exported: an OpenVINO folder or an ONNX file, both run by OpenVINO."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from tracker.network import NetworkFacts, person_class
from tracker.openvino_model import read_model
from tracker.settings import YoloSettings
from tracker.third_party import load_openvino

_MOST_METADATA_BYTES = 1_000_000
_HOW = "export yours with `yolo export model=weights.pt format=onnx` (or format=openvino)"


class OpenVinoNetwork:
    """A `Network` run by OpenVINO on the processor; nothing is cached on disk."""

    def __init__(self, weights: Path, settings: YoloSettings) -> None:
        """Load and compile.

        Args:
            weights: Folder with an `.xml`, a `.bin` and `metadata.yaml`, or an `.onnx` file.
            settings: Precision.

        Raises:
            ValueError: If the weights are not an export of ultralytics, or know no people.

        """
        model = read_model(weights, _HOW)
        metadata = _folder_metadata(weights) if weights.is_dir() else _onnx_metadata(model)
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
        options = {"PERFORMANCE_HINT": "LATENCY"}
        if settings.precision == "f32":
            options["INFERENCE_PRECISION_HINT"] = "f32"
        compiled = load_openvino().Core().compile_model(model, "CPU", options)
        self._request = compiled.create_infer_request()
        self._type = compiled.input(0).element_type.to_dtype()
        height, width = model.input(0).partial_shape[2], model.input(0).partial_shape[3]
        static = height.is_static and width.is_static
        stride = metadata.get("stride", 32)
        self.facts = NetworkFacts(
            title=_title(metadata, weights),
            runtime="OpenVINO",
            classes=classes,
            person=person,
            stride=stride if isinstance(stride, int) and 0 < stride <= 256 else 32,
            input_px=(width.get_length(), height.get_length()) if static else None,
        )

    def infer(self, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Network.infer`."""
        self._request.infer([blob.astype(self._type, copy=False)])
        # A copy: the tensor's memory is OpenVINO's and is written over by the next picture.
        return np.array(self._request.get_output_tensor(0).data[0], dtype=np.float32)

    @staticmethod
    def _sizes_fit(model: Any, weights: Path) -> None:
        shape = model.input(0).partial_shape
        if len(model.inputs) != 1 or len(shape) != 4 or not shape[1].is_static or shape[1].get_length() != 3:
            raise ValueError(f"{weights}: expected one input of (1, 3, height, width), got {shape}; {_HOW}")


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


def _title(metadata: dict[str, object], weights: Path) -> str:
    """The model's name out of "Ultralytics YOLO11n model trained on ...", else the file's."""
    named = re.match(r"Ultralytics ([\w.-]{1,40}) model", str(metadata.get("description", "")))
    return named[1] if named else weights.stem[:40]
