"""Suppression of small counts, also where subtraction would find them (`--min-people`).

Numbers that rest on fewer people than wanted are hidden (primary suppression), and then as many more as it
takes until no reader can work them out (complementary suppression: Cox 1980, Journal of the American
Statistical Association 75, 377). Which more is a greedy choice; that it suffices is proved each time by the
attack of `analytics.disclosure`. Nobody is not a person: a true zero is shown.

All hidden numbers look alike, so a hidden number may be small or a bystander. Of a small one the reader knows
at best that it lies between zero and what as many people as `min_people`, or twice as many as there were,
would have made of it.

Two reports of different periods can be subtracted too. So a table covers one day (or one recording where
nobody knows the day), is protected on its own, and every longer period adds up what is shown of its days:
whatever is subtracted from whatever, nothing comes out that the days' own tables do not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.disclosure import Attack, Room, Sums


def small(people: NDArray[np.int64], min_people: int) -> NDArray[np.bool_]:
    """Whether a number rests on some people, but on fewer than `min_people`."""
    return np.asarray((people > 0) & (people < min_people))


def hide(
    people: NDArray[np.int64],
    measures: Sequence[NDArray[np.float64]],
    sums: Sums,
    min_people: int,
    unprinted: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Which entries of a table must not be shown.

    Args:
        people: (entries,) different people behind each number.
        measures: What adds up in the table, each (entries,), such as entries and dwell; attention span is
            hidden with them. Visitors do not add up, but listed here they are protected as if they did.
        sums: The sums that hold between the entries, for every measure.
        min_people: Least number of people a shown number rests on.
        unprinted: (entries,) bool, entries that are in no table but in a sum, such as the floor between
            zones; nobody may work out a small one of these either.

    Returns:
        (entries,) bool: the small ones, the unprinted and the bystanders.

    Raises:
        ValueError: If shapes differ, a value is negative, or a sum does not hold.

    """
    values = [np.asarray(measure, dtype=np.float64) for measure in measures]
    _check(people, values, sums)
    sensitive = small(people, min_people)
    # What min_people people, or twice as many as there were, would have made of it.
    times = np.maximum(2.0, min_people / np.maximum(people, 1))
    rooms = [Room(sensitive, times * measure, measure > 0) for measure in values]
    hidden = sensitive if unprinted is None else sensitive | unprinted
    return _with_bystanders(people, list(zip(values, rooms, strict=True)), sums, hidden)


def _check(people: NDArray[np.int64], values: Sequence[NDArray[np.float64]], sums: Sums) -> None:
    faults = []
    for measure in values:
        if measure.shape != people.shape or sums.matrix.shape[1] != len(people):
            raise ValueError(
                f"suppression: expected measures and sums over {len(people)} entries, got {measure.shape} "
                f"and {sums.matrix.shape[1]}"
            )
        off = np.abs(sums.matrix @ measure) > 1e-6 * max(1.0, float(np.max(measure, initial=0.0)))
        if np.any(off):
            faults.append(f"{int(off.sum())} of the sums do not hold")
        if not np.all(measure >= 0):
            faults.append("a value is negative or missing")
    if faults:
        raise ValueError("suppression: expected a table whose sums hold, got one where " + "; ".join(faults))


