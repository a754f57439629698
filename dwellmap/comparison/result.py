"""What differs between two sides, and how far that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.comparison import ALPHA, FEWEST_BLOCKS, Blocks, Change, change, enough_blocks
from dwellmap.comparison.sides import DAYS_FOR_DAYS, Side, Sides

Verdict = Literal["more", "less", "no difference found", "not enough footage to tell", "not seen", "hidden"]

WITHIN_DAY = "Within-day only"
UNITS = {"day": "day", "half": "half hour", "quarter": "quarter of an hour"}
MANY = {"day": "days", "half": "half hours", "quarter": "quarters of an hour"}
"""What a block is called."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """How much or where, over zones or cells.

    Attributes:
        change: Values, intervals and p-values.
        p: (places,) p-values that count: among all zones at once, or with false discoveries controlled.
        verdict: (places,) what to say.

    """

    change: Change
    p: NDArray[np.float64]
    verdict: tuple[Verdict, ...]

    @property
    def told(self) -> NDArray[np.bool_]:
        """(places,) bool, called different."""
        return np.array([v in ("more", "less") for v in self.verdict], dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A comparison.

    Attributes:
        sides: What was compared.
        zones_much, zones_where: Person-minutes an hour, and percent of all dwell.
        cells_much, cells_where: The same over cells.
        blocks: Blocks of A and of B.

    """

    sides: Sides
    zones_much: Question
    zones_where: Question
    cells_much: Question
    cells_where: Question
    blocks: tuple[int, int]

    @property
    def enough(self) -> bool:
        """Whether there are blocks enough to tell anything."""
        return enough_blocks(*self.blocks)

    def cautions(self) -> list[str]:
        """What to know before believing it, most important first."""
        sides, (a, b) = self.sides, self.blocks
        found = []
        unit = MANY[sides.unit]
        if not self.enough:
            found.append(
                f"Not enough footage to tell: A has {a} and B has {b} {unit}; before anything can be "
                f"called a difference each side needs at least {FEWEST_BLOCKS}."
            )
        if not sides.by_day:
            found.append(
                f"{WITHIN_DAY}: A has {_counted(sides.a.days, 'day')} and B {_counted(sides.b.days, 'day')}, "
                f"so {unit} are compared, not days. A difference may be these days' own (weather, a sale), "
                f"not the arrangement's. From {DAYS_FOR_DAYS} days on each side on, days are compared."
            )
        erased = sum(member.erased for side in (sides.a, sides.b) for member in side.period.members)
        if erased and not sides.by_day:
            found.append(
                f"Personal data of {erased} recordings have been erased: what few people did is spread "
                f"evenly over the time around it, so {unit} seem more alike than they were and a difference "
                "is called one too easily. Whole days are not touched by that."
            )
        if not sides.same_hours:
            found.append(
                "A and B show different hours of the day. People at noon are others than people in the "
                "morning, so no difference here is known to come from the arrangement."
                if sides.a.dated and sides.b.dated
                else "It is not known at what hours these recordings were made, so no difference here is "
                "known to come from the arrangement; give --start when you run them."
            )
        if not sides.same_weekdays:
            found.append(
                f"A shows {_weekdays(sides.a)}, B {_weekdays(sides.b)}. Days of the week differ by "
                "themselves; compare whole weeks, or the same days."
            )
        if sides.elsewhere:
            found.append(
                f"Left out, because they look at another floor or were made with other cells or definitions: "
                f"cameras {', '.join(sides.elsewhere)}."
            )
        if sides.redrawn:
            found.append("The plan was drawn anew between the recordings; the maps show one of the drawings.")
        if sides.lost:
            found.append(
                "Left out, because only one side has them or they are drawn differently: "
                f"{', '.join(sides.lost)}."
            )
        for name, remarks in (("A", sides.a.period.remarks), ("B", sides.b.period.remarks)):
            found.extend(f"{name}: {remark}" for remark in remarks)
        return found

    def to_frame(self) -> pd.DataFrame:
        """The rows of `comparison.csv`: zones, then cells."""
        grid = self.sides.grid
        parts = []
        for kind, much, where in (
            ("zone", self.zones_much, self.zones_where),
            ("cell", self.cells_much, self.cells_where),
        ):
            n = len(much.p)
            xy = grid.centres if kind == "cell" else np.full((n, 2), np.nan)
            names = [z.name for z in self.sides.zones] if kind == "zone" else [str(i) for i in range(n)]
            table = pd.DataFrame(
                {"kind": kind, "place": names, f"x_{grid.unit}": xy[:, 0], f"y_{grid.unit}": xy[:, 1]}
            )
            for name, question in (("min_per_h", much), ("share_percent", where)):
                c = question.change
                table[f"a_{name}"], table[f"b_{name}"] = c.a, c.b
                table[f"change_{name}"] = c.difference
                table[f"low_{name}"], table[f"high_{name}"] = c.low, c.high
                table[f"p_{name}"], table[f"p_adjusted_{name}"] = c.p, question.p
                table[f"verdict_{name}"] = question.verdict
                secret = np.array([v == "hidden" for v in question.verdict], dtype=np.bool_)
                numbers = [
                    column for column in map(str, table) if column.endswith(name) and "verdict" not in column
                ]
                table.loc[secret, numbers] = np.nan
            parts.append(table)
        return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _weekdays(side: Side) -> str:
    """How many of which days of the week, as in "2 Mondays, 1 Tuesday"."""
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    number = np.bincount((np.unique(side.day) + 3) % 7, minlength=7)
    return ", ".join(_counted(int(n), name) for name, n in zip(names, number, strict=True) if n)


