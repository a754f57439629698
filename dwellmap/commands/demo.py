"""`dwellmap demo`: a made-up shop through the whole program, and how far off the numbers are."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from dwellmap.appearance_choice import choose_embedder
from dwellmap.commands.console import AsJson, Quiet, reporter_for
from dwellmap.demo.footage import CAMERA_NAME, DemoFiles, make_footage
from dwellmap.demo.lights import LightKind
from dwellmap.demo.options import DemoOptions
from dwellmap.demo.peer import MISSING, PEER, measure_by_peer, peer_installed
from dwellmap.demo.truth import beside, compare, true_maps
from dwellmap.detector_choice import Kind, choose_detector
from dwellmap.run_folder import RunFolder, written_whole
from dwellmap.running import run_recording
from dwellmap.site import load_site
from dwellmap.site_recording import site_recording

FOOTAGE_FOLDER = "demo-footage"
_TABLE_COLUMNS = 110


def demo(
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("outputs"),
    length: Annotated[float, typer.Option(help="Length of the film, s.")] = 240.0,
    people: Annotated[int, typer.Option(help="How many different people come in; 0: an empty shop.")] = 12,
    seed: Annotated[int, typer.Option(help="Another seed, another day in the shop.")] = 1,
    fps: Annotated[float, typer.Option(help="Pictures a second.")] = 15.0,
    size: Annotated[str, typer.Option(help="Picture size, WIDTHxHEIGHT.")] = "960x540",
    crowding: Annotated[float, typer.Option(help="How much people keep together, 0 to 1.")] = 0.5,
    camera_height: Annotated[float, typer.Option(help="Height of the camera over the floor, m.")] = 3.4,
    camera_tilt: Annotated[
        float | None,
        typer.Option(help="Degrees below the horizon that the camera looks; default: the shop's middle."),
    ] = None,
    variable_rate: Annotated[
        bool, typer.Option("--variable-rate", help="Let the picture rate wander and jitter.")
    ] = False,
    dropped: Annotated[int, typer.Option(help="How many stretches of 2 to 5 s are missing.")] = 0,
    lights: Annotated[
        LightKind,
        typer.Option(help="steady; changing: daylight, lamps, exposure; infrared: a night view half way."),
    ] = "steady",
    mannequin: Annotated[
        bool, typer.Option("--mannequin", help="Put a dressed figure into the shop; it is nobody.")
    ] = False,
    screen: Annotated[bool, typer.Option("--screen", help="Hang up a screen that plays a video.")] = False,
    moved: Annotated[
        bool, typer.Option("--moved", help="Have a display stand moved during the film.")
    ] = False,
    detector: Annotated[Kind, typer.Option(help="Who finds the people; motion needs no weights.")] = "motion",
    weights: Annotated[Path | None, typer.Option(help="YOLO weights, for --detector yolo.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Film a made-up shop, map it, and print the truth beside what was measured. Needs no network."""
    reporter = reporter_for(quiet, as_json)
    options = DemoOptions(
        length_s=length, people=people, seed=seed, fps=fps, size_px=_size(size), crowding=crowding,
        camera_height_m=camera_height, camera_tilt_deg=camera_tilt, variable_rate=variable_rate,
        dropped=dropped, lights=lights, mannequin=mannequin, screen=screen, moved=moved,
    )  # fmt: skip
    folder = out / FOOTAGE_FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    with written_whole(folder) as draft, reporter.step("filming the shop", length) as step:
        files = make_footage(draft, options, step.to)
    site = load_site(folder / files.site.name)
    camera = site.cameras[0]
    film = folder / files.film.name
    recording, view = site_recording(film, site, camera, camera.clock_rate, None, None)
    choice = choose_detector(detector, weights, None, film, site.settings)
    done = run_recording(
        recording, film, view, choice, site.settings, out, reporter, 8.0, camera.clock_rate,
        choose_embedder("auto", recording),
    )  # fmt: skip
    with reporter.step("comparing with the truth", None):
        table = _judge(files, done.folder)
    if as_json:
        # JSON knows no NaN: an error relative to nothing is null.
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        print(json.dumps({"run": str(done.folder.path), "truth": rows}, indent=1))
    elif quiet:
        print(done.folder.path)
    else:
        _print(table, done.folder, folder, options)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise ValueError(f"--size {text}: expected WIDTHxHEIGHT in pixels, such as 960x540")
    return int(width), int(height)


def _judge(files: DemoFiles, run: RunFolder) -> pd.DataFrame:
    """The truth beside the run's numbers, and beside those of another tracker if it is installed."""
    grid, maps = run.recipe["grid"], run.recipe["settings"]["maps"]
    true = true_maps(
        files.cast, files.filmed_s, grid["cell"], (grid["rows"], grid["columns"]),
        maps["revisit_s"], maps["min_visit_cell_s"],
    )  # fmt: skip
    people = run.recipe["results"]["people"]
    table = compare(true, pd.read_parquet(run.path / "maps.parquet"), files.people, people)
    if not peer_installed():
        return table
    peer = measure_by_peer(run)
    return beside(table, compare(true, peer.maps.to_frame(), files.people, peer.people))


def _print(table: pd.DataFrame, run: RunFolder, footage: Path, options: DemoOptions) -> None:
    # The table is read across; folded into a narrow window it says nothing.
    console = Console(soft_wrap=True)
    console.width = max(console.width, _TABLE_COLUMNS)
    console.print(
        f"\nThe demo shop: {options.length_s:g} s of footage of camera '{CAMERA_NAME}', "
        f"{run.recipe['source']['detector_description']}.",
        highlight=False,
    )
    shown = Table(box=None, pad_edge=False)
    columns = ["map", "", "truth", "Dwellmap", "error", "in the same place"]
    with_peer = "peer" in table
    for heading in [*columns, *([PEER, "error"] if with_peer else [])]:
        shown.add_column(heading, justify="left" if heading in ("map", "") else "right")
    for row in table.itertuples():
        cells = [
            f"{row.map}.png", str(row.what), f"{row.truth:.4g}", f"{row.measured:.4g}", _percent(row.error),
            f"{row.same_place:.0%}",
        ]  # fmt: skip
        shown.add_row(*cells, *([f"{row.peer:.4g}", _percent(row.peer_error)] if with_peer else []))
    console.print(shown)
    if with_peer:
        console.print(f"{PEER}: the same detections, joined by the package trackers.", highlight=False)
    else:
        console.print(MISSING, highlight=False, markup=False)
    for warning in run.recipe["warnings"]:
        console.print(f"[yellow]note:[/yellow] {warning}", highlight=False)
    console.print("\nThe four maps:")
    for name in ("heat", "visits", "dwell", "attention"):
        print(run.path / f"{name}.png")
    print(f"footage, site file and truth: {footage}")


def _percent(error: object) -> str:
    """A relative error in words; there is none relative to nothing."""
    return f"{error:+.0%}" if isinstance(error, float) and not math.isnan(error) else "-"
