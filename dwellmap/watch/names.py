"""File names for people: whatever they hold, they stay on their line."""

from __future__ import annotations

import os
from pathlib import Path


def shown(name: str | Path) -> str:
    """A name without control characters and without bytes that are no text."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in str(name)
    )


def shown_lines(text: str) -> str:
    """A text of several lines, each of them as `shown`."""
    return "\n".join(shown(line) for line in text.split("\n"))


def as_text(path: Path) -> str:
    """A name as text that can be stored; bytes that are no text are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")