def _counted(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def compare(sides: Sides, draws: int = 5000) -> Result:
    """Compare two sides.

    Zones are judged among all zones and both questions at once, so that in all of them together there is a
    false alarm in one of twenty comparisons; cells with at most one in twenty of those called different being
    so by chance.
    """
    unit, seen = sides.unit, sides.seen
    much, where = (
        [side.blocks(True, unit, share, seen) for side in (sides.a, sides.b)] for share in (False, True)
    )
    n = len(sides.zones)
    zones = change(_beside(much[0], where[0]), _beside(much[1], where[1]), draws)
    secret = sides.a.zones.hidden | sides.b.zones.hidden
    shares = sides.a.hidden_shares | sides.b.hidden_shares
    cells = []
    hidden = sides.a.cells.hidden | sides.b.cells.hidden
    for share in (False, True):
        one, other = [side.blocks(False, unit, share, seen) for side in (sides.a, sides.b)]
        found = change(one, other, draws)
        cells.append(_question(found, found.among_many(), hidden, 100.0 if share else 60.0))
    return Result(
        sides,
        _question(zones.part(slice(0, n)), zones.p_all[:n], secret, 60.0),
        _question(zones.part(slice(n, 2 * n)), zones.p_all[n:], shares, 100.0),
        cells[0],
        cells[1],
        (len(much[0]), len(much[1])),
    )


def _beside(x: Blocks, y: Blocks) -> Blocks:
    return Blocks(np.hstack([x.dwell_s, y.dwell_s]), np.hstack([x.base, y.base]))


def _question(found: Change, p: NDArray[np.float64], hidden: NDArray[np.bool_], factor: float) -> Question:
    """Judge places; values times `factor` are in the unit that people read."""
    values = {name: getattr(found, name) * factor for name in ("a", "b", "low", "high")}
    scaled = replace(found, **values)
    verdict: list[Verdict] = []
    vague = found.vague()
    for at in range(len(p)):
        if not np.isfinite(found.difference[at]):
            verdict.append("hidden" if hidden[at] else "not seen")
        elif hidden[at]:
            verdict.append("hidden")
        elif p[at] <= ALPHA:
            verdict.append("more" if found.difference[at] > 0 else "less")
        elif found.a[at] == 0 and found.b[at] == 0 and np.isfinite(found.p[at]):
            verdict.append("no difference found")
        else:
            verdict.append("not enough footage to tell" if vague[at] else "no difference found")
    return Question(scaled, p, tuple(verdict))
