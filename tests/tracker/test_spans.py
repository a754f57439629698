"""Files cut into spans: together they give what the whole file gives, or say that they can't."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.frames import Footage, Frame
from tracker.scenepicture import ScenePicture, needed
from tracker.spans import Cut, UncutError, cut, frames_of
from tracker.video import VideoFile, open_video

OPEN = {"x264-params": "open-gop=1:keyint=20:min-keyint=20:scenecut=0:bframes=3:b-pyramid=normal:force-cfr=1"}
OPEN_PLAIN = {"x264-params": "open-gop=1:keyint=20:min-keyint=20:scenecut=0:bframes=3:b-pyramid=normal"}
OPEN_HEVC = {"x265-params": "open-gop=1:keyint=20:min-keyint=20:scenecut=0:bframes=4:log-level=none"}
CLOSED = {"x264-params": "keyint=20:min-keyint=20:scenecut=0:bframes=3"}
FILES = {
    "closed.mp4": ("libx264", CLOSED),
    "open.mp4": ("libx264", OPEN),
    "open.mkv": ("libx264", OPEN),
    "open.ts": ("libx264", OPEN),
    "refresh.mp4": ("libx264", {"x264-params": "intra-refresh=1:keyint=20:bframes=0"}),
    "plain.mkv": ("libx264", OPEN_PLAIN),
    "open.flv": ("libx264", OPEN),
    "open_hevc.mkv": ("libx265", OPEN_HEVC),
    "pictures.ts": ("mpeg2video", {"g": "12", "bf": "2"}),
    "pictures.mp4": ("mpeg4", {"g": "12", "bf": "2"}),
    "pictures.mkv": ("mjpeg", {}),
}


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """A film of 150 pictures in which everything moves, so that no picture can stand for another."""

    def make(name: str, codec: str, options: dict[str, str], jumps: bool = False) -> Path:
        if codec not in av.codecs_available:
            pytest.skip(f"this FFmpeg has no {codec}")
        wide = np.random.default_rng(1).integers(0, 255, (64, 600, 3), np.uint8)
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=25, options=options)
            stream.width, stream.height = 96, 64
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for i in range(150):
                frame = av.VideoFrame.from_ndarray(
                    np.ascontiguousarray(wide[:, 3 * i : 3 * i + 96]), format="bgr24"
                )
                frame.pts = i + (500 if jumps and i >= 70 else 0)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return make


def said(frames: list[Frame]) -> list[tuple[float, int, bytes]]:
    return [(f.t_s, f.index, b"" if f.image_bgr is None else f.image_bgr.tobytes()) for f in frames]


def whole(video: VideoFile, sample_fps: float | None) -> tuple[list[Frame], Footage]:
    stream = video.read(sample_fps)
    return list(stream), stream.footage


def in_spans(some: Cut) -> list[Frame]:
    return [frame for span in some.spans for frame in frames_of(some.video, span)]


def same_footage(one: Footage, other: Footage) -> bool:
    return np.array_equal(one.observed_s, other.observed_s) and (one.frames, one.damaged, one.warnings) == (
        other.frames,
        other.damaged,
        other.warnings,
    )


@pytest.mark.parametrize("sample_fps", [None, 8.0])
@pytest.mark.parametrize("name", FILES)
def test_spans_give_what_the_whole_file_gives(film, name: str, sample_fps: float | None) -> None:
    video = open_video(film(name, *FILES[name]), clock_rate=1.4286)
    frames, footage = whole(video, sample_fps)
    found = cut(video, sample_fps, 4, 300.0)
    assert len(found.spans) == 4
    assert said(in_spans(found)) == said(frames)
    assert found.t_s.tolist() == [frame.t_s for frame in frames]
    assert same_footage(found.footage, footage)


def test_a_gap_in_the_footage_is_accounted_for(film) -> None:
    video = open_video(film("gap.mkv", "libx264", CLOSED, jumps=True))
    frames, footage = whole(video, 8.0)
    found = cut(video, 8.0, 4, 300.0)
    assert len(footage.observed_s) == 2
    assert same_footage(found.footage, footage)
    assert said(in_spans(found)) == said(frames)


def test_spans_are_no_longer_than_asked_for(film) -> None:
    found = cut(open_video(film("closed.mp4", "libx264", CLOSED)), None, 2, 1.5)
    assert len(found.spans) == 4


@pytest.mark.parametrize(
    ("name", "codec", "options", "why"),
    [
        ("one.mp4", "libx264", {"g": "1000", "sc_threshold": "0"}, "only one key picture"),
        ("times.avi", "libx264", CLOSED, "avi files do not say"),
        ("hidden.webm", "libvpx-vp9", {"g": "20"}, "vp9 does not say"),
    ],
)
def test_what_cannot_be_cut_says_why(film, name: str, codec: str, options: dict[str, str], why: str) -> None:
    video = open_video(film(name, codec, options))
    with pytest.raises(UncutError, match=why):
        in_spans(cut(video, None, 4, 300.0))


@pytest.mark.parametrize("name", ["closed.mp4", "open.mkv", "open.ts", "pictures.ts"])
@pytest.mark.parametrize("at", [0.1, 0.35, 0.6, 0.85, 0.97])
def test_damage_is_never_passed_over(film, name: str, at: float) -> None:
    path = film(name, *FILES[name])
    content = bytearray(path.read_bytes())
    begin = int(at * len(content))
    content[begin : begin + 300] = np.random.default_rng(7).integers(0, 256, 300, np.uint8).tobytes()
    path.write_bytes(content)
    with suppress(UncutError, ValueError):
        video = open_video(path)
        found = cut(video, 8.0, 4, 300.0)
        parts = in_spans(found)  # not cut after all: nothing to compare
        frames, footage = whole(video, 8.0)
        assert said(parts) == said(frames)
        assert same_footage(found.footage, footage)


@pytest.mark.parametrize("name", ["pets09_s2l1_view001_480x360.mp4", "mall_bookstore_720x480.mp4"])
def test_real_clips_in_spans(data: Path, name: str) -> None:
    video = open_video(data / "video" / name)
    frames, footage = whole(video, 8.0)
    found = cut(video, 8.0, 8, 300.0)
    assert len(found.spans) == 8
    assert said(in_spans(found)) == said(frames)
    assert same_footage(found.footage, footage)


@given(
    steps_s=st.lists(st.floats(0.04, 3.0), min_size=1, max_size=120),
    stated=st.sampled_from([None, 0.2, 1.0, 5.0]),
)
def test_the_picture_of_the_scene_needs_few_pictures(steps_s: list[float], stated: float | None) -> None:
    t_s = np.cumsum(steps_s).tolist()
    duration_s = None if stated is None else stated * t_s[-1]
    images = np.random.default_rng(0).integers(0, 256, (len(t_s), 4, 6, 3), np.uint8)
    all_of_them, few = ScenePicture(duration_s), ScenePicture(duration_s)
    wanted = needed(t_s, duration_s)
    for place, (time_s, image) in enumerate(zip(t_s, images, strict=True)):
        all_of_them.add(Frame(time_s, place, image), np.zeros((0, 4)))
        few.add(Frame(time_s, place, image if place in wanted else None), np.zeros((0, 4)))
    assert [m.t_s for m in few.moments] == [m.t_s for m in all_of_them.moments]
    for one, other in zip(few.moments, all_of_them.moments, strict=True):
        assert np.array_equal(one.image_bgr, other.image_bgr)
        assert np.array_equal(one.free, other.free)
    assert np.array_equal(few.picture(), all_of_them.picture())
