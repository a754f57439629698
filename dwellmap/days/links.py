"""The links of a camera's day: what counts of each run, and who is whom in all of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dwellmap.leftovers import held

COLUMNS = (
    "recipe", "run", "start", "clock_s", "used_from_s", "used_until_s",
    "person", "visitor", "since_day_before", "phantom",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class UsedRun:
    """What counts of a run, and who its people are.

    Attributes:
        run: Name of its folder.
        start: Wall clock at its time 0 as its stamp has it, UTC.
        clock_s: Seconds by which that stamp is late: time 0 is at `start + clock_s`.
        used_from_s: From when on it counts, in its own seconds.
        used_until_s: Until when; the same as `used_from_s` if other runs show all of it.
        person: (P,) int64 its persons who are there in that time.
        visitor: (P,) int64 who they are: equal numbers on one day are one person.
        since_day_before: (P,) bool, that person was there in the last recording of the day before already.
        phantom: (P,) bool, that is a suspected phantom: still and unchanged for long enough over several
            recordings; left out of the day.

    """

    run: str
    start: datetime
    clock_s: float
    used_from_s: float
    used_until_s: float
    person: NDArray[np.int64]
    visitor: NDArray[np.int64]
    since_day_before: NDArray[np.bool_]
    phantom: NDArray[np.bool_]

    @property
    def used_from(self) -> datetime:
        """Wall clock from which on it counts."""
        return self.start + timedelta(seconds=self.clock_s + self.used_from_s)

    @property
    def used_until(self) -> datetime:
        """Wall clock until which it counts."""
        return self.start + timedelta(seconds=self.clock_s + self.used_until_s)


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Runs of one recipe that began on one day, in order of time.

    Attributes:
        recipe: Eight hex digits over all that their numbers depend on but the recording.
        runs: The runs.

    """

    recipe: str
    runs: tuple[UsedRun, ...]

    @property
    def visitors(self) -> int:
        """Number of different people."""
        return len(np.unique(np.concatenate([[], *(used.visitor[~used.phantom] for used in self.runs)])))

    @property
    def used_s(self) -> float:
        """Time that counts, in seconds, gaps in footage included."""
        return sum(used.used_until_s - used.used_from_s for used in self.runs)


def links_file(folder: Path, day: date) -> Path:
    """Where the links of a day lie in a camera's folder."""
    return folder / f"links-{day.isoformat()}.parquet"


def links_in(folder: Path) -> dict[date, Path]:
    """The links in a camera's folder, by day."""
    found = {}
    for file in sorted(folder.glob("links-????-??-??.parquet")):
        try:
            found[date.fromisoformat(file.stem.removeprefix("links-"))] = file
        except ValueError:  # somebody else's file
            continue
    return found


def write_links(file: Path, links: Sequence[Links]) -> None:
    """Write the links of all recipes of a day, whole or not at all.

    A row per person; a run in which nobody is there in the time that counts has one row without a person.
    """
    rows = [_rows(group.recipe, used) for group in links for used in group.runs]
    table = pd.concat(rows, ignore_index=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.{os.getpid()}.", dir=file.parent)
    os.close(handle)
    draft = Path(name)
    try:
        with held(draft):
            table.to_parquet(draft, index=False)
        # mkstemp makes files that only their owner may read; results are for the whole team.
        draft.chmod(0o666 & ~_umask())
        os.replace(draft, file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _rows(recipe: str, used: UsedRun) -> pd.DataFrame:
    nobody = not len(used.person)
    table = pd.DataFrame(
        {
            "person": pd.array([pd.NA] if nobody else used.person, dtype="Int64"),
            "visitor": pd.array([pd.NA] if nobody else used.visitor, dtype="Int64"),
            "since_day_before": [False] if nobody else used.since_day_before,
            "phantom": [False] if nobody else used.phantom,
        }
    )
    table.insert(0, "used_until_s", used.used_until_s)
    table.insert(0, "used_from_s", used.used_from_s)
    table.insert(0, "clock_s", used.clock_s)
    table.insert(0, "start", pd.Timestamp(used.start.astimezone(UTC)).as_unit("us"))
    table.insert(0, "run", used.run)
    table.insert(0, "recipe", recipe)
    return table


def read_links(file: Path) -> tuple[Links, ...]:
    """Read what `write_links` wrote.

    Raises:
        ValueError: If columns are missing.

    """
    table = pd.read_parquet(file)
    missing = [c for c in COLUMNS if c not in table.columns]
    if missing:
        raise ValueError(
            f"{file}: expected columns {', '.join(COLUMNS)}; missing {', '.join(missing)}; "
            "rebuild it with `dwellmap link`"
        )
    found: dict[str, list[UsedRun]] = {}
    for (recipe, run), rows in table.groupby(["recipe", "run"], sort=False):
        head, seen = rows.iloc[0], rows[rows["person"].notna()]
        used = UsedRun(
            str(run),
            head["start"].to_pydatetime(),
            float(head["clock_s"]),
            float(head["used_from_s"]),
            float(head["used_until_s"]),
            seen["person"].to_numpy(dtype=np.int64),
            seen["visitor"].to_numpy(dtype=np.int64),
            seen["since_day_before"].to_numpy(dtype=np.bool_),
            seen["phantom"].to_numpy(dtype=np.bool_),
        )
        found.setdefault(str(recipe), []).append(used)
    return tuple(Links(recipe, tuple(runs)) for recipe, runs in found.items())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
