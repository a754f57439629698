"""What a person who calibrated a camera reads: pairs, camera, and how far positions can be trusted."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table

from calibration.accuracy import accuracies, honest_distance_m
from calibration.fit import Fit


def print_fit(console: Console, result: Fit, cell_m: float) -> None:
    """Print the report.

    Args:
        console: Where to.
        result: The fit, new or of an existing calibration.
        cell_m: Side of the cells that are going to be drawn.

    """
    calibration = result.calibration
    console.print(_pairs_table(result))
    console.print(_summary(result), markup=False, highlight=False)
    table = Table(
        "distance m", "picture row px", "calibration cm", "person cm", title="1-sigma of a position"
    )
    for column in table.columns:
        column.justify = "right"
    for row in accuracies(calibration):
        table.add_row(f"{row.distance_m:.1f}", f"{row.row_px:.0f}", _cm(row.fit_m), _cm(row.person_m))
    console.print(table)
    honest = honest_distance_m(calibration, cell_m)
    if np.isfinite(honest):
        console.print(
            f"Cells of {cell_m:g} m are honest up to {honest:.1f} m from the camera; beyond, their side is "
            "under two sigma of a person's position."
            if honest > 0
            else f"Cells of {cell_m:g} m are finer than a person's position everywhere in this view.",
            markup=False,
            highlight=False,
        )
    for warning in result.warnings:
        console.print(f"Note: {warning}", style="yellow", markup=False, highlight=False)


def _pairs_table(result: Fit) -> Table:
    pairs = result.calibration.pairs
    table = Table("pair", "residual px", "residual cm", "left out cm", "", title="Pairs")
    for column in table.columns[1:4]:
        column.justify = "right"
    loo = result.leave_one_out_m if result.leave_one_out_m is not None else np.full(len(pairs), np.nan)
    for i, label in enumerate(pairs.label):
        table.add_row(
            label.replace("[", r"\["),
            f"{result.residual_px[i]:.1f}" if np.isfinite(result.residual_px[i]) else "-",
            _cm(result.residual_m[i]),
            _cm(loo[i]),
            "" if pairs.used[i] else "LEFT OUT",
        )
    return table


def _summary(result: Fit) -> str:
    lines = []
    if result.leave_one_out_m is None or not np.any(np.isfinite(result.leave_one_out_m)):
        lines.append("Leave-one-out error: needs five pairs that agree, so nothing is checked.")
    else:
        loo = result.leave_one_out_m[np.isfinite(result.leave_one_out_m)]
        lines.append(
            f"Leave-one-out error: median {np.median(loo) * 100:.0f} cm, largest {np.max(loo) * 100:.0f} cm "
            "(each pair predicted from the others)."
        )
    lines += pose_summary(result)
    if result.calibration.lens.bends:
        lines.append(f"To use this lens again: --lens {result.calibration.lens.division:.4f}")
    if result.pose_reason is not None:
        lines.append("A measured height is given with --camera-height.")
    return "\n".join(lines)


def pose_summary(result: Fit) -> list[str]:
    """What a fit says of the camera and its lens, a sentence or two each."""
    lines = []
    pose = result.calibration.pose
    if pose is not None:
        x, y = pose.camera_xy_m
        lines.append(
            f"Camera: {pose.camera_height_m:.2f} m above the floor at plan ({x:.1f}, {y:.1f}) m, tilted "
            f"{pose.tilt_deg:.0f} degrees down, focal length {pose.focal_px:.0f} px."
        )
    lens = result.calibration.lens
    if lens.bends:
        doubt = "given" if result.lens_sigma is None else f"+- {result.lens_sigma:.3f}"
        w, h = result.calibration.image_size_px
        corner = lens.pinhole(np.array([[0.0, 0.0]]), (w, h))[0]
        lines.append(
            f"Lens: {lens.division:.4f} ({doubt}); it moves the picture's corner by {np.hypot(*corner):.0f} "
            "px."
        )
    if result.pose_reason is not None:
        then = "it was taken from the measured camera height."
        if pose is None:
            then = (
                "without it a person's foot is the lower middle of the box. The camera's height, measured, "
                "helps."
            )
        lines.append(f"Camera pose not determined: {result.pose_reason}; {then}")
    return lines


def _cm(metres: float) -> str:
    return f"{metres * 100:.0f}" if np.isfinite(metres) else "-"
