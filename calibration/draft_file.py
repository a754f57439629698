"""A file that is finished before it gets its name: others see the old one or the new one, never a half."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def draft_beside(target: Path, content: bytes) -> Path:
    """Write content to a hidden file beside the target, on the disk and as readable as other new files.

    The caller gives it its name with `os.replace`, or unlinks it.

    Args:
        target: The file that it is for.
        content: All of it.

    Raises:
        OSError: If it cannot be written; then nothing is left behind.

    """
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        draft.chmod(0o666 & ~mask)  # mkstemp makes it private; others may need to read it
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft
