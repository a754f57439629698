"""Settings with changes named one by one, as on a command line."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from dwellmap.site_file import Settings


def with_changes(settings: Settings, changes: list[str] | None, cell_m: float | None) -> Settings:
    """Settings with the changes of the command line.

    Args:
        settings: Those of the site, or the defaults.
        changes: Such as "maps.revisit_s=5".
        cell_m: Side of a grid cell, m.

    Raises:
        ValueError: For a key that does not exist or a value that does not fit; all at once.

    """
    content: dict[str, Any] = settings.model_dump()
    wrong = []
    for change in [*(changes or []), *([] if cell_m is None else [f"maps.cell_m={cell_m}"])]:
        key, equals, value = change.partition("=")
        table, _, name = key.strip().partition(".")
        if not equals or name not in content.get(table, {}):
            known = ", ".join(f"{t}.{n}" for t, rows in content.items() for n in rows)
            wrong.append(f"--set {change}: expected KEY=VALUE with one of the keys {known}")
            continue
        content[table][name] = value.strip()
    if wrong:
        raise ValueError("\n".join(wrong))
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        faults = [
            f"--set {'.'.join(map(str, fault['loc']))}: {fault['msg'].lower()}, got {fault['input']!r}"
            for fault in error.errors()
        ]
        raise ValueError("\n".join(faults)) from error
