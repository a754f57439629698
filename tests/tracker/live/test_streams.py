"""Real streams from real servers on loopback: what a camera sends, and all that can go wrong with it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import cv2
import numpy as np
import psutil
import pytest

from tracker.live.events import Event, Gap, Notice, Picture, Trouble
from tracker.live.stream import LiveStream, open_stream

STALL_S = 1.5


def events(stream: LiveStream, until: Callable[[Event], bool], limit_s: float = 30.0) -> list[Event]:
    """What comes, up to and with the one that is waited for."""
    found: list[Event] = []
    end_s = time.monotonic() + limit_s
    while time.monotonic() < end_s:
        event = stream.next(0.5)
        if event is not None:
            found.append(event)
            if until(event):
                return found
    raise AssertionError(f"it did not come in {limit_s} s; what came: {[e for e in found if e][-5:]}")


def pictures(stream: LiveStream, number: int) -> list[Picture]:
    seen: list[Picture] = []

    def enough(event: Event) -> bool:
        if isinstance(event, Picture):
            seen.append(event)
        return len(seen) == number

    events(stream, enough)
    return seen


def first_trouble(address: str, stall_s: float = STALL_S) -> Trouble:
    with open_stream(address, stall_s=stall_s) as stream:
        found = events(stream, lambda event: isinstance(event, Trouble))[-1]
    assert isinstance(found, Trouble)
    return found


def grey_s(picture: Picture) -> float:
    """Seconds into the clip that the picture shows; see `camera_clip`."""
    return (float(np.mean(picture.image_bgr)) - 40) / 3 / 10


@pytest.mark.parametrize("over", ["rtsp", "mjpeg", "ts"])
def test_pictures_come_with_their_times_and_without_delay(
    over: str, rtsp_camera: Callable, web_camera: Callable
) -> None:
    camera = rtsp_camera() if over == "rtsp" else web_camera("--kind", over)
    with open_stream(camera.url) as stream:
        seen = pictures(stream, 25)
    for picture in seen:
        assert picture.image_bgr.shape == (96, 128, 3)
        assert not picture.image_bgr.flags.writeable
        assert picture.wall.utcoffset() is not None
    t_s = np.array([picture.t_s for picture in seen])
    assert np.all(np.diff(t_s) > 0)
    # What a picture shows tells when it was taken: the clip's own time and the stream's go together.
    clip_s = np.unwrap([grey_s(picture) for picture in seen], period=5.0)
    apart_s = np.abs((clip_s - clip_s[0]) - (t_s - t_s[0]))
    if over == "rtsp":
        assert apart_s.max() < 0.08
    else:
        # Without stamps a picture's time is that of its arrival, which a busy machine puts off now and then.
        assert np.median(apart_s) < 0.08
        assert apart_s.max() < 0.5
    wall_s = np.array([(picture.wall - seen[0].wall).total_seconds() for picture in seen])
    assert wall_s == pytest.approx(t_s - t_s[0], abs=0.05)
    assert np.median([picture.late_s for picture in seen]) < 0.5


def test_key_pictures_in_parts_with_parameters_before_each_are_whole(
    rtsp_camera: Callable, camera_clips: dict[str, Path]
) -> None:
    """GStreamer's cameras do that; FFmpeg takes every part for a picture, the rest of it green."""
    with open_stream(rtsp_camera(clip=camera_clips["slices"]).url) as stream:
        seen = pictures(stream, 25)
    for picture in seen:
        rows = picture.image_bgr.mean(axis=(1, 2))
        assert np.ptp([rows[:32].mean(), rows[32:64].mean(), rows[64:].mean()]) < 12
    assert np.all(np.diff([picture.t_s for picture in seen]) > 0.05)


