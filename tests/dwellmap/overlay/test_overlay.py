"""`dwellmap overlay`: the maps back in the camera, trails, heat of people, and how the maps build up."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from dwellmap.overlay.in_camera import cell_of_pixels, over_camera
from dwellmap.overlay.person_colour import colour_of
from dwellmap.overlay.trails import all_trails
from dwellmap.run_folder import RunFolder
from dwellmap.run_maps import read_values


@pytest.fixture
def run(walker, replay, tmp_path):
    """The walker's run on the floor plan."""
    ran = replay(walker, "--site", tmp_path / "site.toml", "--out", tmp_path / "out", "--quiet")
    assert ran.code == 0, ran.err
    return Path(ran.out.strip())


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_everything_is_there_and_its_films_end_in_its_pictures(run, dwellmap):
    ran = dwellmap("overlay", run, "--speed", 6, "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    folder = Path(told["folder"])
    assert folder.parent == run.parent
    assert set(told["files"]) == {
        "heat-camera.png", "visits-camera.png", "dwell-camera.png", "attention-camera.png", "trails.png",
        "trails.mp4", "people.png", "people.mp4", "building.png", "building.mp4",
    }  # fmt: skip
    for name in ("people", "building"):
        frames = frames_of(folder / f"{name}.mp4")
        still = np.asarray(Image.open(folder / f"{name}.png").convert("RGB"))
        assert len(frames) == 21
        assert np.abs(frames[-1].astype(int) - still).mean() < 3.0
    again = json.loads(dwellmap("overlay", run, "--speed", 6, "--json").out)
    assert again["fresh"] is False
    assert again["folder"] == str(folder)
    assert RunFolder.open(run).tracks().people == 1, "the run itself is as it was"


def test_a_pixel_shows_the_cell_that_it_sees(run):
    opened = RunFolder.open(run)
    view, values = opened.view(), read_values(opened)
    cells = cell_of_pixels(view, values.grid)
    foot = view.calibration.image_from_floor(np.array([[4.1, 4.1]]))[0].round().astype(int)
    assert cells[foot[1], foot[0]] == values.grid.place_of(np.array([[4.1, 4.1]]))[0]
    assert (cells[:40] == -1).all(), "the horizon is off the plan"
    grey = np.full((480, 640, 3), 128, np.uint8)
    shown = over_camera(grey, values.maps["dwell"], cells, _magma(), 1.0)
    assert (shown[foot[1], foot[0]] != 128).any(), "where somebody stood for 8 s there is colour"
    assert (shown[:40] == 128).all()


def _magma():
    from analytics.colours import colours_by_name

    return colours_by_name("magma")


def test_a_trail_goes_where_the_feet_went(run):
    tracks = RunFolder.open(run).tracks()
    page = all_trails(np.zeros((480, 640, 3), np.uint8), tracks, 2.0)
    for x, y in tracks.foot_px[::20].round().astype(int).tolist():
        assert (page[y - 2 : y + 3, x - 2 : x + 3] == colour_of(1)).all(axis=2).any()
    assert (page == 0).all(axis=2).mean() > 0.9


def test_neighbours_have_different_colours():
    colours = np.array([colour_of(k) for k in range(1, 9)])
    apart = np.abs(colours[:, None] - colours[None]).sum(axis=2) + 999 * np.eye(8, dtype=int)
    assert apart.min() > 60


def test_people_heat_holds_the_time_of_the_boxes(run, tmp_path):
    from dwellmap.increments import Increments
    from dwellmap.overlay.people_heat import people_heat

    opened = RunFolder.open(run)
    tracks, times = opened.tracks(), opened.picture_times_s()
    with Increments(tmp_path) as steps:
        sums = people_heat(
            tracks, times, np.array([[0.0, 12.1]]), np.array([3.0, 7.0, 12.1]), (640, 480), (640, 480), steps
        )
        assert len(steps) == 3
        np.testing.assert_array_equal(sum(steps).ravel(), sums.dwell_s)
    box = tracks.xyxy_px[len(tracks) // 2].round().astype(int)
    middle = sums.dwell_s.reshape(480, 640)[(box[1] + box[3]) // 2, (box[0] + box[2]) // 2]
    assert middle == pytest.approx(8.3, abs=0.5), "stands for 8 s, and takes a moment to leave"


def test_an_erased_run_has_maps_only(run, dwellmap, tmp_path):
    made = Path(dwellmap("overlay", run, "--no-films", "--quiet").out.strip())
    assert (made / "trails.png").is_file()
    ran = dwellmap("erase", "--before", "2100-01-01", "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert not made.exists(), "trails tell of single people"
    told = json.loads(dwellmap("overlay", run, "--json").out)
    assert {name.split("-")[1] for name in told["files"]} == {"camera.png"}
    assert "erased" in told["notes"][0]


def test_erasing_takes_the_films_of_activity(tmp_path):
    from datetime import date

    from dwellmap.derived import erase_derived

    for name, start in (("old", "2026-01-05T09:00:00+00:00"), ("new", "2026-03-05T09:00:00+00:00")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "activity.json").write_text(json.dumps({"source": {"start": start}}))
        (folder / "building.mp4").write_bytes(b"12345")
        (folder / "motion.png").write_bytes(b"1")
    assert erase_derived(tmp_path, date(2026, 2, 1)) == 5
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.[mp]*")) == [
        "new/building.mp4", "new/motion.png", "old/motion.png",
    ]  # fmt: skip


def test_without_calibration_the_map_is_the_picture(walker, replay, dwellmap, tmp_path):
    ran = replay(walker, "--out", tmp_path / "out", "--quiet", "--set", "calibration.from_people=false")
    run = Path(ran.out.strip())
    view = RunFolder.open(run).view()
    cells = cell_of_pixels(view, read_values(RunFolder.open(run)).grid)
    assert (cells >= 0).all()
    assert dwellmap("overlay", run, "--no-films").code == 0


def test_only_the_runs_own_recording_shows_its_people(run, dwellmap, tmp_path):
    cv2.imwrite(str(tmp_path / "no.png"), np.zeros((4, 4, 3), np.uint8))
    ran = dwellmap("overlay", run, "--show-people", tmp_path / "no.png", "--out", tmp_path / "o")
    assert ran.code == 2
    assert not (tmp_path / "o").exists()


def test_it_is_no_run(dwellmap, tmp_path):
    ran = dwellmap("overlay", tmp_path)
    assert ran.code == 2
    assert "expected a run" in ran.err
