"""Whatever the user names becomes recordings, or one clear message."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tracker.frames import FrameStream, Recording
from tracker.sources import find_recordings, open_recording


def video(path: Path, frames: int = 5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(frames):
            image = np.full((48, 64, 3), 10 * i, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def pictures(folder: Path, count: int = 3) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        Image.new("RGB", (64, 48), (i, i, i)).save(folder / f"{i}.png")
    return folder


def mot(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "seqinfo.ini").write_text(
        "[Sequence]\nframeRate=5\nseqLength=4\nimWidth=64\nimHeight=48\nimExt=.png\n"
    )
    return folder


@pytest.fixture
def make(tmp_path: Path) -> dict[str, Path]:
    return {
        "video": video(tmp_path / "rec" / "shop.avi"),
        "pictures": pictures(tmp_path / "shots"),
        "mot": mot(tmp_path / "SEQ"),
    }


@pytest.mark.parametrize(("kind", "count"), [("video", 5), ("pictures", 3), ("mot", 4)])
def test_one_conformance_suite_over_all_kinds(make: dict[str, Path], kind: str, count: int) -> None:
    recording = open_recording(
        str(make[kind]), clock_rate=2.0, start="2026-03-14T10:00", time_zone="Europe/Berlin", picture_fps=5
    )
    assert isinstance(recording, Recording)
    assert recording.size_px == (64, 48)
    assert recording.duration_s == pytest.approx(count / 5 * 2)
    assert recording.start is not None
    assert recording.start.isoformat() == "2026-03-14T10:00:00+01:00"
    assert recording.start_source == "option"
    assert len(recording.content_hash) == 64
    assert recording.content_hash == open_recording(make[kind], picture_fps=5).content_hash
    assert recording.name == make[kind].stem
    stream: FrameStream = recording.read(None)
    first = list(stream)
    assert [frame.t_s for frame in first] == pytest.approx([i / 5 * 2 for i in range(count)])
    assert [frame.index for frame in first] == list(range(count))
    assert stream.footage.frames == count
    assert stream.footage.observed_time_s == pytest.approx(count / 5 * 2)
    again = recording.read(None)
    assert [frame.t_s for frame in again] == [frame.t_s for frame in first]
    assert [frame.t_s for frame in stream] == [frame.t_s for frame in first]
    assert len(list(recording.read(1))) < count
    with pytest.raises(ValueError, match="sample_fps: expected a number above 0"):
        recording.read(0)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_impossible_clock_rates(make: dict[str, Path], rate: float) -> None:
    with pytest.raises(ValueError, match="clock rate: expected a number above 0"):
        open_recording(make["video"], clock_rate=rate)


def test_a_file_stands_for_itself_whatever_its_ending(tmp_path: Path) -> None:
    path = video(tmp_path / "a.avi")
    odd = path.rename(tmp_path / "recording.bin")
    assert find_recordings([odd]) == [odd]
    assert open_recording(odd).size_px == (64, 48)


def test_a_folder_stands_for_its_videos_in_order(tmp_path: Path) -> None:
    for name in (
        "cam10.mp4",
        "cam2.MKV",
        "cam1.avi",
        "preview.jpg",
        "notes.txt",
        ".cam0.mp4",
        "sub/cam3.mp4",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in find_recordings([tmp_path])] == ["cam1.avi", "cam2.MKV", "cam10.mp4"]
    with pytest.raises(ValueError, match="expected one recording, got a folder of 3 videos"):
        open_recording(tmp_path)


def test_a_folder_that_is_a_recording_stands_for_itself(make: dict[str, Path]) -> None:
    assert find_recordings([make["mot"], str(make["pictures"])]) == [make["mot"], make["pictures"]]


def test_globs(make: dict[str, Path], tmp_path: Path) -> None:
    video(tmp_path / "rec" / "deep" / "b.mp4")
    pictures(make["mot"] / "img1")
    assert find_recordings([str(tmp_path / "rec" / "*.avi")]) == [make["video"]]
    everything = find_recordings([str(tmp_path / "**" / "*")])
    assert sorted(path.name for path in everything) == ["SEQ", "b.mp4", "shop.avi", "shots"]
    assert find_recordings(str(tmp_path / "rec")) == [make["video"]]


def test_a_name_with_brackets_is_a_name_first(tmp_path: Path) -> None:
    path = video(tmp_path / "cam[1].avi")
    assert find_recordings([str(path)]) == [path]


def test_what_is_named_twice_comes_once(make: dict[str, Path]) -> None:
    folder = make["video"].parent
    assert find_recordings([make["video"], folder, str(folder / "*")]) == [make["video"]]


def test_every_fault_of_every_input_is_told(tmp_path: Path, make: dict[str, Path]) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    nothing, missing = str(tmp_path / "none*.mp4"), str(tmp_path / "missing.mp4")
    with pytest.raises(FileNotFoundError) as fault:
        find_recordings([make["video"], empty, nothing, missing])
    text = str(fault.value)
    assert f"{empty}: expected videos" in text
    assert f"{nothing}: expected recordings, got no match" in text
    assert f"{missing}: expected a video file, a folder or a glob, got nothing there" in text
    with pytest.raises(ValueError, match="got a folder with none directly in it"):
        find_recordings([empty])
    with pytest.raises(ValueError, match="expected at least one recording"):
        find_recordings([])


def test_a_glob_that_matches_no_recording(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    with pytest.raises(ValueError, match="expected recordings, got 1 files or folders that are none"):
        find_recordings([str(tmp_path / "*")])


def test_opening_nothing(tmp_path: Path) -> None:
    for name in ("none.mp4", "a" * 5000, "nul\0byte"):
        with pytest.raises(FileNotFoundError, match="got nothing there"):
            open_recording(tmp_path / name)
    with pytest.raises(ValueError, match="got a folder with none"):
        open_recording(tmp_path)


def test_the_real_data(data: Path) -> None:
    clips = find_recordings([data / "video"])
    assert [path.suffix for path in clips].count(".mp4") == 4
    assert len(clips) == 5
    sequences = find_recordings([str(data / "mot" / "*")])
    assert len(sequences) == 10
    assert (
        open_recording(sequences[0]).read(None).footage.frames == 0
    )  # nothing is read before it is asked for


@pytest.mark.parametrize("kind", ["video", "pictures", "mot"])
def test_only_wanted_pictures_are_handed_out(make: dict[str, Path], kind: str) -> None:
    recording = open_recording(make[kind], picture_fps=5)
    every = list(recording.read(None))
    stream = recording.read(None, {2, 0, 99})
    some = list(stream)
    assert [frame.index for frame in some] == [0, 2]
    assert [frame.t_s for frame in some] == [every[0].t_s, every[2].t_s]
    if every[0].image_bgr is not None:
        np.testing.assert_array_equal(some[1].image_bgr, every[2].image_bgr)
    assert stream.footage.frames == len(every), "all of it counts as decoded"
    assert list(recording.read(None, frozenset())) == []


@pytest.mark.parametrize("kind", ["video", "mot"])
def test_wanted_pictures_are_picked_among_the_sampled_ones(make: dict[str, Path], kind: str) -> None:
    recording = open_recording(make[kind], picture_fps=5)
    sampled = [frame.index for frame in recording.read(2)]
    assert sampled == [0, 3]
    assert [frame.index for frame in recording.read(2, {1, 2, 3})] == [3]


def test_pictures_that_are_not_wanted_are_not_opened(make: dict[str, Path]) -> None:
    (make["pictures"] / "1.png").write_bytes(b"damaged")
    recording = open_recording(make["pictures"], picture_fps=5)
    stream = recording.read(None, {0, 2})
    assert [frame.index for frame in stream] == [0, 2]
    assert stream.footage.damaged == 0
    assert [frame.index for frame in recording.read(None, {0, 1})] == [0]
