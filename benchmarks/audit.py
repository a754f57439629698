"""The self-audit against the truth: does it know, without any truth, where people were mixed up?

    python benchmarks/audit.py [--data ../shared/data] [--drops 5] [--runs RUN:TRUTH ...]

The ten MOTChallenge sequences as `benchmarks/identity.py` has them, without looks. The true rate is that of
the CLEAR identity switches (Bernardin and Stiefelhagen 2008) per minute of true people's time; what is
compared is the order of the recordings (Spearman). "Lasting" switches are those to a number that stays for a
second. Further runs of `dwellmap run` can be named with their truth. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from identity import MOVING, STATIC, detections, known_of, sighted
from scipy.stats import spearmanr

from dwellmap.evaluation.identity import identity_scores, matched_rows, without_distractors
from dwellmap.evaluation.measured import measured
from dwellmap.evaluation.sightings import Sightings
from dwellmap.evaluation.truth import Truth, load_truth
from dwellmap.run_folder import RunFolder
from tracker.bytetrack import track
from tracker.following import followed
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
    lasting_per_min: float
    idf1: float

    def row(self) -> str:
        """A line of the table."""
        a = self.audit
        cells = [
            f"{a['person_minutes']:.1f}", f"{a['open_births']}", f"{a['open_deaths']}", f"{a['broken']}",
            f"{a['teleports']}", f"{a['links']}", f"{a['contested_links']}", f"{a['wrong_links']:.1f}",
            f"{a['missed_entries']}", f"{a['estimated_switches_per_person_min']:.2f}",
            f"{self.switches_per_min:.2f}", f"{self.lasting_per_min:.2f}", f"{100 * self.idf1:.1f}",
            a["grade"],
        ]  # fmt: skip
        return f"| {self.name} | " + " | ".join(cells) + " |"


def of_sequence(data: Path, name: str, file: str, drop: int | None) -> Case:
    """One sequence, with all its boxes or without 5 % of them."""
    folder = next(iter(sorted((data / "mot").glob(f"{name}*"))))
    sequence, truth = open_mot_sequence(folder), load_truth(folder)
    log = detections(sequence, file, drop)
    tracklets, known, settings = track(log), known_of(sequence, log), LinkingSettings()
    tracks, audited = followed(tracklets, known, settings)
    return judged(name, audited.to_json(), truth, sighted(known, tracks))


def of_run(run: Path, truth_file: Path) -> Case:
    """A run on disk."""
    given = measured(run, load_truth(truth_file))
    recipe = RunFolder.open(run).recipe
    name = f"{truth_file.parent.name}, {recipe['source']['detector']}"
    return judged(name, recipe["results"]["self_audit"], given.truth, given.found)


def judged(name: str, block: dict[str, Any], truth: Truth, found: Sightings) -> Case:
    """An audit beside the scores of the same tracks."""
    found = without_distractors(truth, found)
    scores = identity_scores(truth, found)
    minutes = len(truth.seen) * truth.frame_s / 60
    return Case(name, block, scores.switches / minutes, lasting_switches(truth, found) / minutes, scores.idf1)


def lasting_switches(truth: Truth, found: Sightings, least_s: float = 1.0) -> int:
    """How often a true person goes over to another number, of those they keep for a while at a time."""
    true_rows, our_rows = matched_rows(truth, found)
    table = pd.DataFrame(
        {
            "true": truth.seen.person[true_rows],
            "frame": truth.seen.frame[true_rows],
            "ours": found.person[our_rows],
        }
    ).sort_values(["true", "frame"])
    turn = (table["true"].diff() != 0) | (table["ours"].diff() != 0)
    spells = table.groupby(turn.cumsum()).agg(
        true=("true", "first"), ours=("ours", "first"), n=("ours", "size")
    )
    spells = spells[spells["n"] * truth.frame_s >= least_s]
    return int(((spells["true"].diff() == 0) & (spells["ours"].diff() != 0)).sum())


def agreement(
    cases: list[Case], measure: Callable[[dict[str, Any]], float], truth: str = "switches_per_min"
) -> float:
    """Spearman's rank correlation of a measure per person-minute with the true rate; NaN if all are alike."""
    estimates = [measure(case.audit) / case.audit["person_minutes"] for case in cases]
    if np.ptp(estimates) == 0:
        return float("nan")
    return float(spearmanr(estimates, [getattr(case, truth) for case in cases])[0])


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
        "| wrong links, expected | missed entries | switches a minute, estimated | true | lasting | IDF1 "
        "| grade |"
    )
    print("|---|" + "---|" * 14)
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
        f"| {options.drops} runs with 5 % dropped: median, least | with lasting switches |"
        "\n|---|---|---|---|---|"
    )
    for name, measure in MEASURES.items():
        dropped = [agreement(cases, measure) for cases in every[1:]] or [float("nan")]
        print(
            f"| {name} | {agreement(every[0], measure):.2f} | "
            f"{agreement(every[0][: len(STATIC)], measure):.2f} | "
            f"{np.median(dropped):.2f}, {np.min(dropped):.2f} | "
            f"{agreement(every[0], measure, 'lasting_per_min'):.2f} |"
        )


if __name__ == "__main__":
    main()
