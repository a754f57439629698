"""Looks described by a re-identification network, run by OpenVINO.

Two families are known, and the model says which it is of. Models of the Open Model Zoo (such as
person-reidentification-retail-0287) carry the normalisation inside, stated in their `rt_info` as
`mean_values`: they take BGR in 0..255. Exports of torchreid (such as OSNet; Zhou et al. 2019, arXiv
1905.00953) don't: they take RGB normalised as for ImageNet.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.appearance.embedder import check_crop, unit
from tracker.fingerprint import hash_file, hash_folder
from tracker.openvino_model import model_files, read_model
from tracker.third_party import load_openvino

_MEAN_RGB = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_DEVIATION_RGB = np.array([0.229, 0.224, 0.225], dtype=np.float32)
_HOW = (
    "appearance wants a re-identification network of people as .onnx or OpenVINO folder, such as OSNet or "
    "person-reidentification-retail-0287"
)
_SIDES_PX = (32, 1024)
_TALL = (1.5, 4.0)  # height of the input over its width: a standing person's
_DIMENSIONS = (32, 8192)


class NetworkEmbedder:
    """An `Embedder` for a network that was trained to tell people apart.

    Crops go through one by one: on a processor a batch is no faster, and its last digits would depend on what
    else is in it. Arithmetic is float32; nothing is cached on disk.

    Attributes:
        name: The file's or folder's name.
        identity: SHA-256 of the model's files.
        dimensions: Length d of its vectors.

    """

    def __init__(self, model: Path) -> None:
        """Load and compile.

        Args:
            model: An `.onnx` file, or an OpenVINO folder or `.xml`.

        Raises:
            ValueError: If it is no re-identification network of people.
            FileNotFoundError: If there is nothing.

        """
        self.name = model.stem[:60]
        self.identity = model_identity(model)
        network = read_model(model, _HOW)
        height, width = _input_size(network, model)
        self.dimensions = _output_size(network, model)
        self._size_px = (width, height)
        self._normalised_inside = _states_mean(network)
        network.reshape([1, 3, height, width])
        options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        self._request = load_openvino().Core().compile_model(network, "CPU", options).create_infer_request()

    def describe(self, crops_bgr: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """See `Embedder.describe`."""
        vectors = np.zeros((len(crops_bgr), self.dimensions), dtype=np.float32)
        for vector, crop in zip(vectors, crops_bgr, strict=True):
            check_crop(crop)
            self._request.infer([self._blob(crop)])
            vector[:] = self._request.get_output_tensor(0).data.reshape(-1)
        if not np.isfinite(vectors).all():
            raise ValueError(f"{self.name}: expected finite numbers from the network, got others; {_HOW}")
        return unit(vectors)

    def _blob(self, crop_bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(1, 3, height, width) as the network wants it."""
        image = cv2.resize(crop_bgr, self._size_px, interpolation=cv2.INTER_LINEAR).astype(np.float32)
        if not self._normalised_inside:
            image = (image[:, :, ::-1] / 255 - _MEAN_RGB) / _DEVIATION_RGB
        return np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)


def model_identity(model: Path) -> str:
    """Hex SHA-256 of a model's content, whatever it is called; the file is not opened as a model.

    Raises:
        ValueError: If it is a folder with no or with several models.
        FileNotFoundError: If there is nothing.

    """
    files = model_files(model, _HOW)
    return hash_file(files[0]) if len(files) == 1 else hash_folder(files[0].parent, files)


def _input_size(network: Any, model: Path) -> tuple[int, int]:
    """(height, width) of the one picture that goes in."""
    shape = network.inputs[0].partial_shape if len(network.inputs) == 1 else None
    if shape is not None and len(shape) == 4 and all(shape[k].is_static for k in (1, 2, 3)):
        channels, height, width = (shape[k].get_length() for k in (1, 2, 3))
        sides_fit = all(_SIDES_PX[0] <= side <= _SIDES_PX[1] for side in (height, width))
        if channels == 3 and sides_fit and _TALL[0] <= height / width <= _TALL[1]:
            return height, width
    got = shape if shape is not None else f"{len(network.inputs)} inputs"
    raise ValueError(
        f"{model}: expected one input of (1, 3, height, width), upright as a person is, got {got}; {_HOW}"
    )


def _output_size(network: Any, model: Path) -> int:
    """Length of the one vector that comes out."""
    shape = network.outputs[0].partial_shape if len(network.outputs) == 1 else None
    if shape is not None and len(shape) >= 2 and all(shape[k].is_static for k in range(1, len(shape))):
        lengths = [shape[k].get_length() for k in range(1, len(shape))]
        if max(lengths) == np.prod(lengths) and _DIMENSIONS[0] <= max(lengths) <= _DIMENSIONS[1]:
            return int(max(lengths))
    got = shape if shape is not None else f"{len(network.outputs)} outputs"
    raise ValueError(f"{model}: expected one vector a picture as output, got {got}; {_HOW}")


def _states_mean(network: Any) -> bool:
    """Whether the model says that it subtracts the mean of the pictures itself."""
    path = ["conversion_parameters", "mean_values"]
    return network.has_rt_info(path) and any(c.isdigit() for c in str(network.get_rt_info(path).value))