def test_who_comes_between_two_key_pictures_waits_and_is_shown_the_next(
    rtsp_camera: Callable, camera_clips: dict[str, Path]
) -> None:
    """Five seconds from key to key, and a patience of one for a picture."""
    camera = rtsp_camera(clip=camera_clips["one key"])
    with open_stream(camera.url) as first:
        pictures(first, 15)
        with open_stream(camera.url, stall_s=1.0) as second:
            found = events(second, lambda event: isinstance(event, Picture | Trouble), limit_s=8.0)
    assert isinstance(found[-1], Picture), found
    assert "next key picture is waited for" in found[0].message


def test_who_is_slow_gets_fewer_pictures_and_the_newest(rtsp_camera: Callable) -> None:
    camera = rtsp_camera()
    with open_stream(camera.url) as stream:
        pictures(stream, 5)
        seen = []
        for _ in range(5):
            time.sleep(0.45)
            seen += pictures(stream, 1)
    assert sum(picture.dropped for picture in seen) >= 10
    assert all(picture.late_s < 0.35 for picture in seen)
    assert np.diff([picture.t_s for picture in seen]) == pytest.approx(0.5, abs=0.2)


def test_sampling_picks_by_time_and_drops_nothing(rtsp_camera: Callable) -> None:
    camera = rtsp_camera()
    with open_stream(camera.url, sample_fps=2.5) as stream:
        seen = pictures(stream, 6)
    ticks = np.array([int(picture.t_s * 2.5 + 0.02) for picture in seen])
    # What lies between two ticks was not dropped; only a tick that this test was too slow for.
    assert np.diff(ticks).tolist() == [1 + picture.dropped for picture in seen[1:]]
    assert sum(picture.dropped for picture in seen[1:]) <= 2
    assert np.all(np.array([picture.t_s for picture in seen[1:]]) * 2.5 - ticks[1:] < 0.4)


def test_what_a_camera_has_in_store_is_not_taken_for_the_present(web_camera: Callable) -> None:
    camera = web_camera("--kind", "ts", "--store", 30)
    with open_stream(camera.url) as stream:
        seen = pictures(stream, 10)
    assert grey_s(seen[0]) >= 2.8
    assert np.diff([picture.t_s for picture in seen]) == pytest.approx(0.1, abs=0.03)


def test_a_camera_whose_clock_jumps(web_camera: Callable) -> None:
    camera = web_camera("--kind", "ts", "--jump-after", 25, "--jump-s", 7200)
    with open_stream(camera.url) as stream:
        found = events(stream, lambda event: isinstance(event, Notice))
        after = pictures(stream, 5)
    assert "jumped by +7200" in found[-1].message
    before = [event for event in found if isinstance(event, Picture)]
    assert after[-1].t_s - before[-1].t_s < 2.0


def test_a_picture_of_another_size_is_scaled(web_camera: Callable, camera_clips: dict[str, Path]) -> None:
    camera = web_camera("--then", camera_clips["larger"], "--then-after", 25)
    with open_stream(camera.url) as stream:
        found = events(stream, lambda event: isinstance(event, Notice))
        after = pictures(stream, 3)
    assert "changes to 256x192; pictures are scaled to 128x96" in found[-1].message
    before = [event for event in found if isinstance(event, Picture)]
    assert {picture.image_bgr.shape for picture in [*before, *after]} == {(96, 128, 3)}
    assert grey_s(after[-1]) - grey_s(before[-1]) == pytest.approx(after[-1].t_s - before[-1].t_s, abs=0.15)


def test_a_picture_of_another_shape_is_trouble(web_camera: Callable, camera_clips: dict[str, Path]) -> None:
    camera = web_camera("--then", camera_clips["square"], "--then-after", 25)
    with open_stream(camera.url) as stream:
        found = events(stream, lambda event: isinstance(event, Trouble))
    assert "expected pictures of the shape 128x96, got 96x96" in found[-1].message


def test_a_camera_that_hangs_again_and_again_is_tried_less_and_less(web_camera: Callable) -> None:
    camera = web_camera("--pictures", 8)
    with open_stream(camera.url, stall_s=1.5) as stream:
        found = [
            event
            for _ in range(2)
            for event in events(stream, lambda event: isinstance(event, Trouble))
            if isinstance(event, Trouble)
        ]
    assert [trouble.retry_in_s for trouble in found] == [1, 2]


