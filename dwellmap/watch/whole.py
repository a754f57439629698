"""Whether all of a video file is there yet, by what its container says of its own length.

Only sizes are read, never a picture: what may kill a decoder is left to a process of its own.
"""

from __future__ import annotations

import os
from typing import BinaryIO

_MOST_BOXES = 100_000
_SEGMENT, _EBML = b"\x18\x53\x80\x67", b"\x1a\x45\xdf\xa3"


def missing(file: BinaryIO) -> str:
    """What of a file is not there yet, in words; empty if nothing is known to be missing.

    Sizes are stated by mp4 and mov (and where the index is), avi and mkv; other containers state none.

    Raises:
        OSError: If the file cannot be read.

    """
    length = os.fstat(file.fileno()).st_size
    if not length:
        return "empty so far"
    head = file.read(12)
    if head[4:8] == b"ftyp":
        return _of_mp4(file, length)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return _short(8 + int.from_bytes(head[4:8], "little"), length)
    if head[:4] == _EBML:
        return _of_mkv(file, length)
    return ""


def _of_mp4(file: BinaryIO, length: int) -> str:
    """Boxes follow each other, each with its size (ISO 14496-12, 4.2)."""
    at, indexed = 0, False
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            break
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size == 0:  # to the end of the file
            size = length - at
        if size < 8:
            break
        indexed = indexed or kind == b"moov"
        at += size
        if at > length:
            return _short(at, length)
    return "" if indexed else "its index (moov) has not come yet"


def _of_mkv(file: BinaryIO, length: int) -> str:
    """A header and a segment, each with its size (RFC 8794, 4); a live recording states none."""
    at = 4
    size, at = _vint(file, at)
    if size is None:
        return ""
    file.seek(at + size)
    if file.read(4) != _SEGMENT:
        return "its beginning has not come yet" if at + size + 4 > length else ""
    size, at = _vint(file, at + size + 4)
    return "" if size is None else _short(at + size, length)


def _vint(file: BinaryIO, at: int) -> tuple[int | None, int]:
    """A number of variable width, None if it is unknown; and where it ends."""
    file.seek(at)
    content = file.read(8)
    width = 9 - content[0].bit_length() if content and content[0] else 9
    if len(content) < width:
        return None, at
    bits = int.from_bytes(content[:width], "big") & ((1 << 7 * width) - 1)
    return None if bits == (1 << 7 * width) - 1 else bits, at + width


def _short(stated: int, length: int) -> str:
    return f"{length:,} of {stated:,} bytes have come" if stated > length else ""
