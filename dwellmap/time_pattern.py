"""Recorders write the start into the file name; a pattern says where."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

# The directives of strptime that depend neither on language nor on what else is in the name.
DIRECTIVES = {
    "Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{2}", "d": r"\d{2}", "j": r"\d{3}",
    "H": r"\d{2}", "M": r"\d{2}", "S": r"\d{2}", "f": r"\d{1,6}", "z": r"Z|[+-]\d{2}:?\d{2}",
}  # fmt: skip
# More wildcards make matching slow on hostile names and help nobody.
MOST_WILDCARDS = 4


@dataclass(frozen=True, slots=True)
class TimePattern:
    """A file-name pattern such as `ch03_%Y%m%d_%H%M%S*`: strptime directives, `*` and `?` as in a glob.

    Attributes:
        text: The pattern as written, for the file name with or without its ending; case does not matter.

    Raises:
        ValueError: If the pattern cannot give a date and an hour, or says something twice.

    """

    text: str
    _names: tuple[str, ...] = field(init=False, repr=False)
    _matcher: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Translate the pattern once."""
        names: list[str] = []
        pieces: list[str] = []
        for piece in re.findall(r"%.?|\*+|.", self.text, flags=re.DOTALL):
            if piece == "%%":
                pieces.append("%")
            elif piece.startswith("%"):
                name = piece[1:]
                if name not in DIRECTIVES:
                    raise ValueError(f"expected directives out of {_directives()}, got {piece!r}")
                if name in names:
                    raise ValueError(f"expected each directive once, got {piece} twice in {self.text!r}")
                names.append(name)
                pieces.append(f"(?P<{name}>{DIRECTIVES[name]})")
            else:
                pieces.append({"*": ".*?", "?": "."}.get(piece[0], re.escape(piece)))
        if not ({"Y", "y"} & set(names) and ({"m", "d"} <= set(names) or "j" in names) and "H" in names):
            raise ValueError(
                "expected at least year, month, day and hour, such as 'ch03_%Y%m%d_%H%M%S*', "
                f"got {self.text!r}"
            )
        if pieces.count(".*?") > MOST_WILDCARDS:
            raise ValueError(f"expected at most {MOST_WILDCARDS} '*', got {pieces.count('.*?')}")
        object.__setattr__(self, "_names", tuple(names))
        object.__setattr__(self, "_matcher", re.compile("".join(pieces), re.IGNORECASE | re.DOTALL))

    def read(self, file_name: str, zone: tzinfo) -> datetime | None:
        """The wall-clock time that a file name states; None if the name is not of this pattern or no date.

        Args:
            file_name: Name without its folder.
            zone: Time zone of the name's clock, unless the pattern has `%z`.

        """
        stem = file_name.rpartition(".")[0] or file_name
        found = self._matcher.fullmatch(stem) or self._matcher.fullmatch(file_name)
        if found is None:
            return None
        values = " ".join(found.group(name) for name in self._names)
        try:
            moment = datetime.strptime(values, " ".join(f"%{name}" for name in self._names))
        except ValueError:
            return None
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _directives() -> str:
    return " ".join(f"%{name}" for name in DIRECTIVES)
