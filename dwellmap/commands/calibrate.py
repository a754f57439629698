"""`dwellmap calibrate`: set a camera up from pairs of points."""

from __future__ import annotations

import enum
import re
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from analytics.furnishing import Backdrop
from analytics.settings import MapSettings
from calibration.calibration import SAME_ASPECT, Calibration
from calibration.fit import Fit, checked, fit_calibration
from calibration.lens import Lens
from calibration.lines import LineFit, lens_from_lines, read_lines
from calibration.pairs import Pairs, read_pairs
from calibration.pictures import read_picture
from calibration.plan import FloorPlan, SurveyFrame
from calibration.problem import FitSettings
from dwellmap.calibration_picture import draw_calibration
from dwellmap.calibration_report import print_fit
from dwellmap.calibration_saving import id_on_disk, save_keeping_previous
from dwellmap.commands.studio import DEFAULT_PORT, Browser, Host, Port, SiteFile, Token, open_studio
from dwellmap.site import still_of

app = typer.Typer(help="Set a camera up: where its picture lies on the floor.")
_DEFAULTS = FitSettings()
_CELL_M = MapSettings().cell_m


class FloorAxes(enum.StrEnum):
    """How the floor points of the pairs are meant."""

    PLAN = "plan"
    SURVEY = "survey"


@app.callback(invoke_without_command=True)
def calibrate(
    context: typer.Context,
    site: SiteFile = Path("site.toml"),
    host: Host = "127.0.0.1",
    port: Port = DEFAULT_PORT,
    token: Token = None,
    browser: Browser = True,
) -> None:
    """Set a camera up: where its picture lies on the floor. Without a command, in the browser."""
    if context.invoked_subcommand is None:
        open_studio(
            site, Path("outputs"), host, port, token, browser, "/calibrate" if site.is_file() else "/"
        )


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
    still: Annotated[
        Path | None,
        typer.Option(
            help="Picture of the camera, best without people: kept beside the calibration, so that `dwellmap "
            "run` notices when the camera has moved."
        ),
    ] = None,
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
        before = id_on_disk(out)
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
        shown = _still(still, result.calibration)
        kept = save_keeping_previous(result.calibration, out, shown, before)
    except (ValueError, OSError) as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    console = Console()
    print_fit(console, result, _CELL_M)
    _print_frame(console, result.calibration, floor_axes)
    console.print(
        f"Wrote {out} (calibration {result.calibration.id})", markup=False, highlight=False, soft_wrap=True
    )
    if kept is not None:
        console.print(f"Kept the earlier one as {kept}", markup=False, highlight=False, soft_wrap=True)
    if shown is None and still_of(out).is_file():
        console.print(
            f"Note: {still_of(out)} is from before. If the camera has moved since, fit again with --still.",
            style="yellow", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip


@app.command()
def check(
    calibration: Annotated[Path, typer.Argument(help="Calibration file.")],
    still: Annotated[
        Path | None,
        typer.Option(
            help="Picture of the camera, to draw the floor's grid and figures into. Default: the one kept "
            "beside the calibration."
        ),
    ] = None,
    plan: Annotated[Path | None, typer.Option(help="Picture of the floor plan.")] = None,
    metres_per_pixel: Annotated[
        float | None,
        typer.Option(min=1e-6, max=100.0, help="Scale of the plan picture, metres in one pixel."),
    ] = None,
    cell: Annotated[
        float, typer.Option(min=0.01, max=20.0, help="Side of the cells that you are going to draw, metres.")
    ] = _CELL_M,
    picture: Annotated[
        Path | None,
        typer.Option(help="Picture to write. Default: beside the calibration, ending in .check.png."),
    ] = None,
) -> None:
    """Say how good an existing calibration is, as text and as a picture."""
    try:
        found = Calibration.load(calibration)
        result = checked(found)
        backdrop = None if plan is None else _backdrop(plan, metres_per_pixel)
        kept = still_of(calibration)
        shown = _still(still or (kept if kept.is_file() else None), found)
        sheet = draw_calibration(found, calibration.name, shown, backdrop)
        out = picture or calibration.with_name(calibration.name.removesuffix(".json") + ".check.png")
        try:
            sheet.save(out)
        except OSError as error:
            raise OSError(
                f"{out}: cannot be written ({error.strerror or error}); choose another --picture"
            ) from error
    except (ValueError, OSError) as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    console = Console()
    print_fit(console, result, cell)
    console.print(f"Wrote {out} (calibration {found.id})", markup=False, highlight=False, soft_wrap=True)


def _backdrop(plan: Path, metres_per_pixel: float | None) -> Backdrop:
    if metres_per_pixel is None:
        raise ValueError(f"--plan {plan} needs --metres-per-pixel, the scale of the picture")
    floor = FloorPlan.from_picture(plan, metres_per_pixel)
    return Backdrop(floor.load_picture(), (0.0, 0.0, *floor.size_m))


def _still(path: Path | None, calibration: Calibration) -> NDArray[np.uint8] | None:
    if path is None:
        return None
    picture = read_picture(path, "still")
    (h, w), (width, height) = picture.shape[:2], calibration.image_size_px
    if abs((w / h) / (width / height) - 1) > SAME_ASPECT:
        raise ValueError(
            f"still {path}: expected the shape of the picture that was clicked in, {width}x{height}, got "
            f"{w}x{h}: another camera or crop"
        )
    return picture


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


def _print_frame(console: Console, calibration: Calibration, axes: FloorAxes) -> None:
    if calibration.survey is not None:
        frame = calibration.survey
        console.print(
            f"Axes {axes.value}: the plan's top-left corner is survey ({frame.x_m:g}, {frame.y_m:g}) m, y "
            "up.",
            markup=False,
            highlight=False,
        )
        width, height = FloorPlan.around(calibration.pairs.floor_m).size_m
        console.print(
            f"Without a plan picture, [plan] in the site file wants at least width_m = {width:g} and "
            f"height_m = {height:g}: 2 m beyond the pairs.",
            markup=False,
            highlight=False,
        )
