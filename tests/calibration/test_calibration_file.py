"""The calibration file: what was saved comes back, and nothing else does."""

import json
import os
import stat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.calibration import Calibration
from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from calibration.plan import SurveyFrame


@pytest.fixture(scope="module")
def calibration(camera):
    cam = camera(tilt=35)
    xy_px = cam.floor_points(np.random.default_rng(0), 9)
    survey = SurveyFrame(-3.0, 12.5)
    rng = np.random.default_rng(1)
    pairs = Pairs.of(xy_px, cam.floor(xy_px) + rng.normal(0, 0.03, (9, 2)), tuple("äbcdefghi"))
    return fit_calibration(pairs, cam.size, survey=survey).calibration


@pytest.fixture
def saved(calibration, tmp_path):
    path = tmp_path / "camera.calibration.json"
    calibration.save(path)
    return path


def test_round_trip_to_the_bit(calibration, saved):
    loaded = Calibration.load(saved)
    assert loaded.id == calibration.id
    for name in ("H_image_floor", "H_floor_image", "cov_h", "floor_centre_m"):
        assert np.array_equal(getattr(loaded, name), getattr(calibration, name)), name
    assert np.array_equal(loaded.pose.P_image_world, calibration.pose.P_image_world)
    assert loaded.pose.source == calibration.pose.source
    assert loaded.survey == calibration.survey
    assert loaded.foot_jitter == calibration.foot_jitter
    assert loaded.pairs.label == calibration.pairs.label
    assert np.array_equal(loaded.pairs.used, calibration.pairs.used)
    again = saved.with_name("again.json")
    loaded.save(again)
    assert again.read_bytes() == saved.read_bytes()


def test_a_resized_one_round_trips_too(calibration, tmp_path):
    small = calibration.for_image_size((640, 360))
    small.save(tmp_path / "small.json")
    assert Calibration.load(tmp_path / "small.json").id == small.id


def test_without_pose_and_survey(calibration, tmp_path):
    bare = Calibration(
        H_image_floor=calibration.H_image_floor,
        image_size_px=calibration.image_size_px,
        cov_h=calibration.cov_h,
        floor_centre_m=calibration.floor_centre_m,
        floor_scale_m=calibration.floor_scale_m,
        pose=None,
        pairs=calibration.pairs,
    )
    bare.save(tmp_path / "bare.json")
    loaded = Calibration.load(tmp_path / "bare.json")
    assert loaded.pose is None
    assert loaded.survey is None
    assert loaded.id == bare.id != calibration.id


def test_saving_is_whole_or_not_at_all(calibration, saved, monkeypatch):
    before = saved.read_bytes()

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        calibration.for_image_size((640, 360)).save(saved)
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def test_others_may_read_it_as_the_umask_says(saved):
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o666 & ~umask


def edited(saved, change):
    document = json.loads(saved.read_text())
    change(document)
    saved.write_text(json.dumps(document))
    return saved


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "half of one"),
        (b"{", "half of one"),
        (b"\xff\xff", "half of one"),
        (b"[" * 100_000, "half of one"),
        (b"[]", "expected a calibration file"),
        (b'{"format": "geojson"}', "expected a calibration file"),
        (b'{"format": "dwellmap-calibration", "version": 3}', "version 1 or 2, got version 3"),
        (b'{"format": "dwellmap-calibration", "version": true}', "version 1 or 2, got version True"),
        (b" " * 1_000_001, "more than 1,000,000 bytes"),
    ],
)
def test_files_that_are_no_calibration(tmp_path, content, message):
    path = tmp_path / "c.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        Calibration.load(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ValueError, match="no such calibration file"):
        Calibration.load(tmp_path / "none.json")
    with pytest.raises(ValueError, match="cannot be read"):
        Calibration.load(tmp_path)


def test_all_faults_of_the_form_at_once(saved):
    def change(document):
        del document["cov_h"]
        document["image_size_px"] = [0, "720"]
        document["H_image_floor"][1] = [1.0, 2.0]
        document["pairs"][2]["used"] = "yes"
        document["extra"] = 1

    with pytest.raises(ValueError, match="faults") as told:
        Calibration.load(edited(saved, change))
    for key in ("cov_h", "image_size_px.0", "image_size_px.1", "H_image_floor.1", "pairs.2.used", "extra"):
        assert key in str(told.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["H_image_floor"][0].__setitem__(0, d["H_image_floor"][0][0] * 1.01),
        lambda d: d.__setitem__("H_image_floor", [[0.0] * 3] * 3),
        lambda d: d.__setitem__("cov_h", (-np.eye(8)).tolist()),
        lambda d: d["H_image_floor"][1].__setitem__(0, -d["H_image_floor"][1][0]),
        lambda d: d["pose"].__setitem__("focal_px", 1e-300),
        lambda d: d["survey"].__setitem__("x_m", 0.0),
        lambda d: d["pairs"][0].__setitem__("used", False),
        lambda d: d.__setitem__("image_size_px", [1280, 960]),
        lambda d: d.__setitem__("id", "000000000000"),
    ],
)
def test_edited_numbers_are_noticed(saved, change):
    with pytest.raises(ValueError, match="damaged calibration"):
        Calibration.load(edited(saved, change))


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_a_changed_byte_is_noticed_or_harmless(calibration, tmp_path_factory, place, byte):
    path = tmp_path_factory.mktemp("flip") / "c.json"
    calibration.save(path)
    content = bytearray(path.read_bytes())
    content[place % len(content)] = byte
    path.write_bytes(content)
    try:
        loaded = Calibration.load(path)
    except ValueError:
        return
    assert loaded.id == calibration.id
