"""`dwellmap calibrate`: set a camera up from pairs of points."""

from __future__ import annotations

import enum
import re
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from calibration.accuracy import accuracies
from calibration.fit import Fit, fit_calibration
from calibration.lens import Lens
from calibration.lines import LineFit, lens_from_lines, read_lines
from calibration.pairs import Pairs, read_pairs
from calibration.plan import FloorPlan, SurveyFrame
from calibration.problem import FitSettings

app = typer.Typer(help="Set a camera up: where its picture lies on the floor.", no_args_is_help=True)
_DEFAULTS = FitSettings()


class FloorAxes(enum.StrEnum):
    """How the floor points of the pairs are meant."""

    PLAN = "plan"
    SURVEY = "survey"


@app.callback()
def calibrate() -> None:
    """Set a camera up: where its picture lies on the floor."""


@app.command()
def fit(
    pairs: Annotated[
        Path,
        typer.Argument(
            help="CSV with image_x_px, image_y_px and floor_x_m, floor_y_m (or plan_x_px, plan_y_px); label."
        ),
    ],
    image_size: Annotated[
        str, typer.Option(help="Size of the picture clicked in, in pixels, such as 1920x1080.", metavar="WxH")
    ],
    out: Annotated[Path, typer.Option(help="Calibration file to write.")] = Path("camera.calibration.json"),
    plan: Annotated[Path | None, typer.Option(help="Picture of the floor plan.")] = None,
    metres_per_pixel: Annotated[
        float | None,
        typer.Option(min=1e-6, max=100.0, help="Scale of the plan picture, metres in one pixel."),
    ] = None,
    floor_axes: Annotated[
        FloorAxes, typer.Option(help="Axes of floor_x_m, floor_y_m: plan (y down) or survey (y up).")
    ] = FloorAxes.PLAN,
    survey_origin: Annotated[
        str | None,
        typer.Option(
            help="Survey coordinates of the plan's top-left corner, metres. Default: survey (0, 0) is the "
            "plan's lower left corner; without a plan, 2 m beyond the pairs.",
            metavar="X,Y",
        ),
    ] = None,
    camera_height: Annotated[
        float | None,
        typer.Option(help="Measured camera height, metres; used where the pairs leave the pose open."),
    ] = None,
    click_px: Annotated[
        float, typer.Option(help="How far a click in the picture may be off (1 sigma), pixels.")
    ] = _DEFAULTS.click_px,
    click_cm: Annotated[
        float, typer.Option(help="How far a point on the plan may be off (1 sigma), centimetres.")
    ] = _DEFAULTS.click_m * 100,
    lens: Annotated[
        str,
        typer.Option(
            help="How the lens bends straight lines: auto estimates it from eight pairs on or from --lines, "
            "none for not at all, or the number that an earlier fit printed (negative for a wide angle).",
            metavar="auto|none|NUMBER",
        ),
    ] = "auto",
    lines: Annotated[
        Path | None,
        typer.Option(
            help="CSV with line, image_x_px, image_y_px: three or more points along each of some lines that "
            "are straight in the world; the lens is estimated from them."
        ),
    ] = None,
) -> None:
    """Fit a camera to pairs of points clicked in its picture and on the plan, and say how good it is."""
    try:
        result = _fit(
            pairs,
            image_size,
            plan,
            metres_per_pixel,
            floor_axes,
            survey_origin,
            camera_height,
            _clicks(click_px, click_cm),
            *_lens(lens, lines, image_size, click_px),
        )
        result.calibration.save(out)
    except (ValueError, OSError) as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    _print(Console(), result, floor_axes, out)


