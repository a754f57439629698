"""Smoothed paths: against a textbook Kalman smoother, over gaps, and round the file."""

import numpy as np
import pytest

from analytics.settings import TrajectorySettings
from analytics.smoother import FixedIntervalSmoother
from analytics.standing import standing_rows
from analytics.trajectories import Positions, Trajectories, smooth

SETTINGS = TrajectorySettings()


def positions(t_s, xy, cov=(0.04, 0.0, 0.04), person=None, observed=None, scale=1.0, unit="m"):
    n = len(t_s)
    return Positions(
        np.ones(n, np.int64) if person is None else np.asarray(person, np.int64),
        np.asarray(t_s, float),
        np.asarray(xy, float).reshape(n, 2),
        np.tile(np.asarray(cov, float), (n, 1)),
        np.ones(n, bool) if observed is None else np.asarray(observed, bool),
        np.full(n, float(scale)),
        unit,
    )


def rauch_tung_striebel(t_s, z, R, rest, q):
    """Forward Kalman filter and backward smoother as in the textbook, one row after the other.

    State (x, y, vx, vy); R[i] is None where nothing was measured; `rest` is the variance of the measurement
    "velocity is 0", None where the person does not stand. Position diffuse at first, velocity N(0, 2^2).
    """
    n = len(t_s)
    x, P = np.zeros(4), np.diag([1e7, 1e7, 4.0, 4.0])
    forward, predicted = [], []
    for i in range(n):
        F, Q = np.eye(4), np.zeros((4, 4))
        if i:
            dt = t_s[i] - t_s[i - 1]
            F[0, 2] = F[1, 3] = dt
            for axis in (0, 1):
                Q[axis, axis], Q[axis + 2, axis + 2] = q * dt**3 / 3, q * dt
                Q[axis, axis + 2] = Q[axis + 2, axis] = q * dt**2 / 2
            x, P = F @ x, F @ P @ F.T + Q
        predicted.append((x, P, F))
        seen = [] if R[i] is None else [(np.eye(4)[:2], z[i], R[i])]
        seen += [] if rest[i] is None else [(np.eye(4)[2:], np.zeros(2), rest[i] * np.eye(2))]
        for H, value, noise in seen:
            gain = P @ H.T @ np.linalg.inv(H @ P @ H.T + noise)
            x, P = x + gain @ (value - H @ x), (np.eye(4) - gain @ H) @ P
        forward.append((x, P))
    smoothed = [forward[-1][0]]
    for i in range(n - 2, -1, -1):
        x, P = forward[i]
        ahead, ahead_P, F = predicted[i + 1]
        smoothed.append(x + P @ F.T @ np.linalg.inv(ahead_P) @ (smoothed[-1] - ahead))
    return np.array(smoothed[::-1])[:, :2]


@pytest.mark.parametrize("seed", range(5))
def test_against_a_kalman_filter_and_rts_smoother(seed):
    """Two people, uneven times, slanted covariances, missing measurements, standing: equal to 1e-6 m."""
    rng = np.random.default_rng(seed)
    n = np.array([40, 25])
    path = np.repeat([3, 8], n)
    t_s = np.concatenate([np.cumsum(rng.uniform(0.05, 1.5, k)) for k in n])
    z = np.concatenate([np.cumsum(rng.normal(0, 0.4, (k, 2)), axis=0) for k in n])
    root = rng.normal(0, 0.3, (len(t_s), 2, 2)) + 0.2 * np.eye(2)
    R = root @ root.transpose(0, 2, 1) + 0.01 * np.eye(2)
    measured = rng.random(len(t_s)) < 0.8
    measured[[0, n[0]]] = True
    still = rng.random(len(t_s)) < 0.3
    inverse = np.linalg.inv(R)[:, (0, 0, 1), (0, 1, 1)]
    found = FixedIntervalSmoother(t_s, path, np.ones(len(t_s)), SETTINGS).mean(
        np.where(measured[:, None], z, 0.0), np.where(measured[:, None], inverse, 0.0), still
    )
    for number in (3, 8):
        own = np.flatnonzero(path == number)
        gaps = np.diff(t_s[own])
        around = (np.append(gaps, 0) + np.insert(gaps, 0, 0)) / 2
        expected = rauch_tung_striebel(
            t_s[own],
            z[own],
            [R[i] if measured[i] else None for i in own],
            [SETTINGS.standing_speed_m_s**2 / around[k] if still[i] else None for k, i in enumerate(own)],
            SETTINGS.acceleration_m2_s3,
        )
        np.testing.assert_allclose(found[own], expected, atol=1e-6)


def test_a_straight_walk_stays_what_it_is():
    t_s = np.cumsum(np.random.default_rng(0).uniform(0.05, 0.5, 50))
    xy = np.column_stack([1.3 * t_s, 2 - 0.4 * t_s])
    np.testing.assert_allclose(smooth(positions(t_s, xy), SETTINGS).xy, xy, atol=0.01)


