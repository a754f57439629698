"""Real cameras on loopback, real processes: saved, killed, broken, one of two failing, and no secret told."""

import json
import re
import signal
import time
from datetime import datetime, timedelta

import pytest

from dwellmap.live.crew import Crew
from dwellmap.live.order import Order

pytestmark = pytest.mark.timeout(240)

PASSWORD = "s3cret-p4ss"


def recipes(out, camera):
    return [json.loads(file.read_text()) for file in sorted((out / camera).glob("*/run.json"))]


@pytest.mark.slow
def test_what_is_watched_is_a_run_when_it_is_ended(live, web_camera):
    camera = web_camera()
    watching = live(f"till={camera.url}", "--no-page")
    watching.wait_for(lambda: watching.pictures("till") >= 20, "pictures")
    assert watching.end(signal.SIGTERM) == 143
    (recipe,) = recipes(watching.out, "till")
    assert re.fullmatch(r"till-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d", recipe["source"]["name"])
    assert recipe["source"]["time_zone"] is None
    assert recipe["source"]["detector"] == "mog2"
    assert recipe["footage"]["frames"] >= 20
    assert recipe["footage"]["observed_time_s"] >= 19 / 8
    # Nothing of the hour is left outside its run.
    assert [entry.name for entry in (watching.out / ".live" / "till").iterdir()] == ["lock"]
    assert "saved till-" in watching.said


@pytest.mark.slow
def test_killed_it_loses_seconds_and_the_next_start_closes_the_hour(live, web_camera):
    camera = web_camera()
    watching = live(f"till={camera.url}", "--no-page")
    watching.wait_for(lambda: watching.pictures("till") >= 5, "the first pictures")
    begun_s = time.monotonic()
    time.sleep(4.0)
    watching.kill_all()
    watched_s = time.monotonic() - begun_s
    assert recipes(watching.out, "till") == []

    again = live(f"till={camera.url}", "--no-page")
    again.wait_for(lambda: recipes(again.out, "till"), "the recovered hour")
    assert "1 hour left behind" in again.said
    (recipe,) = recipes(again.out, "till")
    # Written once a second; ten are promised.
    assert recipe["footage"]["observed_time_s"] >= watched_s - 2.5
    assert any("recovered" in note for note in recipe["notes"])
    assert again.end() == 143


@pytest.mark.slow
def test_a_camera_that_goes_and_comes_leaves_a_gap(live, web_camera):
    camera = web_camera()
    watching = live(f"till={camera.url}", "--no-page")
    watching.wait_for(lambda: watching.pictures("till") >= 10, "pictures")
    camera.kill()
    watching.wait_for(lambda: "again in" in watching.said, "the trouble told")
    time.sleep(2.0)
    camera.restart()
    watching.wait_for(lambda: "nothing was seen for" in watching.said, "the gap told")
    before = watching.pictures("till")
    watching.wait_for(lambda: watching.pictures("till") >= before + 10, "pictures after the gap")
    watching.end()
    (recipe,) = recipes(watching.out, "till")
    assert len(recipe["footage"]["gaps_s"]) == 1
    begin_s, end_s = recipe["footage"]["gaps_s"][0]
    assert end_s - begin_s >= 1.5


def test_one_of_two_fails_and_no_password_is_told(live, web_camera):
    good = web_camera(user="admin", password=PASSWORD)
    locked = web_camera(user="admin", password=PASSWORD)
    wrong = locked.url.replace(PASSWORD, "wr0ng-w0rd")
    watching = live(
        f"till={good.url.replace(PASSWORD, '${TILL_PASSWORD}')}", f"door={wrong}", "--no-page",
        TILL_PASSWORD=PASSWORD,
    )  # fmt: skip
    watching.wait_for(lambda: watching.pictures("till") >= 15, "pictures of the good one")
    watching.wait_for(lambda: re.search("door: .*password", watching.said), "the wrong password told")
    # The one is ended by force; the other goes on, and it comes back.
    assert watching.end(signal.SIGINT) == 130
    assert len(recipes(watching.out, "till")) == 1
    assert recipes(watching.out, "door") == []
    for file in (watching.log, *(f for f in watching.out.rglob("*") if f.is_file())):
        content = file.read_bytes()
        assert PASSWORD.encode() not in content, file
        assert b"wr0ng-w0rd" not in content, file


