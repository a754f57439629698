"""Paths from a few numbers, true random walks, and the real pedestrians of the test data.

Helpers are fixtures of session scope, because test files cannot import each other.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.stays import BROKEN, EDGE, PathEnds
from analytics.trajectories import Trajectories

Array = NDArray[np.float64]
Rows = Sequence[Sequence[float]] | Array


def build_paths(people: Sequence[Sequence[Rows]], numbers: Sequence[int] | None = None) -> Trajectories:
    """Trajectories of people, each a list of unbroken paths, each of rows (t_s, x, y).

    A person is tracked from the first to the last row, so time between the paths is unplaced.
    """
    numbers = list(range(1, len(people) + 1)) if numbers is None else list(numbers)
    order = np.argsort(numbers)
    person, path, rows, first, last = [], [], [np.zeros((0, 3))], [], []
    for which in order:
        own = [np.asarray(piece, dtype=np.float64).reshape(-1, 3) for piece in people[which]]
        for piece in own:
            person += [numbers[which]] * len(piece)
            path += [path[-1] + 1 if path else 0] * len(piece)
            rows.append(piece)
        first.append(own[0][0, 0] if own else 0.0)
        last.append(own[-1][-1, 0] if own else 0.0)
    table = np.concatenate(rows)
    return Trajectories(
        person=np.array(person, np.int64),
        path=np.array(path, np.int64),
        t_s=table[:, 0],
        xy=table[:, 1:],
        standing=np.zeros(len(table), np.bool_),
        people=np.array(numbers, np.int64)[order],
        first_s=np.array(first),
        last_s=np.array(last),
    )


@pytest.fixture(scope="session")
def make_paths() -> Callable[..., Trajectories]:
    return build_paths


@pytest.fixture(scope="session")
def make_ends() -> Callable[..., PathEnds]:
    """Ends of all paths: at the edge unless their number is among `broken_entry` or `broken_exit`."""

    def make(
        paths: Trajectories, broken_entry: Sequence[int] = (), broken_exit: Sequence[int] = ()
    ) -> PathEnds:
        count = len(np.unique(paths.path))
        entry, exit_ = np.full(count, EDGE, np.int8), np.full(count, EDGE, np.int8)
        entry[list(broken_entry)] = BROKEN
        exit_[list(broken_exit)] = BROKEN
        return PathEnds(entry, exit_)

    return make


@pytest.fixture(scope="session")
def random_people() -> Callable[..., list[list[Array]]]:
    """People who wander with irregular samples, pause, are lost for a while, and leave the 6 x 4 m floor."""

    def make(seed: int, people: int = 4, most_paths: int = 3, most_rows: int = 25) -> list[list[Array]]:
        rng = np.random.default_rng(seed)
        everybody = []
        for _ in range(people):
            own: list[Array] = []
            t, xy = rng.uniform(0, 20), rng.uniform(-1, 6, 2)
            for _ in range(rng.integers(0, most_paths + 1)):
                n = int(rng.integers(1, most_rows + 1))
                times = t + np.cumsum(rng.uniform(0.03, 1.7, n))
                step = rng.normal(0, 0.7, (n, 2)) * rng.choice([0.0, 1.0, 3.0], (n, 1))
                places = xy + np.cumsum(step, axis=0)
                # Some positions exactly on cell borders: the awkward ones.
                snap = rng.random(n) < 0.2
                places[snap] = np.round(places[snap] * 2) / 2
                own.append(np.column_stack([times, places]))
                t, xy = times[-1] + rng.uniform(0.5, 25), places[-1] + rng.normal(0, 1, 2)
            everybody.append(own)
        return everybody

    return make


@pytest.fixture(scope="session")
def pedestrians(data: Path) -> Callable[[str], list[list[Array]]]:
    """Real people of `ground/<name>`: floor positions at 2.5 samples a second, in metres."""

    def load(name: str) -> list[list[Array]]:
        table = np.loadtxt(data / "ground" / name / "obsmat.txt")
        t_s = table[:, 0] * {"eth": 0.4 / 6, "zara01": 0.4 / 10}[name]
        everybody = []
        for number in np.unique(table[:, 1]):
            own = table[:, 1] == number
            order = np.argsort(t_s[own])
            rows = np.column_stack([t_s[own], table[own, 2], table[own, 4]])[order]
            everybody.append([rows[np.concatenate([[True], np.diff(rows[:, 0]) > 0])]])
        return everybody

    return load