def test_smoothing_takes_out_most_of_the_noise():
    rng = np.random.default_rng(1)
    t_s = np.arange(0, 30, 0.125)
    xy = np.column_stack([5 * np.cos(t_s / 5), 5 * np.sin(t_s / 5)])
    path = smooth(positions(t_s, xy + rng.normal(0, 0.3, xy.shape), (0.09, 0, 0.09)), SETTINGS)
    error = np.hypot(*(path.xy - xy).T)
    assert np.median(error) < 0.13  # raw: 0.35


def test_one_box_metres_off_hardly_moves_the_path():
    t_s = np.arange(0, 10, 0.2)
    xy = np.column_stack([1.2 * t_s, np.zeros(len(t_s))])
    clean = smooth(positions(t_s, xy), SETTINGS).xy
    xy[20:22] += [0, 3.0]
    assert np.max(np.hypot(*(smooth(positions(t_s, xy), SETTINGS).xy - clean).T)) < 0.15


def test_in_pixels_the_same_path_comes_out_larger():
    rng = np.random.default_rng(2)
    t_s = np.cumsum(rng.uniform(0.05, 0.4, 60))
    xy = np.cumsum(rng.normal(0, 0.1, (60, 2)), axis=0)
    metres = smooth(positions(t_s, xy, (0.04, 0.01, 0.09)), SETTINGS)
    pixels = smooth(
        positions(t_s, 80 * xy, np.array([0.04, 0.01, 0.09]) * 6400, scale=80, unit="px"), SETTINGS
    )
    np.testing.assert_allclose(pixels.xy / 80, metres.xy, atol=1e-6)
    assert np.array_equal(pixels.standing, metres.standing)
    assert (metres.unit, pixels.unit) == ("m", "px")


def test_a_gap_of_max_bridge_s_is_bridged_and_a_longer_one_is_not():
    t_s = [0, 1, 3, 4, 6.01, 7]
    path = smooth(positions(t_s, np.column_stack([t_s, t_s])), SETTINGS)
    assert path.path.tolist() == [0, 0, 0, 0, 1, 1]
    assert path.tracked_s == 7
    assert path.unplaced_s == pytest.approx(2.01)


def test_interpolated_rows_bridge_only_a_gap_that_they_fill_and_never_lengthen_a_path():
    t_s = np.arange(0, 10, 0.5)
    observed = np.ones(20, bool)
    observed[4:10] = False  # from 2 to 4.5 s: 3.5 s between observations
    observed[17:] = False  # predicted past the last observation at 8 s
    observed[13] = False
    raw = positions(t_s, np.column_stack([t_s, t_s]), observed=observed)
    path = smooth(raw, SETTINGS)
    assert path.t_s.tolist() == t_s[:17].tolist()
    assert (path.tracked_s, path.unplaced_s) == (8, 0)
    np.testing.assert_allclose(path.xy[path.t_s == 6.5], [[6.5, 6.5]], atol=0.01)

    # Without the rows from 2 to 4.5 s nobody vouches for that gap, nor does a sighting without a position.
    kept = np.ones(20, bool)
    kept[4:10] = False
    bare = positions(t_s[kept], np.column_stack([t_s, t_s])[kept], observed=observed[kept])
    nowhere = np.column_stack([t_s, t_s])
    nowhere[4:10] = np.nan
    seen = observed.copy()
    seen[4:10] = True
    for broken in (bare, positions(t_s, nowhere, observed=seen)):
        path = smooth(broken, SETTINGS)
        assert path.t_s.tolist() == [0, 0.5, 1, 1.5, 5, 5.5, 6, 6.5, 7, 7.5, 8]
        assert path.unplaced_s == 3.5


def test_somebody_without_any_position_is_counted_as_unplaced():
    xy = np.array([[1, 1], [1.1, 1], [np.nan, np.nan], [np.nan, np.nan]])
    path = smooth(positions([0, 1, 0, 30], xy, person=[4, 4, 9, 9]), SETTINGS)
    assert path.people.tolist() == [4, 9]
    assert path.person.tolist() == [4, 4]
    assert path.unplaced_s == 30


def test_nobody_at_all():
    path = smooth(positions([], []), SETTINGS)
    assert (len(path.person), path.tracked_s, path.unplaced_s) == (0, 0, 0)
    assert [part.people.tolist() for part, _ in path.parts()] == [[]]


@pytest.mark.parametrize("step_s", [1 / 90_000, 1e-9])
def test_two_pictures_a_tick_apart_do_no_harm(step_s):
    t_s = np.sort(np.concatenate([np.arange(0, 10, 0.1), np.arange(0, 10, 1.0) + step_s]))
    xy = np.column_stack([t_s, np.zeros(len(t_s))])
    np.testing.assert_allclose(smooth(positions(t_s, xy), SETTINGS).xy, xy, atol=0.02)