def test_the_next_key_picture_is_waited_for(rtsp_camera: Callable, camera_clips: dict[str, Path]) -> None:
    """Who connects between two of them, five seconds apart, sees nothing for a while, and nothing half."""
    camera = rtsp_camera(clip=camera_clips["one key"])
    with open_stream(camera.url) as first, open_stream(camera.url, stall_s=STALL_S) as second:
        pictures(first, 8)
        found = events(second, lambda event: isinstance(event, Picture))
    assert isinstance(found[0], Notice)
    assert "key picture is waited for" in found[0].message
    assert isinstance(found[-1], Picture)
    assert len(found) == 2
    assert grey_s(found[-1]) < 0.5


def test_user_and_password(rtsp_camera: Callable, web_camera: Callable) -> None:
    for camera in (
        rtsp_camera(user="viewer", password="pass/w0rd"),
        web_camera(user="viewer", password="pass/w0rd"),
    ):
        with open_stream(camera.url.replace("pass/w0rd", "pass%2Fw0rd")) as stream:
            pictures(stream, 2)
            assert "w0rd" not in stream.address


@pytest.mark.parametrize("over", ["rtsp", "http"])
def test_a_wrong_password_is_told_and_seen_nowhere(
    over: str, rtsp_camera: Callable, web_camera: Callable
) -> None:
    camera = (rtsp_camera if over == "rtsp" else web_camera)(user="viewer", password="right-one")
    trouble = first_trouble(camera.url.replace("right-one", "wr0ng-one"))
    assert "refuses the user name or password (401)" in trouble.message
    assert "wr0ng-one" not in trouble.message
    assert trouble.retry_in_s == 30
    trouble = first_trouble(camera.url.replace("viewer:right-one@", ""))
    assert "wants a user name and a password" in trouble.message


def test_the_password_is_in_no_argument_and_no_file(rtsp_camera: Callable) -> None:
    camera = rtsp_camera(user="viewer", password="s3cret-one")
    with open_stream(camera.url) as stream:
        pictures(stream, 2)
        (child,) = children()
        assert "s3cret-one" not in " ".join(child.cmdline())
        assert "s3cret-one" not in str(child.environ())
        assert not [file for file in child.open_files() if "picture" in file.path]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("rtsp://user:s3cret@127.0.0.1:1/live", "nothing listens at port 1 of 127.0.0.1"),
        ("http://user:s3cret@127.0.0.1:1/live", "nothing listens at port 1 of 127.0.0.1"),
        ("rtsp://user:s3cret@255.255.255.255/live", "no way to 255.255.255.255"),
        ("rtsp://user:s3cret@no-such-camera.invalid/live", "nobody knows a host of the name no-such-camera"),
        ("http://user:s3cret@no-such-camera.invalid/live", "nobody knows a host of the name no-such-camera"),
        ("/dev/video97", "no such device"),
        ("/dev/null", "a device that sends no pictures"),
    ],
)
def test_where_there_is_no_camera(address: str, words: str) -> None:
    trouble = first_trouble(address)
    assert words in trouble.message
    assert "s3cret" not in trouble.message
    assert not trouble.fatal
    assert trouble.retry_in_s == 1


def test_a_host_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        trouble = first_trouble(f"rtsp://127.0.0.1:{server.getsockname()[1]}/live")
    assert "within 2 s" in trouble.message


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--kind", "sound"), "got one that holds only: audio"),
        (("--kind", "unknown"), "a coding not known here"),
        (("--kind", "broken"), "no picture of it could be decoded (h264)"),
        (("--pictures", 1), "the camera sent 1 picture and then nothing for 2 s"),
    ],
)
def test_rtsp_streams_that_cannot_be_used(words: tuple, told: str, rtsp_camera: Callable) -> None:
    assert told in first_trouble(rtsp_camera(*words).url).message


