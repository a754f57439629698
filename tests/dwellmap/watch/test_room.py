"""What went away is told from what is at fault: disks, shares, folders, locks."""

import errno
import os
import socket

import pytest

from dwellmap.watch import holder, room
from dwellmap.watch.folder import WatchFolder
from dwellmap.watch.holder import HeldError, Holder
from dwellmap.watch.job import _to_blame
from dwellmap.watch.order import How, Order
from dwellmap.watch.room import Room


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An inbox and an output folder on a disk that the system's table of mounts names."""
    for name in ("usb/in", "usb/out/.watch"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "usb" / "out" / ".watch" / "ledger.sqlite").touch()
    monkeypatch.setattr(room, "FSTAB", tmp_path / "fstab")
    return tmp_path / "usb"


def test_a_mount_point_with_nothing_mounted_is_no_place_to_write_or_read(place, tmp_path):
    made = Room(place / "out", place / "out" / ".watch" / "ledger.sqlite", place / "in", 0)
    assert (made.out_missing(), made.inbox_lacking()) == ("", "")
    (tmp_path / "fstab").write_text(
        f"# disks\nUUID=1 / ext4 defaults 0 1\n/dev/sdb1\t{place} ext4 nofail 0 2\n"
    )
    assert f"nothing is mounted at {place}" in made.out_missing()
    assert f"nothing is mounted at {place}" in made.inbox_lacking()
    (tmp_path / "fstab").write_text(
        f"/dev/sdb1 {place} ext4 noauto,user 0 0\n/dev/sdc1 none swap sw 0 0\nodd\n"
    )
    assert (made.out_missing(), made.inbox_lacking()) == ("", "")


def test_parents_of_the_output_folder_are_not_made(place):
    made = Room(place / "not" / "there", place, place / "in", 0)
    assert f"{place / 'not'} is not there" in made.out_missing()


def _caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "blamed"),
    [
        (OSError(errno.ENOSPC, "no space"), "room"),
        (
            OSError("[Errno 28] Error writing. Detail: [errno 28] No space left on device"),
            "room",
        ),
        (_caused(ValueError("maps.npz: cannot be written"), OSError(errno.EDQUOT, "quota")), "room"),
        (ValueError("/in/errno 28.mp4: no video"), "input"),
        (ValueError("/in/a [errno 28] No space left on device.mp4: no video"), "input"),
        (OSError("/in/a [errno 28] no space left on device"), "room"),
        (OSError("/in/[Errno 28].mp4: Invalid data"), "input"),
        (OSError(errno.ENOENT, "gone", "OUT/front/.draft/maps.npz"), "room"),
        (OSError(errno.ESTALE, "stale", "OUT/front/.draft"), "room"),
        (OSError(errno.EACCES, "denied", "OUT/front"), "input"),
        (OSError(errno.ESTALE, "stale", "IN/front/a.mp4"), "input"),
        (OSError(errno.EIO, "broken", "IN/front/a.mp4"), "input"),
        (ValueError("no video"), "input"),
    ],
)
def test_no_recording_is_blamed_for_what_went_away(place, error, blamed):
    if getattr(error, "filename", None) is not None:
        error.filename = error.filename.replace("OUT", str(place / "out")).replace("IN", str(place / "in"))
    how = How(place / "site.toml", place / "out", "motion", None, "none", 8.0, None, ())
    order = Order(place / "in", place / "a.mp4", "aa", "front", how, frozenset({0}), place / "scratch")
    assert _to_blame(error, order) == blamed
    # Where the inbox cannot be listed, it is at fault; where the ledger is gone, so is the output folder.
    (place / "in").rmdir()
    assert _to_blame(error, order) == ("inbox" if blamed == "input" else blamed)
    (place / "out" / ".watch" / "ledger.sqlite").unlink()
    assert _to_blame(error, order) == "room"


@pytest.mark.parametrize("own_mount", [False, True])
def test_one_service_holds_an_inbox_whether_it_can_be_unmounted_or_not(place, monkeypatch, own_mount):
    monkeypatch.setattr(holder, "mount_of", lambda _: place if own_mount else None)
    (place / "other").mkdir()
    first = Holder(WatchFolder(place / "out"), place / "in")
    first.hold_inbox(place / "in")
    (place / "other" / ".watch").mkdir()
    second = Holder(WatchFolder(place / "other"), place / "in")
    with pytest.raises(HeldError, match=f"process {os.getpid()} watches it already"):
        second.hold_inbox(place / "in")
    opened = {os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")}
    # A folder that is open cannot be unmounted.
    assert (str(place / "in") in opened) is not own_mount
    first.hold_inbox(place / "in")
    first.release()
    second.hold_inbox(place / "in")
    second.release()


def test_where_there_are_no_sockets_the_output_folders_lock_has_to_do(place, monkeypatch):
    monkeypatch.setattr(holder, "mount_of", lambda _: place)

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no sockets here")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    made = Holder(WatchFolder(place / "out"), place / "in")
    made.hold_inbox(place / "in")
    made.release()
