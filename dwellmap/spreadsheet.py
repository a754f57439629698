"""Tables as files that spreadsheets open."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

MARK = "utf-8-sig"
"""UTF-8 with a byte order mark, without which spreadsheets take it for something else."""

# A spreadsheet takes a text that begins so for a formula, and formulas can start programs.
_FORMULA = ("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠")


def write_csv(file: Path, table: pd.DataFrame, encoding: str = "utf-8", numbers: str | None = None) -> None:
    """Write a table; names that a spreadsheet would take for formulas get an apostrophe before them.

    Args:
        file: The file.
        table: The table, of which numbers stay numbers.
        encoding: "utf-8", or MARK for files that are made for spreadsheets alone.
        numbers: Format of numbers, such as "%.3f".

    """
    safe = table.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column].dtype):
            safe[column] = safe[column].astype(object).map(as_text)
    safe.columns = pd.Index([as_text(name) for name in safe.columns])
    safe.to_csv(file, index=False, encoding=encoding, float_format=numbers, lineterminator="\n")


def as_text(value: object) -> object:
    """A text on one line that no spreadsheet takes for a formula; anything else as it is."""
    if not isinstance(value, str):
        return value
    line = value.replace("\r", " ").replace("\n", " ")
    return f"'{line}" if line.startswith(_FORMULA) else line


def as_read(text: str) -> str:
    """What `as_text` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
