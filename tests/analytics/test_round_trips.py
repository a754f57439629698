"""What is written is what is read: tracks and detections (trajectories are tested with the smoother)."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.detections import DetectionLog
from tracker.tracks import COLUMNS, Tracks

SEEDS = st.integers(0, 2**32 - 1)
FILES = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def random_tracks(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 9, rng.integers(0, 6))
    n = int(sizes.sum())
    person = np.repeat(np.sort(rng.choice(1000, len(sizes), replace=False)), sizes).astype(np.int64)
    t_s = np.concatenate([np.zeros(0), *(np.cumsum(rng.uniform(0.01, 2, k)) for k in sizes)])
    table = rng.normal(0, 100, (n, 12))
    table[:, 4:11][rng.random((n, 7)) < 0.3] = np.nan
    box, foot, xy, cov, score = np.split(table, [4, 6, 8, 11], axis=1)
    visit = 1 + np.cumsum(rng.random(n) < 0.2)
    return Tracks(
        person, t_s, box, foot, xy, cov, score[:, 0], rng.random(n) < 0.7, rng.random(n) < 0.3, visit
    )


@given(seed=SEEDS)
@FILES
def test_tracks_survive_the_file(tmp_path, seed):
    tracks = random_tracks(seed)
    tracks.to_parquet(tmp_path / "tracks.parquet")
    again = Tracks.from_parquet(tmp_path / "tracks.parquet")
    for name in (column.name for column in fields(Tracks)):
        np.testing.assert_array_equal(getattr(again, name), getattr(tracks, name), name)
        assert getattr(again, name).dtype == getattr(tracks, name).dtype


def test_presences_become_one_visitor_and_come_apart_again():
    person, t_s = np.array([1, 1, 2, 2, 3]), np.array([0.0, 1.0, 0.0, 1.0, 5.0])
    nothing = np.full((5, 2), np.nan)
    seen = np.ones(5, bool)
    apart = Tracks(person, t_s, np.zeros((5, 4)), nothing, nothing, np.full((5, 3), np.nan), t_s, seen, ~seen)
    joined = apart.of_visitors(np.array([1, 2, 1]))
    assert joined.person.tolist() == [1, 1, 1, 2, 2]
    assert joined.scene_visit.tolist() == [1, 1, 3, 2, 2]
    assert joined.by_scene_visit().person.tolist() == apart.person.tolist()
    with pytest.raises(ValueError, match="3 presences"):
        apart.of_visitors(np.array([1, 2]))


def test_the_order_of_rows_in_the_table_does_not_matter():
    tracks = random_tracks(7)
    shuffled = tracks.to_frame().sample(frac=1, random_state=0)
    again = Tracks.from_frame(shuffled)
    np.testing.assert_array_equal(again.t_s, tracks.t_s)
    np.testing.assert_array_equal(again.xy_m, tracks.xy_m)


def test_a_table_that_lacks_columns_is_refused_by_name():
    table = random_tracks(7).to_frame().drop(columns=["foot_x_px", "score"])
    with pytest.raises(ValueError, match="missing foot_x_px, score"):
        Tracks.from_frame(table)
    assert set(table.columns) | {"foot_x_px", "score"} == set(COLUMNS)


@given(seed=SEEDS)
@FILES
def test_detections_survive_the_file_pictures_without_anybody_too(tmp_path, seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 4, rng.integers(0, 12))
    n = int(counts.sum())
    log = DetectionLog(
        np.cumsum(rng.uniform(0.01, 1, len(counts))), np.concatenate([[0], np.cumsum(counts)]),
        rng.uniform(0, 700, (n, 4)), rng.random(n),
    )  # fmt: skip
    log.to_parquet(tmp_path / "detections.parquet")
    again = DetectionLog.from_parquet(tmp_path / "detections.parquet")
    for name in ("t_s", "offsets", "xyxy_px", "score"):
        np.testing.assert_array_equal(getattr(again, name), getattr(log, name), name)
