"""Sorting many short columns at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sort_layers(layers: NDArray[np.uint8]) -> None:
    """Sort (n, ...) along its first axis, in place.

    Batcher's odd-even merge sort (1968): which values are compared does not depend on them, so that a whole
    layer is compared with another in one step. Of a few dozen layers of pictures that is many times faster
    than `numpy.sort`, as long as the layers fit into the processor's cache together.
    """
    n = len(layers)
    lower = np.empty(layers.shape[1:], dtype=layers.dtype)
    for i, j in _comparisons(n):
        np.minimum(layers[i], layers[j], out=lower)
        np.maximum(layers[i], layers[j], out=layers[j])
        layers[i] = lower


def _comparisons(n: int) -> list[tuple[int, int]]:
    """Pairs of layers to put in order, one after the other (Knuth, volume 3, algorithm 5.2.2M)."""
    pairs = []
    run = 1
    while run < n:
        apart = run
        while apart:
            for first in range(apart % run, n - apart, 2 * apart):
                for i in range(first, min(first + apart, n - apart)):
                    # Only within two runs that are being merged.
                    if i // (2 * run) == (i + apart) // (2 * run):
                        pairs.append((i, i + apart))
            apart //= 2
        run *= 2
    return pairs