@pytest.mark.slow
def test_runs_are_cut_by_the_clock_while_it_goes_on_and_nothing_is_lost_between(web_camera, tmp_path):
    """The cut at the full hour, every ten seconds: each run begins where the one before ended."""
    told = []
    order = Order(
        "till", web_camera().url, None, tmp_path, "motion", None, "none", 8.0, None, (), 900.0, 300.0, False,
        False, run_s=10.0,
    )  # fmt: skip
    crew = Crew([order], lambda _camera, text: told.append(text))
    crew.start()
    try:
        until_s = time.monotonic() + 120
        while sum(text.startswith("saved") for text in told) < 3:
            assert time.monotonic() < until_s, told
            time.sleep(0.1)
        # What was closed beside the watching is no longer among the hours under way.
        assert len(list((tmp_path / ".live" / "till").glob("*/hour.json"))) <= 2
    finally:
        crew.stop()
    runs = recipes(tmp_path, "till")
    assert len(runs) >= 3
    begins = [datetime.fromisoformat(run["source"]["start"]) for run in runs]
    ends = [
        begin + timedelta(seconds=run["footage"]["observed_s"][-1][1])
        for begin, run in zip(begins, runs, strict=True)
    ]
    for end, begin in zip(ends[:-1], begins[1:], strict=True):
        assert abs((begin - end).total_seconds()) < 1e-3
        # On the tick of the clock, to a picture; a busy machine has fewer of them.
        assert begin.timestamp() % 10.0 < 5.0
    assert all(run["footage"]["gaps_s"] == [] for run in runs)
    watched_s = (ends[-1] - begins[0]).total_seconds()
    assert sum(run["footage"]["observed_time_s"] for run in runs) == pytest.approx(watched_s, abs=0.01)


@pytest.mark.slow
def test_the_same_camera_twice_is_refused(live, web_camera):
    camera = web_camera()
    first = live(f"till={camera.url}", "--no-page")
    first.wait_for(lambda: first.pictures("till") >= 1, "pictures")
    second = live(f"till={camera.url}", "--no-page")
    assert second.process.wait(timeout=60) == 2
    assert "is watched by another `dwellmap live`" in second.said


@pytest.mark.slow
def test_it_ends_by_itself_after_so_long(live, web_camera):
    watching = live(f"till={web_camera().url}", "--no-page", "--for", "12s")
    assert watching.process.wait(timeout=90) == 0
    assert len(recipes(watching.out, "till")) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["file.mp4"], "expected the address of a camera"),
        (["ftp://10.0.0.9/x"], "streams of ftp:// are not read"),
        (["rtsp://admin:${NOT_SET_HERE}@10.0.0.9/x"], "NOT_SET_HERE in the environment"),
        (["a=rtsp://10.0.0.9/x", "a=rtsp://10.0.0.9/y"], "expected a camera of its own"),
        (["rtsp://10.0.0.9/x", "--for", "soon"], "expected a duration"),
        (["rtsp://10.0.0.9/x", "--cell", "0.5"], "needs --site"),
        (["rtsp://10.0.0.9/x", "--detector", "replay"], "expected auto, yolo or motion"),
    ],
)
def test_bad_input_is_told_before_anything_begins(dwellmap, tmp_path, words, told):
    ran = dwellmap("live", *words, "--no-page", "--out", tmp_path / "out")
    assert ran.code == 2
    assert told in ran.err
    assert not (tmp_path / "out").exists()
