"""The tables of a period's runs, read through DuckDB straight from their Parquet files.

    runs            run, setup, camera, day (when it began), dated, erased
    footage         run, begin_s, observed_s, share, day, hour, open
    cell_quarters   run, setup, begin_s, place, staff, dwell_s, entries, visitors, day, hour, open
    zone_quarters   the same, with peak and peak_s; place is the zone's number in the setup
    visits          run, setup, visitor, zone, begin_s, enter_s, leave_s, dwell_s, entry, exit, begun, ended,
                    stopped_s, observed_share, staff, day, hour, open; times in seconds since 1970 UTC
    people          run, setup, visitor, present_s, first_s, last_s, counted, staff, phantom, day, hour, open

`begin_s` is the begin of a quarter of an hour, in seconds since 1970 UTC; of undated runs, since their start.
`day` and `hour` are local, NULL for undated runs. `open` is whether a quarter counts: its middle lies in the
opening hours (always, for undated runs) and it lies in the period.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from analytics.quarters import QUARTER_S
from dwellmap.period.corrections import corrections
from dwellmap.period.member import Member
from dwellmap.period.period import Period
from dwellmap.run_tables import CELL_QUARTERS, PEOPLE, VISITS, ZONE_QUARTERS

# Bounded, so that a year of many cameras fits a plain computer.
_MEMORY = "1200MB"
_LATE = "staff OR visitor IN (SELECT visitor FROM staff_) AS staff"
_ENTRY = "CASE {0} WHEN 'crossed' THEN 0 WHEN 'edge' THEN 1 ELSE 2 END::TINYINT AS {0}"


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """A period's tables.

    Attributes:
        period: The period.
        db: The connection; SQL sees the tables above.

    """

    period: Period
    db: duckdb.DuckDBPyConnection

    @classmethod
    def of(cls, period: Period) -> Tables:
        """Open the tables of all runs; cells and visits are read when they are asked for."""
        db = duckdb.connect(":memory:")
        # No network, no extension: everything needed is built in.
        db.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
        db.execute(f"SET memory_limit = '{_MEMORY}'")
        db.execute("SET preserve_insertion_order = false")
        # It is drawn on standard output, which may be somebody's JSON.
        db.execute("SET enable_progress_bar = false")
        footage = _footage(period)
        _load(db, "runs_", _runs(period))
        _load(db, "footage", footage)
        linked = _linked(period)
        _load(db, "linked_", linked)
        db.execute("CREATE VIEW runs AS SELECT * EXCLUDE (folder, zero_s, from_s, until_s) FROM runs_")
        # What is asked for more than once is read once: opening thousands of files takes longer than reading.
        db.execute(f"CREATE TABLE people_ AS {_people(period)}")
        everybody = pd.DataFrame()
        if len(linked):
            everybody = db.execute(
                "SELECT setup, visitor, present_s, staff FROM people_ WHERE visitor < 0"
            ).df()
        cells, zones, staff = corrections(period, linked, everybody)
        _load(db, "staff_", pd.DataFrame({"visitor": np.array(sorted(staff), dtype=np.int64)}))
        for name, file, fixed in (
            ("cell_quarters", CELL_QUARTERS, cells),
            ("zone_quarters", ZONE_QUARTERS, zones),
        ):
            _load(db, f"{name}_fix", fixed)
            kind = "TABLE" if file == ZONE_QUARTERS else "VIEW"
            db.execute(f"CREATE {kind} {name} AS {_quarters(period, file, name)}")
        _view(db, "people", f"SELECT * REPLACE ({_LATE}) FROM people_")
        _view(db, "visits_", _visits(period))
        _view(db, "visits", f"SELECT * REPLACE ({_LATE}) FROM visits_")
        return cls(period, db)

    def frame(self, sql: str, *values: Any) -> pd.DataFrame:
        """The rows that a query gives."""
        return self.db.execute(sql, list(values)).df()

    def of_setups(self, name: str, setups: Collection[int]) -> str:
        """`cell_quarters` or `visits` of the runs of some setups, as SQL: other runs' files stay unopened."""
        if name == "cell_quarters":
            return f"({_quarters(self.period, CELL_QUARTERS, name, setups)})"
        return f"(SELECT * REPLACE ({_LATE}) FROM ({_visits(self.period, setups)}))"