def _with_bystanders(
    people: NDArray[np.int64],
    measures: Sequence[tuple[NDArray[np.float64], Room]],
    sums: Sums,
    hidden: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Hide one entry more in every group that tells too much, until none does."""
    attacks = [Attack(values, sums) for values, _ in measures]
    hidden, safe = hidden.copy(), np.zeros(len(people), dtype=np.bool_)
    again = True
    while again:
        again = False
        for group in sums.groups(hidden):
            weak = _weak(measures, sums, group)
            for entry in group[~safe[group]].tolist():
                safe[entry] = not weak.any() and all(
                    not room.wanted[entry] or attack.has_room(entry, group, room)
                    for attack, (_, room) in zip(attacks, measures, strict=True)
                )
                if (
                    not safe[entry]
                    and (bystander := _bystander(people, sums, hidden, group, weak)) is not None
                ):
                    hidden[bystander] = again = True
                    break
    return hidden


def _weak(
    measures: Sequence[tuple[NDArray[np.float64], Room]], sums: Sums, group: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(sums,) bool, whether a sum by itself gives one of the group away.

    It does if it has a single hidden entry that nobody may know, or if what is hidden in it is together less
    than one of its small entries needs, totals apart.
    """
    held = sums.holds[:, group]
    hidden = held.sum(axis=1)
    totals_hidden = (hidden - sums.matrix[:, group].sum(axis=1)) > 0
    weak = np.zeros(held.shape[0], dtype=np.bool_)
    for values, room in measures:
        wanted = room.wanted[group]
        needed = held.multiply(np.where(wanted, room.high[group], 0.0)[None, :]).tocsr()
        most = needed.max(axis=1).toarray().ravel()
        short = ~totals_hidden & (held @ values[group] < most * (1 - 1e-9))
        weak |= (held @ wanted.astype(np.float64) > 0) & ((hidden == 1) | short)
    return weak


def _bystander(
    people: NDArray[np.int64],
    sums: Sums,
    hidden: NDArray[np.bool_],
    group: NDArray[np.int64],
    weak: NDArray[np.bool_],
) -> int | None:
    """The entry to hide next: in most of the group's weak sums, a part rather than a total, of few people.

    Where no sum is weak by itself, those with a single hidden entry of the group are. None where all that is
    tied to the group is hidden.
    """
    holds = sums.holds
    held = holds[:, group].sum(axis=1)
    weak = weak if weak.any() else held == 1
    shown = np.flatnonzero(~hidden & (holds[held > 0].sum(axis=0) > 0))
    if len(shown) == 0:
        return None
    helps = holds[weak].sum(axis=0)[shown]
    # A true zero makes no room.
    order = np.lexsort((people[shown], sums.is_total[shown], -helps, people[shown] == 0))
    return int(shown[order[0]])


@dataclass(frozen=True, slots=True, eq=False)
class HiddenTable:
    """What not to show of a table.

    Attributes:
        cells: (rows, columns) bool.
        rows: (rows,) bool, totals of the rows; None where there are none.
        columns: (columns,) bool, totals of the columns; None where there are none.
        total: Whether to hide the grand total.

    """

    cells: NDArray[np.bool_]
    rows: NDArray[np.bool_] | None
    columns: NDArray[np.bool_] | None
    total: bool


def hide_in_table(
    people: NDArray[np.int64],
    measures: Sequence[NDArray[np.float64]],
    min_people: int,
    *,
    rows: NDArray[np.int64] | None = None,
    columns: NDArray[np.int64] | None = None,
    total: int | None = None,
    unprinted: NDArray[np.bool_] | None = None,
) -> HiddenTable:
    """What not to show of a table of rows and columns, such as hours and disjoint zones.

    Args:
        people: (rows, columns) different people.
        measures: What adds up along both, each (rows, columns).
        min_people: Least number of people a shown number rests on.
        rows: (rows,) different people of each row, if totals of the rows are shown.
        columns: (columns,) different people of each column, if totals of the columns are shown.
        total: Different people of the whole table, if its total is shown.
        unprinted: (rows, columns) bool, cells that totals hold but no table shows.

    """
    shape = people.shape
    number = np.arange(people.size).reshape(shape)
    sums: list[tuple[int, NDArray[np.int64]]] = []
    extra_people: list[int] = []
    extra: list[list[float]] = [[] for _ in measures]

    def add(parts: NDArray[np.int64], known: NDArray[np.bool_] | slice, count: int) -> int:
        entry = people.size + len(extra_people)
        extra_people.append(count)
        for values, measure in zip(extra, measures, strict=True):
            values.append(float(np.asarray(measure)[known].sum()))
        sums.append((entry, parts))
        return entry

    def line(axis: int, at: int) -> NDArray[np.bool_]:
        chosen = np.zeros(shape, dtype=np.bool_)
        chosen[(at, slice(None)) if axis == 0 else (slice(None), at)] = True
        return chosen

    margins: list[list[int]] = [[], []]
    for axis, known in enumerate((rows, columns)):
        for at, count in enumerate([] if known is None else known.tolist()):
            margins[axis].append(add(number[line(axis, at)], line(axis, at), count))
    grand = None if total is None else add(number.ravel(), np.ones(shape, dtype=np.bool_), total)
    hidden = hide(
        np.concatenate([people.ravel(), np.array(extra_people, dtype=np.int64)]),
        [np.concatenate([np.ravel(m), more]) for m, more in zip(measures, extra, strict=True)],
        Sums.of(people.size + len(extra_people), sums),
        min_people,
        None
        if unprinted is None
        else np.concatenate([unprinted.ravel(), np.zeros(len(extra_people), dtype=np.bool_)]),
    )
    return HiddenTable(
        hidden[: people.size].reshape(shape),
        None if rows is None else hidden[margins[0]],
        None if columns is None else hidden[margins[1]],
        grand is not None and bool(hidden[grand]),
    )


def hide_in_map(
    people: NDArray[np.int64],
    dwell_s: NDArray[np.float64],
    areas: Sequence[tuple[NDArray[np.float64], float]],
    min_people: int,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which cells of a map must not be shown, where total dwell is known of areas made of them.

    Everything else about a hidden cell (visits, attention span) is hidden with it, and heat has to be spread
    from the shown cells alone: it is a known mixture of all cells' dwell, which can be undone.

    Args:
        people: (cells,) different people in each cell.
        dwell_s: (cells,) their dwell.
        areas: Areas whose total dwell is shown, such as zones and the whole floor: the share (cells,) in 0..1
            of each cell that lies in it, and the dwell. Of a cell that an outline cuts, any part may lie
            inside.
        min_people: Least number of people a shown number rests on.

    Returns:
        (cells,) bool, and (areas,) bool: totals that must go too, where hiding cells cannot do it.

    """
    n = len(people)
    # Cells in the same areas are alike to whoever subtracts: their small ones count as one entry.
    kinds = np.array([np.sign(share) + (share >= 1) for share, _ in areas]).reshape(len(areas), n)
    _, face = np.unique(kinds, axis=1, return_inverse=True)
    face = face.reshape(-1)
    sensitive = small(people, min_people)
    pool = np.where(sensitive, n + face, np.arange(n))
    size = n + int(face.max(initial=0)) + 1
    count = np.bincount(pool, minlength=size)
    pooled_s = np.bincount(pool, weights=dwell_s, minlength=size)
    most = np.zeros(size, dtype=np.int64)
    np.maximum.at(most, pool, people)
    needed = np.zeros(size)
    np.maximum.at(needed, pool, np.maximum(2.0, min_people / np.maximum(people, 1)) * dwell_s)

    values, sums, entries = list(pooled_s), [], size
    for share, total_s in areas:
        whole, cut = np.unique(pool[share >= 1]), np.unique(pool[(share > 0) & (share < 1)])
        inside_s = max(0.0, total_s - float(pooled_s[whole].sum()))
        cut_s = float(pooled_s[cut].sum())
        inside_s = min(inside_s, cut_s)
        # The area's total, what lies inside and outside of it in the cells that its outline cuts.
        values += [float(pooled_s[whole].sum()) + inside_s, inside_s, cut_s - inside_s, cut_s]
        sums += [(entries, np.append(whole, entries + 1)), (entries + 3, cut)]
        sums += [(entries + 3, np.array([entries + 1, entries + 2]))]
        entries += 4
    more = entries - size
    people_of = np.concatenate([most, np.full(more, np.iinfo(np.int32).max)])
    hidden = np.zeros(entries, dtype=np.bool_)
    hidden[n:size] = count[n:] > 0
    never = np.tile([False, True, True, True], len(areas))
    hidden[size:] = never
    wanted = np.zeros(entries, dtype=np.bool_)
    wanted[n:size] = hidden[n:size]
    to_zero = np.concatenate([(count == 1) & (pooled_s > 0), np.zeros(more, dtype=np.bool_)])
    room = Room(wanted, np.concatenate([needed, np.zeros(more)]), to_zero)
    hidden = _with_bystanders(people_of, [(np.array(values), room)], Sums.of(entries, sums), hidden)
    return np.asarray(sensitive | hidden[:n]), hidden[size::4]
