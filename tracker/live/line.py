"""What the process that decodes and the one that takes pictures tell each other; the memory they share."""

from __future__ import annotations

import json
import mmap
import os
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LARGEST = 65_536

Message = dict[str, Any]


def send(connection: Connection, message: Message) -> None:
    """Tell the other side.

    Raises:
        OSError: If it is gone.

    """
    connection.send_bytes(json.dumps(message).encode())


def receive(connection: Connection) -> Message:
    """Wait for what the other side says.

    Raises:
        EOFError, OSError: If it is gone.

    """
    message: Message = json.loads(connection.recv_bytes(_LARGEST))
    return message


class SharedPicture:
    """Room for one picture in memory that has no name and no file: gone with the processes that hold it.

    Args:
        number: File descriptor of the memory, made by `os.memfd_create`.

    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._map: mmap.mmap | None = None

    def write(self, image: NDArray[np.uint8]) -> None:
        """Put a picture in; the memory grows if it is larger than any before."""
        if os.fstat(self._number).st_size < image.nbytes:
            os.ftruncate(self._number, image.nbytes)
        self._view(image.shape)[...] = image

    def read(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """A copy of the picture of this shape, read-only.

        Raises:
            ValueError: If there is no room for one so large: the other side speaks nonsense.

        """
        image = self._view(shape).copy()
        image.setflags(write=False)
        return image

    def close(self) -> None:
        """Let go of the memory."""
        if self._map is not None:
            self._map.close()
        os.close(self._number)

    def _view(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        size = int(np.prod(shape))
        if self._map is None or len(self._map) < size:
            if self._map is not None:
                self._map.close()
            self._map = mmap.mmap(self._number, size)
        return np.frombuffer(self._map, np.uint8, size).reshape(shape)
