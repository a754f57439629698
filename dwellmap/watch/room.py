"""Whether there is room to work: the output folder is there and has space, the inbox is there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_SHARES = ("nfs", "cifs", "smb", "fuse", "9p", "afs", "ceph", "glusterfs", "lustre", "virtiofs", "vboxsf")
FSTAB = Path("/etc/fstab")


class Room:
    """Looks whether work can go on.

    Args:
        out: Output folder.
        ledger: The ledger in it.
        inbox: The inbox.
        least_free_bytes: Space that must be free in the output folder.

    Attributes:
        identity: (device, inode) of the ledger, once it is open, so that another folder in its place is not
            taken for it.

    """

    def __init__(self, out: Path, ledger: Path, inbox: Path, least_free_bytes: int) -> None:
        self._out, self._ledger, self._inbox = out, ledger, inbox
        self._least_free_bytes = least_free_bytes
        self._mount: Path | None = None
        self.identity: tuple[int, int] | None = None

    def meet_inbox(self) -> None:
        """Remember the mount that the inbox lies on: without it, what is there is not the inbox."""
        self._mount = mount_of(self._inbox)

    def out_missing(self) -> str:
        """Why the output folder cannot be made now; empty if it can, or is there."""
        mount = _unmounted(self._out)
        if mount is not None:
            return f"the output folder {self._out} is not there: nothing is mounted at {mount}"
        parent = self._out.parent
        return (
            "" if parent.is_dir() else f"the output folder {self._out} cannot be made: {parent} is not there"
        )

    def free_bytes(self) -> int | None:
        """Space left in the output folder; None if it is not there."""
        try:
            return shutil.disk_usage(self._out).free
        except OSError:
            return None

    def gone(self) -> str:
        """Why the ledger cannot be used now; empty if it can."""
        try:
            status = os.stat(self._ledger)
        except OSError:
            return f"the output folder {self._out} is gone"
        if (status.st_dev, status.st_ino) != self.identity:
            return f"the output folder {self._out} has been replaced by another one"
        return ""

    def full(self) -> str:
        """Why no result can be written now; empty if it can."""
        free = self.free_bytes()
        if free is not None and free < self._least_free_bytes:
            return (
                f"the disk is nearly full: {free / 1e9:.1f} GB free in {self._out}, "
                f"{self._least_free_bytes / 1e9:.1f} GB needed"
            )
        return "" if os.access(self._out, os.W_OK | os.X_OK) else f"nothing may be written into {self._out}"

    def inbox_lacking(self) -> str:
        """Why the inbox cannot be read now; empty if it can."""
        mount = self._mount if self._mount is not None else _unmounted(self._inbox)
        if mount is not None and not os.path.ismount(mount):
            return f"the inbox {self._inbox} is not there: nothing is mounted at {mount}"
        try:
            os.scandir(self._inbox).close()
        except (FileNotFoundError, NotADirectoryError):
            return f"the inbox {self._inbox} is not there"
        except OSError as error:
            return f"the inbox {self._inbox} cannot be read: {error.strerror}"
        return ""


def is_share(folder: Path) -> bool:
    """Whether a folder lies on a network share, where no news of changes comes."""
    kind = _mounts().get(str(mount_of(folder) or "/"), "")
    return kind.startswith(_SHARES)


def mount_of(folder: Path) -> Path | None:
    """The mount that a folder lies on; None if that is the root of all."""
    place = folder.resolve()
    while not os.path.ismount(place):
        place = place.parent
    return None if place == place.parent else place


def _mounts() -> dict[str, str]:
    """Kind of file system by mount point (proc(5), mountinfo)."""
    found = {}
    try:
        rows = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    for row in rows:
        words = row.split()
        if "-" in words[5:]:
            found[words[4].replace("\\040", " ")] = words[words.index("-") + 1]
    return found


def _unmounted(folder: Path) -> Path | None:
    """A mount point that the system's table names (fstab(5)), in which a folder lies, with nothing mounted.

    What is written there would lie beneath the disk once it comes, and nobody would find it.
    """
    try:
        rows = FSTAB.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    place = Path(os.path.abspath(folder))
    for row in rows:
        words = row.partition("#")[0].split()
        if len(words) < 4 or not words[1].startswith("/") or "noauto" in words[3].split(","):
            continue
        mount = Path(words[1].replace("\\040", " "))
        if (mount == place or mount in place.parents) and not os.path.ismount(mount):
            return mount
    return None
