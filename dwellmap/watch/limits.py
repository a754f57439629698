"""How much of the machine the work may take: processes, cores and memory for each, and time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from dwellmap.cores import dealt

_CGROUP = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")
_MEMORY_SHARE = 0.8
_LEAST_BYTES_EACH = 2 * 1024**3
_BASE_S = 900.0
_BYTES_PER_S = 500.0
"""Footage of fewer bytes a second than this is not believed to be as long as it says."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one recording may take.

    Attributes:
        workers: Recordings at once.
        cores: Of each worker, the cores that it may use.
        memory_bytes: Memory of one process.
        time_factor: Seconds of work for a second of footage, beyond a quarter of an hour.

    """

    workers: int
    cores: tuple[frozenset[int], ...]
    memory_bytes: int
    time_factor: float

    @classmethod
    def of_machine(cls, workers: int | None, memory_gb: float | None, time_factor: float) -> Limits:
        """Limits for this machine.

        Without `workers`, one for every two cores, as many as memory allows: decoding alone keeps more than
        one core busy.
        """
        cores = sorted(os.sched_getaffinity(0))
        usable = max(1, min(len(cores), _quota(len(cores))))
        memory = _memory_bytes()
        if workers is None:
            workers = max(1, min(usable // 2, int(memory * _MEMORY_SHARE // _LEAST_BYTES_EACH)))
        each = int(memory * _MEMORY_SHARE / workers) if memory_gb is None else int(memory_gb * 1024**3)
        return cls(workers, dealt(cores, workers), each, time_factor)

    def time_s(self, size_bytes: int, duration_s: float | None) -> float:
        """Seconds that work on a recording may take; a length that its size belies is not believed."""
        longest_s = size_bytes / _BYTES_PER_S
        believed_s = longest_s if duration_s is None else min(duration_s, longest_s)
        return _BASE_S + self.time_factor * believed_s


def _quota(cores: int) -> int:
    """Cores that the container or service may use (cgroup v2, cpu.max)."""
    found = cores
    for group in _groups():
        try:
            quota, period = (group / "cpu.max").read_text().split()
            if quota != "max":
                found = min(found, max(1, int(int(quota) / int(period))))
        except (OSError, ValueError):
            continue
    return found


def _memory_bytes() -> int:
    """Memory of the machine, or of the container or service (cgroup v2, memory.max)."""
    found = int(psutil.virtual_memory().total)
    for group in _groups():
        try:
            stated = (group / "memory.max").read_text().strip()
            found = found if stated == "max" else min(found, int(stated))
        except (OSError, ValueError):
            continue
    return found


def _groups() -> list[Path]:
    """The control group of this process and those around it; systemd sets limits on an inner one."""
    try:
        rows = _OWN_GROUP.read_text().splitlines()
    except OSError:
        rows = []
    own = next((row.removeprefix("0::").strip("/") for row in rows if row.startswith("0::")), "")
    within = [part for part in Path(own).parts if part != ".."]
    return [_CGROUP.joinpath(*within[:depth]) for depth in range(len(within), -1, -1)]
