"""How good a fit is, on the page: what the command line prints, in fewer words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import numpy as np
from nicegui import ui

from calibration.accuracy import accuracies, honest_distance_m
from calibration.fit import Fit
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
    calibration = fitted.calibration
    loo = fitted.leave_one_out_m
    checked = loo is not None and bool(np.any(np.isfinite(loo)))
    if loo is not None and checked:
        finite = loo[np.isfinite(loo)]
        ui.label(f"{np.median(finite) * 100:.0f} cm").classes("studio-big").mark("median")
        note(
            "is how far a point is missed when it is not among the pairs (median; "
            f"at most {np.max(finite) * 100:.0f} cm)."
        )
    else:
        note("Nothing checks the fit yet: it needs five pairs that agree.")
    honest = honest_distance_m(calibration, cell_m)
    if np.isfinite(honest):
        note(
            f"Cells of {cell_m:g} m are honest up to {honest:.1f} m from the camera."
            if honest > 0
            else f"Cells of {cell_m:g} m are finer than a person's position everywhere here."
        )
    for text in fitted.warnings:
        ui.label(text).classes("studio-warning")
    for i, j in fitted.swapped:
        labels = calibration.pairs.label
        ui.button(
            f"Exchange {labels[i]} and {labels[j]}", on_click=lambda i=i, j=j: swap(i, j)
        ).props("dense outline")
    note("\n".join(pose_summary(fitted)))
    rows = accuracies(calibration)
    if rows:
        with ui.element("table").classes("studio-table"):
            with ui.element("thead"), ui.element("tr"):
                for text in ("distance", "calibration", "person"):
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
