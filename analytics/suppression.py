"""Suppression of small counts, also where subtraction would find them (`--min-people`).

Numbers that rest on fewer people than wanted are hidden (primary suppression), and then as many more as it
takes until no reader can work them out (complementary suppression: Cox 1980, Journal of the American
Statistical Association 75, 377). Which more is a greedy choice; that it suffices is proved each time by the
attack of `analytics.disclosure`. Nobody is not a person: a true zero is shown.

All hidden numbers look alike, so a hidden number may be small or a bystander. Of a small one the reader knows
at best that it lies between zero and what as many people as `min_people`, or twice as many as there were,
would have made of it.

Two reports of different periods can be subtracted too. So a table covers one whole day (or one recording
where nobody knows the day), is protected on its own, and every report adds up what is shown of its days:
whatever is subtracted from whatever, nothing comes out that the days' own tables do not show.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    known: NDArray[np.bool_] | None = None,
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
        known: (entries,) bool, entries that are told elsewhere: they can't be bystanders.

    Returns:
        (entries,) bool: the small ones, the unprinted and the bystanders. Where these do not suffice, all
        that is tied to a small one is hidden.

    Raises:
        ValueError: If shapes differ, a value is negative, or a sum does not hold.

    """
    values = [np.asarray(measure, dtype=np.float64) for measure in measures]
    _check(people, values, sums)
    sensitive = small(people, min_people)
    # What min_people people, or twice as many as there were, would have made of it.
    times = np.maximum(2.0, min_people / np.maximum(people, 1))
    rooms = [Room(sensitive, np.where(measure > 0, 0.0, np.inf), times * measure) for measure in values]
    hidden = sensitive if unprinted is None else sensitive | unprinted
    return with_bystanders(people, list(zip(values, rooms, strict=True)), sums, hidden, known)


def _check(people: NDArray[np.int64], values: Sequence[NDArray[np.float64]], sums: Sums) -> None:
    faults = []
    for measure in values:
        if measure.shape != people.shape or sums.entries != len(people):
            raise ValueError(
                f"suppression: expected measures and sums over {len(people)} entries, got {measure.shape} "
                f"and {sums.entries}"
            )
        off = np.abs(sums.of_each(measure)) > 1e-6 * max(1.0, float(np.max(measure, initial=0.0)))
        if np.any(off):
            faults.append(f"{int(off.sum())} of the sums do not hold")
        if not np.all(measure >= 0):
            faults.append("a value is negative or missing")
    if faults:
        raise ValueError("suppression: expected a table whose sums hold, got one where " + "; ".join(faults))


