"""How often `dwellmap compare` cries wolf, and how often it finds a moved shelf, on simulated sets of paths.

A false alarm is a set in which nothing differs but chance and any zone is called different, in how much or
in where (zones), or any cell is (cells). A moved shelf is found where the zone at its old place is called
less or the one at its new place more, in where.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from shoppers import MOVED, Shop, side

from analytics.comparison import ALPHA, Blocks, change


def judged(
    shop: Shop, days: int, hours: float, by_day: bool, moves: bool, seed: int, with_cells: bool
) -> dict[str, bool]:
    """What one set of paths comes to."""
    rng = np.random.default_rng([seed, days, int(hours * 4)])
    a = side(shop, days, hours, False, by_day, rng, with_cells)
    b = side(shop, days, hours, moves, by_day, rng, with_cells)
    both = [
        Blocks(np.hstack([x[0].dwell_s, x[1].dwell_s]), np.hstack([x[0].base, x[1].base])) for x in (a, b)
    ]
    zones = change(both[0], both[1])
    flagged = zones.p_all <= ALPHA
    n = len(flagged) // 2
    less, more = n + MOVED, n + MOVED + 1
    found = {
        "zones": bool(flagged.any()),
        "how much": bool(flagged[:n].any()),
        "where": bool(flagged[n:].any()),
        "one zone alone": bool(zones.p[0] <= ALPHA),
        "old or new": bool(
            (flagged[less] and zones.difference[less] < 0) or (flagged[more] and zones.difference[more] > 0)
        ),
        "old and new": bool(flagged[less] and flagged[more]),
    }
    for name, at in (("cells how much", 2), ("cells where", 3)):
        one, other = a[at], b[at]
        if one is not None and other is not None:
            found[name] = bool(np.any(change(one, other).among_many() <= ALPHA))
    return found


def rate(
    shop: Shop, days: int, hours: float, by_day: bool, moves: bool, seeds: range, with_cells: bool
) -> dict[str, int]:
    """In how many sets each happened."""
    rows = [judged(shop, days, hours, by_day, moves, seed, with_cells) for seed in seeds]
    return {name: sum(row[name] for row in rows) for name in rows[0]}


# What it is, days a side, hours a day, blocks of a day, how differently busy days are, cells too.
NULLS = (
    ("5 + 5 days of 8 h, blocks of a day", 5, 8.0, True, 0.25, True),
    ("1 + 1 day of 8 h, within the day, equally busy", 1, 8.0, False, 0.0, True),
    ("1 + 1 hour, within the day, equally busy", 1, 1.0, False, 0.0, True),
    ("10 + 10 days of 8 h, blocks of a day", 10, 8.0, True, 0.25, False),
    ("3 + 3 days of 8 h, within the day, equally busy", 3, 8.0, False, 0.0, False),
    ("not scored: 1 + 1 day of 8 h, within the day, busy and quiet days", 1, 8.0, False, 0.25, False),
)
# What it is, days a side, blocks of a day, how differently busy days are, shares of the stops.
POWER = (
    ("5 + 5 days of 8 h", 5, True, 0.25, (0.01, 0.02, 0.04)),
    ("1 + 1 day of 8 h, within the day", 1, False, 0.0, (0.02, 0.04, 0.08)),
    ("10 + 10 days of 8 h", 10, True, 0.25, (0.005, 0.01, 0.02)),
)


def false_alarms(seeds: range, chosen: list[int]) -> None:
    """Print a row for each null case."""
    names = ("zones", "how much", "where", "one zone alone", "cells how much", "cells where")
    print(f"| of {len(seeds)} sets, nothing changed | " + " | ".join(names) + " |\n" + "|---" * 7 + "|")
    for number in chosen:
        label, days, hours, by_day, spread, cells = NULLS[number]
        found = rate(replace(Shop(), day_spread=spread), days, hours, by_day, False, seeds, cells)
        print(f"| {label} | " + " | ".join(str(found.get(n, "-")) for n in names) + " |", flush=True)


def moved_shelves(seeds: range) -> None:
    """Print a row for each size of the shelf."""
    names = ("share of the stops", "old or new", "old and new")
    print(f"| of {len(seeds)} sets, a shelf moved | " + " | ".join(names) + " |\n" + "|---" * 4 + "|")
    for label, days, by_day, spread, shares in POWER:
        for share in shares:
            shop = replace(Shop(), moved_share=share, day_spread=spread)
            found = rate(shop, days, 8.0, by_day, True, seeds, False)
            row = " | ".join(str(found[name]) for name in ("old or new", "old and new"))
            print(f"| {label} | {share:.1%} | {row} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", type=int, default=200, help="sets without a change (default 200)")
    parser.add_argument("--moved-sets", type=int, default=100, help="sets with a moved shelf, of each size")
    parser.add_argument("--first-seed", type=int, default=1000, help="development used 1 to 120")
    parser.add_argument("--only", type=int, nargs="*", default=list(range(len(NULLS))), help="null cases")
    options = parser.parse_args()
    first = options.first_seed
    if options.sets:
        false_alarms(range(first, first + options.sets), options.only)
    if options.moved_sets:
        moved_shelves(range(first, first + options.moved_sets))


if __name__ == "__main__":
    main()
