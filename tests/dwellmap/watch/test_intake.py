"""From files to entries of the ledger, without a service."""

import errno
import hashlib
import os
import threading
import time
from pathlib import Path
from typing import NoReturn

import pytest

from dwellmap.watch import reading
from dwellmap.watch.inbox import Inbox
from dwellmap.watch.intake import Intake
from dwellmap.watch.ledger import UNREAD, Ledger


@pytest.fixture
def make(tmp_path, kit):
    (tmp_path / "in" / "front").mkdir(parents=True)
    (tmp_path / "site.toml").write_text(kit.SITE)
    said: list[str] = []

    def intake(patience_s: float) -> Intake:
        made = Intake(Inbox(tmp_path / "in", 0.0, patience_s, False), tmp_path / "site.toml", said.append)
        return made

    intake.said = said
    return intake


def turn(intake: Intake, ledger: Ledger) -> None:
    """Look, and wait until what was found is read."""
    intake.look(ledger)
    until_s = time.monotonic() + 10
    while intake._reading.under_way and time.monotonic() < until_s:
        intake.enter(ledger)
        time.sleep(0.01)


def test_what_cannot_be_read_is_tried_again_then_set_aside(make, ledger, tmp_path, monkeypatch):
    file = tmp_path / "in" / "front" / "a.mp4"
    file.write_text("film")

    def refuse(path: Path) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(reading, "opened_plain", refuse)
    patient = make(60.0)
    turn(patient, ledger)
    assert ledger.entries() == []
    assert patient.is_reading
    hasty = make(0.0)
    turn(hasty, ledger)
    (entry,) = ledger.entries("failed")
    assert "Permission denied" in entry.reason
    assert entry.content.startswith(UNREAD)
    assert not hasty.is_reading
    monkeypatch.undo()
    ledger.forget(entry.content)
    hasty.forget(Path("front/a.mp4"))
    turn(hasty, ledger)
    assert [(one.state, one.camera) for one in ledger.entries()] == [("waiting", "front")]


def test_the_site_file_is_read_anew_when_it_changes(make, ledger, tmp_path, kit):
    intake = make(0.0)
    (tmp_path / "in" / "till_1.mp4").write_text("film")
    turn(intake, ledger)
    assert "no camera" in ledger.entries("failed")[0].reason
    time.sleep(0.02)
    (tmp_path / "site.toml").write_text(kit.SITE.replace("back_*", "till_*"))
    (tmp_path / "in" / "till_2.mp4").write_text("another film")
    turn(intake, ledger)
    assert [one.camera for one in ledger.entries("waiting")] == ["back"]


def test_no_recording_is_blamed_for_a_site_file_that_cannot_be_used(make, ledger, tmp_path, kit):
    intake = make(0.0)
    (tmp_path / "in" / "front" / "a.mp4").write_text("film")
    (tmp_path / "site.toml").write_text("half of it [")
    intake.look(ledger)
    time.sleep(0.3)
    assert intake.enter(ledger) == []
    assert intake.is_reading
    (tmp_path / "site.toml").write_text(kit.SITE)
    turn(intake, ledger)
    assert [(one.state, one.camera) for one in ledger.entries()] == [("waiting", "front")]


def test_what_lies_where_nobody_may_look_is_not_forgotten(make, ledger, tmp_path, monkeypatch):
    intake = make(0.0)
    (tmp_path / "in" / "front" / "a.mp4").write_text("film")
    turn(intake, ledger)
    scan = os.scandir

    def refuse(folder):
        if Path(folder).name == "front":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    for _ in range(2):
        turn(intake, ledger)
    assert [(file.path, file.gone) for file in ledger.files()] == [(Path("front/a.mp4"), False)]
    assert intake.unreadable == (Path("front"),)
    assert [one.state for one in ledger.entries()] == ["waiting"]
    assert sum("cannot be read" in text for text in make.said) == 1
    monkeypatch.undo()
    turn(intake, ledger)
    assert intake.unreadable == ()


def test_what_is_being_read_is_told_as_coming(make, ledger, tmp_path, monkeypatch):
    go = threading.Event()
    plain = reading.opened_plain
    monkeypatch.setattr(reading, "opened_plain", lambda path: go.wait(60) and plain(path))
    for name in "ab":
        (tmp_path / "in" / "front" / f"{name}.mp4").write_text(f"film {name}")
    intake = make(0.0)
    intake.look(ledger)
    try:
        assert [(str(one.path), one.size, one.why) for one in intake.coming] == [
            ("front/a.mp4", 6, "is being read"), ("front/b.mp4", 6, "waits to be read"),
        ]  # fmt: skip
    finally:
        go.set()
    turn(intake, ledger)
    assert intake.coming == ()


def test_what_is_refused_is_handed_on_at_once(make, ledger, tmp_path):
    (tmp_path / "in" / "front" / "a.mp4").symlink_to("/etc/hostname")
    assert [entry.state for entry in make(0.0).look(ledger)] == ["failed"]


def test_what_grows_as_fast_as_it_is_read_is_read_no_further(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"film and more")
    assert reading._hash(tmp_path / "a.mp4", 4) == hashlib.sha256(b"film").hexdigest()
