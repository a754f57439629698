"""When a recording began: as told, as its file name says, or as its container says, in that order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

DEFAULT_PATTERNS = (
    "%Y%m%d_%H%M%S",
    "%Y%m%d-%H%M%S",
    "%Y%m%dT%H%M%S",
    "%Y%m%d%H%M%S",
    "%Y-%m-%dT%H-%M-%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H%M%S",
    "%Y-%m-%d_%H-%M-%S",
    "%Y-%m-%d_%H:%M:%S",
    "%Y-%m-%d_%H.%M.%S",
    "%Y-%m-%d_%H%M%S",
    "%Y-%m-%d %H-%M-%S",
    "%Y-%m-%d %H.%M.%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d-%H-%M-%S",
    "%Y_%m_%d_%H_%M_%S",
    "%Y.%m.%d_%H.%M.%S",
    "%Y.%m.%d-%H.%M.%S",
    "%Y.%m.%d %H.%M.%S",
)
"""Tried after a camera's own patterns. Year first in all of them: day and month cannot be mistaken."""

_DIRECTIVES = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "m": r"\d{2}",
    "d": r"\d{2}",
    "j": r"\d{3}",
    "H": r"\d{2}",
    "I": r"\d{2}",
    "M": r"\d{2}",
    "S": r"\d{2}",
    "f": r"\d{1,6}",
    "p": r"[AaPp][Mm]",
    "z": r"Z|[+-]\d{2}:?\d{2}",
}
_YEARS = range(1990, 2101)  # outside it is a clock that was never set (1904, 1970) or no date at all
_MOST_WILDCARDS = 4  # more make matching slow on hostile names and help nobody
_CONTAINER_KEYS = ("com.apple.quicktime.creationdate", "creation_time", "date", "DATE")


@dataclass(frozen=True, slots=True)
class Start:
    """A recording's wall-clock start.

    Attributes:
        when: Timezone-aware start; None if nobody knows.
        source: "option", "file name", "container" or "unknown".
        note: What was assumed, in plain words, for the report; None if nothing was.

    """

    when: datetime | None
    source: str
    note: str | None = None


