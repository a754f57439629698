"""Real footage through the whole way with a real YOLO, judged by what is in it."""

import json
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from calibration.plan import SurveyFrame
from tracker.mot import read_truth

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

WEIGHTS = "yolo11n_int8_openvino_model"


@pytest.fixture
def yolo(dwellmap, data, tmp_path):
    """Run a clip with YOLO11n and return its folder and recipe."""

    def run(clip, *words):
        ran = dwellmap(
            "run", data / "video" / clip, "--detector", "yolo", "--weights", data / "models" / WEIGHTS,
            "--out", tmp_path / "out", "--json", *words,
        )  # fmt: skip
        assert ran.code == 0, ran.err
        folder = Path(json.loads(ran.out)[0]["run"])
        return folder, json.loads((folder / "run.json").read_text())

    return run


def people_at_once(recipe) -> float:
    return recipe["results"]["tracked_s"] / recipe["footage"]["observed_time_s"]


def test_pets_people_are_where_the_truth_has_them(yolo, data, tmp_path):
    truth = read_truth(data / "mot" / "PETS09-S2L1" / "gt" / "gt.txt")
    survey_m = truth.extra[:, :2]
    foot_px = np.column_stack([truth.xyxy_px[:, [0, 2]].mean(axis=1), truth.xyxy_px[:, 3]])
    survey = SurveyFrame.around(survey_m)
    rows = np.random.default_rng(3).choice(len(foot_px), 20, replace=False)
    pairs = Pairs.of(foot_px[rows], survey_m[rows]).in_plan(survey)
    fit_calibration(pairs, (768, 576), survey=survey).calibration.save(tmp_path / "pets.json")
    plan_m = survey.plan_from_survey(survey_m)
    width, height = np.ceil(plan_m.max(axis=0) + 1)
    (tmp_path / "site.toml").write_text(
        f'[plan]\nwidth_m = {width}\nheight_m = {height}\n[[cameras]]\nname = "view1"\n'
        'calibration = "pets.json"\nclock_rate = 1.4285714\n'
    )
    folder, recipe = yolo("pets09_s2l1_view001_480x360.mp4", "--site", tmp_path / "site.toml")

    # 795 frames at 7 a second in life, though the file says 10.
    assert recipe["footage"]["observed_time_s"] == pytest.approx(795 / 7, rel=0.01)
    assert recipe["results"]["tracked_s"] == pytest.approx(len(plan_m) / 7, rel=0.1)
    # The truth numbers 19 passages through the picture, by 10 actors.
    assert recipe["results"]["scene_visits"] == pytest.approx(19, rel=0.2)
    assert 10 <= recipe["results"]["people"] <= recipe["results"]["scene_visits"]
    # Person-seconds per region of about 6 x 6 m against the truth.
    cells = pd.read_parquet(folder / "maps.parquet")
    edges = np.arange(0, max(width, height) + 6, 6)
    measured, *_ = np.histogram2d(
        cells["x_m"], cells["y_m"], bins=(edges, edges), weights=cells["dwell_s"].fillna(0)
    )
    true, *_ = np.histogram2d(*plan_m.T, bins=(edges, edges))
    true /= 7
    busy = true >= 20
    assert busy.sum() >= 6
    assert np.abs(measured[busy] / true[busy] - 1).max() < 0.35
    assert np.median(np.abs(measured[busy] / true[busy] - 1)) < 0.12
    assert measured[true == 0].sum() < 0.02 * true.sum()


def test_the_concourse_is_busy_and_a_group_stands_still(yolo):
    folder, recipe = yolo("concourse_overhead_720p.mp4")
    # Counted by eye in one picture (6 s): 39 people, of whom the detector finds 22, and none too many.
    assert 15 <= people_at_once(recipe) <= 39
    paths = pd.read_parquet(folder / "trajectories.parquet")
    standing_s = paths[paths["standing"]].groupby("person")["t_s"].agg(np.ptp)
    assert standing_s.max() > 8  # the group stands through most of the 13.6 s
    # Enough people walk through it to tell the floor from their heights.
    assert recipe["view"]["floor_from_people"]
    assert recipe["grid"]["unit"] == "m"


def test_one_person_at_a_time_dwells_at_the_table(yolo):
    folder, recipe = yolo("one-by-one_768x432.mp4")
    assert 0.2 <= people_at_once(recipe) <= 1.2
    cells = pd.read_parquet(folder / "maps.parquet").nlargest(12, "dwell_s")
    on_the_map_s = recipe["results"]["on_the_map_s"]
    # A dozen of about 500 cells hold most of the time, and they lie together.
    assert cells["dwell_s"].sum() > 0.5 * on_the_map_s


def test_people_pass_the_bookshop(yolo):
    folder, recipe = yolo("mall_bookstore_720x480.mp4")
    assert 4 <= people_at_once(recipe) <= 14
    cells = pd.read_parquet(folder / "maps.parquet")
    # Nobody walks on the ceiling: the upper half of the picture has no feet.
    assert cells.loc[cells["y_px"] < 240, "dwell_s"].sum() == 0
    # Everybody who stands in front of the camera is grey in the picture of the scene, not shown.
    assert (folder / "scene.png").exists()


def test_as_many_people_pass_for_as_long_however_many_pictures_are_looked_at(yolo):
    every, shipped = (
        yolo("mall_bookstore_720x480.mp4", "--appearance", "none", *words)[1]["results"]
        for words in (("--sample-fps", "0"), ())
    )
    assert shipped["people"] == pytest.approx(every["people"], rel=0.15)
    assert shipped["tracked_s"] == pytest.approx(every["tracked_s"], rel=0.1)


def test_pets_in_three_files_has_the_people_of_one(yolo, data, dwellmap, tmp_path):
    """Files overlap by 5 s, their stamps are cut to whole seconds, and the second one comes last."""
    clip = data / "video" / "pets09_s2l1_view001_480x360.mp4"
    # In the image plane: each file would estimate a floor of its own.
    seen = "--clock-rate", "1.4285714", "--set", "calibration.from_people=false"
    with av.open(str(clip)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    for name, begin, end in (("first", 0, 283), ("third", 487, 795), ("second", 248, 522)):
        with av.open(str(tmp_path / f"{name}.mp4"), "w") as container:
            stream = container.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt, stream.options = 480, 360, "yuv420p", {"crf": "18"}
            for picture in pictures[begin:end]:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
        minutes, seconds = divmod(int(begin / 7), 60)
        start = f"2026-03-02T10:{minutes:02d}:{seconds:02d}Z"
        yolo(tmp_path / f"{name}.mp4", *seen, "--start", start)
    ran = dwellmap("link", tmp_path / "out" / "camera", "--json")
    assert ran.code == 0, ran.err
    (group,) = json.loads(ran.out)[0]["days"][0]["groups"]
    _, whole = yolo(clip.name, *seen)
    counted = sum(run["people"] for run in group["runs"])
    assert abs(group["people"] - whole["results"]["people"]) <= 1
    assert counted >= group["people"] + 8
    clocks = [run["clock_s"] for run in group["runs"]]
    assert clocks == pytest.approx([0.0, 248 / 7 % 1, 487 / 7 % 1], abs=0.05)
