"""When the demo's camera takes its pictures: at a steady or a wandering rate, with stretches left out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.options import DemoOptions

# The rate wanders by this share round the nominal one, and each picture is off the beat by up to that share.
_WANDER, _JITTER = 0.4, 0.15
_WANDER_PERIODS_S = (23.0, 9.0)
_MISSING_S = (2.0, 5.0)
# Stretches are missing from the inner part of the film, so that each has footage on both sides.
_INNER = (0.08, 0.95)
_GAP_S = 1.0


def picture_times(options: DemoOptions) -> NDArray[np.float64]:
    """Return the times of the pictures in seconds, (n,), whole milliseconds as in the file, rising from 0."""
    rng = np.random.default_rng([options.seed, 10])
    if options.variable_rate:
        times_s = _wandering(rng, options.length_s, options.fps)
    else:
        times_s = np.arange(round(options.length_s * options.fps)) / options.fps
    times_s = np.unique(np.round(times_s, 3))
    for begin_s, end_s in _missing(rng, options.length_s, options.dropped):
        times_s = times_s[(times_s < begin_s) | (times_s >= end_s)]
    return times_s


def filmed_spans(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (n, 2) spans in which something was filmed: pictures up to a second apart, [begin, end)."""
    steps_s = np.diff(times_s)
    holes = np.flatnonzero(steps_s > _GAP_S)
    # The last picture of a span lasts as long as pictures usually do.
    last_s = float(np.median(steps_s))
    begins = np.concatenate([times_s[:1], times_s[holes + 1]])
    return np.column_stack([begins, np.concatenate([times_s[holes], times_s[-1:]]) + last_s])


def _wandering(rng: np.random.Generator, length_s: float, fps: float) -> NDArray[np.float64]:
    phase = rng.uniform(0, 2 * np.pi, 2)
    moments_s = np.arange(0, length_s + 0.1, 0.05)
    waves = [np.sin(2 * np.pi * moments_s / p + a) for p, a in zip(_WANDER_PERIODS_S, phase, strict=True)]
    rate = fps * (1 + _WANDER * (0.7 * waves[0] + 0.3 * waves[1]))
    taken = np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2 * np.diff(moments_s))])
    number = np.arange(int(taken[-1]) + 1)
    beats = number + np.where(number > 0, rng.uniform(-_JITTER, _JITTER, len(number)), 0.0)
    times_s: NDArray[np.float64] = np.interp(beats, taken, moments_s)
    return times_s[times_s < length_s]


def _missing(rng: np.random.Generator, length_s: float, dropped: int) -> list[tuple[float, float]]:
    """Stretches to leave out, one in each of as many equal parts of the film."""
    edges = np.linspace(_INNER[0] * length_s, _INNER[1] * length_s, dropped + 1)
    gaps = []
    for low, high in pairwise(edges):
        gap_s = rng.uniform(*_MISSING_S)
        begin_s = low + rng.uniform(0.15, 0.85) * (high - low - gap_s)
        gaps.append((float(begin_s), float(begin_s + gap_s)))
    return gaps
