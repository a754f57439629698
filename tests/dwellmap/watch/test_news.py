"""What the kernel tells of files, where no lease can be had: to who does not own them it grants none."""

import errno
import fcntl
import os
import time

import pytest

from dwellmap.watch.inbox import Inbox, Told
from dwellmap.watch.news import News
from dwellmap.watch.plain import opened_plain
from dwellmap.watch.reading import Reading

STREAM = b"\x47" + bytes(187)


@pytest.fixture
def inbox(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "not the owner")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    (tmp_path / "in" / "front").mkdir(parents=True)
    return Inbox(tmp_path / "in", settle_s=5, patience_s=60, shared=False)


@pytest.fixture
def news(inbox):
    made = News(inbox)
    assert made.wait(1.0)  # it has begun
    assert not made.wait(0.01)
    yield made
    made.close()


def names(files):
    return [str(one.path) for one in files]


def test_a_rename_counts_at_once(inbox, news, tmp_path):
    (tmp_path / "a.ts").write_bytes(STREAM)
    (tmp_path / "a.ts").rename(inbox.folder / "front" / "a.ts")
    (inbox.folder / "b.ts.part").write_bytes(STREAM)
    (inbox.folder / "b.ts.part").rename(inbox.folder / "b.ts")
    assert news.wait(5.0)
    assert names(inbox.look({}, 0.0).settled) == ["b.ts", "front/a.ts"]


def test_a_rename_counts_though_it_was_seen_before_it_was_told(inbox, news, tmp_path):
    (tmp_path / "a.ts").write_bytes(STREAM)
    (tmp_path / "a.ts").rename(inbox.folder / "a.ts")
    assert names(inbox.look({}, 0.0).arriving) == ["a.ts"]
    assert news.wait(5.0)
    assert names(inbox.look({}, 0.1).settled) == ["a.ts"]


@pytest.mark.parametrize("below", ["", "front", "new"])
def test_a_copy_that_stalls_is_not_taken_half(inbox, news, below):
    folder = inbox.folder / below
    if not folder.exists():
        folder.mkdir()
        assert news.wait(5.0)
    with (folder / "a.ts").open("wb") as file:
        file.write(STREAM)
        file.flush()
        assert news.wait(0.2) or True
        inbox.look({}, 0.0)
        look = inbox.look({}, 30.0)
        assert look.settled == ()
        assert "open for writing" in look.arriving[0].why
    assert news.wait(5.0)
    assert names(inbox.look({}, 31.0).settled) == [str((folder / "a.ts").relative_to(inbox.folder))]


def test_one_renamed_while_it_is_written_is_still_written(inbox, news):
    with (inbox.folder / "a.ts.part").open("wb") as file:
        file.write(STREAM)
        file.flush()
        (inbox.folder / "a.ts.part").rename(inbox.folder / "a.ts")
        assert news.wait(5.0)
        inbox.look({}, 0.0)
        assert inbox.look({}, 30.0).settled == ()
    assert news.wait(5.0)
    assert names(inbox.look({}, 31.0).settled) == ["a.ts"]


def test_without_news_the_settle_time_tells(inbox):
    (inbox.folder / "a.ts").write_bytes(STREAM)
    assert names(inbox.look({}, 0.0).arriving) == ["a.ts"]
    assert names(inbox.look({}, 5.1).settled) == ["a.ts"]


def test_it_goes_on_when_folders_are_renamed_vanish_and_come_back(inbox, news, tmp_path):
    (inbox.folder / "front").rename(inbox.folder / "back")
    assert news.wait(5.0)
    (inbox.folder / "back" / "a.ts").write_bytes(STREAM)
    assert news.wait(5.0)
    inbox.folder.rename(tmp_path / "away")
    assert news.wait(5.0)
    news.wait(0.01)
    assert not news.wait(0.05)
    (tmp_path / "away").rename(inbox.folder)
    assert news.wait(5.0)
    news.wait(0.2)
    (tmp_path / "c.ts").write_bytes(STREAM)
    (tmp_path / "c.ts").rename(inbox.folder / "back" / "c.ts")
    assert news.wait(5.0)
    assert "back/c.ts" in names(inbox.look({}, 0.0).settled)


def test_writing_alone_is_no_news_and_what_is_known_is_forgotten(inbox, news):
    with (inbox.folder / "a.ts").open("wb") as file:
        news.wait(0.3)
        for _ in range(3):
            file.write(STREAM)
            file.flush()
        assert not news.wait(0.3)
    news.wait(5.0)
    (settled,) = inbox.look({}, 0.0).arriving
    stamp = inbox.look({}, 9.0).settled[0].stamp
    inbox.look({settled.path: stamp}, 10.0)
    assert inbox.told == Told()


def test_a_share_is_not_listened_to(inbox):
    inbox.shared = True
    news = News(inbox)
    (inbox.folder / "a.ts").write_bytes(STREAM)
    assert not news.wait(0.05)


def test_a_pipe_or_a_link_put_in_a_files_place_holds_nobody_up(inbox, tmp_path):
    (inbox.folder / "a.ts").write_bytes(STREAM)
    inbox.look({}, 0.0)
    (settled,) = inbox.look({}, 9.0).settled
    (inbox.folder / "a.ts").unlink()
    os.mkfifo(inbox.folder / "a.ts")
    (tmp_path / "secret").write_bytes(b"secret")
    (inbox.folder / "b.ts").symlink_to(tmp_path / "secret")
    for name in ("a.ts", "b.ts"):
        with pytest.raises(OSError, match=r"no ordinary file|symbolic link"):
            opened_plain(inbox.folder / name)
    reading = Reading(inbox.folder)
    reading.ask(settled)
    until_s = time.monotonic() + 10
    while not (found := reading.done()):
        assert time.monotonic() < until_s
        time.sleep(0.01)
    assert found[0].content == ""
    assert "no ordinary file" in found[0].fault


def test_what_is_larger_than_agreed_is_refused_unread(inbox):
    inbox.largest_bytes = 10**12
    (inbox.folder / "a.ts").touch()
    os.truncate(inbox.folder / "a.ts", 10**13)
    (refused,) = inbox.look({}, 0.0).settled
    assert refused.refused == "expected at most 1,000 GB (--largest-gb), got a file of 10,000 GB"
