"""How people walk between two sightings: an Ornstein-Uhlenbeck velocity.

A shopper's velocity is forgotten with time constant T and has standard deviation s along each axis. With
e = exp(-dt / T), over dt the position moves by T (1 - e) times the velocity, the velocity shrinks by e, and
both gain noise (Uhlenbeck and Ornstein 1930; Gillespie 1996, "Exact numerical simulation of the
Ornstein-Uhlenbeck process and its integral"). Right after a loss this foresees sharply; after 20 s it says
little more than that nobody runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from tracker.linking.pieces import Pieces
from tracker.settings import LinkingSettings


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """What is known of n pieces at one of their ends.

    Attributes:
        xy: (n, 2) position, pixels or metres.
        v: (n, 2) velocity, the same a second, forward in time.
        cov: (n, 4, 4) of (x, y, vx, vy), in heights and heights a second.
        unit: (n,) a person height in pixels or metres.

    """

    xy: NDArray[np.float64]
    v: NDArray[np.float64]
    cov: NDArray[np.float64]
    unit: NDArray[np.float64]


def transition(
    dt_s: NDArray[np.float64], settings: LinkingSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Matrices F and Q (k, 4, 4) of steps dt (k,) for the state (x, y, vx, vy), in heights."""
    T, variance = settings.memory_s, settings.speed**2
    e = np.exp(-dt_s / T)
    F, Q = np.zeros((len(dt_s), 4, 4)), np.zeros((len(dt_s), 4, 4))
    place = variance * T * (2 * dt_s - T * (3 - 4 * e + e * e))
    mixed = variance * T * (1 - e) ** 2
    for axis in (0, 1):
        F[:, axis, axis] = 1.0
        F[:, axis, axis + 2] = T * (1 - e)
        F[:, axis + 2, axis + 2] = e
        Q[:, axis, axis] = place
        Q[:, axis, axis + 2] = Q[:, axis + 2, axis] = mixed
        Q[:, axis + 2, axis + 2] = variance * (1 - e * e)
    return F, Q


def both_ends(pieces: Pieces, settings: LinkingSettings) -> tuple[Ends, Ends]:
    """The state of every piece at its beginning (filtered backwards) and at its end."""
    n = len(pieces)
    steps = np.minimum(pieces.boxes, settings.end_boxes)
    forward = _filtered(pieces, pieces.last - steps + 1, np.ones(n, dtype=np.int64), steps, settings)
    backward = _filtered(pieces, pieces.first + steps - 1, -np.ones(n, dtype=np.int64), steps, settings)
    # Backwards in time a velocity points the other way.
    turn = np.diag([1.0, 1.0, -1.0, -1.0])
    begin = Ends(backward.xy, -backward.v, turn @ backward.cov @ turn, backward.unit)
    return begin, forward


def _filtered(
    pieces: Pieces,
    row: NDArray[np.int64],
    way: NDArray[np.int64],
    steps: NDArray[np.int64],
    settings: LinkingSettings,
) -> Ends:
    """Kalman filter over `steps` boxes (n,) of each piece, from `row` (n,) on along `way` (n,) of +-1."""
    where = pieces.where
    n = len(row)
    state = np.concatenate([where.xy[row], np.zeros((n, 2))], axis=1)
    cov = np.zeros((n, 4, 4))
    cov[:, :2, :2] = _square(where.cov[row])
    cov[:, [2, 3], [2, 3]] = settings.speed**2
    # Longest first: those still running are always the first ones.
    order = np.argsort(-steps, kind="stable")
    running = np.searchsorted(-steps[order], -np.arange(1, int(steps.max(initial=0)) + 1), side="right")
    for step, count in enumerate(running[1:], start=1):
        at = order[:count]
        here = row[at] + way[at] * step
        F, Q = transition(np.abs(pieces.t_s[here] - pieces.t_s[here - way[at]]), settings)
        x = np.einsum("nij,nj->ni", F, state[at])
        P = F @ cov[at] @ F.transpose(0, 2, 1) + Q
        gain = P[:, :, :2] @ np.linalg.inv(P[:, :2, :2] + _square(where.cov[here]))
        state[at] = x + np.einsum("nij,nj->ni", gain, where.xy[here] - x[:, :2])
        cov[at] = P - gain @ P[:, :2, :]
    unit = _median_unit(pieces, row, way, steps)
    return Ends(state[:, :2], state[:, 2:], cov, unit)


def _median_unit(
    pieces: Pieces, row: NDArray[np.int64], way: NDArray[np.int64], steps: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Median height of the boxes next to each end (n,): one cut box must not tell the scale."""
    nearest = row + way * (steps - 1)
    rows = nearest[:, None] - way[:, None] * np.minimum(np.arange(9)[None, :], steps[:, None] - 1)
    return np.asarray(np.median(pieces.where.unit[rows], axis=1), dtype=np.float64)


def _square(cov: NDArray[np.float64]) -> NDArray[np.float64]:
    return cov[:, [[0, 1], [1, 2]]]


def walking_nats(
    end: Ends,
    begin: Ends,
    i: NDArray[np.intp],
    j: NDArray[np.intp],
    dt_s: NDArray[np.float64],
    later_s: NDArray[np.float64],
    settings: LinkingSettings,
) -> NDArray[np.float64]:
    """log of p(beginning of j | end of i) / p(velocity of j | a stranger), (k,): per height^2.

    Position and velocity at once, a Student t with few degrees of freedom, for people surprise. Where a
    stranger would begin is the business of births.

    Args:
        end: Last states.
        begin: First states.
        i: (k,) pieces that end.
        j: (k,) pieces that begin.
        dt_s: (k,) time from the end of i, at which j is compared with what i foresees.
        later_s: (k,) time from the beginning of j until then; 0 unless the two overlap in time.
        settings: How people walk.

    """
    unit = np.sqrt(end.unit[i] * begin.unit[j])[:, None]
    F, Q = transition(dt_s, settings)
    S = F @ end.cov[i] @ F.transpose(0, 2, 1) + Q + begin.cov[j]
    state = np.concatenate([end.xy[i], end.v[i]], axis=1)
    foreseen = np.einsum("nij,nj->ni", F, state)
    begun = begin.xy[j] + later_s[:, None] * begin.v[j]
    surprise = np.concatenate([begun, begin.v[j]], axis=1) - foreseen
    surprise /= unit
    _, logdet = np.linalg.slogdet(S)
    q = np.einsum("ni,ni->n", surprise, np.linalg.solve(S, surprise[..., None])[..., 0])
    nu = settings.surprise_degrees
    constant = gammaln((nu + 4) / 2) - gammaln(nu / 2) - 2 * np.log(nu * np.pi)
    same = constant - logdet / 2 - (nu + 4) / 2 * np.log1p(q / nu)
    V = begin.cov[j][:, 2:, 2:] + settings.speed**2 * np.eye(2)
    speed = begin.v[j] / unit
    q = np.einsum("ni,ni->n", speed, np.linalg.solve(V, speed[..., None])[..., 0])
    stranger = -np.log(2 * np.pi) - np.log(np.linalg.det(V)) / 2 - q / 2
    return np.asarray(same - stranger)
