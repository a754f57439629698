"""Attention span: total dwell over entries survives what divides every naive figure."""

from itertools import pairwise

import numpy as np
import pytest

from analytics.accumulators import Accumulator, Rules
from analytics.attention import PersonShares, attention_interval_s, attention_s
from analytics.coverage import Coverage
from analytics.ends import path_ends
from analytics.grid import Grid
from analytics.stays import stays_in_cells
from analytics.visits import Visits
from calibration.scene import Door
from tracker.tracks import Tracks

GRID = Grid((0.0, 0.0), 1.0, 10, 10)
SHELF = 5 * 10 + 6  # the cell from (6, 5) to (7, 6), 6 m from the door
DOOR = Door(np.array([[0.0, 5.0], [0.0, 6.0]]))
TRUE_MEAN_S = 60.0


def shoppers(rng, clips, clip_s, switch_s):
    """What a camera sees of people who walk from the door to the shelf, stay, and walk back.

    Arrivals are a Poisson process that began long before each clip; stays at the shelf are log-normal
    (sigma 1, mean 60 s). Footage is a clip every 10 000 s; at each identity switch a new person begins.

    Returns:
        (rows of (t_s, x, y) per tracked piece, (clips, 2) observed intervals).

    """
    pieces, observed = [], []
    for clip in range(clips):
        start = 10_000.0 * clip
        observed.append((start, start + clip_s))
        for _ in range(rng.poisson((clip_s + 2000) / 25.0)):
            enter = start + rng.uniform(-2000, clip_s)
            leave = enter + TRUE_MEAN_S * rng.lognormal(-0.5, 1.0)
            t_s = [enter - 4, enter, enter + 0.3, leave - 0.3, leave, leave + 4]
            x = [0.2, 6.0, 6.5, 6.5, 6.0, 0.2]
            if leave - enter < 1 or t_s[-1] <= start or t_s[0] >= start + clip_s:
                continue
            switches = [] if switch_s is None else rng.uniform(
                t_s[0], t_s[-1], rng.poisson((t_s[-1] - t_s[0]) / switch_s)
            )  # fmt: skip
            low, high = max(t_s[0], start), min(t_s[-1], start + clip_s)
            bounds = np.sort([low, *(s for s in switches if low < s < high), high])
            for a, b in pairwise(bounds):
                times = np.array([a, *(t for t in t_s if a < t < b), b])
                pieces.append(np.column_stack([times, np.interp(times, t_s, x), np.full(len(times), 5.5)]))
    return pieces, np.array(observed)


def boxes(paths):
    """Tracks with boxes in the middle of a large picture."""
    n = len(paths.person)
    box = np.tile([900.0, 400, 1000, 700], (n, 1))
    nan = np.full((n, 2), np.nan)
    return Tracks(
        paths.person, paths.t_s, box, nan, paths.xy, np.ones((n, 3)), np.ones(n), np.ones(n, dtype=bool),
        np.zeros(n, dtype=bool),
    )  # fmt: skip


def measured(make_paths, pieces, observed):
    """(ours, naive) attention span at the shelf in seconds."""
    paths = make_paths([[piece] for piece in pieces])
    everything = Coverage(np.ones(GRID.cells), np.ones(GRID.cells, dtype=bool))
    ends = path_ends(paths, boxes(paths), GRID, everything, (DOOR,), (0, 0, 1920, 1080), observed, 1.0)
    rules = Rules(10.0, 0.1)
    visits = Visits.of_stays(stays_in_cells(paths, GRID, ends), rules.revisit_s)
    sums = Accumulator.of(visits, GRID.cells, paths.people, paths.unplaced_s, rules)
    naive = sums.dwell_s[SHELF] / sums.visitors[SHELF]
    return float(attention_s(sums.dwell_s, sums.entries)[SHELF]), float(naive)


@pytest.mark.parametrize(
    ("clip_s", "switch_s", "naive_below"),
    [(300.0, None, 54.0), (300.0, 120.0, 40.0), (300.0, 60.0, 32.0), (3600.0, 60.0, 36.0)],
)
def test_littles_law_survives_switches_and_short_clips(make_paths, clip_s, switch_s, naive_below):
    """True mean 60 s: ours within 5 %; the naive figure is wrong by a tenth to a half.

    The definition of an entry is what does it: count the pieces that appear in mid-floor as entries, and
    ours is the naive figure.
    """
    rng = np.random.default_rng(11)
    pieces, observed = shoppers(rng, int(90_000 / clip_s), clip_s, switch_s)
    ours, naive = measured(make_paths, pieces, observed)
    assert ours == pytest.approx(TRUE_MEAN_S, rel=0.05)
    assert naive < naive_below