def find_start(
    path: Path,
    *,
    option: datetime | str | None = None,
    name_patterns: Sequence[str] = (),
    time_zone: tzinfo | str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Start:
    """Find when a recording began.

    Args:
        path: The file or folder; only its name is looked at.
        option: What the user said: a datetime or ISO 8601 text, with or without a zone.
        name_patterns: The camera's own strptime-like patterns (`time_in_name`), tried before the defaults.
        time_zone: Zone of the site, for times that state none: tzinfo or IANA name such as "Europe/Berlin".
            None takes this machine's local zone and says so in `note`.
        metadata: The container's key-value texts.

    Raises:
        ValueError: If `option`, a pattern or the zone cannot be understood.

    """
    zone = _zone(time_zone)
    if option is not None:
        told = _iso(option) if isinstance(option, str) else option
        if told is None:
            raise ValueError(
                "start: expected an ISO date and time such as 2026-03-14T10:15:00 or "
                f"2026-03-14T10:15:00+01:00, got {option!r}"
            )
        if told.year not in _YEARS:
            raise ValueError(
                f"start: expected a year from {_YEARS.start} to {_YEARS.stop - 1}, got {told.year}"
            )
        return _aware(told, "option", zone)
    named = time_in_name(path, (*name_patterns, *DEFAULT_PATTERNS))
    if named is not None:
        return _aware(named, "file name", zone)
    stated = _in_metadata(metadata or {})
    if stated is not None:
        return _aware(stated, "container", zone)
    return Start(None, "unknown")


def time_in_name(path: Path, patterns: Sequence[str]) -> datetime | None:
    """Read a date and time from a file name.

    A pattern may stand anywhere in the name, at borders of numbers. It knows %Y %y %m %d %j %H %I %M %S %f %p
    %z and %%, `*` for anything and `?` for any character; case does not matter. With `/` in it, it is matched
    against that many folders above as well ("%Y-%m-%d/%H.%M.%S*"). The first pattern that gives a real date
    between 1990 and 2100 wins; in a name with two dates that is the first, the start.

    Returns:
        The time as written (naive unless the pattern has %z), or None.

    Raises:
        ValueError: If a pattern cannot be understood.

    """
    for pattern in patterns:
        expression, directives = _compiled(pattern)
        above = path.parts[-1 - pattern.count("/") : -1]
        texts = ["/".join([*above, name]) for name in (path.stem, path.name)]
        for match in (match for text in texts for match in expression.finditer(text)):
            try:
                found = datetime.strptime("\n".join(match.groups()), directives)
            except ValueError:
                continue  # digits that look like a date but are none, e.g. month 13
            if found.year in _YEARS:
                return found
    return None


def check_pattern(pattern: str) -> None:
    """See whether a file-name pattern can be understood.

    Raises:
        ValueError: If not, saying what was expected.

    """
    _compiled(pattern)


def _compiled(pattern: str) -> tuple[re.Pattern[str], str]:
    pieces: list[str] = []
    directives: list[str] = []
    for piece in _pieces(pattern):
        if piece == "%%":
            pieces.append("%")
        elif piece.startswith("%"):
            if piece[1:] not in _DIRECTIVES:
                raise ValueError(
                    f"file-name pattern {pattern!r}: expected {' '.join('%' + key for key in _DIRECTIVES)} "
                    f"or %%, got {piece!r}"
                )
            pieces.append(f"({_DIRECTIVES[piece[1:]]})")
            directives.append(piece)
        elif piece in ("*", "?"):
            pieces.append({"*": "[^/]*?", "?": "[^/]"}[piece])
        else:
            pieces.append(re.escape(piece))
    have = "".join(directives)
    day = "%j" in have or ("%m" in have and "%d" in have)
    if not (("%Y" in have or "%y" in have) and day and ("%H" in have or ("%I" in have and "%p" in have))):
        raise ValueError(
            f"file-name pattern {pattern!r}: expected year, month, day and hour, as in '%Y%m%d_%H%M%S'; "
            f"got only {have or 'plain text'}"
        )
    if pattern.count("*") > _MOST_WILDCARDS:
        raise ValueError(f"file-name pattern {pattern!r}: expected at most {_MOST_WILDCARDS} '*', got more")
    if len(set(directives)) < len(directives):
        raise ValueError(f"file-name pattern {pattern!r}: expected each part once, got one twice")
    # A newline between the values: it can be in no value, so none runs into the next.
    return re.compile(r"(?<!\d)" + "".join(pieces) + r"(?!\d)", re.IGNORECASE), "\n".join(directives)


def _pieces(pattern: str) -> Iterator[str]:
    at = 0
    while at < len(pattern):
        length = 2 if pattern[at] == "%" else 1
        yield pattern[at : at + length]
        at += length


def _in_metadata(metadata: Mapping[str, str]) -> datetime | None:
    for key in _CONTAINER_KEYS:
        found = _iso(metadata.get(key, ""))
        # A bare year or date ("2026") is a title's release date, not the start of a recording.
        if found is not None and found.year in _YEARS and ":" in metadata[key]:
            return found
    return None


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _aware(found: datetime, source: str, zone: tzinfo | None) -> Start:
    if found.tzinfo is not None:
        return Start(found.astimezone(zone) if zone else found, source)
    if zone is not None:
        return Start(found.replace(tzinfo=zone), source)
    local = found.astimezone()
    note = (
        f"the start {found:%Y-%m-%d %H:%M:%S} ({source}) states no time zone: this machine's local zone "
        f"{local.tzname()} ({local:%z}) was taken; name the site's time zone to be sure"
    )
    return Start(local, source, note)


def _zone(time_zone: tzinfo | str | None) -> tzinfo | None:
    if not isinstance(time_zone, str):
        return time_zone
    try:
        return ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError) as fault:  # unknown, malformed, or the name of a folder
        raise ValueError(
            f"time zone: expected an IANA name such as Europe/Berlin or UTC, got {time_zone!r} "
            "(if it is right, this machine lacks the zone database: install the package tzdata)"
        ) from fault
