"""How much a similarity says for or against one person, learned from the recording itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Thirds of one tracklet are seconds apart in one light: a person who comes back differs more.
_WIDER = 1.3
# Before anything was learned similarities are taken to spread so far; it counts as so many samples.
_PRIOR_SPREAD, _PRIOR_SAMPLES = 0.15, 4.0
_LEAST_SPREAD = 0.05
# A vector of one crop is this uncertain (variance of a similarity), and that much less like its person.
_ONE_CROP_VARIANCE, _ONE_CROP_LOSS = 0.01, 0.1
# Variance that a pause of ten seconds or more adds: people turn round.
_PAUSE_VARIANCE, _PAUSE_S = 0.00125, 10.0
# How often looks deceive: the same person looks like another; another is dressed alike.
_CHANGED, _ALIKE = 0.03, 0.02


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two normal distributions of the similarity (inner product of unit vectors), with a common variance.

    A common variance makes the log likelihood ratio a straight line whose slope falls to nothing where the
    distributions coincide: among people dressed alike looks then say nothing, rather than something wrong.

    Attributes:
        same: Similarity of one person with itself, median.
        other: Similarity of two people, median.
        apart: `same` - `other` less its own uncertainty; 0 if it is not above that.
        variance: Of either about its median.

    """

    same: float
    other: float
    apart: float
    variance: float

    @classmethod
    def unknown(cls) -> Likeness:
        """Of which nothing was learned: a ratio of 0 everywhere."""
        return cls(0.0, 0.0, 0.0, _PRIOR_SPREAD**2)

    @classmethod
    def learned(cls, same: NDArray[np.floating], other: NDArray[np.floating]) -> Likeness:
        """Learn from similarities (n,) of one person with itself, and (m,) of different people.

        Without samples of both kinds nothing can be told: the ratio is 0 everywhere.
        """
        if not len(same) or not len(other):
            return cls.unknown()
        spread_same = _variance(same) * _WIDER**2
        spread_other = _variance(other)
        middle_same, middle_other = float(np.median(same)), float(np.median(other))
        doubt = np.sqrt(spread_same / len(same) + spread_other / len(other))
        return cls(
            middle_same,
            middle_other,
            max(0.0, middle_same - middle_other - float(doubt)),
            (spread_same + spread_other) / 2,
        )

    def ratio(
        self,
        similarity: NDArray[np.floating],
        crops_a: NDArray[np.floating],
        crops_b: NDArray[np.floating],
        gap_s: NDArray[np.floating],
    ) -> NDArray[np.float64]:
        """Log likelihood ratio (nats) of the normal distributions, without any bound.

        Args:
            similarity: (k,) inner products of the two vectors of each pair.
            crops_a, crops_b: (k,) how many well seen crops each vector is made of.
            gap_s: (k,) seconds between the two.

        Returns:
            (k,) above 0 for the same person. Its order and its differences mean more than its size, which
            ignores that looks can deceive; see `doubted`.

        """
        few = (1 / np.maximum(crops_a, 0.5) + 1 / np.maximum(crops_b, 0.5)) / 2
        variance = self.variance + _ONE_CROP_VARIANCE * few
        variance = variance + _PAUSE_VARIANCE * np.clip(gap_s / _PAUSE_S, 0, 1)
        middle = (self.same + self.other - _ONE_CROP_LOSS * few) / 2
        return np.asarray(self.apart / variance * (similarity - middle), dtype=np.float64)


def doubted(ratio: NDArray[np.floating]) -> NDArray[np.float64]:
    """The ratio (nats) when now and then a person looks changed and another is dressed alike: within +-4."""
    return np.asarray(
        np.logaddexp(np.log1p(-_CHANGED) + ratio, np.log(_CHANGED))
        - np.logaddexp(np.log(_ALIKE) + ratio, np.log1p(-_ALIKE)),
        dtype=np.float64,
    )


def _variance(samples: NDArray[np.floating]) -> float:
    """Variance from the median absolute deviation, so that a few wrong samples do not count."""
    spread = max(1.48 * float(np.median(np.abs(samples - np.median(samples)))), _LEAST_SPREAD)
    n = len(samples)
    return (n * spread**2 + _PRIOR_SAMPLES * _PRIOR_SPREAD**2) / (n + _PRIOR_SAMPLES)
