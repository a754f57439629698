"""Maps of a camera that is watched now: sums over the last minutes, and over all since it began.

Each piece of some seconds has its own sums; people who are there at its end are handed over to the next one
(`accumulators`), so that sums over pieces are what they would be without the cuts. Entries are counted, not
people: those are known once the hour is over and linked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from analytics.accumulators import Accumulator, Rules
from analytics.attention import attention_s
from analytics.coverage import Coverage
from analytics.grid import Grid
from analytics.heat import heat
from analytics.settings import MapSettings
from analytics.stays import PathEnds, Stays, stays_in_cells, stays_in_polygon
from analytics.trajectories import Trajectories
from analytics.visits import Visits
from analytics.zones import Zone

_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Sums over a stretch of time.

    Attributes:
        begin_s: Its beginning.
        end_s: Its end.
        observed_s: Seconds of it that were watched.
        cells: Sums over the cells.
        zones: Sums over the zones.
        standing_s: (cells,) person-seconds spent standing for at least as long as a stop.

    """

    begin_s: float
    end_s: float
    observed_s: float
    cells: Accumulator
    zones: Accumulator
    standing_s: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        paths: Trajectories,
        ends: PathEnds,
        span_s: tuple[float, float],
        observed_s: float,
        grid: Grid,
        zones: tuple[Zone, ...],
        settings: MapSettings,
        before: frozenset[int],
        after: frozenset[int],
    ) -> Piece:
        """Sum up paths that were cut to a stretch of time.

        Args:
            paths: The paths of the stretch.
            ends: How they begin and end.
            span_s: Its beginning and end.
            observed_s: Seconds of it that were watched.
            grid: The cells.
            zones: Named areas.
            settings: What counts as a visit.
            before: Persons who were there before it as well.
            after: Persons who are there after it as well.

        """
        rules = Rules(settings.revisit_s, settings.min_visit_cell_s)
        stays = stays_in_cells(paths, grid, ends)
        visits = Visits.of_stays(stays, settings.revisit_s)
        cells = Accumulator.of(visits, grid.cells, paths.people, paths.unplaced_s, rules, before, after)
        in_zones = Stays.concatenate(
            [stays_in_polygon(paths, zone.xy_m, number, ends) for number, zone in enumerate(zones)]
        )
        zone_rules = Rules(settings.revisit_s, settings.min_visit_zone_s)
        zone_visits = Visits.of_stays(in_zones, settings.revisit_s)
        in_zone = Accumulator.of(zone_visits, len(zones), paths.people, 0.0, zone_rules, before, after)
        return cls(*span_s, observed_s, cells, in_zone, _standing_s(paths, grid))

    def __add__(self, later: Piece) -> Piece:
        """Both, the earlier one first."""
        return Piece(
            self.begin_s, later.end_s, self.observed_s + later.observed_s, self.cells + later.cells,
            self.zones + later.zones, self.standing_s + later.standing_s,
        )  # fmt: skip


def _standing_s(paths: Trajectories, grid: Grid) -> NDArray[np.float64]:
    """(cells,) time spent standing, by the place at the middle of each step."""
    both = (paths.path[1:] == paths.path[:-1]) & paths.standing[1:] & paths.standing[:-1]
    place = grid.place_of((paths.xy[1:] + paths.xy[:-1])[both] / 2)
    inside = place >= 0
    step_s = np.diff(paths.t_s)[both] if len(paths.t_s) else np.zeros(0)
    seconds = np.bincount(place[inside], weights=step_s[inside], minlength=grid.cells)
    return seconds.astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class LiveMaps:
    """The maps of a stretch of time (arrays over cell numbers; NaN where the floor is not seen).

    Attributes:
        begin_s: Its beginning.
        end_s: Its end.
        observed_s: Seconds watched.
        heat: (cells,) people per unit of area.
        entries: (cells,) visits whose beginning was seen.
        dwell_s: (cells,) person-seconds.
        attention_s: (cells,) dwell / entries; NaN without an entry.
        zone_entries: (zones,) visits whose beginning was seen.
        zone_dwell_s: (zones,) person-seconds.

    """

    begin_s: float
    end_s: float
    observed_s: float
    heat: NDArray[np.float64]
    entries: NDArray[np.float64]
    dwell_s: NDArray[np.float64]
    attention_s: NDArray[np.float64]
    zone_entries: NDArray[np.int64]
    zone_dwell_s: NDArray[np.float64]


