"""How likely people begin and end at a place, and how likely a piece is no person at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.linking.pieces import Pieces
from tracker.linking.walking import Ends
from tracker.settings import LinkingSettings

_SAMPLED_BOXES = 3000
# Spread (heights) of where people are around where they were seen, and a floor for places never visited.
_SPREAD = 1.5
_ANYWHERE = 1e-4
# One box says no more than this time (s) of boxes, however few pictures are looked at.
_LONGEST_STEP_S = 0.25
# Within this time (s) of the footage's begin or end, people were or stay there all the same.
_CUT_S = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Chances:
    """Logarithms, in nats.

    Attributes:
        birth: (n,) of the density of people who begin here, per height^2 and second.
        death: (n,) of the probability that an end is the last one.
        false: (n,) of the density of false alarms like this piece, per height^2 and second.

    """

    birth: NDArray[np.float64]
    death: NDArray[np.float64]
    false: NDArray[np.float64]


def chances(
    pieces: Pieces,
    begin: Ends,
    footage_s: NDArray[np.float64],
    step_s: float,
    evidence: float,
    comes: NDArray[np.float64],
    goes: NDArray[np.float64],
    doors_known: bool,
    settings: LinkingSettings,
) -> Chances:
    """Chances from the recording itself.

    People come at the rate that follows from how many are there at once and a typical stay, spread as people
    are spread; most of them where people can come and go.

    Args:
        pieces: The pieces.
        begin: Their first states.
        footage_s: (m, 2) stretches in which footage was decoded.
        step_s: Usual time from picture to picture.
        evidence: How much a second of boxes speaks for a person, see `Habits`.
        comes: (n,) how much each begins at an exit, 0..1.
        goes: (n,) how much each ends at one.
        doors_known: Whether the exits hold the doors, too: elsewhere nobody comes or goes then.
        settings: How likely each is.

    """
    t0, t1 = pieces.t_s[pieces.first], pieces.t_s[pieces.last]
    watched_s = max(float(np.sum(footage_s[:, 1] - footage_s[:, 0])), 1.0)
    present_s = len(pieces.t_s) * step_s
    rate = max(present_s / watched_s / settings.stay_s, 1 / watched_s)
    local = np.log(rate * _density(pieces, begin.xy, begin.unit))
    mid_share = settings.mid_share_doors if doors_known else settings.mid_share
    edge_begin = np.log(np.maximum(comes, 1e-9)) + 1.0
    birth = local + np.logaddexp(np.log(mid_share), edge_begin)
    birth = np.where(near(t0, footage_s[:, 0]), np.maximum(birth, local + 1.0), birth)
    last = np.clip(mid_share + 0.6 * goes, 0, 0.7)
    death = np.log(np.where(near(t1, footage_s[:, 1]), 0.9, last))
    sure = (
        np.maximum(np.add.reduceat(pieces.score, pieces.first) / pieces.boxes - 0.7, 0) if len(pieces) else t0
    )
    # Counted in seconds: boxes of pictures that follow each other faster repeat each other's mistakes.
    seen_s = pieces.boxes * min(step_s, _LONGEST_STEP_S)
    false = settings.false_base - evidence * settings.false_s * seen_s - settings.false_score * sure
    return Chances(birth, death, false)


def _density(pieces: Pieces, xy: NDArray[np.float64], unit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of all boxes per height^2 around points: where people are, strangers begin more often."""
    sample = pieces.where.xy[:: max(1, len(pieces.t_s) // _SAMPLED_BOXES)]
    share = np.empty(len(xy))
    for rows in np.array_split(np.arange(len(xy)), max(1, len(xy) // 100)):
        d2 = ((xy[rows][:, None] - sample[None]) ** 2).sum(axis=2)
        share[rows] = np.exp(-d2 / (2 * (_SPREAD * unit[rows][:, None]) ** 2)).mean(axis=1)
    return np.asarray(share / (2 * np.pi * _SPREAD**2) + _ANYWHERE)


def near(t_s: NDArray[np.float64], cuts_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether times (n,) lie so near to one of the cuts (m,) that people were there all the same."""
    distance = np.min(np.abs(t_s[:, None] - cuts_s[None, :]), axis=1, initial=np.inf)
    return np.asarray(distance < _CUT_S)