def _load(db: duckdb.DuckDBPyConnection, name: str, table: pd.DataFrame) -> None:
    db.register(f"{name}given", table)
    db.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}given")
    db.unregister(f"{name}given")


def _view(db: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    db.execute(f"CREATE VIEW {name} AS {sql}")


def _files(period: Period, name: str, setups: Collection[int] | None) -> str:
    """The files of one name of all runs, or those of some setups, that have it, as SQL; '' for none."""
    members = [m for m in period.members if setups is None or m.setup in setups]
    files = [str(member.path / name) for member in members if (member.path / name).is_file()]
    quoted = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    return f"read_parquet([{quoted}], filename = true)" if files else ""


def _runs(period: Period) -> pd.DataFrame:
    members = period.members
    return pd.DataFrame(
        {
            "run": np.arange(len(members)),
            "setup": [member.setup for member in members],
            "camera": pd.array([member.camera for member in members], dtype="object"),
            "folder": pd.array([str(member.path) for member in members], dtype="object"),
            "zero_s": [member.zero_s for member in members],
            "from_s": [member.zero_s + member.used_s[0] for member in members],
            "until_s": [member.zero_s + member.used_s[1] for member in members],
            "day": pd.Series([pd.NaT if m.day is None else pd.Timestamp(m.day) for m in members],
                             dtype="datetime64[s]"),
            "dated": [member.start is not None for member in members],
            "erased": [member.erased for member in members],
        }
    )  # fmt: skip


def _linked(period: Period) -> pd.DataFrame:
    """Who the people of linked runs are: run, person, visitor, phantom; visitors are numbered over all."""
    columns: list[tuple[np.ndarray, ...]] = []
    first: dict[tuple[Any, ...], int] = {}
    for number, member in enumerate(period.members):
        if member.linked is None:
            continue
        group = (member.path.parent, member.day, member.setup)
        base = first.setdefault(group, len(first))
        used = member.linked
        n = len(used.person)
        # Negative, so that it is no run's own person.
        who = -(base * 10_000_000 + used.visitor + 1)
        columns.append((np.full(n, number), used.person, who, used.phantom))
    names = ("run", "person", "visitor", "phantom")
    if not columns:
        return pd.DataFrame({name: np.zeros(0, dtype=np.int64) for name in names[:3]}).assign(phantom=False)
    joined = (np.concatenate(column) for column in zip(*columns, strict=True))
    return pd.DataFrame(dict(zip(names, joined, strict=True)))


def _footage(period: Period) -> pd.DataFrame:
    """A row per run and quarter with footage: how much of it, what share of it counts, and when that was."""
    rows: list[tuple[int, int, float, float]] = []
    for number, member in enumerate(period.members):
        rows.extend(_quarters_of(number, member))
    table = pd.DataFrame(rows, columns=["run", "begin_s", "observed_s", "share"])
    table = table.astype({"run": "int64", "begin_s": "int64", "observed_s": "float64", "share": "float64"})
    dated = np.array([member.start is not None for member in period.members])[table["run"]]
    clock = _clock(period, np.unique(table["begin_s"][dated]))
    table = table.assign(dated=dated).merge(clock, how="left", on="begin_s")
    undated = ~table["dated"]
    table.loc[undated, ["day", "hour"]] = None
    table["open"] = np.where(undated, True, table["open"].fillna(False)).astype(bool)
    return table.drop(columns="dated")


def _quarters_of(number: int, member: Member) -> list[tuple[int, int, float, float]]:
    whole, used = (_per_quarter(spans, member.zero_s) for spans in (member.observed_s, member.counted_s))
    return [(number, begin_s, length, length / whole[begin_s]) for begin_s, length in used.items()]


def _per_quarter(spans_s: np.ndarray, zero_s: float) -> dict[int, float]:
    """Seconds of footage in each quarter."""
    found: dict[int, float] = {}
    first = int(np.floor(zero_s / QUARTER_S))
    for begin, end in (spans_s + (zero_s - first * QUARTER_S)).tolist():
        for quarter in range(int(begin // QUARTER_S), int(-(-end // QUARTER_S))):
            length = min(end, (quarter + 1) * QUARTER_S) - max(begin, quarter * QUARTER_S)
            key = (first + quarter) * QUARTER_S
            found[key] = found.get(key, 0.0) + length
    return {key: length for key, length in found.items() if length > 0}


def _clock(period: Period, begin_s: np.ndarray) -> pd.DataFrame:
    """Local day and hour of quarters, and whether they count."""
    middles = [datetime.fromtimestamp(s + QUARTER_S / 2, UTC) for s in begin_s.tolist()]
    local = [moment.astimezone(period.clock) for moment in middles]
    counts = np.ones(len(middles), dtype=np.bool_)
    if period.begin is not None:
        counts &= np.array([m >= period.begin for m in middles], dtype=np.bool_)
    if period.end is not None:
        counts &= np.array([m < period.end for m in middles], dtype=np.bool_)
    if period.hours is not None and len(middles):
        edge = timedelta(seconds=QUARTER_S)
        spans = [
            (low.timestamp(), high.timestamp())
            for low, high in period.hours.between(middles[0] - edge, middles[-1] + edge)
        ]
        lows = np.array([low for low, _ in spans])
        highs = np.array([high for _, high in spans])
        middle_s = begin_s + QUARTER_S / 2
        at = np.searchsorted(lows, middle_s, side="right") - 1
        counts &= (at >= 0) & (middle_s < highs[np.maximum(at, 0)] if len(highs) else False)
    return pd.DataFrame(
        {
            "begin_s": begin_s.astype(np.int64),
            "day": pd.Series([pd.Timestamp(m.date()) for m in local], dtype="datetime64[s]"),
            "hour": pd.array([m.hour for m in local], dtype="Int8"),
            "open": counts,
        }
    )


def _quarters(period: Period, file: str, name: str, setups: Collection[int] | None = None) -> str:
    fixed_peaks = ", 0::BIGINT AS peak, NULL::DOUBLE AS peak_s" if file == ZONE_QUARTERS else ""
    peaks = ", q.peak, q.peak_s" if file == ZONE_QUARTERS else ""
    # Where files overlap, a quarter in which one takes over counts by its share of the footage used.
    return f"""
        SELECT r.run, r.setup, q.begin_s, q.place, q.staff, q.dwell_s * f.share AS dwell_s,
               q.entries * f.share AS entries, q.visitors * f.share AS visitors{peaks}, f.day, f.hour, f.open
        FROM {_files(period, file, setups)} q
        JOIN runs_ r ON q.filename = r.folder || '/{file}'
        JOIN footage f ON f.run = r.run AND f.begin_s = q.begin_s
        UNION ALL
        SELECT q.run, r.setup, q.begin_s, q.place, q.staff, q.dwell_s * f.share, q.entries * f.share,
               q.visitors * f.share{fixed_peaks}, f.day, f.hour, f.open
        FROM {name}_fix q
        JOIN runs_ r ON q.run = r.run{_among("r.setup", setups)}
        JOIN footage f ON f.run = q.run AND f.begin_s = q.begin_s
    """


def _among(column: str, setups: Collection[int] | None) -> str:
    return "" if setups is None else f" AND {column} IN ({', '.join(str(int(n)) for n in sorted(setups))})"


def _visits(period: Period, setups: Collection[int] | None = None) -> str:
    files = _files(period, VISITS, setups)
    if not files:
        return """
            SELECT 0 AS run, 0 AS setup, 0::BIGINT AS visitor, '' AS zone, 0::BIGINT AS begin_s,
                   0.0::DOUBLE AS enter_s, 0.0::DOUBLE AS leave_s, 0.0::DOUBLE AS dwell_s,
                   0::TINYINT AS entry,
                   0::TINYINT AS exit, true AS begun, true AS ended, 0.0::DOUBLE AS stopped_s,
                   0.0::DOUBLE AS observed_share, false AS staff, NULL::TIMESTAMP AS day,
                   NULL::TINYINT AS hour, true AS open WHERE false
        """
    # Where files overlap, each of them counts up to where the next takes over.
    return f"""
        WITH seen AS (
            SELECT v.* EXCLUDE (enter_s, leave_s, dwell_s, stopped_s, begun, ended), r.run, r.setup,
                   greatest(v.enter_s + r.zero_s, r.from_s) AS enter_s,
                   least(v.leave_s + r.zero_s, r.until_s) AS leave_s,
                   v.begun AND v.enter_s + r.zero_s >= r.from_s AS begun,
                   v.ended AND v.leave_s + r.zero_s <= r.until_s AS ended,
                   CASE WHEN v.leave_s > v.enter_s
                        THEN least((least(v.leave_s + r.zero_s, r.until_s)
                                    - greatest(v.enter_s + r.zero_s, r.from_s)) / (v.leave_s - v.enter_s), 1)
                        ELSE 1 END AS part, v.dwell_s, v.stopped_s
            FROM {files} v
            JOIN runs_ r ON v.filename = r.folder || '/{VISITS}'
        )
        SELECT v.run, v.setup, coalesce(l.visitor, v.run * 1000000000 + v.visitor)::BIGINT AS visitor, v.zone,
               f.begin_s, v.enter_s, v.leave_s, v.dwell_s * v.part AS dwell_s,
               {_ENTRY.format("entry")}, {_ENTRY.format("exit")}, v.begun, v.ended,
               v.stopped_s * v.part AS stopped_s, v.observed_share, v.probable_staff AS staff, f.day, f.hour,
               f.open
        FROM seen v
        JOIN footage f ON f.run = v.run
             AND f.begin_s = (floor(v.enter_s / {QUARTER_S}) * {QUARTER_S})::BIGINT
        LEFT JOIN linked_ l ON l.run = v.run AND l.person = v.visitor
        WHERE NOT coalesce(l.phantom, false) AND v.leave_s >= v.enter_s
    """


def _people(period: Period) -> str:
    files = _files(period, PEOPLE, None)
    if not files:
        return """
            SELECT 0 AS run, 0 AS setup, 0::BIGINT AS visitor, 0.0::DOUBLE AS present_s,
                   0.0::DOUBLE AS first_s, 0.0::DOUBLE AS last_s, true AS counted, false AS staff,
                   false AS phantom, NULL::TIMESTAMP AS day, NULL::TINYINT AS hour, true AS open WHERE false
        """
    return f"""
        SELECT r.run, r.setup, coalesce(l.visitor, r.run * 1000000000 + p.person)::BIGINT AS visitor,
               p.present_s, p.first_s + r.zero_s AS first_s, p.last_s + r.zero_s AS last_s, p.counted,
               p.probable_staff AS staff, coalesce(l.phantom, false) AS phantom, f.day, f.hour, f.open
        FROM {files} p
        JOIN runs_ r ON p.filename = r.folder || '/{PEOPLE}'
        JOIN footage f ON f.run = r.run
             AND f.begin_s = (floor((p.first_s + r.zero_s) / {QUARTER_S}) * {QUARTER_S})::BIGINT
        LEFT JOIN linked_ l ON l.run = r.run AND l.person = p.person
    """
