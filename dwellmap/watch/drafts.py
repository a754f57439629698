"""Half-written results of processes that were ended."""

from __future__ import annotations

import glob
import shutil
from pathlib import Path

from dwellmap.run_folder import safe_name
from tracker.fingerprint import recording_name


def sweep_drafts(out: Path, recording: Path, pid: int) -> None:
    """Remove what a process that has ended left half-written of a recording.

    Args:
        out: Output folder.
        recording: The recording.
        pid: The process; others may be at work on a recording of the same name.

    """
    begin = glob.escape(f".{safe_name(recording_name(recording))}-")
    for draft in out.glob(f"*/{begin}*.{pid}.*"):
        if draft.name.rsplit(".", 2)[1] == str(pid):
            shutil.rmtree(draft, ignore_errors=True)
