"""Small tables of numbers that people make in a spreadsheet."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

MAX_FILE_BYTES = 1_000_000


def read_rows(path: Path) -> list[tuple[int, list[str]]]:
    """Lines that are not empty, as (number in the file, cells).

    Comma, semicolon or tab.

    Raises:
        ValueError: If it is no small CSV file in UTF-8, or empty.

    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"{path}: expected a small table, got more than {MAX_FILE_BYTES:,} bytes")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}: expected a CSV file in UTF-8, got other bytes; save it as CSV UTF-8"
        ) from error
    except FileNotFoundError as error:
        raise ValueError(f"{path}: there is no such file") from error
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from error
    first = text.split("\n", 1)[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise ValueError(f"{path}: line {reader.line_num} is no CSV ({error})") from error
    if not rows:
        raise ValueError(f"{path}: the file is empty; expected a header and lines of values")
    return rows


def numbers(
    line: int, cells: list[str], header: list[str], columns: list[int], faults: list[str]
) -> list[float]:
    """The finite numbers in some columns of a line, with point or comma; others are added to `faults`."""
    found = []
    for column in columns:
        text = cells[column].strip() if column < len(cells) else ""
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            faults.append(f"line {line}: {header[column]} must be a number, got {text[:40]!r}")
        found.append(number)
    return found


def refuse(what: str, faults: list[str]) -> None:
    """Raise all faults at once, if there are any.

    Raises:
        ValueError: If there are.

    """
    if faults:
        raise ValueError("\n".join([f"{what}:", *(f"  - {fault}" for fault in faults)]))
