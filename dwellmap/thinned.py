"""The tables of a run that tell of times, without what they say of few people."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.thinning import stretches, thin_quarters, thin_zones
from dwellmap.run_tables import CELL_QUARTERS, PEOPLE, ZONE_QUARTERS, ZONES

TIMES = (ZONE_QUARTERS, CELL_QUARTERS, ZONES)


def thin_run(run: Path, recipe: dict[str, Any], min_people: int) -> None:
    """Make the tables of times coarser where they rest on few people.

    Who was there when is read from the run's people; where these are gone, all of the recording is one
    stretch. Done again, with the same people, it changes nothing.

    Args:
        run: Folder of the run; each table is replaced as a whole.
        recipe: Content of its `run.json`.
        min_people: Fewer are few.

    Raises:
        ValueError, KeyError, TypeError: If recipe or tables are damaged.
        OSError: If a table cannot be read or written.

    """
    start = recipe["source"]["start"]
    zero_s = 0.0 if start is None else datetime.fromisoformat(start).timestamp()
    footage_s = np.array(recipe["footage"]["observed_s"], dtype=np.float64).reshape(-1, 2) + zero_s
    present_s, staff = _people(run / PEOPLE, zero_s)
    customers, workers = (
        stretches(footage_s, present_s[staff == kind], min_people) for kind in (False, True)
    )
    for name in (ZONE_QUARTERS, CELL_QUARTERS):
        if (run / name).is_file():
            table = thin_quarters(pd.read_parquet(run / name), footage_s, customers, workers, min_people)
            draft = _draft(run, name)
            table.to_parquet(draft, index=False)
            os.replace(draft, run / name)
    if (run / ZONES).is_file():
        zones = thin_zones(pd.read_csv(run / ZONES, dtype=str, keep_default_na=False), min_people)
        draft = _draft(run, ZONES)
        zones.to_csv(draft, index=False)
        os.replace(draft, run / ZONES)


def sweep_thinning(run: Path) -> None:
    """Remove what a thinning that was cut short left half-written."""
    for name in TIMES:
        for draft in run.glob(f".{name}.*"):
            draft.unlink(missing_ok=True)


def _draft(run: Path, name: str) -> Path:
    return run / f".{name}.{os.getpid()}"


def _people(file: Path, zero_s: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """When each person came first and left last, and who is probably staff; nobody where it is not known."""
    try:
        people = pd.read_parquet(file, columns=["first_s", "last_s", "probable_staff"])
    except (ValueError, KeyError, OSError):
        return np.zeros((0, 2)), np.zeros(0, dtype=np.bool_)
    return people[["first_s", "last_s"]].to_numpy(dtype=np.float64) + zero_s, people[
        "probable_staff"
    ].to_numpy(dtype=np.bool_)
