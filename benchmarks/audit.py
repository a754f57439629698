"""The self-audit against the truth: does it know, without any truth, where people were mixed up?

    python benchmarks/audit.py [--data ../shared/data] [--drops 5] [--runs RUN:TRUTH ...]

The ten MOTChallenge sequences as `benchmarks/identity.py` has them, without looks. The true rate is that of
the CLEAR identity switches (Bernardin and Stiefelhagen 2008) per minute of true people's time; what is
compared is the order of the recordings (Spearman). Further runs of `dwellmap run` can be named with their
truth. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from identity import MOVING, STATIC, detections, known_of, sighted
from scipy.stats import spearmanr

from dwellmap.evaluation.evaluation import evaluate
from dwellmap.evaluation.identity import IdentityScores, identity_scores, without_distractors
from dwellmap.evaluation.measured import measured
from dwellmap.evaluation.truth import Truth, load_truth
from dwellmap.run_folder import RunFolder
from tracker.bytetrack import track
from tracker.linking.audit import audit
from tracker.linking.linker import linked
from tracker.motsequence import open_mot_sequence
from tracker.settings import LinkingSettings

# The estimate, the sums that were tried beside it, and each ingredient alone.
MEASURES: dict[str, Callable[[dict[str, Any]], float]] = {
    "estimate: wrong links + teleports + broken": lambda a: a["wrong_links"] + a["teleports"] + a["broken"],
    "wrong links + broken": lambda a: a["wrong_links"] + a["broken"],
    "wrong links + min(open births, open deaths)": lambda a: (
        a["wrong_links"] + min(a["open_births"], a["open_deaths"])
    ),
    "wrong links + open births": lambda a: a["wrong_links"] + a["open_births"],
    "wrong links": lambda a: a["wrong_links"],
    "contested links": lambda a: a["contested_links"],
    "links": lambda a: a["links"],
    "open births": lambda a: a["open_births"],
    "open deaths": lambda a: a["open_deaths"],
    "broken": lambda a: a["broken"],
    "teleports": lambda a: a["teleports"],
    "people": lambda a: a["people"],
}


@dataclass(frozen=True, slots=True)
class Case:
    """A recording's audit beside its truth: switches per minute of true people's time, and IDF1."""

    name: str
    audit: dict[str, Any]
    switches_per_min: float
    idf1: float

    def row(self) -> str:
        """A line of the table."""
        a = self.audit
        cells = [
            f"{a['person_minutes']:.1f}", f"{a['open_births']}", f"{a['open_deaths']}", f"{a['broken']}",
            f"{a['teleports']}", f"{a['links']}", f"{a['contested_links']}", f"{a['wrong_links']:.1f}",
            f"{a['missed_entries']}", f"{a['estimated_switches_per_person_min']:.2f}",
            f"{self.switches_per_min:.2f}", f"{100 * self.idf1:.1f}", a["grade"],
        ]  # fmt: skip
        return f"| {self.name} | " + " | ".join(cells) + " |"


def of_sequence(data: Path, name: str, file: str, drop: int | None) -> Case:
    """One sequence, with all its boxes or without 5 % of them."""
    folder = next(iter(sorted((data / "mot").glob(f"{name}*"))))
    sequence, truth = open_mot_sequence(folder), load_truth(folder)
    log = detections(sequence, file, drop)
    tracklets, known, settings = track(log), known_of(sequence, log), LinkingSettings()
    who = linked(tracklets, known, settings)
    found = sighted(known, tracklets, who.person)
    block = audit(tracklets, who, known, settings).to_json()
    return _case(name, block, truth, identity_scores(truth, without_distractors(truth, found)))


def of_run(run: Path, truth_file: Path) -> Case:
    """A run on disk."""
    given = measured(run, load_truth(truth_file))
    scores = evaluate(given.truth, given.found, given.paths).identity
    recipe = RunFolder.open(run).recipe
    name = f"{truth_file.parent.name}, {recipe['source']['detector']}"
    return _case(name, recipe["results"]["self_audit"], given.truth, scores)


def _case(name: str, block: dict[str, Any], truth: Truth, scores: IdentityScores) -> Case:
    minutes = len(truth.seen) * truth.frame_s / 60
    return Case(name, block, scores.switches / minutes, scores.idf1)


def agreement(cases: list[Case], measure: Callable[[dict[str, Any]], float]) -> float:
    """Spearman's rank correlation of a measure per person-minute with the true rate."""
    estimates = [measure(case.audit) / case.audit["person_minutes"] for case in cases]
    return float(spearmanr(estimates, [case.switches_per_min for case in cases])[0])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("DWELLMAP_TEST_DATA", "../shared/data"))
    )
    parser.add_argument("--drops", type=int, default=5, help="Runs without another 5 %% of the boxes each")
    parser.add_argument("--runs", nargs="*", default=[], help="Further runs, each as RUN:TRUTH")
    options = parser.parse_args()
    print(
        "| | person-minutes | open births | open deaths | broken | teleports | links | contested "
        "| wrong links, expected | missed entries | switches a minute, estimated | true | IDF1 | grade |"
    )
    print("|---|" + "---|" * 13)
    every: list[list[Case]] = []
    for drop in (None, *range(options.drops)):
        every.append([])
        for name, file in (STATIC | MOVING).items():
            case = of_sequence(options.data, name, file, drop)
            every[-1].append(case)
            if drop is None:
                print(case.row() if name in STATIC else case.row().replace(name, f"{name} (moving)", 1))
    for pair in options.runs:
        run, _, truth_file = pair.partition(":")
        print(of_run(Path(run), Path(truth_file)).row())
    print(
        "\n| per person-minute | Spearman with the true rate | six static cameras "
        f"| {options.drops} runs with 5 % dropped: median, least |\n|---|---|---|---|"
    )
    for name, measure in MEASURES.items():
        dropped = [agreement(cases, measure) for cases in every[1:]] or [float("nan")]
        print(
            f"| {name} | {agreement(every[0], measure):.2f} | "
            f"{agreement(every[0][: len(STATIC)], measure):.2f} | "
            f"{np.median(dropped):.2f}, {np.min(dropped):.2f} |"
        )


if __name__ == "__main__":
    main()
