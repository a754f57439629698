"""What is wrong with a site file, all of it at once, in words for the person who wrote it."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

Location = tuple[int | str, ...]

# pydantic speaks of Python's types; the file has TOML's.
SHAPES = {
    "tuple_type": "a list",
    "list_type": "a list",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dict_type": "a table",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        key: Dotted path of the key in the file; entries of a list are counted from 1 and carry their name.
        expected: What should stand there.
        got: What stands there.

    """

    key: str
    expected: str
    got: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.key}: expected {self.expected}; got {self.got}"


class SiteError(ValueError):
    """A site file with faults.

    Attributes:
        path: The file.
        faults: All that was found, in the order of the file's tables.

    """

    def __init__(self, path: Path, faults: Iterable[Fault]) -> None:
        self.path = path
        self.faults = tuple(faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        lines = "".join(f"\n  {fault}" for fault in self.faults)
        super().__init__(f"{path}: {count} in the site file:{lines}")


class MismatchError(ValueError):
    """Raised by a validator that can say what it expected and what came."""

    def __init__(self, expected: str, got: str) -> None:
        self.expected = expected
        self.got = got
        super().__init__(f"expected {expected}; got {got}")


def faults_of(error: ValidationError, model: type[BaseModel], raw: Mapping[str, Any]) -> list[Fault]:
    """Put pydantic's findings about `raw`, read as `model`, into words."""
    found = []
    for one in error.errors(include_url=False):
        location = one["loc"]
        key = dotted(location, raw)
        cause = one.get("ctx", {}).get("error")
        if isinstance(cause, MismatchError):
            fault = Fault(key, cause.expected, cause.got)
        elif one["type"] == "extra_forbidden":
            fault = Fault(key, _instead(str(location[-1]), _keys_at(model, location[:-1])), "an unknown key")
        elif one["type"] == "missing":
            fault = Fault(key, f"{_description(model, location)} (required)", "nothing")
        elif one["type"] in SHAPES:
            fault = Fault(key, SHAPES[one["type"]], shown(one["input"]))
        else:
            message = one["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            expected, _, got = message.removeprefix("expected ").partition(", got ")
            fault = Fault(key, expected[:1].lower() + expected[1:], got or shown(one["input"]))
        found.append(fault)
    return found


def duplicates(raw: Mapping[str, Any], tables: Sequence[str]) -> list[Fault]:
    """Names that stand twice within one of the named lists of tables; upper and lower case are the same."""
    found = []
    for table in tables:
        seen: dict[str, int] = {}
        entries = raw.get(table)
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            name = entry.get("name") if isinstance(entry, dict) else None
            if not isinstance(name, str):
                continue
            first = seen.setdefault(name.strip().casefold(), index)
            if first != index:
                key = dotted((table, index, "name"), raw)
                found.append(Fault(key, "a name of its own", f"the name of {table}[{first + 1}] again"))
    return found


def dotted(location: Location, raw: Any) -> str:
    """The path of a key as people write it: `zones[2 "Till"].polygon_m`."""
    text = ""
    for part in location:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            raw = None
        if isinstance(part, int):
            name = raw.get("name") if isinstance(raw, dict) else None
            text += f'[{part + 1} "{name}"]' if isinstance(name, str) and name else f"[{part + 1}]"
        else:
            text += f".{part}" if text else str(part)
    return text or "the file"


def shown(value: object, most: int = 60) -> str:
    """A value as it may stand in a message: on one line and short."""
    text = " ".join(repr(value).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _instead(wrong: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(wrong.casefold(), known, n=1)
    if near:
        return f"another key (did you mean {near[0]!r}?)"
    return f"one of {', '.join(known)}" if known else "no such key"


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
    annotation: Any = model
    for part in location:
        inner = _models_in(annotation)
        if isinstance(part, int):
            continue
        if not inner or part not in inner[0].model_fields:
            return None
        annotation = inner[0].model_fields[part].annotation
    inner = _models_in(annotation)
    return inner[0] if inner else None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [model for argument in typing.get_args(annotation) for model in _models_in(argument)]


def _keys_at(model: type[BaseModel], location: Location) -> list[str]:
    here = _model_at(model, location)
    return list(here.model_fields) if here else []


def _description(model: type[BaseModel], location: Location) -> str:
    here = _model_at(model, location[:-1])
    known = here.model_fields.get(str(location[-1])) if here else None
    return known.description if known and known.description else "a value"
