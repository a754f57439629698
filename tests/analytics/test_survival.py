"""Kaplan-Meier against a published table: remission under 6-mercaptopurine, weeks.

E. J. Freireich et al., "The effect of 6-mercaptopurine on the duration of steroid-induced remissions in acute
leukemia", Blood 21 (1963) 699; estimate and median as in Kalbfleisch and Prentice and in R's `survival`.
"""

import numpy as np
import pytest

from analytics.survival import Survival

WEEKS = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35.0])
ENDED = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], dtype=bool)


def test_the_published_table() -> None:
    survival = Survival(WEEKS, ENDED)
    assert survival.curve[:, 0].tolist() == [6, 7, 10, 13, 16, 22, 23]
    published = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert survival.curve[:, 1] == pytest.approx(published, abs=5e-4)
    assert survival.quantile_s(0.5) == 23
    assert survival.median_interval_s() == (13, None)
    mean, low, high = survival.restricted_mean_s(35)
    assert mean == pytest.approx(23.29, abs=0.005)
    assert (high - low) / 2 == pytest.approx(1.96 * 2.83, abs=0.02)


def test_without_censoring_it_is_the_plain_mean_and_median() -> None:
    survival = Survival(np.array([1.0, 2.0, 3.0, 10.0]), np.ones(4, dtype=bool))
    assert survival.restricted_mean_s(100)[0] == pytest.approx(4.0)
    assert survival.quantile_s(0.5) == 2.0
    assert survival.share_longer(np.array([0.5, 2.0, 10.0])).tolist() == [1.0, 0.5, 0.0]


def test_where_everybody_has_gone_the_upper_bound_is_not_known() -> None:
    # As R's `survival` has it: with three visits the last step bounds nothing from above.
    assert Survival(np.array([1.0, 2.0, 3.0]), np.ones(3, dtype=bool)).median_interval_s() == (1.0, None)


@pytest.mark.parametrize(
    ("dwell_s", "ended"),
    [([10.0], [True]), ([10.0] * 5, [True] * 5), ([10.0, 20.0], [False, False]), ([700.0] * 30, [True] * 30)],
)
def test_what_does_not_vary_has_no_interval_rather_than_one_of_no_width(dwell_s, ended) -> None:
    mean, low, high = Survival(np.array(dwell_s), np.array(ended)).restricted_mean_s(600)
    assert mean == min(max(dwell_s), 600)
    assert np.isnan([low, high]).all()


def test_nobody() -> None:
    survival = Survival(np.zeros(0), np.zeros(0, dtype=bool))
    assert np.isnan(survival.restricted_mean_s(60)[0])
    assert survival.quantile_s(0.5) is None
