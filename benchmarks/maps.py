"""Time and memory of the maps of 1, 4 and 24 h, 50 people always in view, 5 samples a second, 40 x 30 m.

Some distinct people are made once and used again under other numbers, so that making them neither counts in
the time nor fills the memory. Measured positions are smoothed, smoothed paths become stays, visits and four
maps, part by part; smoothing is timed by itself. Each length has a process of its own, so that peak memory
is its own.

    python benchmarks/maps.py
    python benchmarks/maps.py --hours 24 --smoothed   # paths that need no smoothing
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator

import numpy as np

from analytics.coverage import Coverage
from analytics.grid import Grid
from analytics.maps import floor_maps
from analytics.settings import MapSettings, TrajectorySettings
from analytics.stays import EDGE, PathEnds
from analytics.trajectories import Positions, Trajectories, smooth

FLOOR_M = (40.0, 30.0)
TARGET_S, TARGET_GIB = 10.0, 1.0
STAY_S = 1200.0
# Measured positions: how far off, and how many are missed.
NOISE_M, MISSED = 0.15, 0.03


class Crowd:
    """People who come and go all day, handed out in parts.

    `making_s` is the time spent making them, `smoothing_s` that spent smoothing them, if they are measured:
    (2,) on the clock on the wall, and of the processor.
    """

    def __init__(
        self,
        hours: float,
        in_view: int,
        sample_hz: float,
        distinct: int,
        rng: np.random.Generator,
        measured: bool = False,
    ) -> None:
        self.samples = 0
        self.making_s, self.smoothing_s = np.zeros(2), np.zeros(2)
        self._rng = rng if measured else None
        self._seats = in_view
        self._begins_s = np.arange(0.0, hours * 3600.0, STAY_S)
        self._step_s = 1.0 / sample_hz
        self._walks = [shopper(round(STAY_S * sample_hz), self._step_s, rng) for _ in range(distinct)]

    def parts(self) -> Iterator[tuple[Trajectories, PathEnds]]:
        """Everybody who comes at one time, as one part."""
        for nth, begin_s in enumerate(self._begins_s):
            since = now()
            part = self._part(nth, float(begin_s))
            self.samples += len(part[0].t_s)
            if self._rng is None:
                self.making_s += now() - since
            else:
                measured = self._measured(part[0], self._rng)
                self.making_s += now() - since
                since = now()
                part = smooth(measured, TrajectorySettings()), part[1]
                self.smoothing_s += now() - since
            yield part

    def _measured(self, paths: Trajectories, rng: np.random.Generator) -> Positions:
        n = len(paths.t_s)
        xy = paths.xy + rng.normal(0, NOISE_M, (n, 2))
        observed = rng.random(n) > MISSED
        # The first and the last are seen, so that smoothing gives one path each, over the same time.
        observed[np.flatnonzero(np.diff(paths.path, prepend=-1))] = True
        observed[np.flatnonzero(np.diff(paths.path, append=-1))] = True
        xy[~observed] = np.nan
        cov = np.tile([NOISE_M**2, 0.2 * NOISE_M**2, NOISE_M**2], (n, 1))
        return Positions(paths.person, paths.t_s, xy, cov, observed, np.ones(n))

    def _part(self, nth: int, begin_s: float) -> tuple[Trajectories, PathEnds]:
        walks = [self._walks[(nth + seat) % len(self._walks)] for seat in range(self._seats)]
        rows = len(walks[0])
        numbers = nth * self._seats + np.arange(self._seats)
        person = np.repeat(numbers, rows)
        t_s = begin_s + self._step_s * np.arange(rows)
        paths = Trajectories(
            person=person,
            path=person,
            t_s=np.tile(t_s, self._seats),
            xy=np.concatenate(walks),
            standing=np.zeros(len(person), dtype=np.bool_),
            people=numbers,
            first_s=np.full(self._seats, t_s[0]),
            last_s=np.full(self._seats, t_s[-1]),
        )
        edge = np.full(self._seats, EDGE, dtype=np.int8)
        return paths, PathEnds(edge, edge)


def shopper(rows: int, step_s: float, rng: np.random.Generator) -> np.ndarray:
    """(rows, 2) metres: straight ways at 1 m/s between stops of half a minute, with a little sway."""
    t_s, stops, times = 0.0, [rng.uniform((0, 0), FLOOR_M)], [0.0]
    while t_s < rows * step_s:
        goal = rng.uniform((0, 0), FLOOR_M)
        t_s += float(np.hypot(*(goal - stops[-1])))
        wait_s = rng.exponential(30.0)
        stops += [goal, goal]
        times += [t_s, t_s + wait_s]
        t_s += wait_s
    clock = step_s * np.arange(rows)
    way = np.column_stack([np.interp(clock, times, np.array(stops)[:, axis]) for axis in (0, 1)])
    phase = rng.uniform(0, 6.28, 2)
    return way + 0.05 * np.sin(clock[:, None] * np.array([1.3, 0.9]) + phase)


def now() -> np.ndarray:
    """(2,) seconds on the clock on the wall, and of the processor."""
    return np.array([time.perf_counter(), time.process_time()])


def peak_gib() -> float:
    """Largest memory that this process has held, GiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**30 if sys.platform == "darwin" else peak / 2**20


