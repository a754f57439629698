"""Which files are taken, and when: a clock of our own, real files."""

import errno
import os
import time
from pathlib import Path

import pytest

from dwellmap.watch import whole as wholeness
from dwellmap.watch.inbox import Inbox

MP4 = (
    b"\x00\x00\x00\x10ftypmp42\x00\x00\x00\x00"
    + b"\x00\x00\x00\x18mdat"
    + bytes(16)
    + b"\x00\x00\x00\x08moov"
)


def missing(path: Path) -> str:
    with path.open("rb") as file:
        return wholeness.missing(file)


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    (tmp_path / "in").mkdir()
    return Inbox(tmp_path / "in", settle_s=5, patience_s=60, shared=False)


def names(files):
    return [str(one.path) for one in files]


def test_a_file_is_taken_once_it_has_not_changed_for_the_settle_time(inbox):
    file = inbox.folder / "a.mp4"
    file.write_bytes(MP4)
    assert names(inbox.look({}, 0.0).arriving) == ["a.mp4"]
    assert names(inbox.look({}, 4.9).settled) == []
    os.utime(file, (1, 1))
    assert names(inbox.look({}, 5.1).settled) == []
    settled = inbox.look({}, 10.2).settled
    assert names(settled) == ["a.mp4"]
    assert inbox.look({settled[0].path: settled[0].stamp}, 11.0).settled == ()


def test_one_that_is_still_open_for_writing_is_not(inbox):
    with (inbox.folder / "a.mp4").open("wb") as file:
        file.write(MP4)
        file.flush()
        inbox.look({}, 0.0)
        look = inbox.look({}, 30.0)
        assert look.settled == ()
        assert "open for writing" in look.arriving[0].why
    assert names(inbox.look({}, 31.0).settled) == ["a.mp4"]


def test_a_rename_counts_at_once(inbox, tmp_path):
    (tmp_path / "a.mp4").write_bytes(MP4)
    time.sleep(0.02)  # the file systems' clocks tick every few milliseconds
    (tmp_path / "a.mp4").rename(inbox.folder / "a.mp4")
    assert names(inbox.look({}, 0.0).settled) == ["a.mp4"]
    (inbox.folder / "b.mp4.part").write_bytes(MP4)
    assert names(inbox.look({}, 1.0).arriving) == ["b.mp4.part"]
    (inbox.folder / "b.mp4.part").rename(inbox.folder / "b.mp4")
    assert "b.mp4" in names(inbox.look({}, 2.0).settled)


def test_on_a_share_only_time_tells(inbox, tmp_path):
    inbox.shared = True
    (tmp_path / "a.mp4").write_bytes(MP4)
    time.sleep(0.02)
    (tmp_path / "a.mp4").rename(inbox.folder / "a.mp4")
    assert inbox.look({}, 0.0).settled == ()
    assert names(inbox.look({}, 6.0).settled) == ["a.mp4"]


def test_half_a_file_is_waited_for_with_patience(inbox):
    (inbox.folder / "a.mp4").write_bytes(MP4[:30])
    inbox.look({}, 0.0)
    look = inbox.look({}, 59.0)
    assert look.settled == ()
    assert look.arriving[0].why == "30 of 40 bytes have come"
    assert names(inbox.look({}, 60.5).settled) == ["a.mp4"]


def test_what_is_no_footage_is_left_alone(inbox):
    for name in (".hidden.mp4", "._mac.mp4", "a.txt", "b.TXT", "@eaDir/c.mp4", "done/d.mp4", "failed/e.mp4"):
        (inbox.folder / name).parent.mkdir(exist_ok=True)
        (inbox.folder / name).write_bytes(MP4)
    look = inbox.look({}, 0.0)
    assert (look.there, look.left_alone) == (frozenset(), {".txt": 2})


def test_a_folder_named_after_a_camera_is_entered_whatever_it_is_called(inbox):
    inbox.cameras = frozenset({"#2", "@front"})
    for name in ("#2/a.mp4", "@Front/b.mp4", "@eaDir/c.mp4", "#recycle/d.mp4"):
        (inbox.folder / name).parent.mkdir(exist_ok=True)
        (inbox.folder / name).write_bytes(MP4)
    assert inbox.look({}, 0.0).there == {Path("#2/a.mp4"), Path("@Front/b.mp4")}


@pytest.fixture
def forbidden(inbox, monkeypatch):
    """A folder that may not be looked into; the rights of files do not bind who runs tests as root."""
    (inbox.folder / "front").mkdir()
    scan = os.scandir

    def refuse(folder):
        if Path(folder) == inbox.folder / "front":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    return inbox.folder / "front"


def test_a_folder_that_may_not_be_looked_into_is_told(inbox, forbidden):
    (forbidden / "a.mp4").write_bytes(MP4)
    (inbox.folder / "b.mp4").write_bytes(MP4)
    look = inbox.look({}, 0.0)
    assert (look.there, look.unreadable) == ({Path("b.mp4")}, (Path("front"),))
    assert look.is_hidden(Path("front/deep/a.mp4"))
    assert not look.is_hidden(Path("b.mp4"))


def test_what_only_claims_to_be_large_is_refused_once_it_has_settled(inbox):
    (inbox.folder / "a.mp4").touch()
    os.truncate(inbox.folder / "a.mp4", 9 * 10**11)
    assert names(inbox.look({}, 0.0).arriving) == ["a.mp4"]
    (settled,) = inbox.look({}, 100.0).settled
    assert "the rest is empty" in settled.refused
    inbox.shared = True  # there, nobody knows
    assert [one.refused for one in inbox.look({}, 200.0).settled] == [""]


def test_links_and_pipes_are_refused_unread(inbox, tmp_path):
    (tmp_path / "secret.mp4").write_bytes(MP4)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b.mp4").write_bytes(MP4)
    (inbox.folder / "a.mp4").symlink_to(tmp_path / "secret.mp4")
    (inbox.folder / "folder").symlink_to(tmp_path / "folder")
    os.mkfifo(inbox.folder / "c.mp4")
    look = inbox.look({}, 0.0)
    assert {str(one.path): bool(one.refused) for one in look.settled} == {"a.mp4": True, "c.mp4": True}


def test_an_inbox_that_is_gone_is_an_error(inbox):
    inbox.folder.rmdir()
    with pytest.raises(OSError, match="No such file"):
        inbox.look({}, 0.0)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.avi"])
def test_every_beginning_of_a_film_is_seen_to_lack_its_end(tmp_path, kit, name):
    whole = kit.film(tmp_path / name, 1)
    assert missing(whole) == ""
    content = whole.read_bytes()
    for length in (0, 13, 40, 200, len(content) // 2, len(content) - 1):
        whole.write_bytes(content[:length])
        if length >= 200 or not length or not name.endswith("mkv"):
            assert missing(whole), length


@pytest.mark.parametrize("content", [b"hello", b"\x00" * 50, b"\x1a\x45\xdf\xa3" + b"\xff" * 40, MP4])
def test_of_other_files_nothing_is_known_to_be_missing(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    assert missing(tmp_path / "x") == ""