class RollingMaps:
    """Takes pieces in order of time and has their sums ready.

    Memory does not grow: pieces become minutes, minutes beyond the window and beyond an hour are dropped.

    Args:
        grid: The cells.
        coverage: What can be observed of them.
        spread: (cells, cells) how heat spreads, see `heat.spread_matrix`.
        window_s: Length of the window.
        half_life_s: Time in which the heat of stops halves.
        revisit_s: Absence after which nobody's visit goes on.

    """

    def __init__(
        self,
        grid: Grid,
        coverage: Coverage,
        spread: csc_array,
        window_s: float,
        half_life_s: float,
        revisit_s: float,
    ) -> None:
        self._grid, self._coverage, self._spread = grid, coverage, spread
        self._window_s, self._half_life_s, self._revisit_s = window_s, half_life_s, revisit_s
        self._minutes: deque[Piece] = deque()
        self._minute: Piece | None = None
        self._total: Piece | None = None
        self._stops = np.zeros(grid.cells)
        self._occupancy: deque[tuple[float, NDArray[np.float64]]] = deque(maxlen=60)

    def add(self, piece: Piece) -> None:
        """Take the next piece."""
        length_s = max(piece.end_s - piece.begin_s, 0.0)
        # Halfway through the piece is when its stops were, on average.
        self._stops = self._stops * 0.5 ** (length_s / self._half_life_s) + piece.standing_s * 0.5 ** (
            length_s / 2 / self._half_life_s
        )
        self._total = piece if self._total is None else self._settled(self._total + piece)
        self._minute = piece if self._minute is None else self._minute + piece
        if self._minute.end_s - self._minute.begin_s >= _MINUTE_S:
            self._close_minute(self._minute)
            self._minute = None

    @property
    def stop_heat(self) -> NDArray[np.float64]:
        """(cells,) person-seconds of standing per unit of area that have not faded yet; NaN out of sight."""
        seen = self._coverage.observable
        spread = np.asarray(self._spread @ np.where(seen, self._stops, 0.0)) / self._grid.cell_area
        return np.where(seen, spread, np.nan)

    @property
    def occupancy(self) -> tuple[tuple[float, NDArray[np.float64]], ...]:
        """Of each minute of the last hour that was watched its end (s), and (zones,) people on average."""
        return tuple(self._occupancy)

    def window(self) -> LiveMaps | None:
        """The maps of the last minutes; None before the first piece."""
        pieces = [*self._minutes, *(() if self._minute is None else (self._minute,))]
        return self._maps(pieces)

    def total(self) -> LiveMaps | None:
        """The maps since the beginning; None before the first piece."""
        return self._maps([] if self._total is None else [self._total])

    def _close_minute(self, minute: Piece) -> None:
        self._minutes.append(minute)
        while self._minutes and minute.end_s - self._minutes[0].begin_s > self._window_s + 1e-6:
            self._minutes.popleft()
        if minute.observed_s > 0:
            self._occupancy.append((minute.end_s, minute.zones.closed().dwell_s / minute.observed_s))

    def _settled(self, total: Piece) -> Piece:
        """The sum; who is not handed over any more is folded in."""
        return replace(total, cells=_folded(total.cells), zones=_folded(total.zones))

    def _maps(self, pieces: Iterable[Piece]) -> LiveMaps | None:
        total: Piece | None = None
        for piece in pieces:
            total = piece if total is None else total + piece
        if total is None:
            return None
        cells, zones, seen = total.cells.closed(), total.zones.closed(), self._coverage.observable
        exposure_s = self._coverage.share * total.observed_s
        density = heat(self._spread, np.where(seen, cells.dwell_s, 0.0), exposure_s, self._grid.cell_area)

        def known(values: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
            return np.where(seen, values, np.nan)

        return LiveMaps(
            total.begin_s, total.end_s, total.observed_s, known(density), known(cells.entries),
            known(cells.dwell_s), known(attention_s(cells.dwell_s, cells.entries)), zones.entries,
            zones.dwell_s,
        )  # fmt: skip


def _folded(sums: Accumulator) -> Accumulator:
    """Sums since the beginning have no cut before them: only those at the end stay open."""
    return replace(sums, open_at_begin=frozenset())