@pytest.mark.parametrize("cov", [(0, 0, 0), (np.nan, 0, 1), (1, 2, 1), (np.inf, 0, np.inf)])
def test_a_position_without_a_proper_covariance_is_refused(cov):
    with pytest.raises(ValueError, match="positive definite covariance"):
        positions([0, 1], [[0, 0], [1, 1]], cov)


def test_a_position_a_kilometre_uncertain_spoils_nothing():
    t_s = np.arange(0, 20, 0.2)
    xy = np.column_stack([t_s, t_s])
    given = positions(t_s, xy)
    cov = given.cov.copy()
    cov[::3] = [1e6, 9e5, 1e6]
    far = xy.copy()
    far[::3] += 800
    path = smooth(Positions(given.person, t_s, far, cov, given.observed, given.units_per_m, "m"), SETTINGS)
    np.testing.assert_allclose(path.xy, xy, atol=0.05)


def errors_that_last(t_s, rng, sigma=0.2, memory_s=0.15):
    """A detector's foot errors, (n, 2): each resembles the one before it, the less the longer ago."""
    error = rng.normal(0, sigma, (len(t_s), 2))
    for i, alike in enumerate(np.exp(-np.diff(t_s) / memory_s), start=1):
        error[i] = alike * error[i - 1] + np.sqrt(1 - alike**2) * error[i]
    return error


def test_more_samples_of_the_same_errors_are_not_taken_for_more_knowledge():
    """Walking along a border of cells, the path changes sides no more often at 30 fps than at 5."""
    crossings = {}
    for fps in (5, 10, 30):
        t_s = np.arange(0, 900, 1 / fps)
        xy = np.column_stack([0.9 * t_s, np.zeros(len(t_s))]) + errors_that_last(
            t_s, np.random.default_rng(1)
        )
        path = smooth(positions(t_s, xy), SETTINGS).xy
        crossings[fps] = np.sum(np.diff(np.sign(path[:, 1])) != 0)
    assert crossings[10] == pytest.approx(crossings[5], rel=0.2)
    assert crossings[30] == pytest.approx(crossings[5], rel=0.2)


def stop_and_go(fps, seconds, rng):
    """Walks 6 m in 5 s, stands for so many seconds, walks on for 5 s."""
    t_s = np.arange(0, 10 + seconds + 1e-9, 1 / fps)
    x = np.interp(t_s, [0, 5, 5 + seconds, 10 + seconds], [0, 6, 6, 12])
    xy = np.column_stack([x, np.zeros(len(t_s))])
    # Foot jitter that wanders over a second, as a detector's does, whatever the sample rate.
    knots = np.arange(-1, t_s[-1] + 2)
    wander = rng.normal(0, 0.08, (len(knots), 2))
    xy += np.column_stack([np.interp(t_s, knots, wander[:, axis]) for axis in (0, 1)])
    return t_s, xy


@pytest.mark.parametrize("fps", [2.5, 5, 8, 15, 30])
def test_standing_is_recognised_at_any_sample_rate(fps):
    t_s, xy = stop_and_go(fps, 10, np.random.default_rng(4))
    path = smooth(positions(t_s, xy, (0.02, 0, 0.02)), SETTINGS)
    standing = path.t_s[path.standing]
    # A window of 2 s with under 0.6 m reaches half a second into the walk at 1.2 m/s, on both sides.
    assert standing[0] == pytest.approx(5, abs=1.1)
    assert standing[-1] == pytest.approx(15, abs=1.1)
    # Recognised, a person does not drift: the figure that decides whose cell the time lands in.
    middle = (path.t_s > 6.5) & (path.t_s < 13.5)
    assert np.ptp(path.xy[middle], axis=0).max() < 0.25


@pytest.mark.parametrize(("seconds", "speed"), [(0.5, 1.2), (20, 0.5)])
def test_a_short_halt_or_a_slow_walk_is_no_stop(seconds, speed):
    t_s, xy = stop_and_go(8, seconds, np.random.default_rng(5))
    if seconds == 20:
        xy = np.column_stack([speed * t_s, np.zeros(len(t_s))])
    assert not smooth(positions(t_s, xy, (0.02, 0, 0.02)), SETTINGS).standing.any()


