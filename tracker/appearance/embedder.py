"""The edge at which a way to describe people's looks is plugged in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@runtime_checkable
class Embedder(Protocol):
    """Describes crops of people by vectors; the more alike two people look, the larger the inner product.

    The same crop gives the same vector, and a batch gives what its crops give one by one. A vector is
    personal data: it must be kept in memory only.

    Attributes:
        name: For reports, such as "colours".
        identity: What determines its vectors, such as a hash of the weights: goes into the run's key.

    """

    name: str
    identity: str

    def describe(self, crops_bgr: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Describe crops.

        Args:
            crops_bgr: n pictures of one person each, (height, width, 3) uint8, of any sizes from 1 x 1 px.

        Returns:
            (n, d) unit vectors; d is the same for all calls.

        Raises:
            ValueError: If a crop is no such picture.

        """
        ...


def check_crop(crop_bgr: NDArray[np.uint8]) -> None:
    """Raise ValueError unless this is a picture with at least one pixel."""
    if crop_bgr.ndim != 3 or crop_bgr.shape[2] != 3 or crop_bgr.dtype != np.uint8 or not crop_bgr.size:
        raise ValueError(
            "crop: expected a picture of (height, width, 3) uint8 with at least one pixel, "
            f"got {crop_bgr.shape} {crop_bgr.dtype}"
        )


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """The vectors (n, d) at length 1; one of length 0, which says nothing, points equally along all axes."""
    length = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    even = 1 / np.sqrt(max(vectors.shape[1], 1))
    return np.asarray(np.where(length > 1e-12, vectors / np.maximum(length, 1e-12), even), dtype=np.float32)
