"""What was added from one picture of a film to the next, kept on disk until the film is made."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray


class Increments:
    """What is added to an array (h, w) float64, in order; most of each is zero, so they are small."""

    def __init__(self, folder: Path) -> None:
        """Keep them in a nameless file in a folder; it goes with this object, or with the process."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self._sizes: list[int] = []
        self._shape = (0, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        """Number of increments."""
        return len(self._sizes)

    def add(self, increment: NDArray[np.float64]) -> None:
        """Keep the next one."""
        packed = zlib.compress(np.ascontiguousarray(increment, dtype=np.float64).tobytes(), level=1)
        self._shape = (increment.shape[0], increment.shape[1])
        self._file.write(packed)
        self._sizes.append(len(packed))

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        """All of them, in order and exactly as they were."""
        self._file.seek(0)
        for size in self._sizes:
            plain = zlib.decompress(self._file.read(size))
            yield np.frombuffer(plain, dtype=np.float64).reshape(self._shape)
