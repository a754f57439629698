"""What the sums of single runs have to be corrected by once it is known who is whom over a day's runs.

A run's own sums count a person who is in two files of a day twice, and know no phantom or probable staff that
only several files together give away. Only those people's stays are read.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from analytics.quarters import Quarters
from analytics.stays import CROSSED, OUTSIDE, Stays
from analytics.visits import Visits
from dwellmap.period.member import Member
from dwellmap.period.period import Period

STAYS = "stays.parquet"
_COLUMNS = ("run", "begin_s", "place", "staff", "dwell_s", "entries", "visitors")


def corrections(
    period: Period, linked: pd.DataFrame, people: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, set[int]]:
    """Rows to add to the sums per quarter.

    Args:
        period: The period.
        linked: run, person, visitor, phantom of all linked people.
        people: visitor, present_s and staff of everybody, one row per run.

    Returns:
        Rows for cells and rows for zones (run, begin_s, place, staff, dwell_s, entries, visitors; what is
        taken away is negative), and the visitors who are probably staff only by their time in several runs.

    """
    staff = _late_staff(period, people)
    empty = pd.DataFrame({name: np.zeros(0, dtype=np.int64) for name in _COLUMNS})
    if linked.empty:
        return empty, empty, staff
    several = linked.groupby("visitor")["run"].transform("nunique") > 1
    special = linked[several | linked["phantom"] | linked["visitor"].isin(staff)]
    found: dict[str, list[pd.DataFrame]] = {"cell": [empty], "zone": [empty]}
    met: set[tuple[int, str, int]] = set()
    for run in sorted(special["run"].unique().tolist()):
        rows, member = special[special["run"] == run], period.members[run]
        for kind, quarters in _quarters_of(period, member, rows).items():
            for visitor in quarters["visitor"].unique().tolist():
                one, table = (
                    rows[rows["visitor"] == visitor].iloc[0],
                    quarters[quarters["visitor"] == visitor],
                )
                found[kind].append(_correction(table, run, kind, one, visitor in staff, met))
    return pd.concat(found["cell"]), pd.concat(found["zone"]), staff


def _correction(
    table: pd.DataFrame, run: int, kind: str, one: pd.Series, late: bool, met: set[tuple[int, str, int]]
) -> pd.DataFrame:
    table = table.assign(run=run)
    if one["phantom"]:
        sums = table[["dwell_s", "entries", "visitors"]]
        return table.assign(**(-sums))[list(_COLUMNS)]
    known = np.array([(int(one["visitor"]), kind, int(place)) in met for place in table["place"]])
    met.update((int(one["visitor"]), kind, int(place)) for place in table["place"][table["visitors"] > 0])
    taken = table.assign(dwell_s=0.0, entries=0, visitors=-np.where(known, table["visitors"], 0))
    if not late:
        return taken[taken["visitors"] != 0][list(_COLUMNS)]
    # From the customers to the staff.
    away = table.assign(dwell_s=-table["dwell_s"], entries=-table["entries"], visitors=-table["visitors"])
    there = table.assign(staff=True, visitors=np.where(known, 0, table["visitors"]))
    return pd.concat([away, there])[list(_COLUMNS)]


def _late_staff(period: Period, people: pd.DataFrame) -> set[int]:
    """Linked visitors whose time in all runs of a day makes them probable staff."""
    if people.empty:
        return set()
    total = people.groupby("visitor")["present_s"].sum()
    own = people.groupby("visitor")["staff"].any()
    setups = people.groupby("visitor")["setup"].first()
    least = np.array([setup.maps.staff_s for setup in period.setups])[setups.to_numpy()]
    return {int(v) for v in total.index[(total.to_numpy() >= least) & ~own.to_numpy()]}


def _quarters_of(period: Period, member: Member, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Sums of some people of a run, by visitor; nothing where their stays have been erased."""
    file = member.path / STAYS
    if not file.is_file():
        return {}
    stays = pq.read_table(file, filters=[("person", "in", rows["person"].tolist())]).to_pandas()
    setup = period.setups[member.setup]
    names = {zone.name: number for number, zone in enumerate(setup.zones)}
    seen = setup.coverage.observable
    done: dict[str, pd.DataFrame] = {}
    for kind in ("cell", "zone"):
        chosen = stays[stays["kind"] == kind]
        place = (
            chosen["place"].map(names).fillna(OUTSIDE).to_numpy(dtype=np.int64)
            if kind == "zone"
            else chosen["place"].replace("outside", OUTSIDE).astype(np.int64).to_numpy()
        )
        if kind == "cell":
            place = np.where((place >= 0) & seen[np.maximum(place, 0)], place, OUTSIDE)
        least = setup.maps.min_visit_cell_s if kind == "cell" else setup.maps.min_visit_zone_s
        tables = []
        for person, visitor in zip(rows["person"], rows["visitor"], strict=True):
            mine = (chosen["person"] == person).to_numpy()
            table = _plain(chosen[mine], place[mine])
            visits = Visits.of_stays(table, setup.maps.revisit_s)
            quarters = Quarters.of(table, visits, least, member.zero_s, np.zeros(0, np.int64), peaks=False)
            tables.append(quarters.to_frame(peaks=False).assign(visitor=visitor))
        done[kind] = pd.concat(tables) if tables else pd.DataFrame()
    return {kind: table for kind, table in done.items() if len(table)}


def _plain(stays: pd.DataFrame, place: np.ndarray) -> Stays:
    kinds = {"crossed": CROSSED, "edge": 1}
    entry, exit_ = (np.asarray(stays[side].map(kinds).fillna(2), dtype=np.int8) for side in ("entry", "exit"))
    return Stays(
        stays["person"].to_numpy(dtype=np.int64), place, stays["enter_s"].to_numpy(),
        stays["leave_s"].to_numpy(), entry, exit_,
    )  # fmt: skip
