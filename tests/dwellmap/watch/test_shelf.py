"""Originals move once, unchanged, over nobody's file, and are found again after any end."""

import errno
import os
import threading
from pathlib import Path

import pytest

from dwellmap.watch import shelf
from dwellmap.watch.shelf import shelve

NAME = Path("front/a.mp4")


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    (folder / "front").mkdir(parents=True)
    return folder


@pytest.fixture(params=["by the kernel", "by a name taken first"])
def _way(request, monkeypatch):
    if request.param == "by a name taken first":

        def cannot(*_):
            raise OSError(errno.EINVAL, "Invalid argument")

        monkeypatch.setattr(shelf, "_rename_to_free", cannot)


def done(ledger, inbox, name, content):
    """A file that was taken and is done."""
    file = inbox / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode())
    status = file.lstat()
    ledger.take(Path(name), (status.st_size, status.st_mtime_ns, status.st_ino), content, "cam")
    ledger.begin(content, 1, str(name), "cam")
    ledger.finish(content, "cam/run", "")
    return ledger.entry(content)


@pytest.mark.usefixtures("_way")
def test_each_gets_a_name_of_its_own(ledger, inbox):
    names = [shelve(ledger, inbox, done(ledger, inbox, NAME, f"c{n}"))[0] for n in range(3)]
    assert [str(name) for name in names] == [
        "done/front/a.mp4",
        "done/front/a (2).mp4",
        "done/front/a (3).mp4",
    ]
    assert [(inbox / name).read_text() for name in names] == ["c0", "c1", "c2"]
    assert list((inbox / "front").iterdir()) == []
    assert {str(file.path) for file in ledger.files()} == {str(name) for name in names}


@pytest.mark.usefixtures("_way")
def test_a_file_that_comes_in_the_same_moment_is_not_overwritten(ledger, inbox, monkeypatch):
    """Somebody else puts a file there after a name was chosen and before the file is moved."""
    entry = done(ledger, inbox, NAME, "ours")
    target = inbox / "done" / NAME
    real = shelf._move

    def late(source, wanted):
        if wanted == target:
            target.write_text("theirs")
        real(source, wanted)

    monkeypatch.setattr(shelf, "_move", late)
    assert shelve(ledger, inbox, entry) == [Path("done/front/a (2).mp4")]
    assert target.read_text() == "theirs"
    assert (inbox / "done/front/a (2).mp4").read_text() == "ours"


@pytest.mark.usefixtures("_way")
def test_many_at_once_lose_nothing(inbox):
    """Eight threads move files onto one name: the kernel lets each name be taken once."""
    (inbox / "done").mkdir()
    sources = [inbox / f"{n}.mp4" for n in range(64)]
    for source in sources:
        source.write_text(source.name)

    def move(mine):
        for source in mine:
            for name in shelf._names(Path("done/a.mp4")):
                try:
                    shelf._move(source, inbox / name)
                except FileExistsError:
                    continue
                break

    threads = [threading.Thread(target=move, args=(sources[k::8],)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {file.read_text() for file in (inbox / "done").iterdir()} == {source.name for source in sources}


@pytest.mark.parametrize("others", [0, 1, 3])
def test_moved_but_not_noted_is_found_under_its_number(ledger, inbox, monkeypatch, others):
    for n in range(others):
        other = inbox / "done" / "front" / ("a.mp4" if n == 0 else f"a ({n + 1}).mp4")
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_text("another")
    entry = done(ledger, inbox, NAME, "ours")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "move_file", killed)
        with pytest.raises(KeyboardInterrupt):
            shelve(ledger, inbox, entry)
    assert not (inbox / NAME).exists()
    assert shelve(ledger, inbox, entry) == []
    (file,) = ledger.files("ours")
    assert (inbox / file.path).read_text() == "ours"
    assert file.path.parts[0] == "done"


def test_what_went_away_is_no_other_file(ledger, inbox):
    entry = done(ledger, inbox, NAME, "ours")
    (inbox / NAME).unlink()
    (inbox / "done" / "front").mkdir(parents=True)
    (inbox / "done" / NAME).write_text("another")
    assert shelve(ledger, inbox, entry) == []
    assert [file.path for file in ledger.files("ours")] == [NAME]


def test_another_file_under_the_name_stays(ledger, inbox):
    entry = done(ledger, inbox, NAME, "ours")
    (inbox / NAME).write_text("something newer")
    assert shelve(ledger, inbox, entry) == []
    assert (inbox / NAME).read_text() == "something newer"


@pytest.mark.parametrize("link", ["done", "done/front"])
def test_nothing_leaves_the_inbox_by_a_link(ledger, inbox, tmp_path, link):
    (tmp_path / "outside" / "front").mkdir(parents=True)
    (inbox / link).parent.mkdir(exist_ok=True)
    (inbox / link).symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match="symbolic link"):
        shelve(ledger, inbox, done(ledger, inbox, NAME, "ours"))
    assert (inbox / NAME).read_text() == "ours"
    assert [path for path in (tmp_path / "outside").rglob("*") if path.is_file()] == []


def test_names_as_long_as_they_may_be_get_a_number(ledger, inbox):
    name = Path("front") / ("ä" * 125 + "x.mp4")
    for n in range(2):
        shelve(ledger, inbox, done(ledger, inbox, name, f"c{n}"))
    names = sorted(os.listdir(inbox / "done" / "front"))
    assert len(names) == 2
    assert all(len(os.fsencode(found)) <= 255 for found in names)


@pytest.mark.usefixtures("_way")
def test_a_move_that_fails_leaves_no_empty_file(inbox):
    (inbox / "done").mkdir()
    with pytest.raises(FileNotFoundError):
        shelf._move(inbox / "none.mp4", inbox / "done" / "none.mp4")
    assert os.listdir(inbox / "done") == []
