"""The numbers of activity: `activity.json` and what is in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analytics.activity import extremes
from dwellmap.activity.counting import Counted, Floor
from tracker.frames import Footage

FORMAT, VERSION = "dwellmap-activity", 1
DEFINITIONS = {
    "activity_s": "seconds of motion, mean over the pixels of a region that count",
    "occupied_s": "seconds in which anything moved in a region",
    "share": "share of all pixel-seconds of motion; the shares sum to 1, and are null where nothing moved",
    "rank": "1 is the most active region by activity_s; equals share a rank",
    "difference": "absolute difference from the empty scene, grey levels, mean over pixels and time",
    "motion": "a pixel moves while it shows neither the empty scene nor a shadow on it",
    "floor": "a cell or zone of the plan counts while the lower edge of something that moves is in it",
}


def results(counted: Counted, table: pd.DataFrame, floor: Floor | None) -> dict[str, Any]:
    """The `results` of `activity.json`; unknown numbers are null."""
    most = extremes(table)
    cells = [_plain(row) for row in table.to_dict("records")]
    observed_s = counted.footage.observed_time_s
    zones = []
    if floor is not None and counted.zones is not None:
        zones = [
            {"name": zone.name, "occupied_s": float(s), "occupied_share": float(s) / observed_s}
            for zone, s in zip(floor.zones, counted.zones.dwell_s, strict=True)
        ]
    return {
        "observed_s": observed_s,
        "pictures": counted.pictures,
        "not_recognised_s": counted.unknown_s,
        "occupied_s": float(counted.occupied.dwell_s[-1]),
        "pixel_seconds": float(counted.moving.dwell_s.sum()),
        "hottest": None if most is None else cells[most[0]],
        "coldest": None if most is None else cells[most[1]],
        "cells": cells,
        "zones": zones,
    }


def footage_json(footage: Footage) -> dict[str, Any]:
    """What was decoded, as a run's recipe has it."""
    return {
        "observed_s": footage.observed_s.tolist(),
        "observed_time_s": footage.observed_time_s,
        "frames": footage.frames,
        "damaged": footage.damaged,
        "warnings": list(footage.warnings),
    }


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if pd.isna(value):
        return None
    return int(value) if isinstance(value, int | np.integer) else float(value)
