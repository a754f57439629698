"""Video files that the tests write themselves, whole and damaged, and the real clips."""

import hashlib
import os
import shutil
import struct
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tracker.container import MAX_PICTURE_PX, check_size, upright
from tracker.frames import Frame, Recording
from tracker.video import VideoFile, open_video

Write = Callable[..., Path]
SIZE = (96, 64)
CODECS = {
    "a.mp4": "libx264",
    "b.mkv": "libx264",
    "c.mov": "libx264",
    "d.avi": "libx264",
    "e.avi": "mpeg4",
    "f.mpg": "mpeg2video",
    "g.ts": "libx264",
    "h.mkv": "mjpeg",
    "i.wmv": "wmv2",
    "j.flv": "libx264",
    "k.webm": "libvpx-vp9",
    "l.3gp": "mpeg4",
    "m.vob": "mpeg2video",
}


def picture(i: int, size: tuple[int, int] = SIZE) -> NDArray[np.uint8]:
    """A grey level that tells the picture's number, and a bright top-left corner that tells what is up."""
    image = np.full((size[1], size[0], 3), 20 + 4 * (i % 50), np.uint8)
    image[: size[1] // 2, : size[0] // 2] = (255, 255, 255)
    return image


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def video(
        name: str,
        *,
        frames: int = 40,
        fps: int = 25,
        pts: list[int] | None = None,
        base: Fraction | None = None,
        codec: str | None = None,
        size: tuple[int, int] = SIZE,
        metadata: dict[str, str] | None = None,
        noise: bool = False,
        options: dict[str, str] | None = None,
        muxer: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(path, "w", options=muxer or {}) as container:
            container.metadata.update(metadata or {})
            stream = container.add_stream(
                codec or CODECS.get(name, "libx264"),
                rate=fps,
                options={"sc_threshold": "0", **(options or {})},
            )
            stream.width, stream.height = size
            stream.pix_fmt = "yuvj420p" if stream.codec_context.name == "mjpeg" else "yuv420p"
            if base is not None:
                stream.codec_context.time_base = base
            for i in range(frames):
                image = picture(i, size)
                if noise:  # incompressible: every picture has bytes to damage
                    image = np.random.default_rng(i).integers(0, 256, image.shape, np.uint8)
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts = i if pts is None else pts[i]
                frame.time_base = base or Fraction(1, fps)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return video


def times(frames: list[Frame]) -> list[float]:
    return [frame.t_s for frame in frames]


def read(
    path: Path, sample_fps: float | None = None, **options: object
) -> tuple[VideoFile, list[Frame], object]:
    video = open_video(path, **options)  # type: ignore[arg-type]
    stream = video.read(sample_fps)
    return video, list(stream), stream.footage


def damaged(path: Path, begin: float, length: int, seed: int = 0) -> Path:
    data = bytearray(path.read_bytes())
    at = int(len(data) * begin)
    length = min(length, len(data) - at)
    data[at : at + length] = np.random.default_rng(seed).integers(0, 256, length, np.uint8).tobytes()
    other = path.with_name("damaged_" + path.name)
    other.write_bytes(data)
    return other


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    other = path.with_name("cut_" + path.name)
    other.write_bytes(data[: int(len(data) * share)])
    return other


def plain_pictures(path: Path) -> list[bytes]:
    """Undamaged pictures that FFmpeg alone finds, one thread, nothing clever."""
    found = []
    with av.open(path) as container:
        container.streams.video[0].thread_count = 1
        packets = container.demux(video=0)
        for packet in packets:
            if packet.is_corrupt and not packet.is_keyframe:
                continue
            try:
                for frame in packet.decode():
                    if not frame.is_corrupt:
                        found.append(frame.to_ndarray(format="bgr24").tobytes())
            except av.FFmpegError:
                continue
    return found


# --- whole files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CODECS)
def test_every_container_gives_every_picture_at_its_time(write: Write, name: str) -> None:
    video, frames, footage = read(write(name))
    assert isinstance(video, Recording)
    assert video.size_px == SIZE
    assert [frame.index for frame in frames] == list(range(40))
    assert times(frames) == pytest.approx([i / 25 for i in range(40)], abs=1e-9)
    assert footage.observed_s == pytest.approx(np.array([[0.0, 1.6]]))
    assert (footage.frames, footage.damaged, footage.warnings) == (40, 0, ())
    # mpg states no length, FFmpeg estimates one.
    assert video.duration_s == pytest.approx(1.6, abs=0.5 if name in ("f.mpg", "m.vob") else 0.1)
    for i, frame in enumerate(frames):
        assert frame.image_bgr is not None
        assert frame.image_bgr.shape == (SIZE[1], SIZE[0], 3)
        assert frame.image_bgr.dtype == np.uint8
        assert frame.image_bgr.flags.c_contiguous
        assert abs(float(frame.image_bgr[-8:].mean()) - (20 + 4 * i)) < 6  # the picture that was written i-th
        assert frame.image_bgr[:8, :8].mean() > 240


def test_gif_with_uneven_delays(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "aisle.gif"
    first, *rest = [Image.fromarray(picture(10 * i)) for i in range(5)]
    first.save(path, save_all=True, append_images=rest, duration=[70, 60, 100, 500, 70], loop=0)
    _, frames, footage = read(path)
    assert times(frames) == pytest.approx([0, 0.07, 0.13, 0.23, 0.73])
    assert footage.frames == 5  # played once, though it loops


def test_colours_are_blue_green_red(write: Write, tmp_path: Path) -> None:
    path = tmp_path / "red.mkv"
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        red = np.zeros((64, 64, 3), np.uint8)
        red[..., 0] = 220
        container.mux(stream.encode(av.VideoFrame.from_ndarray(red, format="rgb24")))
        container.mux(stream.encode(None))
    _, frames, _ = read(path)
    assert frames[0].image_bgr is not None
    blue, green, red_level = frames[0].image_bgr.reshape(-1, 3).mean(axis=0)
    assert red_level > 200
    assert max(blue, green) < 20


@pytest.mark.parametrize(("name", "base"), [("vfr.mp4", Fraction(1, 90_000)), ("vfr.mkv", Fraction(1, 1000))])
@pytest.mark.parametrize("clock_rate", [1.0, 10 / 7])
def test_variable_rate_times_are_exactly_those_written(
    write: Write, name: str, base: Fraction, clock_rate: float
) -> None:
    steps = np.random.default_rng(7).integers(int(0.005 / base), int(1.5 / base), 59)
    pts = [0, *np.cumsum(steps).tolist()]
    video, frames, footage = read(
        write(name, frames=60, pts=pts, base=base, options={"bf": "2"}), clock_rate=clock_rate
    )
    assert times(frames) == [float(p * base) * clock_rate for p in pts]
    assert footage.warnings == ()
    assert video.duration_s is not None
    assert video.duration_s >= frames[-1].t_s


def test_time_begins_with_the_first_picture(write: Write) -> None:
    pts = [5000 + 40 * i for i in range(20)]
    _, frames, _ = read(write("late.mkv", frames=20, pts=pts, base=Fraction(1, 1000)))
    assert times(frames) == [float(Fraction(40 * i, 1000)) for i in range(20)]


def test_sampling_is_by_life_seconds(write: Write) -> None:
    path = write("ten.mp4", frames=101, fps=10)
    assert len(read(path, 8)[1]) == 81
    assert times(read(path, 8)[1])[:6] == pytest.approx([0, 0.2, 0.3, 0.4, 0.5, 0.7])
    # At the right clock the footage has 7 pictures a second: fewer than 8, so all of them.
    assert len(read(path, 8, clock_rate=10 / 7)[1]) == 101
    video, frames, footage = read(path, 1)
    assert [frame.index for frame in frames] == list(range(0, 101, 10))
    assert footage.frames == 101
    assert len(list(video.read(1))) == 11  # read again from the beginning


def test_camera_off_is_a_gap(write: Write) -> None:
    pts = [*range(0, 2000, 100), *range(30_000, 32_000, 100)]
    _, frames, footage = read(write("off.mkv", frames=40, pts=pts, base=Fraction(1, 1000)))
    assert len(frames) == 40
    assert footage.observed_s == pytest.approx(np.array([[0, 2.0], [30.0, 32.0]]))
    assert footage.gaps_s == pytest.approx(np.array([[2.0, 30.0]]))


def test_content_hash_is_that_of_the_bytes_and_survives_renaming(write: Write, tmp_path: Path) -> None:
    path = write("a.mp4")
    video = open_video(path)
    assert video.content_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    other = tmp_path / "other name: 1.mp4"
    shutil.copy(path, other)
    renamed = open_video(other)
    assert renamed.content_hash == video.content_hash
    assert (video.name, renamed.name) == ("a", "other_name_1")


def test_start_comes_from_the_container(write: Write) -> None:
    path = write("a.mp4", metadata={"creation_time": "2026-03-14T10:15:00Z"}, muxer={"movflags": "faststart"})
    video = open_video(path, time_zone="Europe/Berlin")
    assert video.start_source == "container"
    assert video.start is not None
    assert video.start.isoformat() == "2026-03-14T11:15:00+01:00"
    assert open_video(path, start="2026-01-01T00:00Z").start_source == "option"
    assert open_video(path, start="2026-01-01T00:00").read(1).footage.warnings  # the assumed zone is told


# --- upright ------------------------------------------------------------------------------------------------

TURNS = {
    "none": (1, 0, 0, 1),
    "90": (0, 1, -1, 0),
    "180": (-1, 0, 0, -1),
    "270": (0, -1, 1, 0),
    "mirror": (-1, 0, 0, 1),
    "flip": (1, 0, 0, -1),
    "transpose": (0, 1, 1, 0),
    "transverse": (0, -1, -1, 0),
}


def turned_copy(path: Path, matrix: tuple[float, float, float, float]) -> Path:
    """Write a display matrix into the track header of an mp4 (ISO 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (round(v * 65536) for v in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    other = path.with_name("turned.mp4")
    other.write_bytes(data)
    return other


def by_definition(image: NDArray[np.uint8], matrix: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    a, b, c, d = matrix
    height, width = image.shape[:2]
    q, p = np.mgrid[:height, :width]
    x, y = a * p + c * q, b * p + d * q
    x, y = x - x.min(), y - y.min()
    shown = np.zeros((int(y.max()) + 1, int(x.max()) + 1, 3), np.uint8)
    shown[y, x] = image
    return shown


@pytest.mark.parametrize("matrix", TURNS.values(), ids=TURNS.keys())
def test_pictures_are_shown_upright(write: Write, matrix: tuple[int, int, int, int]) -> None:
    path = write("a.mp4", frames=3, options={"crf": "5"})
    (stored, *_), turned = read(path)[1], turned_copy(path, matrix)
    video, frames, footage = read(turned)
    assert stored.image_bgr is not None
    expected = by_definition(stored.image_bgr, matrix)
    assert frames[0].image_bgr is not None
    assert np.array_equal(frames[0].image_bgr, expected)
    assert frames[0].image_bgr.flags.c_contiguous
    assert video.size_px == (expected.shape[1], expected.shape[0])
    assert footage.warnings == ()
    with av.open(turned) as container:  # FFmpeg's own reading of the same header, in degrees to the left
        degrees = next(container.decode(video=0)).rotation
    if matrix in [TURNS[name] for name in ("none", "90", "180", "270")]:
        assert np.array_equal(frames[0].image_bgr, np.rot90(stored.image_bgr, degrees // 90))


def test_upright_agrees_with_its_definition_on_any_picture() -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    for matrix in TURNS.values():
        assert np.array_equal(upright(image, matrix), by_definition(image, matrix))


def test_a_slanted_matrix_is_told_and_left(write: Write) -> None:
    video, _, footage = read(turned_copy(write("a.mp4", frames=3), (0.7071, 0.7071, -0.7071, 0.7071)))
    assert video.size_px == SIZE
    assert "no quarter turn" in footage.warnings[0]


# --- damaged files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["b.mkv", "f.mpg", "g.ts", "d.avi", "e.avi", "h.mkv"])
@pytest.mark.parametrize("share", [0.3, 0.61, 0.97])
def test_a_file_that_was_cut_off_is_read_to_where_it_ends(write: Write, name: str, share: float) -> None:
    path = write(name, frames=60, noise=True)
    whole = read(path)[1]
    shorter = cut(path, share)
    _, frames, footage = read(shorter)
    assert len(frames) == len(plain_pictures(shorter)) < 60
    assert set(times(frames)) <= set(times(whole))
    sure = len(frames) - 3  # pictures are stored out of order: the last may come without those before it
    assert times(frames)[:sure] == times(whole)[:sure]
    assert footage.observed_time_s == pytest.approx(frames[-1].t_s + 0.04)


@pytest.mark.parametrize("movflags", ["faststart", "frag_keyframe+empty_moov"])
def test_a_cut_mp4_with_its_index_in_front_is_read_to_where_it_ends(write: Write, movflags: str) -> None:
    path = write("a.mp4", frames=100, noise=True, muxer={"movflags": movflags}, options={"g": "10"})
    _, frames, footage = read(cut(path, 0.5))
    assert 40 < len(frames) < 55
    assert times(frames) == pytest.approx([i / 25 for i in range(len(frames))])
    if movflags == "faststart":  # only this one states a length to compare with
        assert any("its pictures end at" in text for text in footage.warnings)


def test_a_fragmented_mp4_may_be_cut_off_anywhere(write: Write) -> None:
    """In the header of a fragment too, where FFmpeg by itself opens nothing."""
    path = write("a.mp4", frames=40, muxer={"movflags": "frag_keyframe+empty_moov"}, options={"g": "10"})
    data = path.read_bytes()
    last = data.rindex(b"moof") - 4
    counts = []
    for end in range(last, last + 260, 13):
        path.write_bytes(data[:end])
        counts.append(len(read(path)[1]))
    assert min(counts) == counts[0] == 30


def test_a_cut_mp4_without_its_index_says_so(write: Write) -> None:
    with pytest.raises(ValueError, match=r"expected a complete mp4 or mov.*moov.*copy it again"):
        open_video(cut(write("a.mp4", noise=True), 0.6))


@pytest.mark.parametrize("name", ["a.mp4", "b.mkv", "f.mpg", "g.ts", "d.avi", "e.avi"])
def test_damage_in_the_middle_is_skipped_counted_and_reported(write: Write, name: str) -> None:
    path = write(name, frames=100, noise=True, options={"g": "10"})
    whole = times(read(path)[1])
    broken = damaged(path, 0.5, 4000)
    _, frames, footage = read(broken)
    assert len(frames) >= 80
    assert len(frames) == footage.frames
    said = " ".join(footage.warnings)
    if footage.damaged:
        assert f"{footage.damaged} pictures or packets were damaged and skipped" in said
    else:  # the container itself stepped over the damage
        assert name in ("b.mkv", "d.avi")
        assert "missing" in said or "not found" in said
    # What is left is where it was: every time is one that the whole file has, but for those repaired.
    strangers = [t for t in times(frames) if min(abs(t - w) for w in whole) > 1e-6]
    assert len(strangers) <= 2
    assert times(frames)[-1] == pytest.approx(whole[-1], abs=0.2)
    assert all(b > a for a, b in pairwise(times(frames)))


@pytest.mark.parametrize("name", ["a.mp4", "b.mkv", "g.ts", "d.avi"])
def test_a_damaged_file_reads_the_same_every_time(write: Write, name: str) -> None:
    """FFmpeg's frame threads alone fail this: they conceal damage differently, some of them each time."""
    # Large pictures, so that the damage lies inside one: that is what FFmpeg patches up.
    path = write(name, frames=30, noise=True, size=(320, 240), options={"g": "15"})
    broken = damaged(path, 0.4, 3000)

    def outcome(sample_fps: float | None) -> tuple[object, ...]:
        _, frames, footage = read(broken, sample_fps)
        digest = hashlib.sha256()
        for frame in frames:
            assert frame.image_bgr is not None
            digest.update(frame.image_bgr.tobytes())
        return digest.hexdigest(), times(frames), footage.frames, footage.damaged, footage.warnings

    assert len({str(outcome(None)) for _ in range(6)}) == 1
    pictures = [frame.image_bgr.tobytes() for frame in read(broken)[1] if frame.image_bgr is not None]
    assert pictures == plain_pictures(broken)
    assert outcome(8)[2:] == outcome(None)[2:]  # what is sampled does not change what was decoded


def test_files_joined_end_to_end_carry_time_on(write: Write) -> None:
    first, second = write("first.mpg", frames=100, codec="mpeg2video"), write("f.mpg", frames=75)
    joined = first.with_name("joined.mpg")
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    _, frames, footage = read(joined)
    assert len(frames) >= 173
    assert all(0 < b - a < 0.2 for a, b in pairwise(times(frames)))
    assert times(frames)[-1] == pytest.approx(6.96, abs=0.2)
    assert any("jumped back" in text for text in footage.warnings)


def test_footage_before_the_first_key_picture_counts_as_lost(write: Write) -> None:
    """Recorders that cut by the clock begin files in mid-stream; the wall clock counts from there."""
    path = write("whole.ts", frames=100, noise=True, options={"g": "20", "bf": "0"})
    data = path.read_bytes()
    tail = path.with_name("tail.ts")
    tail.write_bytes(data[: 188 * 3] + data[len(data) // 2 // 188 * 188 :])  # tables, then the second half
    _, frames, footage = read(tail)
    assert 25 <= len(frames) <= 50
    assert all(b - a == pytest.approx(0.04) for a, b in pairwise(times(frames)))
    assert footage.damaged >= 1
    assert frames[0].t_s == pytest.approx(0.4, abs=0.4)


@pytest.mark.parametrize("name", ["a.mp4", "b.mkv", "e.avi", "f.mpg", "g.ts", "h.mkv"])
def test_nothing_but_plain_errors_escapes_from_any_damage(write: Write, name: str) -> None:
    path = write(name, frames=30, noise=True, size=(64, 48), options={"g": "10"})
    opened = 0
    plain: list[bool] = []
    for seed in range(25):
        chance = np.random.default_rng(seed)
        broken = damaged(path, chance.uniform(0, 1) ** 2, int(10 ** chance.uniform(0, 4)), seed)
        if seed % 3 == 0:
            broken = cut(broken, chance.uniform(0.02, 1))
        try:
            _, frames, footage = read(broken, 8 if seed % 2 else None)
        except ValueError as fault:
            plain.append(type(fault) is ValueError and "expected" in str(fault))
            continue
        opened += 1
        assert all(b > a for a, b in pairwise(times(frames)))
        assert len(frames) <= footage.frames <= 60
    assert opened
    assert all(plain)


# --- no video at all ----------------------------------------------------------------------------------------


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="expected a video file, got nothing there"):
        open_video(tmp_path / "none.mp4")
    with pytest.raises(FileNotFoundError):
        open_video(Path("http://127.0.0.1/video.mp4"))


def test_empty_text_folder_pipe(tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(ValueError, match=r"expected a video, got an empty file \(0 bytes\)"):
        open_video(empty)
    text = tmp_path / "text.mp4"
    text.write_text("Dear customer,\n" * 500)
    with pytest.raises(ValueError, match=r"expected a video .* got content that is none"):
        open_video(text)
    with pytest.raises(ValueError, match="got a folder or device"):
        open_video(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.mp4")
        with pytest.raises(ValueError, match="got a folder or device"):
            open_video(tmp_path / "pipe.mp4")


def test_a_picture_and_a_sound_are_no_video(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(picture(0)).save(tmp_path / "one.png")
    with pytest.raises(ValueError, match="got content that is none"):
        open_video(tmp_path / "one.png")
    path = tmp_path / "sound.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("aac", rate=16_000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16_000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(ValueError, match=r"got a file without pictures \(it holds: audio\)"):
        open_video(path)


def test_playlists_are_not_followed(write: Write, tmp_path: Path) -> None:
    """Each of these plays in FFmpeg unless it is kept from it."""
    good = write("g.ts")
    playlists = {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{good.name}\n#EXT-X-ENDLIST\n",
        "list.mp4": f"ffconcat version 1.0\nfile '{good.name}'\n",
        "net.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
        "sdp.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n",
    }
    for name, text in playlists.items():
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(ValueError, match="got content that is none"):
            open_video(path)
    with av.open(tmp_path / "list.m3u8") as container:  # the trap is real
        assert container.format.name == "hls"


def test_a_file_name_need_not_be_text(write: Write, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4"))
    try:
        shutil.copy(write("a.mp4"), odd)
    except OSError:
        pytest.skip("this file system takes only text for names")
    video, frames, _ = read(odd)
    assert len(frames) == 40
    assert video.name


def test_a_file_name_is_never_a_protocol(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(write("a.mp4"), tmp_path / "concat:a.mp4|a.mp4")
    monkeypatch.chdir(tmp_path)
    assert len(read(Path("concat:a.mp4|a.mp4"))[1]) == 40


def test_huge_pictures_are_refused_from_their_header(tmp_path: Path) -> None:
    header = b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\x80\0\0\0\0\0\xff\xff\xff"
    image = b"," + struct.pack("<HHHH", 0, 0, 65535, 65535) + b"\0\x02\x02\x44\x01\0"
    path = tmp_path / "huge.gif"
    path.write_bytes(header + image * 3 + b";")
    with pytest.raises(ValueError, match="expected"):
        open_video(path)
    assert check_size(path, (7680, 4320)) is None
    for size in [(10_000, 6_500), (20_000, 10), (0, 100)]:
        with pytest.raises(ValueError, match="expected"):
            check_size(path, size)


def test_huge_pictures_in_midstream_are_refused(write: Write, tmp_path: Path) -> None:
    """A JPEG inside the stream claims 60000 x 60000: 10 GB, if it were believed."""
    path = write("h.mkv", frames=10)
    data = bytearray(path.read_bytes())
    starts = [i for i in range(len(data) - 9) if data[i : i + 2] == b"\xff\xc0" and data[i + 4] == 8]
    assert len(starts) == 10
    assert MAX_PICTURE_PX < 60_000 * 60_000
    data[starts[5] + 5 : starts[5] + 9] = struct.pack(">HH", 60_000, 60_000)
    path.write_bytes(data)
    _, frames, footage = read(path)
    assert [frame.index for frame in frames if frame.index != 5][:5] == [0, 1, 2, 3, 4]
    assert len(frames) == 9
    assert footage.damaged == 1


def test_the_file_is_closed_even_if_nobody_reads_to_the_end(write: Write) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("open files can be listed on Linux only")
    path = write("a.mp4")

    def is_open() -> bool:
        return any(
            os.path.realpath(f"/proc/self/fd/{fd}") == str(path.resolve())
            for fd in os.listdir("/proc/self/fd")
        )

    video = open_video(path)
    assert not is_open()
    pictures = iter(video.read(None))
    next(pictures)
    assert is_open()
    pictures.close()  # type: ignore[attr-defined]
    assert not is_open()


# --- the real clips -----------------------------------------------------------------------------------------

CLIPS = {
    "pets09_s2l1_view001_480x360.mp4": ((480, 360), 795, 10.0),
    "mall_bookstore_720x480.mp4": ((720, 480), 336, 30_000 / 1001),
    "concourse_overhead_720p.mp4": ((1280, 720), 341, 25.0),
    "one-by-one_768x432.mp4": ((768, 432), 1394, 10.0),
    "store-aisle_480x270.gif": ((480, 270), 67, None),  # FFmpeg guesses 16.67; its own delays add up to 15
}


@pytest.mark.parametrize("name", CLIPS)
def test_real_clips(data: Path, name: str) -> None:
    size_px, count, stated_fps = CLIPS[name]
    fps = stated_fps or 67 / 4.47
    video, frames, footage = read(data / "video" / name, 8)
    assert video.size_px == size_px
    assert (footage.frames, footage.damaged, footage.warnings) == (count, 0, ())
    assert footage.observed_s == pytest.approx(np.array([[0, count / fps]]), abs=0.02)
    assert video.duration_s == pytest.approx(count / fps, abs=0.05)
    assert len(frames) == pytest.approx(8 * count / fps, abs=1)
    if stated_fps:
        assert times(frames) == pytest.approx([frame.index / fps for frame in frames], abs=1e-9)
    for frame in frames:
        assert frame.image_bgr is not None
        assert frame.image_bgr.shape == (size_px[1], size_px[0], 3)
        assert frame.image_bgr.std() > 10


def test_pets_at_its_true_clock(data: Path) -> None:
    path = data / "video" / "pets09_s2l1_view001_480x360.mp4"
    _, frames, footage = read(path, 8, clock_rate=10 / 7)
    assert len(frames) == 795  # 7 a second
    assert footage.observed_time_s == pytest.approx(795 / 7)
    assert frames[-1].t_s == pytest.approx(794 / 7)