def _fit(
    path: Path,
    image_size: str,
    plan_picture: Path | None,
    metres_per_pixel: float | None,
    axes: FloorAxes,
    survey_origin: str | None,
    camera_height_m: float | None,
    settings: FitSettings,
    lens: Lens | None,
    lines: LineFit | None,
) -> Fit:
    size_px = _size(image_size)
    if plan_picture is not None and metres_per_pixel is None:
        raise ValueError(f"--plan {plan_picture} needs --metres-per-pixel, the scale of the picture")
    if survey_origin is not None and axes is FloorAxes.PLAN:
        raise ValueError("--survey-origin says where survey points lie: it needs --floor-axes survey")
    plan = (
        None
        if plan_picture is None or metres_per_pixel is None
        else FloorPlan.from_picture(plan_picture, metres_per_pixel)
    )
    pairs = read_pairs(path, metres_per_pixel)
    survey = None
    if axes is FloorAxes.SURVEY:
        survey = _survey(survey_origin, plan, pairs)
        pairs = pairs.in_plan(survey)
    fitted = fit_calibration(
        pairs,
        size_px,
        settings=settings,
        camera_height_m=camera_height_m,
        survey=survey,
        lens=lens,
        lines=lines,
    )
    if plan is not None:
        _check_on_plan(pairs, plan, axes)
    return fitted


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"\s*(\d{1,5})\s*[xX×]\s*(\d{1,5})\s*", text)
    if match is None or 0 in (int(match[1]), int(match[2])):
        raise ValueError(
            f"--image-size: expected width x height in pixels, such as 1920x1080, got {text[:40]!r}"
        )
    return int(match[1]), int(match[2])


def _clicks(click_px: float, click_cm: float) -> FitSettings:
    if not (0 < click_px <= 100 and 0 < click_cm <= 1000):
        raise ValueError(
            f"click errors: expected 0 to 100 px and 0 to 1000 cm, got {click_px:g} px and {click_cm:g} cm"
        )
    return FitSettings(click_px=click_px, click_m=click_cm / 100)


def _lens(
    text: str, lines: Path | None, image_size: str, click_px: float
) -> tuple[Lens | None, LineFit | None]:
    """The lens, if it is given, and what lines say of it."""
    if text != "auto" and lines is not None:
        raise ValueError("--lines: they are there to estimate the lens, which --lens gives; leave one out")
    if text == "auto":
        read = None if lines is None else lens_from_lines(read_lines(lines), _size(image_size), click_px)
        return None, read
    if text == "none":
        return Lens(), None
    try:
        division = float(text)
    except ValueError as error:
        raise ValueError(
            f"--lens: expected auto, none or a number such as -0.2, got {text[:40]!r}"
        ) from error
    return Lens(division), None


def _survey(origin: str | None, plan: FloorPlan | None, pairs: Pairs) -> SurveyFrame:
    if origin is not None:
        try:
            x, y = (float(part) for part in origin.split(","))
            return SurveyFrame(x, y)
        except ValueError as error:
            raise ValueError(
                f"--survey-origin: expected two numbers such as -12.5,8, got {origin[:40]!r}"
            ) from error
    if plan is not None:
        return SurveyFrame.for_plan(plan)
    return SurveyFrame.around(pairs.floor_m)


def _check_on_plan(pairs: Pairs, plan: FloorPlan, axes: FloorAxes) -> None:
    off = ~plan.contains(pairs.floor_m)
    if np.any(off):
        w, h = plan.size_m
        advice = "check --metres-per-pixel"
        if axes is FloorAxes.SURVEY:
            advice += " and give --survey-origin, the survey coordinates of the plan's top-left corner"
        raise ValueError(f"pairs: {pairs.names(off)}: off the plan of {w:.2f} x {h:.2f} m; {advice}")


def _print(console: Console, result: Fit, axes: FloorAxes, out: Path) -> None:
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
    for warning in result.warnings:
        console.print(f"Note: {warning}", style="yellow", markup=False, highlight=False)
    if calibration.survey is not None:
        frame = calibration.survey
        console.print(
            f"Axes {axes.value}: the plan's top-left corner is survey ({frame.x_m:g}, {frame.y_m:g}) m, y "
            "up.",
            markup=False,
            highlight=False,
        )
    if result.calibration.survey is not None:
        width, height = FloorPlan.around(result.calibration.pairs.floor_m).size_m
        console.print(
            f"Without a plan picture, [plan] in the site file wants at least width_m = {width:g} and "
            f"height_m = {height:g}: 2 m beyond the pairs.",
            markup=False,
            highlight=False,
        )
    console.print(
        f"Wrote {out} (calibration {calibration.id})", markup=False, highlight=False, soft_wrap=True
    )


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
            f"px. To use it again: --lens {lens.division:.4f}"
        )
    if result.pose_reason is not None:
        then = "it was taken from --camera-height."
        if pose is None:
            then = (
                "without it a person's foot is the lower middle of the box. Measuring the camera's height "
                "and giving --camera-height helps."
            )
        lines.append(f"Camera pose not determined: {result.pose_reason}; {then}")
    return "\n".join(lines)


def _cm(metres: float) -> str:
    return f"{metres * 100:.0f}" if np.isfinite(metres) else "-"
