"""File names for people: whatever they hold, they stay on their line."""

from __future__ import annotations

from pathlib import Path


def shown(name: str | Path) -> str:
    """A name without control characters and without bytes that are no text."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in str(name)
    )
