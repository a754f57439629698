"""Average attention span: total dwell over entries, with a 95 % interval from a bootstrap over people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from analytics.stays import OUTSIDE
from analytics.visits import Visits

_SEED = 20090101
_MOST_DRAWN = 2000
_PERCENTILES = (2.5, 97.5)
_SAME = 1e-9


def attention_s(dwell_s: NDArray[np.float64], entries: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean time per entry (Little 1961, L = lambda W); NaN where nobody was seen to arrive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(entries > 0, dwell_s / entries, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class PersonShares:
    """What each person adds to each place.

    Attributes:
        dwell_s: (people, places) sparse, person-seconds.
        entries: (people, places) sparse, visits whose beginning was seen.

    """

    dwell_s: csr_array
    entries: csr_array

    @classmethod
    def of(cls, visits: Visits, places: int) -> PersonShares:
        """Sum the visits of each person in each place; OUTSIDE is left out."""
        visits = visits.where(visits.place != OUTSIDE)
        people, row = np.unique(visits.person, return_inverse=True)
        shape, at = (len(people), places), (row, visits.place)
        return cls(
            csr_array((visits.dwell_s, at), shape=shape),
            csr_array((visits.beginning_seen.astype(np.float64), at), shape=shape),
        )


def attention_interval_s(
    shares: Sequence[PersonShares], places: int, draws: int, seed: int = _SEED
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """95 % interval of dwell / entries per place (percentile bootstrap, Efron 1979; people are drawn).

    A person's visits are not independent of each other, so people are drawn, not visits.

    Args:
        shares: What each person adds, in parts of disjoint people.
        places: Number of places.
        draws: Number of bootstrap draws; 0 for no interval.
        seed: Of the random numbers; the same data give the same interval.

    Returns:
        (places,) lower and (places,) upper bound in seconds; NaN where fewer than two people entered, or
        all draws give the same.

    """
    low, high = np.full(places, np.nan), np.full(places, np.nan)
    n = sum(part.dwell_s.shape[0] for part in shares)
    if draws == 0 or n == 0:
        return low, high
    dwell = vstack([part.dwell_s for part in shares], format="csc")
    entries = vstack([part.entries for part in shares], format="csc")
    known = np.flatnonzero(np.asarray((entries > 0).sum(axis=0)).ravel() >= 2)
    if len(known) == 0:
        return low, high
    if n > _MOST_DRAWN:
        # Drawing blocks of people costs the interval little and keeps memory bounded.
        block = csr_array((np.ones(n), (np.arange(n) % _MOST_DRAWN, np.arange(n))), shape=(_MOST_DRAWN, n))
        dwell, entries, n = (block @ dwell).tocsc(), (block @ entries).tocsc(), _MOST_DRAWN
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), draws).T.astype(np.float64)
    # Some places at a time: draws x places would not fit for a mall with small cells.
    for part in np.array_split(known, 1 + len(known) * draws // 2_000_000):
        d, e = dwell[:, part].T @ weights, entries[:, part].T @ weights
        # A draw in which nobody entered says nothing about the mean.
        ratio = np.where(e > 0, d / np.where(e > 0, e, 1.0), np.nan)
        low[part], high[part] = np.nanpercentile(ratio, _PERCENTILES, axis=1)
    # Where nothing varies the bootstrap knows nothing: no width is no certainty.
    alike = ~(high - low > _SAME * high)
    low[alike], high[alike] = np.nan, np.nan
    return low, high
