"""One recording and several processes: the run is the same, and a process that dies leaves nothing behind."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import psutil

from dwellmap.detector_choice import choose_detector
from dwellmap.pipeline import Timing, detect, detect_side_by_side
from dwellmap.progress import Silent
from dwellmap.run_folder import RECIPE
from dwellmap.site_file import Settings
from tracker.sources import open_recording

WEIGHTS = "yolo11n_int8_openvino_model"
OPEN = "open-gop=1:keyint=20:min-keyint=20:scenecut=0:bframes=3:b-pyramid=normal"


def film(path: Path, pictures: int = 160, params: str = OPEN) -> Path:
    """Noise that moves, with open groups of pictures, and boxes of two people beside it."""
    wide = np.random.default_rng(1).integers(0, 255, (96, 128 + 3 * pictures, 3), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"x264-params": params})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for i in range(pictures):
            image = np.ascontiguousarray(wide[:, 3 * i : 3 * i + 128])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    rows = [
        f"{i + 1},-1,{left},{20 + shift},20,50,0.9"
        for i in range(pictures)
        for left, shift in ((5 + i % 80, 0), (90 - i % 70, 20))
        if i % 11
    ]
    path.with_suffix(".txt").write_text("\n".join(rows))
    return path


def files(run: Path) -> dict[str, bytes]:
    found = {file.name: file.read_bytes() for file in sorted(run.iterdir())}
    recipe = json.loads(found[RECIPE])
    del recipe["timing"]
    return found | {RECIPE: json.dumps(recipe).encode()}


def only_run(out: Path) -> Path:
    (recipe,) = out.glob("camera/*/" + RECIPE)
    return recipe.parent


def test_runs_are_equal_byte_for_byte(dwellmap, tmp_path) -> None:
    recording = film(tmp_path / "film.mp4")
    how = ["--detector", "replay", "--detections", recording.with_suffix(".txt"), "--set", "maps.cell_px=16"]
    for workers in (1, 3):
        ran = dwellmap("run", recording, *how, "--workers", workers, "--out", tmp_path / str(workers))
        assert ran.code == 0, ran.err
        assert "not cut" not in ran.err + ran.out
    one, three = only_run(tmp_path / "1"), only_run(tmp_path / "3")
    assert one.name == three.name
    assert files(one) == files(three)


def test_yolo_finds_the_same_people(data) -> None:
    clip = data / "video" / "mall_bookstore_720x480.mp4"
    recording, settings = open_recording(clip), Settings()
    choice = choose_detector("yolo", data / "models" / WEIGHTS, None, clip, settings)
    detector = choice.load(recording, None, None)
    one = detect(recording, detector, 4.0, Silent(), Timing())
    two = detect_side_by_side(recording, detector, choice, 4.0, Silent(), Timing(), workers=2)
    assert len(one.log.score) > 20
    for name in ("t_s", "offsets", "xyxy_px", "score", "picture"):
        assert np.array_equal(getattr(one.log, name), getattr(two.log, name)), name
    assert np.array_equal(one.footage.observed_s, two.footage.observed_s)
    assert one.footage.warnings == two.footage.warnings
    assert np.array_equal(one.scene_bgr, two.scene_bgr)
    assert [m.t_s for m in one.moments] == [m.t_s for m in two.moments]
    assert all(np.array_equal(m.free, n.free) for m, n in zip(one.moments, two.moments, strict=True))


def test_detectors_that_compare_pictures_are_not_cut(dwellmap, tmp_path) -> None:
    recording = film(tmp_path / "film.mp4", pictures=60)
    ran = dwellmap("run", recording, "--detector", "motion", "--workers", 2, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert "film is not cut for --workers: the detector motion compares pictures" in ran.err + ran.out


def test_damage_that_only_decoding_finds_is_left_to_one_process(dwellmap, tmp_path) -> None:
    recording = film(tmp_path / "film.mp4", params="keyint=20:min-keyint=20:scenecut=0:bframes=0")
    content = bytearray(recording.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 30_000] = bytes(range(100, 200)) * 300
    recording.write_bytes(content)
    how = ["--detector", "replay", "--detections", recording.with_suffix(".txt")]
    ran = dwellmap("run", recording, *how, "--workers", 2, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert "film is not cut for --workers: it is damaged" in ran.err + ran.out
    assert json.loads((only_run(tmp_path / "out") / RECIPE).read_text())["footage"]["damaged"] > 0


def test_what_a_process_meets_is_told(dwellmap, tmp_path) -> None:
    recording = film(tmp_path / "film.mp4")
    how = ["--detector", "replay", "--detections"]
    first = dwellmap("run", recording, *how, recording.with_suffix(".txt"), "--out", tmp_path / "one")
    assert first.code == 0, first.err
    other = film(tmp_path / "longer.mp4", pictures=200)
    stored = only_run(tmp_path / "one") / "detections.parquet"
    ran = dwellmap("run", other, *how, stored, "--workers", 2, "--out", tmp_path / "two")
    assert ran.code == 2
    # Which of the processes comes to its end first is chance.
    assert re.search(r"expected a picture at 1[6-9]\.\d000 s", ran.err), ran.err
    assert not list((tmp_path / "two").glob("*/*"))


def test_watching_and_several_processes_exclude_each_other(dwellmap, tmp_path) -> None:
    ran = dwellmap("run", film(tmp_path / "film.mp4", pictures=20), "--show", "--workers", 2)
    assert ran.code == 2
    assert "leave out one of them" in ran.err


def test_a_process_that_dies_leaves_nothing_behind(tmp_path) -> None:
    recording = film(tmp_path / "film.mp4")
    command = [
        *(sys.executable, "-c", "from dwellmap.cli import main; main()", "run", str(recording)),
        *("--workers", "2", "--detector", "replay", "--detections", str(recording.with_suffix(".txt"))),
        *("--out", str(tmp_path / "out")),
    ]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        victim = None
        until_s = time.monotonic() + 120
        while victim is None and running.poll() is None and time.monotonic() < until_s:
            victim = next(iter(workers_of(running.pid)), None)
            time.sleep(0.005)
        assert victim is not None
        victim.kill()
        _, told = running.communicate(timeout=120)
    finally:
        running.kill()
    assert running.returncode == 2
    assert "one of the processes that look for people died (SIGKILL); nothing was written" in told
    assert not list((tmp_path / "out").glob("*/*"))


def test_no_process_outlives_the_command(tmp_path) -> None:
    recording = film(tmp_path / "film.mp4", pictures=400)
    command = [
        *(sys.executable, "-c", "from dwellmap.cli import main; main()", "run", str(recording)),
        *("--workers", "2", "--detector", "replay", "--detections", str(recording.with_suffix(".txt"))),
        *("--out", str(tmp_path / "out")),
    ]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_s = time.monotonic() + 120
        children: list[psutil.Process] = []
        while len(children) < 2 and running.poll() is None and time.monotonic() < until_s:
            children = workers_of(running.pid)
            time.sleep(0.005)
        assert len(children) == 2
        running.terminate()
        assert running.wait(60) == 143
        _, alive = psutil.wait_procs(children, timeout=60)
    finally:
        running.kill()
    assert not alive
    assert not list((tmp_path / "out").glob("*/*"))


def workers_of(pid: int) -> list[psutil.Process]:
    try:
        children = psutil.Process(pid).children()
        return [child for child in children if any("spawn_main" in word for word in child.cmdline())]
    except psutil.Error:
        return []
