"""`dwellmap demo`: a made-up shop through the whole program, and how far off the numbers are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from dwellmap.commands.console import AsJson, Quiet, reporter_for
from dwellmap.commands.run import site_recording
from dwellmap.demo.footage import CAMERA_NAME, DemoFiles, DemoOptions, make_footage
from dwellmap.demo.truth import compare, true_maps
from dwellmap.detector_choice import Kind, choose_detector
from dwellmap.run_folder import RunFolder, written_whole
from dwellmap.running import run_recording
from dwellmap.site import load_site

FOOTAGE_FOLDER = "demo-footage"


def demo(
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("outputs"),
    length: Annotated[float, typer.Option(help="Length of the film, s.")] = 120.0,
    people: Annotated[int, typer.Option(help="How many different people come in.")] = 10,
    seed: Annotated[int, typer.Option(help="Another seed, another day in the shop.")] = 1,
    fps: Annotated[float, typer.Option(help="Pictures a second.")] = 15.0,
    size: Annotated[str, typer.Option(help="Picture size, WIDTHxHEIGHT.")] = "960x540",
    detector: Annotated[Kind, typer.Option(help="Who finds the people; motion needs no weights.")] = "motion",
    weights: Annotated[Path | None, typer.Option(help="YOLO weights, for --detector yolo.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Film a made-up shop, map it, and print the truth beside what was measured. Needs no network."""
    reporter = reporter_for(quiet, as_json)
    options = DemoOptions(length, people, seed, fps, _size(size))
    folder = out / FOOTAGE_FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    with written_whole(folder) as draft, reporter.step("filming the shop", length) as step:
        files = make_footage(draft, options, step.to)
    site = load_site(folder / files.site.name)
    camera = site.cameras[0]
    film = folder / files.film.name
    recording, view = site_recording(film, site, camera, camera.clock_rate, None, None)
    choice = choose_detector(detector, weights, None, film, site.settings)
    done = run_recording(recording, film, view, choice, site.settings, out, reporter, 8.0, camera.clock_rate)
    table = _judge(files, done.folder)
    if as_json:
        print(json.dumps({"run": str(done.folder.path), "truth": table.to_dict("records")}, indent=1))
    elif quiet:
        print(done.folder.path)
    else:
        _print(table, done.folder, folder, files)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise ValueError(f"--size {text}: expected WIDTHxHEIGHT in pixels, such as 960x540")
    return int(width), int(height)


def _judge(files: DemoFiles, run: RunFolder) -> pd.DataFrame:
    """The truth beside the run's numbers."""
    grid, maps = run.recipe["grid"], run.recipe["settings"]["maps"]
    true = true_maps(
        files.cast, files.length_s, grid["cell"], (grid["rows"], grid["columns"]),
        maps["revisit_s"], maps["min_visit_cell_s"],
    )  # fmt: skip
    people = len({presence.person for presence in files.cast if presence.t_s[0] < files.length_s})
    return compare(true, pd.read_parquet(run.path / "maps.parquet"), people, run.recipe["results"]["people"])


def _print(table: pd.DataFrame, run: RunFolder, footage: Path, files: DemoFiles) -> None:
    console = Console(soft_wrap=True)
    console.print(
        f"\nThe demo shop: {files.length_s:g} s of footage of camera '{CAMERA_NAME}', "
        f"{run.recipe['source']['detector_description']}.",
        highlight=False,
    )
    shown = Table(box=None, pad_edge=False)
    for heading, justify in (
        ("map", "left"), ("", "left"), ("truth", "right"), ("measured", "right"), ("error", "right"),
        ("in the same place", "right"),
    ):  # fmt: skip
        shown.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for row in table.itertuples():
        shown.add_row(
            f"{row.map}.png", str(row.what), f"{row.truth:.4g}", f"{row.measured:.4g}", f"{row.error:+.0%}",
            f"{row.same_place:.0%}",
        )  # fmt: skip
    console.print(shown)
    for warning in run.recipe["warnings"]:
        console.print(f"[yellow]note:[/yellow] {warning}", highlight=False)
    console.print("\nThe four maps:")
    for name in ("heat", "visits", "dwell", "attention"):
        print(run.path / f"{name}.png")
    print(f"footage, site file and truth: {footage}")