def test_without_switches_and_cuts_both_agree(make_paths):
    pieces, observed = shoppers(np.random.default_rng(5), 3, 30_000.0, None)
    ours, naive = measured(make_paths, pieces, observed)
    assert ours == pytest.approx(naive, rel=0.02)
    assert ours == pytest.approx(TRUE_MEAN_S, rel=0.06)


def test_no_entry_no_number():
    np.testing.assert_array_equal(
        attention_s(np.array([12.0, 0.0, 9.0]), np.array([0, 0, 2])), [np.nan, np.nan, 4.5]
    )


def visits_of(person, dwell_s, entry):
    n = len(person)
    person = np.asarray(person, np.int64)
    return Visits(
        person, np.zeros(n, np.int64), np.arange(n) * 1.0, np.arange(n) + 0.5, np.asarray(dwell_s, float),
        np.asarray(entry, np.int8), np.zeros(n, np.int8),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(25))
def test_the_interval_brackets_the_estimate(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    visits = visits_of(np.sort(rng.integers(0, 12, n)), rng.lognormal(1, 1, n), rng.choice([0, 0, 2], n))
    low, high = attention_interval_s([PersonShares.of(visits, 1)], 1, 400)
    entries = int(visits.beginning_seen.sum())
    people = len(np.unique(visits.person[visits.beginning_seen]))
    assert bool(np.isfinite(low[0])) == (people >= 2)
    if people >= 2:
        assert low[0] - 1e-9 <= visits.dwell_s.sum() / entries <= high[0] + 1e-9


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    """Exponential stays of 60 s, a third of the people twice: 95 % interval of 80 people, 200 times."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        person = np.sort(np.concatenate([np.arange(80), rng.choice(80, 27, replace=False)]))
        visits = visits_of(person, rng.exponential(60.0, len(person)), np.zeros(len(person)))
        low, high = attention_interval_s(
            [PersonShares.of(visits, 1)], 1, 200, seed=int(rng.integers(1 << 30))
        )
        held += bool(low[0] <= 60.0 <= high[0])
    assert 0.88 <= held / 200 <= 0.985


def test_people_are_drawn_and_not_visits():
    """One person's hundred visits say less than a hundred people's."""
    rng = np.random.default_rng(0)
    habit = rng.exponential(60.0, 10)
    repeated = visits_of(np.repeat(np.arange(10), 10), np.repeat(habit, 10), np.zeros(100))
    single = visits_of(np.arange(100), np.repeat(habit, 10), np.zeros(100))
    widths = [
        np.subtract(*attention_interval_s([PersonShares.of(v, 1)], 1, 400)[::-1])[0]
        for v in (repeated, single)
    ]
    assert widths[0] > 2 * widths[1]


def test_parts_give_the_interval_of_the_whole():
    rng = np.random.default_rng(1)
    visits = visits_of(np.arange(30), rng.exponential(60.0, 30), rng.choice([0, 2], 30))
    parts = [PersonShares.of(visits.where(own), 1) for own in (visits.person < 11, visits.person >= 11)]
    whole = attention_interval_s([PersonShares.of(visits, 1)], 1, 300)
    np.testing.assert_allclose(attention_interval_s(parts, 1, 300), whole)


def test_no_interval_without_draws_or_people():
    shares = PersonShares.of(visits_of([1, 2], [1.0, 2.0], [0, 0]), 3)
    assert np.isnan(attention_interval_s([shares], 3, 0)).all()
    assert np.isnan(attention_interval_s([], 3, 100)).all()
    assert np.isnan(attention_interval_s([shares], 3, 100)[0][1:]).all()


def test_where_nothing_varies_no_width_is_no_certainty():
    alike = PersonShares.of(visits_of([1, 2, 3], [63.555] * 3, [0, 0, 0]), 1)
    assert np.isnan(attention_interval_s([alike], 1, 300)).all()
