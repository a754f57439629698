"""`dwellmap activity` on films of known motion: numbers, pictures, films, and what it refuses."""

import json
import shutil
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

EVERY_S = 0.2


def active(path: Path, dwellmap, out: Path, *words) -> Path:
    ran = dwellmap("activity", path, "--out", out, "--quiet", *words)
    assert ran.code == 0, ran.err
    return Path(ran.out.strip())


@pytest.fixture(scope="module")
def measured(mover, tmp_path_factory):
    """The mover's folder, made once by the installed program."""
    import subprocess
    import sys

    out = tmp_path_factory.mktemp("activity")
    program = Path(sys.executable).with_name("dwellmap")
    ran = subprocess.run(
        [program, "activity", mover, "--out", out, "--quiet", "--speed", "4"], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return Path(ran.stdout.strip())


def test_seconds_of_motion_are_those_of_the_thing(measured, told):
    with np.load(measured / "activity.npz") as arrays:
        moving_s = arrays["moving_s"]
    assert moving_s[30:70, 30:50].mean() == pytest.approx(6.0, abs=2 * EVERY_S)
    assert moving_s[150:190, 250:270].mean() == pytest.approx(2.0, abs=2 * EVERY_S)
    # A shadow and the camera's noise are no motion: less than a thousandth of the thing's.
    assert moving_s[:, 100:220].sum() < 1e-3 * 40 * 60 * 8
    found = told(measured)["results"]
    assert found["observed_s"] == pytest.approx(24.0)
    assert found["occupied_s"] == pytest.approx(8.0, abs=4 * EVERY_S)
    # 40 x 60 pixels for 6 s and for 2 s; an outline is known to two or three pixels.
    assert found["pixel_seconds"] == pytest.approx(40 * 60 * 8, rel=0.12)


def test_regions_say_where_and_their_shares_sum_to_one(measured, told):
    table = pd.read_csv(measured / "regions.csv")
    found = told(measured)["results"]
    assert len(table) == len(found["cells"]) == 16
    assert table["share"].sum() == pytest.approx(1.0, abs=1e-4)
    assert sum(cell["share"] for cell in found["cells"]) == pytest.approx(1.0)
    hottest, coldest = found["hottest"], found["coldest"]
    assert (hottest["row"], hottest["column"], hottest["rank"]) == (1, 1, 1)
    assert coldest["share"] == 0
    assert hottest["occupied_s"] == pytest.approx(6.0, abs=2 * EVERY_S)
    corner = table[(table["row"] == 3) & (table["column"] == 4)].iloc[0]
    assert corner["occupied_s"] == pytest.approx(2.0, abs=2 * EVERY_S)
    # Two thirds of the thing stand in row 1: 40 of its 60 pixels, for 6 of 8 s.
    assert hottest["share"] == pytest.approx(40 / 60 * 6 / 8, abs=0.05)


def test_a_still_scene_gives_zero(still, dwellmap, tmp_path, told):
    folder = active(still, dwellmap, tmp_path, "--no-films")
    found = told(folder)["results"]
    assert found["occupied_s"] == found["pixel_seconds"] == 0
    assert found["hottest"] is None
    assert [cell["activity_s"] for cell in found["cells"]] == [0.0] * 16
    assert all(cell["difference"] == 0 and cell["share"] is None for cell in found["cells"])
    assert found["rearranged"] == []
    assert not list(folder.glob("*.mp4"))


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        (stream,) = container.streams
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p", "what browsers play"
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]


def test_the_last_picture_of_the_film_is_the_static_map(measured):
    frames = frames_of(measured / "building.mp4")
    static = np.asarray(Image.open(measured / "motion-over-scene.png").convert("RGB"))
    assert frames[-1].shape == static.shape
    apart = np.abs(frames[-1].astype(int) - static)
    assert apart.mean() < 3.0, "no more than H.264 makes of it"
    assert np.abs(frames[0].astype(int) - static).mean() > apart.mean()


def test_a_browser_plays_the_films(measured, browser):
    page = browser.new_page()
    for name in ("building", "recent"):
        page.goto((measured / f"{name}.mp4").as_uri())
        page.wait_for_function("document.querySelector('video')?.readyState >= 2", timeout=60_000)
        shown = page.evaluate(
            "(() => { const v = document.querySelector('video');"
            " return [v.duration, v.videoWidth, v.error === null]; })()"
        )
        assert shown == [pytest.approx(6.0, abs=0.2), 1400, True]
    page.close()


