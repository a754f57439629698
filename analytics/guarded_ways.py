"""Which ways from place to place may be told, where nothing may be told of fewer people than wanted.

Whoever comes to a place leaves it, so a place's row and its column of the table have one sum, the number of
visits to the place; and who comes begins once and ends once. A reader who knows these sums knows a rare way
that is hidden alone. And the sums, and the first and last steps, are numbers of the same people as visitors,
entries and the number of people: where one of these is a few people more or less, it and the sum, or the
step, may not both be known.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.disclosure import Room, Sums
from analytics.suppression import small, with_bystanders


def hide_in_ways(
    times: NDArray[np.float64],
    people: NDArray[np.int64],
    visitors: NDArray[np.int64],
    told: NDArray[np.float64],
    min_people: int,
) -> NDArray[np.bool_]:
    """Which ways must not be shown.

    Args:
        times: (Z + 1, Z + 1) how often somebody went from a place (row) to the next (column); the last row
            are those who came from nowhere, the last column those who went nowhere.
        people: (Z + 1, Z + 1) different people behind each of them.
        visitors: (Z,) different people who were in each place.
        told: (Z, 2) visitors and entries of each place, as they are told; NaN where they are not.
        min_people: Least number of people a shown number rests on.

    Returns:
        (Z + 1, Z + 1) bool.

    """
    side = len(times)
    # Nobody goes from a place to the same one: these zeros are known and hide nothing.
    way = ~np.eye(side, dtype=np.bool_)
    ways = int(way.sum())
    number = np.full((side, side), -1)
    number[way] = np.arange(ways)
    # The visits to each place, and how many came in all, each of which is the sum of a row and of a column.
    sums = [
        (ways + place, line[line >= 0]) for place in range(side) for line in (number[place], number[:, place])
    ]
    values = np.concatenate([times[way], times.sum(axis=0)])
    who = np.concatenate([people[way], visitors, [int(people[-1].sum())]])
    few = small(who, min_people)
    low = np.where(few & (values > 0), 0.0, np.inf)
    high = np.where(few, np.maximum(2.0, min_people / np.maximum(who, 1)) * values, 0.0)
    places, everybody = np.arange(side - 1), np.full(side - 1, ways + side - 1)
    for entry, other, fewer_too in (
        # Those under way: fewer ways than entries are people who came back at once, who may be counted.
        (ways + places, told[:, 1], False),
        # Those who came to it, or went from it, by other ways, or whom nobody saw come; those elsewhere.
        (number[-1, :-1], told[:, 0], True),
        (number[:-1, -1], told[:, 0], True),
        (everybody, told[:, 0], True),
    ):
        more = values[entry] - other
        near = (np.abs(more) < min_people) & ((more > 0) | (fewer_too & (more < 0))) & (values[entry] > 0)
        # That both are alike must be possible, and that they are not a few apart.
        least = np.where(more > 0, other, np.maximum(0.0, other - min_people))
        np.minimum.at(low, entry[near], least[near])
        np.maximum.at(high, entry[near], np.where(more > 0, other + min_people, other)[near])
        few[entry[near]] = True
    known = (np.arange(ways + side) >= ways) & ~few
    hidden = np.zeros_like(way)
    room = Room(few, low, high)
    hidden[way] = with_bystanders(who, [(values, room)], Sums.of(ways + side, sums), few, known)[:ways]
    return hidden
