"""Identities against the truth: HOTA, IDF1, MOTA and switches, computed by the package `trackers`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from dwellmap.evaluation.sightings import Sightings
from dwellmap.evaluation.truth import Truth
from tracker.association import iou

MATCH_IOU = 0.5
# Overlaps that are meant to be equal to the threshold may differ from it by rounding.
_ROUNDING = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class IdentityScores:
    """The benchmark's figures, each a share (0..1) but for the counts.

    Attributes:
        hota: Luiten et al. 2021, arXiv 2009.07736: detection and association in one.
        deta: Its detection part.
        assa: Its association part.
        idf1: Ristani et al. 2016, arXiv 1609.01775: boxes with the right identity, F1.
        mota: Bernardin and Stiefelhagen 2008: 1 - (missed + false + switches) / true boxes.
        switches: How often a true person changed track.
        missed_boxes: True boxes that no box overlaps by half.
        false_boxes: Boxes that overlap no true one by half.

    """

    hota: float
    deta: float
    assa: float
    idf1: float
    mota: float
    switches: int
    missed_boxes: int
    false_boxes: int


def overlaps(truth: Truth, found: Sightings) -> list[NDArray[np.float64]]:
    """Overlap of each true box with each found one, an (n, m) array per frame."""
    frames = len(truth.t_s)
    pairs = zip(truth.seen.rows_of_frames(frames), found.rows_of_frames(frames), strict=True)
    return [iou(truth.seen.xyxy_px[a], found.xyxy_px[b]) for a, b in pairs]


def without_distractors(truth: Truth, found: Sightings) -> Sightings:
    """Leave out boxes that fit a distractor best, as TrackEval does (`mot_challenge_2d_box`)."""
    if not len(truth.distractor):
        return found
    frames = len(truth.t_s)
    kinds = (truth.distractor, truth.seen, truth.uncounted)
    rows = [kind.rows_of_frames(frames) for kind in kinds]
    kept = np.ones(len(found), dtype=np.bool_)
    for frame, ours in enumerate(found.rows_of_frames(frames)):
        boxes = [kind.xyxy_px[r[frame]] for kind, r in zip(kinds, rows, strict=True)]
        if not len(boxes[0]):
            continue
        shared = iou(np.concatenate(boxes), found.xyxy_px[ours])
        shared[shared < MATCH_IOU - _ROUNDING] = 0
        i, j = linear_sum_assignment(shared, maximize=True)
        kept[ours.start + j[(i < len(boxes[0])) & (shared[i, j] > 0)]] = False
    return found.where(kept)


def identity_scores(truth: Truth, found: Sightings) -> IdentityScores:
    """Score the identities of boxes.

    Args:
        truth: The truth.
        found: Our boxes at its frames, without those on distractors.

    Raises:
        ValueError: If the package `trackers` is not installed.

    """
    try:
        from trackers.eval import compute_clear_metrics, compute_hota_metrics, compute_identity_metrics
    except ImportError as error:
        raise ValueError(
            "expected the package trackers, which computes HOTA, IDF1 and MOTA; install it with "
            "pip install 'dwellmap[evaluate]'"
        ) from error
    frames = len(truth.t_s)
    # The peer counts with identities as indices.
    _, true_id = np.unique(truth.seen.person, return_inverse=True)
    _, found_id = np.unique(found.person, return_inverse=True)
    a = [true_id[rows] for rows in truth.seen.rows_of_frames(frames)]
    b = [found_id[rows] for rows in found.rows_of_frames(frames)]
    shared = overlaps(truth, found)
    hota = compute_hota_metrics(a, b, shared)
    identity = compute_identity_metrics(a, b, shared, threshold=MATCH_IOU)
    clear = compute_clear_metrics(a, b, shared, threshold=MATCH_IOU)
    return IdentityScores(
        hota=float(hota["HOTA"]), deta=float(hota["DetA"]), assa=float(hota["AssA"]),
        idf1=float(identity["IDF1"]), mota=float(clear["MOTA"]), switches=int(clear["IDSW"]),
        missed_boxes=int(clear["CLR_FN"]), false_boxes=int(clear["CLR_FP"]),
    )  # fmt: skip


def matched_rows(truth: Truth, found: Sightings) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the truth and of `found` that show the same person, each row at most once.

    In each frame the pairs with the greatest summed overlap, those that overlap by half.
    """
    frames = len(truth.t_s)
    true_rows: list[NDArray[np.intp]] = [np.zeros(0, np.intp)]
    our_rows: list[NDArray[np.intp]] = [np.zeros(0, np.intp)]
    rows = zip(
        overlaps(truth, found), truth.seen.rows_of_frames(frames), found.rows_of_frames(frames), strict=True
    )
    for shared, true_slice, our_slice in rows:
        usable = np.where(shared >= MATCH_IOU - _ROUNDING, shared, 0.0)
        i, j = linear_sum_assignment(usable, maximize=True)
        good = usable[i, j] > 0
        true_rows.append(true_slice.start + i[good])
        our_rows.append(our_slice.start + j[good])
    return np.concatenate(true_rows), np.concatenate(our_rows)
