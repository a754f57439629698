"""What is known of each visit to a zone: how long, how much of it standing, whether its ends were seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from analytics.coverage import Coverage
from analytics.grid import Grid
from analytics.stays import BROKEN, EDGE, ENTRY_NAMES, EXIT_NAMES, Stays
from analytics.trajectories import Trajectories
from analytics.visits import Visits
from analytics.zones import Zone
from calibration.scene import Door
from tracker.tracks import Tracks


@dataclass(frozen=True, slots=True, eq=False)
class ZoneVisits:
    """Visits to zones, sorted by person, zone and time.

    Attributes:
        visits: The visits; place is the zone's number.
        begun: (V,) bool, seen to begin. One that comes in over the view's edge where the zone goes on beyond
            it may have been under way, and so may one that begins with the footage or in mid-floor.
        ended: (V,) bool, seen to end; else it lasted at least as long as it was seen (right-censored).
        stopped_s: (V,) float64, how much of it the person stood.
        observed_share: (V,) float64, share of the samples at which the person was seen, not interpolated.
        staff: (V,) bool, the person was in sight for so long that they are probably staff.

    """

    visits: Visits
    begun: NDArray[np.bool_]
    ended: NDArray[np.bool_]
    stopped_s: NDArray[np.float64]
    observed_share: NDArray[np.float64]
    staff: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        stays: Stays,
        revisit_s: float,
        paths: Trajectories,
        tracks: Tracks,
        zones: tuple[Zone, ...],
        grid: Grid,
        coverage: Coverage,
        doors: tuple[Door, ...],
        edge: float,
        staff: NDArray[np.int64],
    ) -> ZoneVisits:
        """Look at every stay in the zones, and chain them to visits.

        Args:
            stays: Stays in the zones; place is the zone's number.
            revisit_s: Shortest absence that ends a visit.
            paths: The paths that the stays were cut from.
            tracks: The tracks that the paths were made of.
            zones: The zones.
            grid: The cells of the coverage.
            coverage: What can be observed of the floor.
            doors: Who leaves by one has left, even if the zone goes on behind it.
            edge: How near to unobservable floor a path ends at the view's edge, in the grid's unit.
            staff: Persons who are probably staff.

        """
        clock = _Clock.of(paths)
        beyond = [np.zeros(len(stays), dtype=np.bool_) for _ in range(2)]
        for side, kind, t_s in ((0, stays.entry, stays.enter_s), (1, stays.exit, stays.leave_s)):
            at_edge = np.flatnonzero(kind == EDGE)
            xy = clock.position(stays.person[at_edge], t_s[at_edge])
            for number, zone in enumerate(zones):
                mine = stays.place[at_edge] == number
                beyond[side][at_edge[mine]] = _goes_on(xy[mine], zone, grid, coverage, doors, edge)
        stood = clock.standing_s(stays.person, stays.leave_s) - clock.standing_s(stays.person, stays.enter_s)
        samples, seen = _samples(tracks, stays)
        plain = Visits(stays.person, stays.place, stays.enter_s, stays.leave_s,
                       stays.leave_s - stays.enter_s, stays.entry, stays.exit)  # fmt: skip

        def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return Visits.chain([replace(plain, dwell_s=values)], revisit_s).dwell_s

        visits = Visits.chain([plain], revisit_s)
        # Chained likewise, an end that is not seen takes the place of one that is.
        entry = np.where(beyond[0], BROKEN, stays.entry).astype(np.int8)
        exit_ = np.where(beyond[1], BROKEN, stays.exit).astype(np.int8)
        strict = Visits.chain([replace(plain, entry=entry, exit=exit_)], revisit_s)
        samples, seen = summed(samples), summed(seen)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(samples > 0, seen / samples, np.nan)
        return cls(visits, strict.entry != BROKEN, strict.exit != BROKEN, summed(stood), share,
                   np.isin(visits.person, staff))  # fmt: skip

    def to_frame(self, zones: tuple[Zone, ...], start: pd.Timestamp | None) -> pd.DataFrame:
        """The rows of `visits.parquet` and `visits.csv`; wall-clock times are UTC, NaT without a start."""
        visits = self.visits

        def wall(t_s: NDArray[np.float64]) -> pd.Series:
            if start is None:
                return pd.Series(pd.NaT, index=range(len(t_s)), dtype="datetime64[ms, UTC]")
            moments = pd.Series(start + pd.to_timedelta(np.rint(t_s * 1e3), unit="ms"))
            return moments.dt.as_unit("ms")

        return pd.DataFrame(
            {
                "visitor": visits.person,
                "zone": np.array([zone.name for zone in zones], dtype=object)[visits.place],
                "enter": wall(visits.enter_s),
                "leave": wall(visits.leave_s),
                "enter_s": visits.enter_s,
                "leave_s": visits.leave_s,
                "dwell_s": visits.dwell_s,
                "entry": np.array(ENTRY_NAMES, dtype=object)[visits.entry],
                "exit": np.array(EXIT_NAMES, dtype=object)[visits.exit],
                "begun": self.begun,
                "ended": self.ended,
                "stopped_s": self.stopped_s,
                "observed_share": self.observed_share,
                "probable_staff": self.staff,
            }
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Clock:
    """One increasing clock over all people, to find each of them at any time at once."""

    span_s: float
    low_s: float
    t_s: NDArray[np.float64]
    xy: NDArray[np.float64]
    stood_s: NDArray[np.float64]

    @classmethod
    def of(cls, paths: Trajectories) -> _Clock:
        span = float(np.ptp(paths.t_s)) + 1.0 if len(paths.t_s) else 1.0
        low = float(paths.t_s.min(initial=np.inf)) if len(paths.t_s) else 0.0
        step = np.diff(paths.t_s, append=0.0)
        joined = np.append(paths.path[1:] == paths.path[:-1], np.zeros(min(len(step), 1), dtype=np.bool_))
        standing = joined & paths.standing & np.append(paths.standing[1:], np.zeros(min(len(step), 1), bool))
        stood = np.concatenate([[0.0], np.cumsum(np.where(standing, step, 0.0))])[: len(step)]
        return cls(span, low, paths.person * span + (paths.t_s - low), paths.xy, stood)

    def _at(self, person: NDArray[np.int64], t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        return person * self.span_s + (t_s - self.low_s)

    def position(self, person: NDArray[np.int64], t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) where each person is."""
        when = self._at(person, t_s)
        if not len(when):
            return np.zeros((0, 2))
        return np.column_stack([np.interp(when, self.t_s, self.xy[:, k]) for k in (0, 1)])

    def standing_s(self, person: NDArray[np.int64], t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) how long everybody before, and each person up to a time, stood: for differences."""
        when = self._at(person, t_s)
        return np.asarray(np.interp(when, self.t_s, self.stood_s)) if len(when) else np.zeros(0)


def _goes_on(
    xy: NDArray[np.float64],
    zone: Zone,
    grid: Grid,
    coverage: Coverage,
    doors: tuple[Door, ...],
    edge: float,
) -> NDArray[np.bool_]:
    """Whether a zone goes on over floor that is not seen, next to each of these positions (n, 2)."""
    polygon = shapely.Polygon(zone.xy_m)
    centres = grid.centres
    hidden = coverage.hidden & shapely.contains_xy(polygon, centres[:, 0], centres[:, 1])
    if not hidden.any() or not len(xy):
        return np.zeros(len(xy), dtype=np.bool_)
    half = grid.cell / 2
    cells = shapely.union_all(
        [shapely.box(x - half, y - half, x + half, y + half) for x, y in centres[hidden].tolist()]
    )
    points = shapely.points(xy)
    found = np.asarray(shapely.distance(points, cells) <= edge)
    for door in doors:
        found &= np.asarray(shapely.distance(points, shapely.LineString(door.xy_m)) > edge)
    return found


def _samples(tracks: Tracks, stays: Stays) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(S,) samples of the person within each stay, and how many of them were observed."""
    if not len(tracks) or not len(stays):
        return np.zeros(len(stays)), np.zeros(len(stays))
    span, low = float(np.ptp(tracks.t_s)) + 1.0, float(tracks.t_s.min())
    clock = tracks.person * span + (tracks.t_s - low)
    observed = np.concatenate([[0], np.cumsum(tracks.observed)])
    begin = np.searchsorted(clock, stays.person * span + (stays.enter_s - low) - 1e-6)
    end = np.searchsorted(clock, stays.person * span + (stays.leave_s - low) + 1e-6)
    return (end - begin).astype(np.float64), (observed[end] - observed[begin]).astype(np.float64)