def test_before_it_is_compressed_it_is_equal_to_the_bit(mover, monkeypatch, dwellmap, tmp_path):
    from dwellmap import film

    kept = {}

    def keep(path, pictures, count):
        pages = list(pictures)
        assert len(pages) == count
        kept[path.name] = pages[-1]

    monkeypatch.setattr(film, "write_film", keep)
    folder = active(mover, dwellmap, tmp_path, "--speed", 12)
    static = np.asarray(Image.open(folder / "motion-over-scene.png").convert("RGB"))
    np.testing.assert_array_equal(kept["building.mp4"], static)


@pytest.mark.slow
def test_speed_says_how_long_the_film_is(mover, dwellmap, tmp_path):
    folder = active(mover, dwellmap, tmp_path, "--speed", 8)
    assert len(frames_of(folder / "building.mp4")) == len(frames_of(folder / "recent.mp4")) == 30


def test_a_film_without_end_is_refused(mover, dwellmap, tmp_path):
    ran = dwellmap("activity", mover, "--speed", 0.01, "--out", tmp_path)
    assert ran.code == 2
    assert "at least --speed" in ran.err
    assert not list(tmp_path.rglob("*.json"))


def test_nothing_outside_the_region_counts(mover, dwellmap, tmp_path, told):
    folder = active(mover, dwellmap, tmp_path, "--no-films", "--roi", "50%,50% 100%,100%", "--grid", "2x2")
    found = told(folder)["results"]
    assert found["occupied_s"] == pytest.approx(2.0, abs=2 * EVERY_S)
    with np.load(folder / "activity.npz") as arrays:
        outside = ~arrays["counts"]
        assert outside.mean() == pytest.approx(0.75, abs=0.01)
        assert arrays["moving_s"][outside].max() == arrays["difference"][outside].max() == 0
    assert [cell["left_px"] for cell in found["cells"]] == [159.5, 239.5] * 2


def test_the_region_of_the_site_file(mover, dwellmap, tmp_path, told):
    (tmp_path / "site.toml").write_text(
        '[plan]\nwidth_m = 5\nheight_m = 4\n[[cameras]]\nname = "cam"\n'
        "roi_px = [[[0, 0], [100, 0], [100, 100], [0, 100]]]\n"
    )
    folder = active(mover, dwellmap, tmp_path, "--no-films", "--site", tmp_path / "site.toml")
    assert folder.parent.name == "cam"
    assert told(folder)["results"]["occupied_s"] == pytest.approx(6.0, abs=2 * EVERY_S)


def test_a_reference_shows_what_was_rearranged(mover, room, dwellmap, tmp_path, told):
    """The reference has a shelf at (100..160, 40..120) that is gone in the film, and is a fifth darker."""
    empty = room.copy()
    empty[40:120, 100:160] = (20, 20, 230)
    cv2.imwrite(str(tmp_path / "empty.png"), (empty * 0.8).astype(np.uint8))
    folder = active(mover, dwellmap, tmp_path, "--no-films", "--reference", tmp_path / "empty.png")
    (place,) = told(folder)["results"]["rearranged"]
    box = [place[f"{side}_px"] for side in ("left", "top", "right", "bottom")]
    np.testing.assert_allclose(box, [100, 40, 160, 120], atol=8)
    assert place["from_s"] is None
    assert place["until_s"] is None
    with np.load(folder / "activity.npz") as arrays:
        difference = arrays["difference"]
    assert difference[60:100, 120:140].mean() > 20, "there for all of the time"
    assert difference[200:, :80].max() == 0, "a darker picture is no difference"
    assert (folder / "rearranged.png").is_file()


def test_the_same_is_not_done_twice(measured, mover, dwellmap):
    ran = dwellmap("activity", mover, "--out", measured.parents[1], "--speed", 4, "--json")
    (found,) = json.loads(ran.out)
    assert found["folder"] == str(measured)
    assert found["fresh"] is False
    assert set(found["files"]) >= {
        "motion.png",
        "difference.png",
        "regions.png",
        "building.mp4",
        "regions.csv",
    }


def test_another_clock_is_another_result(still, dwellmap, tmp_path, told):
    one, other = (
        active(still, dwellmap, tmp_path, "--no-films", "--clock-rate", rate) for rate in ("1", "3")
    )
    assert one != other
    assert told(other)["results"]["observed_s"] == pytest.approx(3 * told(one)["results"]["observed_s"])