@pytest.mark.parametrize(("seconds", "stands"), [(1.4, False), (1.7, False), (2.6, True)])
def test_standing_has_to_last(seconds, stands):
    """At 1.2 m/s a window of 2 s moves under 0.6 m if it holds 1.5 s of halt; such windows must cover 3 s.

    A halt of h s lies in windows that together cover h + 2 (2 - 1.5) s: 2.7 s for 1.7 s, 3.6 s for 2.6 s.
    """
    t_s = np.arange(0, 12, 0.01)
    x = 1.2 * np.interp(t_s, [0, 5, 5 + seconds, 12], [0, 5, 5, 12 - seconds])
    xy = np.column_stack([x, np.zeros(len(t_s))])
    standing = standing_rows(np.zeros(len(t_s), np.int64), t_s, xy, SETTINGS)
    assert standing.any() == stands
    assert standing.sum() * 0.01 == pytest.approx(seconds + 1.0 if stands else 0.0, abs=0.05)


def test_standing_does_not_depend_on_who_comes_after():
    """The last path of a table once had its last two seconds judged by a shorter window."""
    t_s = np.arange(0, 6, 0.5)
    xy = np.column_stack([np.where(t_s < 3.5, 0.0, (t_s - 3.5) * 0.4), np.zeros(12)])
    alone = standing_rows(np.zeros(12, np.int64), t_s, xy, SETTINGS)
    twice = standing_rows(np.repeat([0, 1], 12), np.tile(t_s, 2), np.tile(xy, (2, 1)), SETTINGS)
    assert np.array_equal(twice, np.tile(alone, 2))


def test_parts_hold_everybody_once(make_paths, random_people):
    people = random_people(3, people=9)
    people[4] = []
    paths = make_paths(people)
    found = list(paths.parts(rows=20))
    assert len(found) > 2
    assert sorted(np.concatenate([part.people for part, _ in found]).tolist()) == list(range(1, 10))
    assert sum(part.tracked_s for part, _ in found) == pytest.approx(paths.tracked_s)
    count = len(np.unique(paths.path))
    assert [i for _, rows in found for i in range(count)[rows]] == list(range(count))
    np.testing.assert_array_equal(np.concatenate([part.xy for part, _ in found]), paths.xy)


@pytest.mark.parametrize("seed", range(4))
def test_trajectories_survive_the_file(make_paths, random_people, tmp_path, seed):
    people = random_people(seed, people=5)
    paths = make_paths([*people, []])
    paths.to_parquet(tmp_path / "trajectories.parquet")
    again = Trajectories.from_parquet(tmp_path / "trajectories.parquet")
    for name in ("person", "path", "t_s", "xy", "standing", "people", "first_s", "last_s"):
        np.testing.assert_array_equal(getattr(again, name), getattr(paths, name), name)
        assert getattr(again, name).dtype == getattr(paths, name).dtype
    assert again.unit == "m"


def test_an_empty_table_of_trajectories_survives_the_file(tmp_path):
    smooth(positions([], [], unit="px"), SETTINGS).to_parquet(tmp_path / "t.parquet")
    again = Trajectories.from_parquet(tmp_path / "t.parquet")
    assert (len(again.person), len(again.people), again.unit) == (0, 0, "px")


def test_arrays_are_read_only_and_rows_must_be_sorted(make_paths):
    paths = make_paths([[[(0, 0, 0), (1, 1, 1)]]])
    with pytest.raises(ValueError, match="read-only"):
        paths.xy[0] = 1
    with pytest.raises(ValueError, match="increasing"):
        make_paths([[[(1, 0, 0), (1, 1, 1)]]])


def test_nobody_is_kept_alive_through_a_gap_in_the_footage():
    """Ten pictures, half a second of no footage, ten pictures: one person, two paths, no time between."""
    t_s = np.concatenate([np.arange(10) / 8, 1.7 + np.arange(10) / 8])
    xy = np.column_stack([t_s, np.zeros(20)])
    given = positions(t_s, xy, (0.01, 0, 0.01))
    whole = smooth(given, SETTINGS)
    cut = smooth(given, SETTINGS, np.array([[1.2, 1.65]]))
    assert len(np.unique(whole.path)) == 1
    assert len(np.unique(cut.path)) == 2
    assert cut.unplaced_s == pytest.approx(1.7 - 9 / 8)


def test_time_away_between_scene_visits_is_no_time_in_scene():
    """Seen from 0 to 10 s and from 15 to 20 s, away between: no path, no unplaced time."""
    t_s = np.concatenate([np.arange(0, 10.1, 0.5), np.arange(15, 20.1, 0.5)])
    n = len(t_s)
    xy, cov = np.column_stack([t_s * 0.1, np.ones(n)]), np.tile([0.01, 0.0, 0.01], (n, 1))
    visit = np.where(t_s < 12, 1, 2)
    given = Positions(np.ones(n, np.int64), t_s, xy, cov, np.ones(n, bool), np.ones(n), "m", visit)
    paths = smooth(given, TrajectorySettings(max_bridge_s=30.0))
    assert (paths.scene_visits.tolist(), paths.away_s.tolist()) == ([2], [5.0])
    assert (len(np.unique(paths.path)), paths.tracked_s, paths.unplaced_s) == (2, 15.0, 0.0)
