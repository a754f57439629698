"""The pairs as a table: each number can be typed, each error is read beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from nicegui import ui
from nicegui.events import GenericEventArguments

from calibration.fit import Fit
from calibration.pairs import LEAST_PAIRS
from dwellmap.studio.calibrating import CalibrationDraft, DraftPair, Side

_ENOUGH = 8
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


def pair_table(draft: CalibrationDraft, judged: Mapping[int, Judged], chosen: int, changes: Changes) -> None:
    """Show the table; nothing while there are no pairs."""
    if not draft.pairs:
        return
    with ui.element("div").classes("studio-scroll"), ui.element("table").classes("studio-table"):
        with ui.element("thead"), ui.element("tr"):
            for text in _HEADS:
                with ui.element("th").props('scope="col"'):
                    ui.label(text)
        with ui.element("tbody"):
            for i, pair in enumerate(draft.pairs):
                said = judged.get(i)
                out = said is not None and not said.used
                with ui.element("tr").classes("chosen" if i == chosen else "out" if out else ""):
                    _row(i, pair, said, changes)


def _row(i: int, pair: DraftPair, said: Judged | None, changes: Changes) -> None:
    with ui.element("td").classes("studio-cell name"):
        _field(pair.label, f"Name of pair {i + 1}", partial(changes.name, i))
    sides: tuple[tuple[Side, str, int], ...] = (("image", "picture", 1), ("floor", "plan", 2))
    for side, word, digits in sides:
        at = pair.image_px if side == "image" else pair.floor_m
        for axis in (0, 1):
            with ui.element("td").classes("studio-cell"):
                value = "" if at is None else f"{at[axis]:.{digits}f}"
                told = f"{word} {'xy'[axis]} of pair {pair.label}"
                _field(value, told, partial(changes.number, i, side, axis))
    off, left_out = ("", "") if said is None else (said.off, said.left_out)
    if said is not None and not said.used:
        off = f"left out, {off}"
    for text in (off, left_out):
        with ui.element("td"):
            ui.label(text)
    with ui.element("td"):
        button = ui.button(icon="close", on_click=partial(changes.remove, i)).props("flat dense size=sm")
        button.props["aria-label"] = f"Remove pair {pair.label}"


def _field(value: str, told: str, changed: Callable[[str], Awaitable[None]]) -> None:
    field = ui.element("input")
    field.props["value"], field.props["aria-label"] = value, told

    async def hear(event: GenericEventArguments) -> None:
        await changed(str(event.args))

    field.on("change", hear, js_handler="(event) => emit(event.target.value)")