@pytest.mark.parametrize("lost", ["activity.json", "regions.csv"])
def test_a_damaged_result_is_set_aside_and_made_again(still, dwellmap, tmp_path, lost):
    folder = active(still, dwellmap, tmp_path, "--no-films")
    (folder / lost).unlink()
    ran = dwellmap("activity", still, "--out", tmp_path, "--no-films")
    assert ran.code == 0, ran.err
    assert "set aside" in ran.err
    assert (folder / lost).is_file()
    assert len(list(folder.parent.iterdir())) == 2


@pytest.mark.slow
def test_every_video_of_a_folder(mover, dwellmap, tmp_path):
    """`.mp4`, `.mkv`, `.avi`, `.mpg` and one that is no video: four folders, and a message for the fifth."""
    films = tmp_path / "films"
    films.mkdir()
    shutil.copy(mover, films / "a.mp4")
    with av.open(str(mover)) as source:
        frames = [frame.to_ndarray(format="bgr24") for frame in source.decode(video=0)][:40]
    for name, codec, rate in (("b.mkv", "mpeg4", 10), ("c.avi", "mpeg4", 10), ("d.mpg", "mpeg2video", 25)):
        with av.open(str(films / name), "w") as container:
            stream = container.add_stream(codec, rate=rate)
            stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
            for image in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
            container.mux(stream.encode(None))
    (films / "e.mp4").write_bytes(b"no video at all" * 100)
    ran = dwellmap("activity", films, "--out", tmp_path / "out", "--quiet", "--no-films")
    assert ran.code == 2
    assert "e.mp4" in ran.err
    made = [Path(line) for line in ran.out.split()]
    assert [folder.name[:2] for folder in made] == ["a-", "b-", "c-", "d-"]
    assert all((folder / "activity.json").is_file() for folder in made)


def test_results_are_no_footage(measured, dwellmap, tmp_path):
    ran = dwellmap("activity", measured, "--out", tmp_path)
    assert ran.code == 2
    assert "expected videos" in ran.err


def test_pictures_without_people_only(mover, measured, dwellmap, tmp_path):
    """The thing is bright green; only --show-people may show it."""

    def greenest(path: Path) -> int:
        frames = frames_of(path)
        frame = frames[len(frames) // 3].astype(int)
        return int(((frame[..., 1] > 195) & (frame[..., 0] < 90) & (frame[..., 2] < 90)).sum())

    scene = np.asarray(cv2.imread(str(measured / "scene.png"))).astype(int)
    assert ((scene[..., 1] > 195) & (scene[..., 0] < 90) & (scene[..., 2] < 90)).sum() == 0
    assert greenest(measured / "building.mp4") == 0
    folder = active(mover, dwellmap, tmp_path, "--show-people", "--opacity", 0.05, "--speed", 8)
    assert not (folder / "building.mp4").exists()
    assert greenest(folder / "building-people.mp4") > 1000


@pytest.mark.slow
@pytest.mark.parametrize("colours", ["viridis", "hot", "jet", "red"])
def test_colours_by_name(still, mover, dwellmap, tmp_path, colours):
    folder = active(mover, dwellmap, tmp_path, "--no-films", "--colours", colours)
    picture = np.asarray(Image.open(folder / "motion.png").convert("RGB")).astype(int)
    middle = picture[picture.shape[0] // 4 : picture.shape[0] // 2, 60:400].reshape(-1, 3)
    strongest = middle[np.argmax(middle.max(axis=1) - middle.min(axis=1))]
    if colours == "red":
        assert strongest[0] > 2 * max(strongest[1:])
    assert strongest.max() - strongest.min() > 80


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--every", "soon"], "--every soon: expected a time"),
        (["--grid", "4"], "--grid 4: expected rows x columns"),
        (["--grid", "900x1"], "expected 1x1 to"),
        (["--roi", "1,2"], "enclose no area"),
        (["--roi", "a,b c,d"], "is no number"),
        (["--roi", "till"], "is no point"),
        (["--roi", "900,900 950,950"], "outside the picture"),
        (["--roi", "0,0 9,9 9,0 0,9"], "crosses itself"),
        (["--reference", "nowhere.jpg"], "nowhere.jpg"),
        (["--cell", "0.5"], "needs --site"),
    ],
)
def test_bad_input_is_told_and_leaves_nothing(still, dwellmap, tmp_path, words, message):
    ran = dwellmap("activity", still, "--out", tmp_path / "out", "--no-films", *words)
    assert ran.code == 2
    assert message in ran.err
    assert not (tmp_path / "out").exists()


def test_boxes_without_pictures(walker, dwellmap, tmp_path):
    ran = dwellmap("activity", walker, "--out", tmp_path / "out")
    assert ran.code == 2
    assert "needs pictures" in ran.err
    assert not (tmp_path / "out").exists()