def with_bystanders(
    people: NDArray[np.int64],
    measures: Sequence[tuple[NDArray[np.float64], Room]],
    sums: Sums,
    hidden: NDArray[np.bool_],
    known: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Hide one entry more in every group that tells too much, until none does.

    Args:
        people: (entries,) different people behind each number.
        measures: The numbers, each (entries,), and what room each must have.
        sums: The sums that hold between the entries.
        hidden: (entries,) bool, those that are hidden already.
        known: (entries,) bool, those that can't be bystanders.

    Returns:
        (entries,) bool, `hidden` and the bystanders.

    """
    known = np.zeros(len(people), dtype=np.bool_) if known is None else known
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
                    and (bystander := _bystander(people, sums, hidden | known, group, weak)) is not None
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
    held = sums.within(group)
    hidden = np.bincount(held.row, minlength=sums.sums)
    totals_hidden = np.bincount(held.row[held.sign < 0], minlength=sums.sums) > 0
    weak = np.zeros(sums.sums, dtype=np.bool_)
    for values, room in measures:
        wanted = room.wanted[group]
        if not wanted.any():
            continue
        most = np.zeros(sums.sums)
        np.maximum.at(most, held.row, np.where(wanted, room.high[group], 0.0)[held.column])
        together = np.bincount(held.row, weights=values[group][held.column], minlength=sums.sums)
        short = ~totals_hidden & (together < most * (1 - 1e-9))
        asked = np.bincount(held.row, weights=wanted[held.column], minlength=sums.sums) > 0
        weak |= asked & ((hidden == 1) | short)
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
    held = np.bincount(sums.within(group).row, minlength=sums.sums)
    weak = weak if weak.any() else held == 1
    tied = np.bincount(sums.column[held[sums.row] > 0], minlength=len(people)) > 0
    shown = np.flatnonzero(~hidden & tied)
    if len(shown) == 0:
        return None
    helps = np.bincount(sums.column[weak[sums.row]], minlength=len(people))[shown]
    # A true zero makes no room.
    order = np.lexsort((people[shown], sums.is_total[shown], -helps, people[shown] == 0))
    return int(shown[order[0]])


NOBODY, TOO_FEW = -1, -2
"""Instead of the number of a group: nobody was there in this hour, or too few all day."""


def groups_of_hours(
    people: NDArray[np.int64], entries: NDArray[np.int64], dwell_s: NDArray[np.float64], min_people: int
) -> NDArray[np.int64]:
    """Join the hours of a place's day to groups that rest on enough people each.

    What is known of a day is the sums of its groups: an hour is told if it is a group by itself, and whatever
    is added up or subtracted, groups stay whole.

    Args:
        people: (hours,) different people in each hour, in order of time; each counts in one of them.
        entries: (hours,) visits whose beginning was seen.
        dwell_s: (hours,) their dwell.
        min_people: Least number of people, and of entries if there are any, in a group.

    Returns:
        (hours,) number of each hour's group, or NOBODY; TOO_FEW for all of them if all together are.

    """
    group = np.full(len(people), NOBODY, dtype=np.int64)
    at = np.flatnonzero((people > 0) | (entries > 0) | (dwell_s > 0))

    def enough(chosen: NDArray[np.int64]) -> bool:
        came = int(entries[chosen].sum())
        return bool(people[chosen].sum() >= min_people and (came == 0 or came >= min_people))

    found: list[list[int]] = []
    begun: list[int] = []
    for hour in at.tolist():
        begun.append(hour)
        if enough(np.array(begun)):
            found.append(begun)
            begun = []
    while begun and found:
        begun = found.pop() + begun
        if enough(np.array(begun)):
            found.append(begun)
            begun = []
    if begun:
        # Not even when they were there.
        group[:] = TOO_FEW
    for number, hours in enumerate(found):
        group[hours] = number
    return group


def visitors_told(
    visitors: NDArray[np.int64], entries: NDArray[np.int64], group: NDArray[np.int64], min_people: int
) -> NDArray[np.int64]:
    """Visitors of the hours of a place's day, of whom few more than the entries are left out.

    More visitors than entries are people whom nobody saw come, such as those who were there when footage
    began. They count in the first group of hours in which enough have gathered, and those at the end of the
    day that are too few do not.

    Args:
        visitors: (hours,) different people in each hour, in order of time; each counts in one of them.
        entries: (hours,) visits whose beginning was seen.
        group: (hours,) number of each hour's group, see `groups_of_hours`.
        min_people: Least number of people a shown number rests on.

    Returns:
        (hours,) what to take for the visitors; only the sums of groups mean something.

    """
    told, unseen = visitors.copy(), 0
    for number in range(int(group.max(initial=-1)) + 1):
        mine = np.flatnonzero(group == number)
        unseen += int(visitors[mine].sum() - entries[mine].sum())
        told[mine] = entries[mine]
        if not 0 < unseen < min_people:
            told[mine[0]] += unseen
            unseen = 0
    return told


def people_told(people: float, parts: Sequence[float], min_people: int) -> float:
    """The number of people, of whom few that are in none of the told parts are left out.

    Args:
        people: How many there were.
        parts: Numbers of people among them that are told, such as the visitors of a zone.
        min_people: Least number of people a shown number rests on.

    Returns:
        It, or the largest of the parts, where fewer than `min_people` are not in that one; and on to the next
        part, of which the number told is compared likewise: of one that holds another, at most
        2 (min_people - 1) are left out.

    """
    for part in sorted(parts, reverse=True):
        if 0 < people - part < min_people:
            people = part
    return people


def hide_in_map(
    people: NDArray[np.int64],
    dwell_s: NDArray[np.float64],
    areas: Sequence[tuple[NDArray[np.float64], float]],
    min_people: int,
) -> NDArray[np.bool_]:
    """Which cells of a map must not be shown, where total dwell is known of areas made of them.

    Everything else about a hidden cell (visits, attention span) is hidden with it, and heat has to be spread
    from the shown cells alone: it is a known mixture of all cells' dwell, which can be undone.

    Args:
        people: (cells,) different people in each cell.
        dwell_s: (cells,) their dwell.
        areas: Areas whose total dwell is told, such as zones, and rests on enough people; they share no
            floor, or the difference of two might be told. The share (cells,) in 0..1 of each cell that lies
            in it, and the dwell. Of a cell that an outline cuts, any part may lie inside.
        min_people: Least number of people a shown number rests on.

    Returns:
        (cells,) bool. Where bystanders do not suffice, all cells of an area: then nothing is left to subtract
        from its total.

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
    room = Room(wanted, np.where(to_zero, 0.0, np.inf), np.concatenate([needed, np.zeros(more)]))
    told = np.zeros(entries, dtype=np.bool_)
    told[size::4] = True
    hidden = with_bystanders(people_of, [(np.array(values), room)], Sums.of(entries, sums), hidden, told)
    return np.asarray(sensitive | hidden[:n])
