"""From files to entries of the ledger, without a service."""

import errno
import hashlib
import time
from pathlib import Path
from typing import NoReturn

import pytest

from dwellmap.watch import reading
from dwellmap.watch.inbox import Inbox
from dwellmap.watch.intake import Intake
from dwellmap.watch.ledger import UNREAD, Ledger


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(tmp_path / "ledger.sqlite", create=True)
    yield made
    made.close()


@pytest.fixture
def make(tmp_path, kit):
    (tmp_path / "in" / "front").mkdir(parents=True)
    (tmp_path / "site.toml").write_text(kit.SITE)
    said: list[str] = []

    def intake(patience_s: float) -> Intake:
        made = Intake(Inbox(tmp_path / "in", 0.0, patience_s, False), tmp_path / "site.toml", said.append)
        return made

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


def test_what_grows_as_fast_as_it_is_read_is_read_no_further(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"film and more")
    assert reading._hash(tmp_path / "a.mp4", 4) == hashlib.sha256(b"film").hexdigest()
