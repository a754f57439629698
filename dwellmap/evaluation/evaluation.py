"""A run, or anybody's tracks, against the truth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from analytics.trajectories import Trajectories
from dwellmap.evaluation.attention import AttentionError, attention_error, sampled_paths
from dwellmap.evaluation.identity import (
    IdentityScores,
    identity_scores,
    matched_rows,
    without_distractors,
)
from dwellmap.evaluation.people import PeopleScores, people_scores
from dwellmap.evaluation.sightings import Sightings
from dwellmap.evaluation.truth import Truth

CELLS_M = (0.5, 1.0)
# True positions are stated for every frame: a longer hole is an absence.
_ABSENT_S = 2.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All scores of one recording.

    Attributes:
        identity: The benchmarks' figures.
        people: Counts and times.
        identity_only: Attention errors of true positions under our identities, one for each cell size.
        position_only: Of our positions under true identities.
        both: Of all that is ours. All three are empty where true floor positions are unknown, the last two
            also where ours are.

    """

    identity: IdentityScores
    people: PeopleScores
    identity_only: tuple[AttentionError, ...]
    position_only: tuple[AttentionError, ...]
    both: tuple[AttentionError, ...]


def evaluate(truth: Truth, found: Sightings, paths: Trajectories | None = None) -> Evaluation:
    """Compare tracks with the truth.

    Args:
        truth: The truth; floor positions in the same metres as ours.
        found: Our boxes read at the truth's frames, with floor positions if there are any.
        paths: Our paths on the floor, for the attention span; None makes them of the positions of `found`.

    """
    found = without_distractors(truth, found)
    pairs = matched_rows(truth, found)
    identity = identity_scores(truth, found)
    people = people_scores(truth.seen, found, pairs, truth.t_s, truth.frame_s)
    if not truth.on_floor:
        return Evaluation(identity, people, (), (), ())
    true, t_s = truth.seen, truth.t_s
    true_paths = sampled_paths(true.person, t_s[true.frame], true.xy_m, _ABSENT_S)
    rows, ours = pairs

    def errors(measured: Trajectories) -> tuple[AttentionError, ...]:
        return tuple(attention_error(true_paths, measured, cell_m) for cell_m in CELLS_M)

    identity_only = errors(sampled_paths(found.person[ours], t_s[true.frame[rows]], true.xy_m[rows]))
    if paths is None:
        if not np.isfinite(found.xy_m).any():
            return Evaluation(identity, people, identity_only, (), ())
        paths = sampled_paths(found.person, t_s[found.frame], found.xy_m)
    position_only = errors(sampled_paths(true.person[rows], t_s[true.frame[rows]], found.xy_m[ours]))
    return Evaluation(identity, people, identity_only, position_only, errors(paths))


def floor_by_truth(truth: Truth, found: Sightings) -> Sightings:
    """Put the feet of boxes on the floor by the homography that the truth itself implies.

    For tracks without a calibration: what is measured is then identity and the foot in the picture.

    Args:
        truth: Boxes with floor positions.
        found: Boxes in the same pixels.

    """
    homography, _ = cv2.findHomography(_feet_px(truth.seen.xyxy_px), truth.seen.xy_m, 0)
    if homography is None or not len(found):
        return found
    xy_m = cv2.perspectiveTransform(_feet_px(found.xyxy_px)[None], homography)[0]
    return Sightings(found.frame, found.person, found.xyxy_px, xy_m)


def _feet_px(xyxy_px: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([(xyxy_px[:, 0] + xyxy_px[:, 2]) / 2, xyxy_px[:, 3]])
