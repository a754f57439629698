"""Which pictures of a recording are looked at: chosen by their times, never by their numbers."""

from __future__ import annotations

import math

EARLY_S = 0.005
"""Time (s), but at most a tenth of a tick, by which a picture may come early and still belong to a tick.

Containers round their times (mkv to 1 ms, gif to 10 ms). Without this, footage of exactly `sample_fps`
would lose every picture whose time was rounded down.
"""


class Sampler:
    """Picks the first picture at or after each tick k / sample_fps of a clock that starts with the recording.

    Ticks are fixed in time, so nothing drifts: 10 fps footage sampled at 8 fps gives 0.0, 0.2, 0.3, 0.4, 0.5,
    0.7, 0.8, 0.9, 1.0 s: exactly 8 a second, at uneven distances, which is what anything that works with real
    times wants. Never two pictures in one tick; footage slower than the sampling is used whole.

    Args:
        sample_fps: Ticks per second of life; None picks every picture.

    Raises:
        ValueError: If `sample_fps` is not a positive number.

    """

    def __init__(self, sample_fps: float | None) -> None:
        if sample_fps is not None and not (math.isfinite(sample_fps) and sample_fps > 0):
            raise ValueError(
                f"sample_fps: expected a number above 0 (pictures per second), got {sample_fps}; "
                "leave it out to use every picture"
            )
        self._fps = sample_fps
        self._last_tick = -math.inf

    def due(self, t_s: float) -> bool:
        """Whether a picture at `t_s` (s) would be the first of its tick."""
        return self._fps is None or self._tick(t_s, self._fps) > self._last_tick

    def take(self, t_s: float) -> None:
        """Note that the picture at `t_s` (s) was used; one that could not be decoded leaves its tick open."""
        if self._fps is not None:
            self._last_tick = self._tick(t_s, self._fps)

    @staticmethod
    def _tick(t_s: float, fps: float) -> int:
        return math.floor(t_s * fps + min(EARLY_S * fps, 0.1))
