"""How long visits last, where some were not seen to end (Kaplan and Meier 1958).

The estimate itself is SciPy's. A visit of which the end was not seen lasted at least as long as it was seen
(right-censored); leaving it out, or taking it for whole, makes visits too short.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Z95 = 1.959963984540054
# Bounds of a curve are compared with a share; rounding must not decide whether they meet.
_SLACK = 1e-12
# Columns of the curve.
_SHARE, _LOW, _HIGH = 1, 2, 3


@dataclass(frozen=True, eq=False)
class Survival:
    """The share of visits that last longer than a time.

    Attributes:
        dwell_s: (n,) float64 length of each visit, or how long it was seen.
        ended: (n,) bool, its end was seen.

    """

    dwell_s: NDArray[np.float64]
    ended: NDArray[np.bool_]

    @property
    def n(self) -> int:
        """Number of visits."""
        return len(self.dwell_s)

    @property
    def censored(self) -> int:
        """How many of them were not seen to end."""
        return int(np.sum(~self.ended))

    @cached_property
    def curve(self) -> NDArray[np.float64]:
        """(k, 4) times in s at which something ends, the share that lasts longer, and its 95 % bounds.

        The bounds are those of Kalbfleisch and Prentice (log minus log); NaN where the share is 0.
        """
        if not self.n or not self.ended.any():
            return np.zeros((0, 4))
        from scipy.stats import CensoredData, ecdf  # takes a quarter of a second to load

        data = CensoredData(uncensored=self.dwell_s[self.ended], right=self.dwell_s[~self.ended])
        found = ecdf(data).sf
        with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
            # Where everybody has gone there are no bounds, and SciPy warns of it.
            warnings.simplefilter("ignore", RuntimeWarning)
            bounds: Any = found.confidence_interval(0.95, method="log-log")
        low, high = bounds.low.probabilities, bounds.high.probabilities
        t_s, share = found.quantiles, found.probabilities
        steps = np.diff(share, prepend=1.0) < 0
        return np.column_stack([t_s, share, low, high])[steps]

    def share_longer(self, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """(m,) share of visits that last longer than each time."""
        steps = np.concatenate([[1.0], self.curve[:, 1]])
        return np.asarray(steps[np.searchsorted(self.curve[:, 0], t_s, side="right")])

    def quantile_s(self, left: float) -> float | None:
        """The time after which at most the share `left` of the visits go on; None if it is not reached."""
        return self._reached(_SHARE, left)

    def median_interval_s(self) -> tuple[float | None, float | None]:
        """95 % interval of the median (Brookmeyer and Crowley 1982); None where a bound is not reached."""
        return self._reached(_LOW, 0.5), self._reached(_HIGH, 0.5)

    def _reached(self, column: int, left: float) -> float | None:
        values = self.curve[:, column]
        if column != _HIGH:
            # After a share of 0 there are no bounds. The lower one is 0 too; the upper one is not known.
            values = np.where(self.curve[:, 1] == 0, 0.0, values)
        below = np.flatnonzero(values <= left + _SLACK)
        return float(self.curve[below[0], 0]) if len(below) else None

    def restricted_mean_s(self, horizon_s: float) -> tuple[float, float, float]:
        """Mean length of visits of which nothing after a horizon counts, with its 95 % interval.

        The area under the curve up to the horizon (Irwin 1949), its variance after Greenwood. Where nobody
        was followed as far, the horizon is how far somebody was: see `reach_s`. NaN without visits. The
        bounds are NaN too where nothing varies, as with one visit, or where nobody left before the horizon:
        that is no certainty.
        """
        if not self.n:
            return np.nan, np.nan, np.nan
        until = min(horizon_s, self.reach_s)
        t_s = np.concatenate([[0.0], self.curve[:, 0], [np.inf]])
        share = np.concatenate([[1.0], self.curve[:, 1]])
        area = share * np.diff(np.minimum(t_s, until))
        mean = float(np.sum(area))
        # After each ending: the area still to come.
        to_come = mean - np.cumsum(area)[:-1]
        inside = self.curve[:, 0] <= until
        lengths, ends = np.sort(self.dwell_s), np.sort(self.dwell_s[self.ended])
        at_risk = self.n - np.searchsorted(lengths, self.curve[:, 0], side="left")
        ended = np.searchsorted(ends, self.curve[:, 0], side="right") - np.searchsorted(
            ends, self.curve[:, 0], side="left"
        )
        remain = at_risk - ended
        use = inside & (remain > 0)
        variance = float(np.sum(to_come[use] ** 2 * ended[use] / (at_risk[use] * remain[use])))
        if variance <= _SLACK * mean**2:
            return mean, np.nan, np.nan
        half = _Z95 * float(np.sqrt(variance))
        return mean, max(mean - half, 0.0), min(mean + half, until)

    @property
    def reach_s(self) -> float:
        """How far the curve is known: without end if the longest visit was seen to end."""
        if not self.n:
            return 0.0
        longest = float(self.dwell_s.max())
        return np.inf if bool(self.ended[self.dwell_s == longest].all()) else longest
