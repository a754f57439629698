"""What of an address is understood, and that what is secret in it is never seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.live.address import camera_name, parse_address, without_credentials


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://192.168.1.20/live", "rtsp://192.168.1.20/live"),
        ("rtsp://admin:s3cret@192.168.1.20:554/live", "rtsp://192.168.1.20:554/live"),
        ("RTSP://admin:s3cret@cam.local/live", "rtsp://cam.local/live"),
        ("rtsp://admin:p%40ss@cam/live", "rtsp://cam/live"),
        ("rtsp://admin:p@ss@cam/live", "rtsp://cam/live"),
        ("rtsp://admin:p/s?s#@cam/live", "rtsp://cam/live"),
        (
            "rtsp://a:b@cam/cam/realmonitor?channel=2&subtype=1",
            "rtsp://cam/cam/realmonitor?channel=2&subtype=1",
        ),
        ("http://cam/video?user=admin&pwd=s3cret&channel=1", "http://cam/video?channel=1&…"),
        ("http://cam/video?token=abcdef", "http://cam/video?…"),
        ("http://cam/video?stream=s3cret", "http://cam/video?…"),
        ("rtsp://cam/user=admin&password=s3cret&channel=1", "rtsp://cam/user=…&password=…&channel=1"),
        (
            "rtsp://cam/user=admin_password=s3cret_channel=1_stream=0.sdp",
            "rtsp://cam/user=…_channel=1_stream=0.sdp",
        ),
        ("/dev/video0", "/dev/video0"),
        ("admin:s3cret@192.168.1.20", "192.168.1.20"),
    ],
)
def test_what_is_shown(address: str, shown: str) -> None:
    assert without_credentials(address) == shown


WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789!$%&'()*+,;=~-._", min_size=5, max_size=12)
PASSWORD = st.text(st.characters(min_codepoint=33, max_codepoint=0x17F), min_size=5, max_size=12)


@given(WORD, PASSWORD, WORD)
def test_no_password_and_no_token_is_ever_shown(user: str, password: str, token: str) -> None:
    """Not even if it holds what an address has to quote."""
    user, password, token = f"QU{user}", f"QP{password}", f"QT{token}"
    address = f"rtsp://{user}:{password}@cam.example/live?key={token}"
    assert "Q" not in without_credentials(address)
    assert "q" not in camera_name(address)
    said = []
    try:
        known = parse_address(address)
        said += [known.shown, repr(known)]
        said += [known.scrubbed(f"[rtsp @ 0x1] {known.opened}: 401, {address}, {password}")]
    except ValueError as fault:
        said += [str(fault)]
    assert password not in "".join(said)
    assert token not in "".join(said)


def test_a_password_reaches_the_camera_however_it_was_written() -> None:
    for written in ("p%2Fs%40s", "p/s@s"):
        assert parse_address(f"rtsp://admin:{written}@cam/live").opened == "rtsp://admin:p%2Fs%40s@cam/live"
    assert parse_address("rtsp://admin:50%off@cam/live").opened == "rtsp://admin:50%25off@cam/live"


def test_hosts_and_ports() -> None:
    for address, host, port in [
        ("rtsp://cam/live", "cam", 554),
        ("http://cam:8080/video", "cam", 8080),
        ("https://a:b@cam/video", "cam", 443),
        ("rtsp://[fe80::1]:8554/live", "fe80::1", 8554),
        ("rtsp://cam:554", "cam", 554),
        # Some paths hold an @; what stands before the first / is the host all the same.
        ("rtsp://cam:8554/live@main", "cam", 8554),
    ]:
        known = parse_address(address)
        assert (known.host, known.port) == (host, port), address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "camera",
        "192.168.1.20",
        "footage.mp4",
        "rtsp://",
        "rtsp:///live",
        "rtsp://admin:s3cret@/live",
        "rtsp://cam:port/live",
        "rtsp://cam:99999/live",
        "rtsp://cam/li ve",
        "rtsp://cam/live\nHost: other",
        "file:///etc/passwd",
        "concat:rtsp://cam/live",
        "ftp://admin:s3cret@cam/live",
        "/dev/../etc/passwd",
        "/etc/passwd",
        "rtsp://-o/live",
    ],
)
def test_what_is_no_address_is_told_with_an_example_and_without_secrets(address: str) -> None:
    with pytest.raises(ValueError, match="expected") as told:
        parse_address(address)
    assert "s3cret" not in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (
            "rtsp://admin:s3cret@192.168.1.20:554/Streaming/Channels/101",
            "192.168.1.20-554-streaming-channels-101",
        ),
        ("rtsp://a:b@cam/cam/realmonitor?channel=2&subtype=1", "cam-cam-realmonitor-channel-2-subtype-1"),
        ("http://cam/video?token=abcdef", "cam-video"),
        ("/dev/video0", "video0"),
        ("rtsp://../..", "camera"),
        ("", "camera"),
    ],
)
def test_names_for_folders(address: str, name: str) -> None:
    assert camera_name(address) == name


@given(st.text())
def test_any_text_gives_a_name_that_is_one_plain_folder(address: str) -> None:
    name = camera_name(address)
    assert name
    assert len(name) <= 80
    assert not name.startswith((".", "-"))
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert ".." not in name
