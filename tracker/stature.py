"""How tall each person is, learned from boxes that show them from head to foot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

# Body heights people may have: adults as in large surveys, men and women together, and one in ten a child.
_HEIGHTS_M = np.arange(0.8, 2.205, 0.01)
_ADULT_M, _ADULT_SIGMA_M = 1.70, 0.10
_CHILD_M, _CHILD_SIGMA_M, _CHILD_SHARE = 1.25, 0.2, 0.1
# A box that shows somebody whole tells their height with this error; one in ten shows them bent, sitting,
# or is wrong.
NOISE_M = 0.13
_WRONG_SHARE = 0.1
_LEAST_M, _MOST_M, _BIN_M = 0.3, 2.7, 0.02
# A box's error stays alike for about so long: that much time is one observation.
MEMORY_S = 1.0
# Hair, hats, shoes and how upright somebody walks now: remains however long they were seen.
REMAINS_M = 0.03


def statures(
    person: NDArray[np.int64],
    height_m: NDArray[np.float64],
    whole: NDArray[np.float64],
    part: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is known of everybody's height.

    Bayes' rule on a grid of heights: the population's heights times, for each observation, a normal error
    with outliers. As all errors are alike, a person's observations are counted by height first.

    Args:
        person: (N,) persons, sorted.
        height_m: (N,) apparent heights.
        whole: (N,) how many independent observations with an error of `NOISE_M` each row is worth; 0 for
            rows that do not show somebody whole.
        part: (N,) likewise for rows that show a part of somebody, who is at least so tall.

    Returns:
        (N,) mean height of the row's person and (N,) its standard deviation, metres.

    """
    people, number = np.unique(person, return_inverse=True)
    bins = np.arange(_LEAST_M, _MOST_M + 0.001, _BIN_M)
    off_m = bins[:, None] + _BIN_M / 2 - _HEIGHTS_M
    wrong = _WRONG_SHARE / (_MOST_M - _LEAST_M)
    log = np.log(_population()) + np.zeros((len(people), 1))
    for weight, likely in ((whole, _normal(off_m, NOISE_M)), (part, ndtr(-off_m / NOISE_M))):
        with np.errstate(invalid="ignore"):
            rows = (weight > 0) & (height_m >= _LEAST_M) & (height_m < _MOST_M)
        counts = np.zeros((len(people), len(bins)))
        at = np.searchsorted(bins, height_m[rows], side="right") - 1
        np.add.at(counts, (number[rows], at), weight[rows])
        log = log + counts @ np.log((1 - _WRONG_SHARE) * likely + wrong)
    share = np.exp(log - log.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    mean = share @ _HEIGHTS_M
    spread = np.sqrt(share @ _HEIGHTS_M**2 - mean**2 + REMAINS_M**2)
    return mean[number], spread[number]


def _population() -> NDArray[np.float64]:
    adults = _normal(_HEIGHTS_M - _ADULT_M, _ADULT_SIGMA_M)
    children = _normal(_HEIGHTS_M - _CHILD_M, _CHILD_SIGMA_M)
    return (1 - _CHILD_SHARE) * adults + _CHILD_SHARE * children


def _normal(off_m: NDArray[np.float64], sigma_m: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(-0.5 * (off_m / sigma_m) ** 2) / (sigma_m * np.sqrt(2 * np.pi)))
