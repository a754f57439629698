"""The pairs as a table: each number can be typed, each error is read beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from nicegui import ui

from calibration.fit import Fit
from calibration.pairs import LEAST_PAIRS
from dwellmap.studio.calibrating import CalibrationDraft, DraftPair, Side

_ENOUGH = 8
_SIDES: tuple[tuple[Side, str], ...] = (("image", "picture"), ("floor", "plan"))
_HEADS = ("pair", "picture x px", "y px", "plan x m", "y m", "off by", "if left out", "")


@dataclass(frozen=True, slots=True)
class Judged:
    """What the fit says of one pair.

    Attributes:
        off: How far it is off on the floor, in words.
        left_out: How far it is missed by a fit without it, in words.
        used: Whether it was fitted to.

    """

    off: str
    left_out: str
    used: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What is called when somebody changes the table; each with the index of the pair first."""

    name: Callable[[int, str], Awaitable[None]]
    number: Callable[[int, Side, int, str], Awaitable[None]]
    remove: Callable[[int], Awaitable[None]]


def judgements(fitted: Fit, whole: tuple[int, ...]) -> dict[int, Judged]:
    """What a fit says of its pairs, by their index in the draft."""
    missed = fitted.leave_one_out_m
    if missed is None:
        missed = np.full(len(whole), np.nan)
    rows = zip(whole, fitted.residual_m, missed, fitted.calibration.pairs.used, strict=True)
    return {
        i: Judged(
            f"{off * 100:.0f} cm" if np.isfinite(off) else "past the horizon",
            f"{out * 100:.0f} cm" if np.isfinite(out) else "-",
            bool(used),
        )
        for i, off, out, used in rows
    }


def next_step(draft: CalibrationDraft) -> str:
    """What to do next."""
    if draft.still_rgb is None:
        return "First choose a picture of the camera, above."
    waiting = next((pair for pair in draft.pairs if not pair.whole), None)
    if waiting is not None:
        where = "in the camera's picture" if waiting.image_px is None else "on the plan"
        return f"Now click the same point {where} (pair {waiting.label})."
    missing = LEAST_PAIRS - len(draft.whole)
    if missing > 0:
        return (
            "Click a point on the floor that you can find in both, such as the corner of a shelf; "
            f"{missing} more needed, eight or more are better."
        )
    if len(draft.whole) < _ENOUGH:
        return "It fits. Eight or more pairs, far apart, find mistakes and the lens."
    return ""


class PairTable:
    """The table. What changes is changed in place: somebody may be typing in another field."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._rows: list[_Row] = []
        self._whole = ui.element("div").classes("studio-scroll")
        with self._whole, ui.element("table").classes("studio-table"):
            with ui.element("thead"), ui.element("tr"):
                for text in _HEADS:
                    with ui.element("th").props('scope="col"'):
                        ui.label(text)
            self._body = ui.element("tbody")

    def show(self, draft: CalibrationDraft, judged: Mapping[int, Judged], chosen: int) -> None:
        """Show these pairs and what is said of them."""
        labels = [pair.label for pair in draft.pairs]
        kept = 0
        while kept < min(len(labels), len(self._rows)) and self._rows[kept].label == labels[kept]:
            kept += 1
        for row in self._rows[kept:]:
            row.delete()
        del self._rows[kept:]
        with self._body:
            self._rows += [_Row(i, labels[i], self._changes) for i in range(kept, len(labels))]
        self._whole.set_visibility(bool(labels))
        for i, (row, pair) in enumerate(zip(self._rows, draft.pairs, strict=True)):
            row.show(pair, judged.get(i), i == chosen)


class _Row:
    """One pair."""

    def __init__(self, i: int, label: str, changes: Changes) -> None:
        self.label = label
        self._row = ui.element("tr")
        with self._row:
            with ui.element("td").classes("studio-cell name"):
                _Field(f"Name of pair {i + 1}", partial(changes.name, i)).show(label)
            self._fields = []
            for side, word in _SIDES:
                for axis in (0, 1):
                    with ui.element("td").classes("studio-cell"):
                        told = f"{word} {'xy'[axis]} of pair {label}"
                        self._fields.append(_Field(told, partial(changes.number, i, side, axis)))
            with ui.element("td"):
                self._off = ui.label()
            with ui.element("td"):
                self._left_out = ui.label()
            with ui.element("td"):
                button = ui.button(icon="close", on_click=partial(changes.remove, i))
                button.props("flat dense size=sm").props["aria-label"] = f"Remove pair {label}"

    def delete(self) -> None:
        """Take the row off the page."""
        self._row.delete()

    def show(self, pair: DraftPair, said: Judged | None, chosen: bool) -> None:
        """Bring the row up to date."""
        image, floor = pair.image_px or (None, None), pair.floor_m or (None, None)
        for field, value, digits in zip(self._fields, (*image, *floor), (1, 1, 2, 2), strict=True):
            field.show("" if value is None else f"{value:.{digits}f}")
        out = said is not None and not said.used
        self._row.classes(replace="chosen" if chosen else "out" if out else "")
        off, left_out = ("", "") if said is None else (said.off, said.left_out)
        self._off.set_text(f"left out, {off}" if out else off)
        self._left_out.set_text(left_out)


class _Field:
    """A field that tells what was typed when it is left or Enter is pressed."""

    def __init__(self, told: str, changed: Callable[[str], Awaitable[None]]) -> None:
        self._changed = changed
        self._shown = ""
        self._input = ui.input().props("dense borderless")
        self._input.props["aria-label"] = told
        self._input.on("blur", self._told)
        self._input.on("keydown.enter", self._told)

    def show(self, value: str) -> None:
        """Show a value, unless it is there already."""
        if value != self._shown:
            self._shown = value
            self._input.set_value(value)

    async def _told(self) -> None:
        text = str(self._input.value or "")
        if text != self._shown:
            # What is shown after the change may differ: a rounded number, or the old one if it was refused.
            self._shown = text
            await self._changed(text)
