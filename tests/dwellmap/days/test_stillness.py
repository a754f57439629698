"""A mannequin that every recording of a day is too short to tell from somebody who stands still."""

from types import SimpleNamespace

import numpy as np

from dwellmap.days.stillness import phantoms_of
from dwellmap.site_file import Settings
from tracker.phantoms import Suspect
from tracker.tracks import Tracks

BOX = (100.0, 60.0, 140.0, 180.0)
LENGTH_S = 300.0


def tracks(*people):
    """Somebody every second in a box."""
    t_s = np.arange(0, LENGTH_S)
    n, k = len(t_s), len(people)
    nothing = np.full((n * k, 2), np.nan)
    seen = np.ones(n * k, dtype=bool)
    return Tracks(
        np.repeat(np.arange(1, k + 1), n), np.tile(t_s, k), np.repeat(np.array(people), n, axis=0), nothing,
        nothing, np.full((n * k, 3), np.nan), np.ones(n * k), seen, ~seen,
    )  # fmt: skip


def laid(number, suspects):
    beside = np.add(BOX, (60, 0, 60, 0))
    run = SimpleNamespace(tracks=lambda: tracks(beside, BOX))
    part = SimpleNamespace(run=run, name=f"run {number}", settings=Settings())
    return SimpleNamespace(shift_s=number * LENGTH_S, part=part, suspects=suspects)


def people_of(parts):
    """Of each part the persons that are left out."""
    (phantom,) = phantoms_of(SimpleNamespace(laid=parts)) or (SimpleNamespace(people={}),)
    return [phantom.people.get(p.part.name, np.zeros(0)).tolist() for p in parts]


def test_after_twenty_minutes_over_five_files_it_is_left_out_of_all_of_them():
    whole = Suspect(BOX, 0.0, LENGTH_S, 0.0, True, True)
    assert people_of([laid(k, (whole,)) for k in range(5)]) == [[2]] * 5
    assert people_of([laid(k, (whole,)) for k in range(3)]) == [[]] * 3
    (phantom,) = phantoms_of(SimpleNamespace(laid=[laid(k, (whole,)) for k in range(5)]))
    assert phantom.still_s == 5 * LENGTH_S
    assert (
        "at pixel (120, 180), unchanged for 25.0 min over 5 recordings, run 0 to run 4" in phantom.in_words()
    )


def test_a_file_in_which_it_moved_ends_the_chain():
    whole = Suspect(BOX, 0.0, LENGTH_S, 0.0, True, True)
    parts = [laid(k, () if k == 2 else (whole,)) for k in range(5)]
    assert people_of(parts) == [[]] * 5


def test_a_day_without_parts_has_none():
    assert people_of([]) == []