def measure(hours: float, options: argparse.Namespace) -> None:
    """Make the crowd, compute the maps, print a row of figures."""
    crowd = Crowd(
        hours,
        options.in_view,
        options.sample_hz,
        options.distinct,
        np.random.default_rng(1),
        measured=not options.smoothed,
    )
    grid = Grid.over((0.0, 0.0), FLOOR_M, options.cell_m)
    seen = np.ones(grid.cells)
    # Positions less certain the farther away, as from one camera in a corner.
    cov = np.zeros((grid.cells, 3))
    cov[:, 0] = cov[:, 2] = (0.02 * np.hypot(*grid.centres.T)) ** 2
    before_gib = peak_gib()
    coverage, settings = Coverage(seen, seen > 0), MapSettings(cell_m=options.cell_m)
    since = now()
    maps = floor_maps(crowd.parts(), grid, coverage, cov, hours * 3600.0, settings)
    wall, processor = now() - since - crowd.making_s
    smoothing = float(crowd.smoothing_s[1])
    sums = maps.sums
    print(
        f"| {hours:g} | {crowd.samples / 1e6:.1f} | {sums.people} | {sums.dwell_s.sum() / 3600:.0f} "
        f"| {smoothing:.1f} | {processor - smoothing:.1f} | {wall:.1f} "
        f"| {peak_gib():.2f} | {before_gib:.2f} |",
        flush=True,
    )


def main() -> None:
    """Print a table: a row for each length."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, nargs="+", default=[1.0, 4.0, 24.0], help="lengths of the day")
    parser.add_argument("--in-view", type=int, default=50, help="people always in view (default 50)")
    parser.add_argument("--sample-hz", type=float, default=5.0, help="samples a second (default 5)")
    parser.add_argument("--cell-m", type=float, default=0.5, help="side of a cell, m (default 0.5)")
    parser.add_argument("--distinct", type=int, default=60, help="distinct people to make (default 60)")
    parser.add_argument("--smoothed", action="store_true", help="begin with smoothed paths")
    options = parser.parse_args()
    print(f"To reach, 24 h: maps in {TARGET_S:g} s, {TARGET_GIB:g} GiB.")
    print(
        "| h | million samples | people | person-hours | smoothing, processor s | maps, processor s "
        "| both, wall s | GiB | of it before |"
    )
    print("|" + "---|" * 9, flush=True)
    for hours in options.hours:
        measuring = multiprocessing.get_context("spawn").Process(target=measure, args=(hours, options))
        measuring.start()
        measuring.join()


if __name__ == "__main__":
    main()
