"""`dwellmap evaluate`: a run against the truth."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dwellmap.evaluation.attention import AttentionError
from dwellmap.evaluation.evaluation import Evaluation
from dwellmap.evaluation.evaluation import evaluate as compare
from dwellmap.evaluation.measured import measured
from dwellmap.evaluation.returns import ReturnScores
from dwellmap.evaluation.truth import load_truth


def evaluate(
    run: Annotated[
        Path, typer.Argument(help="Folder of a run, or tracks of any tracker as MOTChallenge text.")
    ],
    truth: Annotated[
        Path, typer.Argument(help="MOTChallenge folder or its gt.txt, or the demo's truth.parquet.")
    ],
    fps: Annotated[
        float | None, typer.Option(min=0.01, help="Frames per second of a gt.txt without seqinfo.ini.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
) -> None:
    """Compare tracks with the truth: identities, people, time in scene and attention spans.

    Tracks are read at every frame of the truth, straight between samples.
    """
    given = measured(run, load_truth(truth, fps))
    scores = compare(given.truth, given.found, given.paths)
    if as_json:
        typer.echo(json.dumps(_as_json(scores, given.returns, given.notes), indent=1))
        return
    _print(scores, given.returns, given.notes)


def _as_json(scores: Evaluation, returns: ReturnScores | None, notes: tuple[str, ...]) -> dict[str, object]:
    people = scores.people
    ratios = {
        "people_ratio": people.people_ratio,
        "time_ratio": people.time_ratio,
        "wrong_share": people.wrong_share,
        "half_wrong_share": people.half_wrong_share,
    }
    content = asdict(scores)
    content["people"] |= ratios
    content["returns"] = None if returns is None else asdict(returns)
    return content | {"notes": list(notes)}


def _print(scores: Evaluation, returns: ReturnScores | None, notes: tuple[str, ...]) -> None:
    identity, people = scores.identity, scores.people
    table = Table("what", "measured", "truth", "ratio", box=None, pad_edge=False)
    for name, share in (
        ("HOTA", identity.hota), ("  detection", identity.deta), ("  association", identity.assa),
        ("IDF1", identity.idf1), ("MOTA", identity.mota),
    ):  # fmt: skip
        table.add_row(name, f"{100 * share:.1f} %", "", "")
    for name, count in (
        ("identity switches", identity.switches), ("missed boxes", identity.missed_boxes),
        ("false boxes", identity.false_boxes),
    ):  # fmt: skip
        table.add_row(name, f"{count}", "0", "")
    for name, ours, true, ratio in (
        ("people, 1 s or longer", f"{people.people}", f"{people.true_people}", people.people_ratio),
        ("mean time in scene", f"{people.time_s:.1f} s", f"{people.true_time_s:.1f} s", people.time_ratio),
    ):
        table.add_row(name, ours, true, f"{ratio:.2f}")
    for name, missed, surplus, share in (
        ("missed + surplus people", people.missed, people.surplus, people.wrong_share),
        ("  by half of the time", people.half_missed, people.half_surplus, people.half_wrong_share),
    ):
        table.add_row(name, f"{missed} + {surplus}", "0 + 0", f"{share:.2f}")
    if returns is not None:
        table.add_row("returns known again", f"{returns.right}", f"{returns.returns}", "")
        table.add_row("taken for somebody else", f"{returns.wrong}", "0", "")
    table.add_row("dwell overlap", f"{100 * people.dwell_overlap:.1f} %", "", "")
    for name, errors in (
        ("identity only", scores.identity_only),
        ("position only", scores.position_only),
        ("both", scores.both),
    ):
        for error in errors:
            table.add_row(f"attention, {error.cell_m:g} m cells, {name}", _error(error), "", "")
    for error in scores.both:
        table.add_row(f"visits over all {error.cell_m:g} m cells", "", "", f"{error.visits_ratio:.2f}")
    console = Console()
    console.print(table)
    for note in notes:
        console.print(f"[yellow]note:[/yellow] {escape(note)}", highlight=False)


def _error(error: AttentionError) -> str:
    return f"{100 * error.median:.0f} % off ({100 * error.low:.0f} to {100 * error.high:.0f})"