def test_a_path_that_the_camera_does_not_have(rtsp_camera: Callable) -> None:
    trouble = first_trouble(rtsp_camera().url.replace("/live", "/other"))
    assert "no stream of this name" in trouble.message


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--kind", "missing"), "no stream of this name"),
        (("--kind", "page"), "maybe a web page"),
        (("--kind", "snapshot"), "a snapshot's address"),
        (("--pictures", 1), "the camera sent 1 picture and then nothing for 2 s"),
        (("--end-after", 5), "the stream broke off"),
    ],
)
def test_http_streams_that_cannot_be_used(words: tuple, told: str, web_camera: Callable) -> None:
    trouble = first_trouble(web_camera(*words).url)
    assert told in trouble.message
    assert not trouble.fatal


def test_a_file_is_no_camera(web_camera: Callable) -> None:
    with open_stream(web_camera("--kind", "file").url) as stream:
        (trouble,) = list(stream)
    assert isinstance(trouble, Trouble)
    assert trouble.fatal
    assert trouble.retry_in_s is None
    assert "dwellmap run" in trouble.message


@pytest.mark.parametrize("over", ["rtsp", pytest.param("mjpeg", marks=pytest.mark.slow)])
def test_a_camera_that_dies_and_comes_back(over: str, rtsp_camera: Callable, web_camera: Callable) -> None:
    camera = rtsp_camera() if over == "rtsp" else web_camera()
    with open_stream(camera.url, stall_s=STALL_S) as stream:
        before = pictures(stream, 10)
        camera.kill()
        broken = events(stream, lambda event: isinstance(event, Trouble) and "listens" in event.message)
        troubles = [event for event in broken if isinstance(event, Trouble)]
        camera.restart()
        back = events(stream, lambda event: isinstance(event, Picture))
        after = pictures(stream, 5)
    assert [trouble.retry_in_s for trouble in troubles] == [2**k for k in range(len(troubles))]
    gap, first = [event for event in back if not isinstance(event, Trouble)]
    assert isinstance(gap, Gap)
    last_s = max(event.t_s for event in [*before, *broken] if isinstance(event, Picture))
    assert gap.from_s == pytest.approx(last_s, abs=0.3)
    assert gap.to_s == first.t_s < after[0].t_s
    assert "broke off" in gap.why


def test_a_camera_that_falls_silent_is_connected_anew(rtsp_camera: Callable) -> None:
    camera = rtsp_camera()
    with open_stream(camera.url, stall_s=STALL_S) as stream:
        pictures(stream, 10)
        os.kill(camera.process.pid, signal.SIGSTOP)
        try:
            found = events(stream, lambda event: isinstance(event, Trouble))
        finally:
            os.kill(camera.process.pid, signal.SIGCONT)
        assert "and then nothing for 2 s" in found[-1].message
        back = events(stream, lambda event: isinstance(event, Picture))
    assert any(isinstance(event, Gap) for event in back)


def test_several_cameras_and_one_that_fails(rtsp_camera: Callable, web_camera: Callable) -> None:
    good, other, bad = rtsp_camera(), web_camera(), rtsp_camera("--kind", "broken")
    with (
        open_stream(good.url, stall_s=STALL_S) as one,
        open_stream(other.url, stall_s=STALL_S) as two,
        open_stream(bad.url, stall_s=STALL_S) as three,
    ):
        seen: dict[str, list[Event]] = {"one": [], "two": [], "three": []}
        end_s = time.monotonic() + 4
        while time.monotonic() < end_s:
            for name, stream in (("one", one), ("two", two), ("three", three)):
                event = stream.next(0.02)
                if event is not None:
                    seen[name].append(event)
    assert any(isinstance(event, Trouble) for event in seen["three"])
    for name in ("one", "two"):
        assert all(isinstance(event, Picture) for event in seen[name])
        assert np.max(np.diff([event.t_s for event in seen[name]])) < 0.35


