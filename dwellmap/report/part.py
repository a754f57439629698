"""What is worked out once of a floor, for the page and the tables."""

from __future__ import annotations

from datetime import tzinfo

import numpy as np
import pandas as pd

from dwellmap.report.findings import Finding, findings
from dwellmap.report.floor import Floor
from dwellmap.report.flows import Flows, flows_of
from dwellmap.report.summary import Summary
from dwellmap.report.use import Use, use_of


class Part:
    """A floor with its comparisons, ways and findings."""

    def __init__(self, summary: Summary, floor: Floor, number: int) -> None:
        self.floor, self.number = floor, number
        self.use: Use = use_of(floor)
        self.flows: Flows = flows_of(floor)
        self.findings: list[Finding] = findings(summary, floor, self.use, self.flows)


def peak_at(summary: Summary, peak_s: float) -> str:
    """When most people were there at once; "" where nobody knows, on the page as in the tables."""
    # Undated recordings count from their own start: no moment of the wall clock.
    if summary.quality.undated or np.isnan(peak_s):
        return ""
    return moment(summary.period.clock, peak_s)


def moment(clock: tzinfo, epoch_s: float) -> str:
    """A moment on the period's clock; a dash where it is not known."""
    if np.isnan(epoch_s):
        return "–"
    return pd.Timestamp(epoch_s, unit="s", tz="UTC").tz_convert(clock).strftime("%Y-%m-%d %H:%M")
