"""How good a fit is, on the page: what the command line prints, in fewer words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import numpy as np
from nicegui import ui

from calibration.accuracy import accuracies, honest_distance_m
from calibration.fit import Fit
from dwellmap.calibration_picture import BAND_COLOURS, BANDS_CM, BEYOND
from dwellmap.calibration_report import pose_summary
from dwellmap.studio.shell import note, problem


def fit_report(
    fitted: Fit | None, fault: str | None, cell_m: float, swap: Callable[[int, int], Awaitable[None]]
) -> None:
    """Show the report.

    Args:
        fitted: The fit; None while there is none.
        fault: Why there is none.
        cell_m: Side of the cells of the site's maps.
        swap: Exchanges the floor points of two whole pairs, by their numbers in the fit.

    """
    ui.html("<h2>How good it is</h2>", sanitize=False)
    if fault is not None:
        problem(fault)
    if fitted is None:
        if fault is None:
            note("Nothing to say yet.")
        return
    _headline(fitted, cell_m)
    for text in fitted.warnings:
        ui.label(text).classes("studio-warning")
    for i, j in fitted.swapped:
        labels = fitted.calibration.pairs.label
        exchange = partial(swap, i, j)
        ui.button(f"Exchange {labels[i]} and {labels[j]}", on_click=exchange).props("dense outline")
    note("\n".join(pose_summary(fitted)))
    _distances(fitted)


def sigma_legend() -> None:
    """What the colours of the uncertainty mean."""
    with ui.element("div").classes("studio-legend"):
        ui.label("1-sigma of a person, up to cm:")
        for upper, colour in zip((*BANDS_CM[1:], np.inf), (*BAND_COLOURS, BEYOND), strict=True):
            with ui.element("span"):
                ui.element("span").classes("studio-swatch").style(f"background: {colour}")
                told = f"{upper:g}" if np.isfinite(upper) else "more"
                ui.label(told).style("display: inline")


def _headline(fitted: Fit, cell_m: float) -> None:
    loo = fitted.leave_one_out_m
    finite = np.empty(0) if loo is None else loo[np.isfinite(loo)]
    if len(finite):
        ui.label(f"{np.median(finite) * 100:.0f} cm").classes("studio-big")
        note(
            "is how far a point is missed when it is not among the pairs (median; "
            f"at most {np.max(finite) * 100:.0f} cm)."
        )
    else:
        note("Nothing checks the fit yet: it needs five pairs that agree.")
    honest = honest_distance_m(fitted.calibration, cell_m)
    if np.isfinite(honest):
        note(
            f"Cells of {cell_m:g} m are honest up to {honest:.1f} m from the camera."
            if honest > 0
            else f"Cells of {cell_m:g} m are finer than a person's position everywhere here."
        )


def _distances(fitted: Fit) -> None:
    rows = accuracies(fitted.calibration)
    if not rows:
        return
    with ui.element("table").classes("studio-table"):
        with ui.element("thead"), ui.element("tr"):
            for text in ("1-sigma at", "calibration", "person"):
                with ui.element("th").props('scope="col"'):
                    ui.label(text)
        with ui.element("tbody"):
            for row in rows:
                with ui.element("tr"):
                    for text in (f"{row.distance_m:.1f} m", _cm(row.fit_m), _cm(row.person_m)):
                        with ui.element("td"):
                            ui.label(text)


def _cm(metres: float) -> str:
    return f"{metres * 100:.0f} cm" if np.isfinite(metres) else "-"
