"""What a recording is called and what tells its content from any other."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

LONGEST_NAME = 80
_BLOCK_BYTES = 1 << 20


def recording_name(path: Path) -> str:
    """Name of a file (without its ending) or folder, safe as a folder name on every system."""
    stem = path.name if path.is_dir() else path.stem
    safe = re.sub(r"[^\w.+-]+", "_", stem).strip("._ ")[:LONGEST_NAME].rstrip("._ ")
    return safe or "recording"


def hash_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes, read in blocks.

    Raises:
        ValueError: If the file cannot be read.

    """
    digest = hashlib.sha256()
    _feed(digest, path)
    return digest.hexdigest()


def hash_folder(folder: Path, files: Iterable[Path]) -> str:
    """Hex SHA-256 over the sorted names of `files`, relative to `folder`, and their bytes.

    Raises:
        ValueError: If a file cannot be read.

    """
    digest = hashlib.sha256()
    for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in files):
        # Lengths keep ("ab", "c") and ("a", "bc") apart.
        label = name.encode("utf-8", "surrogateescape")
        digest.update(f"{len(label)}:{path.stat().st_size}:".encode())
        digest.update(label)
        _feed(digest, path)
    return digest.hexdigest()


def _feed(digest: hashlib._Hash, path: Path) -> None:
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as fault:
        raise ValueError(f"{path}: expected a readable file, got: {fault.strerror or fault}") from fault
