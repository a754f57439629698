"""The machine's cores, dealt out among processes that work side by side."""

from __future__ import annotations

from collections.abc import Sequence


def dealt(cores: Sequence[int], processes: int) -> tuple[frozenset[int], ...]:
    """The cores that each process may use: a share of its own, or one of them where there are too few.

    So no library starts more threads than there are cores, whatever it is called: FFmpeg, OpenCV, OpenVINO
    and OpenMP all ask the kernel.
    """
    if processes <= len(cores):
        return tuple(frozenset(cores[n::processes]) for n in range(processes))
    return tuple(frozenset({cores[n % len(cores)]}) for n in range(processes))