def children() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if "tracker.live.decoder" in " ".join(child.cmdline())
    ]


@contextmanager
def watching(code: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that watches a camera."""
    process = subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_a_decoder_that_crashes_is_told_and_replaced(rtsp_camera: Callable) -> None:
    camera = rtsp_camera()
    with open_stream(camera.url) as stream:
        pictures(stream, 3)
        (child,) = children()
        child.send_signal(signal.SIGSEGV)
        found = events(stream, lambda event: isinstance(event, Trouble))
        assert "ended (SIGSEGV)" in found[-1].message
        assert any(isinstance(event, Gap) for event in events(stream, lambda e: isinstance(e, Picture)))
        (child,) = children()
    assert not child.is_running()


def test_the_decoder_ends_with_the_process_that_watches(rtsp_camera: Callable) -> None:
    """Even if that is killed in the middle."""
    camera = rtsp_camera()
    code = (
        "import sys, psutil\n"
        "from tracker.live.stream import open_stream\n"
        "stream = open_stream(sys.argv[1])\n"
        "while True:\n"
        "    event = stream.next(1)\n"
        "    if event: print(psutil.Process().children()[0].pid, flush=True)\n"
    )
    with watching(code, camera.url) as process:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline()))
        assert "tracker.live.decoder" in " ".join(child.cmdline())
        process.kill()
        gone, _ = psutil.wait_procs([child], timeout=10)
    assert gone


def test_closing_ends_everything_at_once(rtsp_camera: Callable) -> None:
    camera = rtsp_camera()
    stream = open_stream(camera.url)
    pictures(stream, 2)
    (child,) = children()
    began_s = time.monotonic()
    stream.close()
    assert time.monotonic() - began_s < 3
    assert not child.is_running()
    assert stream.next(1) is None
    assert list(stream) == []


def test_closing_from_elsewhere_ends_the_wait(rtsp_camera: Callable) -> None:
    camera = rtsp_camera("--pictures", 5)
    stream = open_stream(camera.url)
    closer = threading.Timer(2.0, stream.close)
    closer.start()
    began_s = time.monotonic()
    found = list(stream)
    assert time.monotonic() - began_s < 4
    assert all(isinstance(event, Picture) for event in found)
    closer.join()
    assert children() == []


@pytest.mark.parametrize(
    "clip",
    [
        "mall_bookstore_720x480.mp4",
        pytest.param("pets09_s2l1_view001_480x360.mp4", marks=pytest.mark.slow),
    ],
)
def test_real_footage_comes_as_it_is_in_its_file(clip: str, data: Path, rtsp_camera: Callable) -> None:
    """The same pictures as the file's, to the last bit, at the distances that the file states."""
    path = data / "video" / clip
    with av.open(str(path)) as container:
        frames = [
            (frame.time or 0.0, frame.to_ndarray(format="bgr24"))
            for frame, _ in zip(container.decode(video=0), range(150), strict=False)
        ]
    with open_stream(rtsp_camera(clip=path).url) as stream:
        seen = pictures(stream, 30)
    matches = [
        min(range(len(frames)), key=lambda n: int(cv2.norm(frames[n][1], picture.image_bgr, cv2.NORM_L1)))
        for picture in seen
    ]
    for picture, number in zip(seen, matches, strict=True):
        assert np.array_equal(picture.image_bgr, frames[number][1])
    file_s = np.array([frames[number][0] for number in matches])
    assert file_s - file_s[0] == pytest.approx([picture.t_s - seen[0].t_s for picture in seen], abs=0.02)


def test_nothing_in_the_current_folder_is_run(tmp_path: Path, rtsp_camera: Callable, monkeypatch) -> None:
    """Somebody's `av.py` beside the footage is not what decodes."""
    (tmp_path / "av.py").write_text("raise SystemExit('wrong one')")
    monkeypatch.chdir(tmp_path)
    camera = rtsp_camera()
    with open_stream(camera.url) as stream:
        pictures(stream, 1)
