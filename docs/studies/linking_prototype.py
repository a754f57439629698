"""The best offline linker of the study in one file: tracklets -> people -> smoothed boxes.

Lengths are in person heights (h, the height of the box, about 1.7 m), times in seconds, costs in nats (log likelihood
ratios), so that one set of defaults holds for all cameras. Nothing here is tuned for a sequence.
    1. build      conservative tracklets: they end where somebody else could as well be meant
    2. solve      one optimum: which end is continued by which start; birth, death, false alarm are alternatives
    3. people     links without a rival first, then all, with longer tracklets that know more; then box smoothing
"""
from __future__ import annotations
from dataclasses import dataclass
import numpy as np
from scipy.linalg import solveh_banded
from scipy.optimize import linear_sum_assignment
from scipy.special import gammaln
from tracker.association import iou

@dataclass(frozen=True)
class P:
    # 1. tracklets
    lost_s: float = .3        # a pause longer than this is the linker's business
    shadow_s: float = 1.0     # so long a lost track can still be meant by a box
    match: float = .45        # IoU that continues a tracklet
    margin: float = .25       # a rival so near in IoU makes a match ambiguous: the tracklet ends there
    grown_s: float = .3       # tracks younger than this are no rivals (else every ambiguity breeds more)
    low: float = .1; start: float = .3
    turn: float = .45         # h/s per sqrt(s): 0.75 m/s change of velocity in a second
    box1: float = .06         # h, error of a box centre in tracking
    # 2. motion over a gap: Ornstein-Uhlenbeck velocity
    speed: float = .4         # h/s: one component of a shopper's velocity, 0.7 m/s
    memory_s: float = 20.0    # how long a velocity lasts
    box: float = .06          # h, error of head and centre of a box
    nu: float = 5.0           # Student degrees of freedom: people surprise
    logh: float = .06; logh_drift: float = .08   # log height: one box; per sqrt(s)
    tail: float = .10; logh_tail: float = .35    # share of ends with a cut box, and how much that changes the height
    gap_s: float = .2         # p(gap) = gap_s / (gap + gap_s)^2: most pauses are short, a few very long
    max_gap_s: float = 15.0
    uncovered: float = 1.5; unc_cap_s: float = 4.0  # nats per second of gap in which nothing hides the person
    lap_s: float = .35; lap_cost: float = 1.5   # two tracklets of one person may overlap so long at one place
    # births, deaths, false alarms
    mid: float = .10          # share of people who begin (end) in mid-picture
    stay_s: float = 20.0      # typical stay, makes a rate of births of the number of people
    edge_h: float = .6        # nearness to the picture's edge (not the upper one)
    false_base: float = 2.0; false_obs: float = .35; false_score: float = 6.0
    # 3. rounds: links that beat every rival by so many nats come first
    margins: tuple[float, ...] = (6., 3., 1.)
    min_s: float = .5; min_obs: int = 4
    smooth_pos_s: float = .3; smooth_size_s: float = 1.0

# ---------------------------------------------------------------- 1. tracklets
def build(offsets, xyxy, score, dt, p):
    """Tracklet number of each detection (0 none). Rows of picture f are offsets[f]:offsets[f + 1]; dt between pictures."""
    number = np.zeros(len(score), int); count = 0; tracks = []
    patience = max(p.lost_s, 1.01 * dt)
    for f in range(len(offsets) - 1):
        rows = np.arange(offsets[f], offsets[f + 1]); rows = rows[score[rows] >= p.low]
        b = xyxy[rows]; z = np.column_stack([(b[:, 0] + b[:, 2]) / 2, (b[:, 1] + b[:, 3]) / 2, b[:, 2] - b[:, 0], b[:, 3] - b[:, 1]])
        tracks = [t for t in tracks if (f - t['f']) * dt <= max(p.shadow_s, patience * t['alive']) + 1e-9]
        for t in tracks:
            t['alive'] &= (f - t['f']) * dt <= patience + 1e-9; t['age'] += 1
            t['z'][:2] += dt * t['v']; xx, xv, vv = t['P']; q = p.turn ** 2
            t['P'] = (xx + 2 * dt * xv + dt * dt * vv + q * dt ** 3 / 3, xv + dt * vv + q * dt * dt / 2, vv + q * dt)
        i = j = np.zeros(0, int); shared = None
        if tracks and len(rows):
            s = np.array([t['z'] for t in tracks])
            shared = iou(np.column_stack([s[:, :2] - s[:, 2:] / 2, s[:, :2] + s[:, 2:] / 2]), b)
            usable = np.where(np.array([t['alive'] for t in tracks])[:, None] & (shared >= p.match), shared, 0)
            i, j = linear_sum_assignment(usable, maximize=True); good = usable[i, j] > 0; i, j = i[good], j[good]
        track_of = np.full(len(rows), -1); track_of[j] = i; box_of = np.full(len(tracks), -1); box_of[i] = j
        fresh = {int(d): np.zeros(2) for d in range(len(rows)) if track_of[d] < 0 and score[rows[d]] >= p.start}
        for a, d in zip(i, j):
            t = tracks[a]
            if _ambiguous(tracks, shared, a, d, box_of, track_of, dt, p):
                t['alive'] = False; t['split'] = True; fresh[int(d)] = t['v'].copy(); continue
            xx, xv, vv = t['P']; kx, kv = xx / (xx + p.box1 ** 2), xv / (xx + p.box1 ** 2)
            r = z[d, :2] - t['z'][:2]; t['z'][:2] += kx * r; t['v'] = t['v'] + kv * r; t['P'] = (xx * (1 - kx), xv * (1 - kx), vv - kv * xv)
            t['z'][2:] += max(1 / (t['hits'] + 1), 1 - np.exp(-dt / .5)) * (z[d, 2:] - t['z'][2:]); t['hits'] += 1; t['f'] = f
            number[rows[d]] = t['id']
        for d in sorted(fresh):
            count += 1; number[rows[d]] = count
            tracks.append(dict(z=z[d].copy(), v=fresh[d], P=(p.box1 ** 2, 0., .7 ** 2), f=f, id=count, alive=True, hits=1, age=0, split=False))
    return number

def _ambiguous(tracks, shared, a, d, box_of, track_of, dt, p):
    """Whether giving box d to another grown track, or another free box to track a, would fit nearly as well."""
    if tracks[a]['age'] * dt < p.grown_s: return False
    for c in np.flatnonzero(shared[:, d] > p.match - p.margin):
        if c == a or tracks[c]['age'] * dt < p.grown_s or tracks[c]['split']: continue
        e = box_of[c]
        loss = shared[a, d] - shared[c, d] if e < 0 else shared[a, d] + shared[c, e] - shared[a, e] - shared[c, d]
        if loss < p.margin: return True
    near = np.flatnonzero(shared[a] > p.match - p.margin)
    return any(e != d and track_of[e] < 0 and shared[a, d] - shared[a, e] < p.margin for e in near)

@dataclass
class Tracklets:
    """One row per box, sorted by tracklet and frame; row: number of the detection; size: (width, height) px."""
    tid: np.ndarray; frame: np.ndarray; box: np.ndarray; score: np.ndarray; row: np.ndarray; dt: float; size: tuple[int, int]
    def __post_init__(self):
        _, self.first = np.unique(self.tid, return_index=True)
        self.last = np.append(self.first[1:], len(self.tid)) - 1
        self.n = len(self.first)

def tracklets(offsets, xyxy, score, dt, size, p):
    number = build(offsets, xyxy, score, dt, p); frame = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    k = np.flatnonzero(number); k = k[np.argsort(number[k], kind='stable')]
    return Tracklets(number[k], frame[k], xyxy[k], score[k], k, dt, size)

def merged(tr, group):
    """Tracklets of the same group joined; of two boxes in a frame the surer one stays."""
    g = group[np.searchsorted(tr.tid[tr.first], tr.tid)]; o = np.lexsort([-tr.score, tr.frame, g])
    o = o[np.append(True, (np.diff(g[o]) != 0) | (np.diff(tr.frame[o]) != 0))]
    return Tracklets(g[o], tr.frame[o], tr.box[o], tr.score[o], tr.row[o], tr.dt, tr.size)

# ---------------------------------------------------------------- 2. the optimum over gaps
def ou(dt, p):
    """exp(-dt/T), its integral and the noise of position and velocity of an Ornstein-Uhlenbeck velocity."""
    T, e = p.memory_s, np.exp(-dt / p.memory_s)
    return T * (1 - e), e, p.speed ** 2 * T * (2 * dt - T * (3 - 4 * e + e * e)), p.speed ** 2 * T * (1 - e) ** 2, p.speed ** 2 * (1 - e * e)

def end_state(t, z, p):
    """Kalman filter along t (rising or falling): position px, velocity px/s, their covariance in h."""
    x, v, (xx, xv, vv) = z[0].copy(), np.zeros(2), (p.box ** 2, 0., p.speed ** 2)
    for k in range(1, len(t)):
        a, e, qxx, qxv, qvv = ou(abs(t[k] - t[k - 1]), p)
        x, v = x + a * v, e * v
        xx, xv, vv = xx + 2 * a * xv + a * a * vv + qxx, e * (xv + a * vv) + qxv, e * e * vv + qvv
        kx, kv = xx / (xx + p.box ** 2), xv / (xx + p.box ** 2); r = z[k] - x
        x, v = x + kx * r, v + kv * r; vv -= kv * xv; xv *= 1 - kx; xx *= 1 - kx
    return x, v, (xx, xv, vv)

def states(tr, p):
    """Both ends of every tracklet: centre of the box's upper side, velocity, covariance, height, time, box."""
    out = {k: [] for k in 'xs vs cs hs xe ve ce he ts te bs be n score'.split()}
    for a, b in zip(tr.first, tr.last + 1):
        t, box = tr.frame[a:b] * tr.dt, tr.box[a:b]; h = box[:, 3] - box[:, 1]
        z = np.column_stack([(box[:, 0] + box[:, 2]) / 2, box[:, 1]])
        x, v, c = end_state(t[-60:], z[-60:], p); y, w, d = end_state(t[:60][::-1], z[:60][::-1], p)
        for key, value in dict(xe=x, ve=v, ce=c, xs=y, vs=-w, cs=d, he=np.median(h[t >= t[-1] - 1]), hs=np.median(h[t <= t[0] + 1]),
                               ts=t[0], te=t[-1], bs=box[0], be=box[-1], n=b - a, score=tr.score[a:b].mean()).items(): out[key].append(value)
    return {k: np.array(v) for k, v in out.items()}

def normal(r, s): return np.exp(-r * r / (2 * s * s)) / (np.sqrt(2 * np.pi) * s)

def solve(tr, p, appearance=None):
    """(next tracklet of each, itself = false alarm, -1 = ends; gains (n, n) in nats over ending and beginning anew)."""
    E, n = states(tr, p), tr.n; ts, te = E['ts'], E['te']; last_s = max(tr.frame.max() * tr.dt, 1.0)
    gap = ts[None] - te[:, None]
    lap = (gap <= 1e-6) & (gap >= -max(p.lap_s, 1.01 * tr.dt)) & (ts[None] > ts[:, None]) & (te[None] > te[:, None])
    for i, j in zip(*np.nonzero(lap)): lap[i, j] = same_place(tr, i, j)
    I, J = np.nonzero(((gap > 1e-6) & (gap <= p.max_gap_s)) | lap)
    back = np.minimum(gap[I, J], 0); lapped = gap[I, J] <= 1e-6; dt = np.where(lapped, tr.dt, gap[I, J])
    # motion: position and velocity at j's start, foreseen from i's end, against a stranger's velocity there
    h = np.sqrt(E['he'][I] * E['hs'][J])[:, None]; a, e, qxx, qxv, qvv = ou(dt, p); ci, cj = E['ce'][I], E['cs'][J]
    dx = (E['xs'][J] - np.where(lapped, back - tr.dt, 0)[:, None] * E['vs'][J] - E['xe'][I] - a[:, None] * E['ve'][I]) / h
    dv = (E['vs'][J] - e[:, None] * E['ve'][I]) / h
    sxx = ci[:, 0] + 2 * a * ci[:, 1] + a * a * ci[:, 2] + qxx + cj[:, 0]; sxv = e * (ci[:, 1] + a * ci[:, 2]) + qxv - cj[:, 1]; svv = e * e * ci[:, 2] + qvv + cj[:, 2]
    det = sxx * svv - sxv ** 2
    q = ((svv[:, None] * dx ** 2 - 2 * sxv[:, None] * dx * dv + sxx[:, None] * dv ** 2) / det[:, None]).sum(1)
    ll = gammaln((p.nu + 4) / 2) - gammaln(p.nu / 2) - 2 * np.log(p.nu * np.pi) - np.log(det) - (p.nu + 4) / 2 * np.log1p(q / p.nu)
    sv = p.speed ** 2 + cj[:, 2]; ll -= -np.log(2 * np.pi * sv) - ((E['vs'][J] / h) ** 2).sum(1) / (2 * sv)
    # height, length of the pause, whether anything hid the person, overlap in time
    r = np.log(E['hs'][J] / E['he'][I])
    ll += np.log((1 - p.tail) * normal(r, np.sqrt(2 * p.logh ** 2 + p.logh_drift ** 2 * dt)) + p.tail * normal(r, p.logh_tail)) - np.log(normal(r, .35))
    ll += np.log(p.gap_s / (dt + p.gap_s) ** 2) - p.uncovered * np.minimum(dt * (1 - covered(tr, E, I, J)), p.unc_cap_s) - p.lap_cost * lapped
    if appearance is not None: ll += appearance(I, J, dt)
    # births per h^2 and second, and the chance that an end is the last one
    rate = max((tr.last - tr.first + 1).sum() * tr.dt / last_s / p.stay_s, 1 / last_s)
    local = np.log(rate * density(tr, E['xs'], E['hs']))
    birth = np.logaddexp(np.log(p.mid) + local, np.log(np.maximum(at_edge(E['bs'], E['hs'], tr.size, p), 1e-9)) + local + 1.0)
    birth = np.where(ts < .3, np.maximum(birth, local + 1.0), birth)
    death = np.log(np.clip(p.mid + .6 * at_edge(E['be'], E['he'], tr.size, p), 0, .7)); death = np.where(te > last_s - .3, np.log(.9), death)
    gain = np.zeros((n, n)); gain[I, J] = np.maximum(ll - birth[J] - death[I], 0)
    false = p.false_base - p.false_obs * E['n'] - p.false_score * np.maximum(E['score'] - .7, 0) - birth - death
    gain[np.arange(n), np.arange(n)] = np.maximum(false, 0)
    i, j = linear_sum_assignment(gain, maximize=True); good = gain[i, j] > 0
    following = np.full(n, -1); following[i[good]] = j[good]
    return following, gain, ts

def density(tr, x, h):
    """Share of all boxes per h^2 around points x: where people are, strangers begin more often."""
    b = tr.box[::max(1, len(tr.box) // 3000)]; c = np.column_stack([(b[:, 0] + b[:, 2]) / 2, b[:, 1]])
    return np.exp(-((x[:, None] - c[None]) ** 2).sum(2) / (4.5 * h[:, None] ** 2)).mean(1) / (4.5 * np.pi) + 1e-4

def at_edge(box, h, size, p):
    d = np.minimum(np.minimum(box[:, 0], size[0] - box[:, 2]), size[1] - box[:, 3]) / h
    return np.clip(1 - np.maximum(d, 0) / p.edge_h, 0, 1)

def same_place(tr, i, j):
    """Whether two tracklets that overlap in time show one person there: the smaller box mostly inside the other."""
    a, b = slice(tr.first[i], tr.last[i] + 1), slice(tr.first[j], tr.last[j] + 1)
    f, x, y = np.intersect1d(tr.frame[a], tr.frame[b], return_indices=True)
    if not len(f): return True
    p, q = tr.box[a][x], tr.box[b][y]; w = np.minimum(p[:, 2:], q[:, 2:]) - np.maximum(p[:, :2], q[:, :2])
    return bool((np.maximum(w, 0).prod(1) / np.minimum((p[:, 2:] - p[:, :2]).prod(1), (q[:, 2:] - q[:, :2]).prod(1))).min() > .5)

def covered(tr, E, I, J, looks=6):
    """Share of a gap in which the person, moving straight, would lie under another detected box (by 30 % or more)."""
    o = np.argsort(tr.frame, kind='stable'); fr, bx = tr.frame[o], tr.box[o]; m = int(fr.max()) + 1
    lo, hi = np.searchsorted(fr, np.arange(m)), np.searchsorted(fr, np.arange(m), side='right')
    pad = np.full((m, int((hi - lo).max()), 4), -1e6); pad[fr, np.arange(len(fr)) - lo[fr]] = bx
    f0, f1 = tr.frame[tr.last[I]][:, None], tr.frame[tr.first[J]][:, None]; out = np.ones(len(I)); many = np.flatnonzero((f1 - f0 > 1).ravel())
    share = (np.arange(looks) + .5) / looks
    for k in np.array_split(many, max(1, len(many) // 20000)):
        f = np.clip(np.rint(f0[k] + share * (f1[k] - f0[k])).astype(int), f0[k] + 1, f1[k] - 1); w = ((f - f0[k]) / (f1[k] - f0[k]))[..., None]
        b = (E['be'][I[k]][:, None] * (1 - w) + w * E['bs'][J[k]][:, None])[:, :, None]; c = pad[f]
        side = np.maximum(np.minimum(c[..., 2:], b[..., 2:]) - np.maximum(c[..., :2], b[..., :2]), 0)
        out[k] = (side.prod(-1).max(-1) / np.maximum((b[..., 2:] - b[..., :2]).prod(-1)[..., 0], 1) > .3).mean(1)
    return out

# ---------------------------------------------------------------- appearance
class Looks:
    """Log likelihood ratio of appearance, calibrated on the recording: halves of long tracklets are the same person,
    tracklets seen at once are not. feat (detections, d) unit vectors, NaN where there is no crop."""
    def __init__(self, feat, frame, box, most=8, need=.6, half=2.0, cap=3.0):
        self.feat, self.most, self.half, self.cap = feat, most, half, cap; self.vis = np.ones(len(feat)); self.need = need
        lo = np.searchsorted(frame, np.arange(frame.max() + 2))
        for f in range(frame.max() + 1):
            b = box[lo[f]:lo[f + 1]]
            if len(b) < 2: continue
            s = np.maximum(np.minimum(b[:, None, 2:], b[None, :, 2:]) - np.maximum(b[:, None, :2], b[None, :, :2]), 0).prod(2) / (b[:, 2:] - b[:, :2]).prod(1)[:, None]
            np.fill_diagonal(s, 0)  # a box whose lower edge is lower is nearer and hides
            self.vis[lo[f]:lo[f + 1]] = 1 - np.where(b[None, :, 3] >= b[:, None, 3], s, .5 * s).max(1).clip(0, 1)
    def describe(self, rows):
        ok = rows[np.isfinite(self.feat[rows, 0]) & (self.vis[rows] >= self.need)]
        if not len(ok): return None
        v = self.vis[ok]
        good = ok[v >= max(.75, np.sort(v)[::-1][min(self.most, len(v)) - 1])] if (v >= .75).any() else ok[np.argsort(-v, kind='stable')[:2]]
        good = good[np.linspace(0, len(good) - 1, min(self.most, len(good))).astype(int)]
        m = self.feat[good].mean(0); return m / np.linalg.norm(m), len(good), self.vis[good].mean()
    def __call__(self, tr):
        D, N, V, same = np.zeros((tr.n, self.feat.shape[1])), np.zeros(tr.n), np.zeros(tr.n), []
        for k, (a, b) in enumerate(zip(tr.first, tr.last + 1)):
            rows = tr.row[a:b]; d = self.describe(rows)
            if d is None: continue
            D[k], N[k], V[k] = d; third = (b - a) // 3
            x, y = (self.describe(rows[:third]), self.describe(rows[-third:])) if b - a >= 12 else (None, None)
            if x and y: same.append(x[0] @ y[0])
        S = D @ D.T; f0, f1 = tr.frame[tr.first], tr.frame[tr.last]
        at_once = (f0[:, None] <= f1) & (f0 <= f1[:, None]) & (N[:, None] >= 3) & (N >= 3); np.fill_diagonal(at_once, False)
        diff = S[np.triu(at_once)]; s = np.array(same) if len(same) >= 8 else np.array([.7, .8, .75, .65])
        ms, ss = np.median(s), max(1.48 * np.median(np.abs(s - np.median(s))), .05) * 1.3
        md, sd = (diff.mean(), max(diff.std(), .08)) if len(diff) > 8 else (.3, .2)
        few = 1 / np.maximum(N, .5)
        def llr(I, J, dt):
            x = S[I, J]; one = (few[I] + few[J]) / 2; blur = .01 * one + .0064 * ((V[I] < .6) | (V[J] < .6))
            a, c = np.sqrt(ss ** 2 + blur + .0025 * np.minimum(dt / 10, 1)), np.sqrt(sd ** 2 + blur)
            la = -np.log(a) - np.minimum(x - ms + .1 * one, 0) ** 2 / (2 * a * a); lc = -np.log(c) - np.maximum(x - md, 0) ** 2 / (2 * c * c)
            q = np.logaddexp(np.log(.97) + la, np.log(.03)) - np.logaddexp(np.log(.98) + lc, np.log(.02)); n = np.minimum(N[I], N[J])
            return np.clip(q, -self.cap, self.cap) * n / (n + self.half)
        return llr

# ---------------------------------------------------------------- 3. rounds, people, boxes
def link(tr, p, looks=None):
    """Person of each tracklet (n,), -1 for false alarms: first the links without a rival, then all."""
    group = np.arange(tr.n); now = merged(tr, group)
    for margin in p.margins:
        following, gain, ts = solve(now, p, looks(now) if looks else None)
        rows, columns = np.sort(gain, 1)[:, -2:], np.sort(gain, 0)[-2:]; root = np.arange(now.n)
        for i in np.argsort(ts):
            j = following[i]
            if j < 0 or j == i: continue
            rival = max(rows[i, 0] if rows[i, 1] == gain[i, j] else rows[i, 1], columns[0, j] if columns[1, j] == gain[i, j] else columns[1, j], 0)
            if gain[i, j] - rival >= margin: root[j] = root[i]
        group = np.unique(root, return_inverse=True)[1][group]; now = merged(tr, group)
    following, _, ts = solve(now, p, looks(now) if looks else None)
    label = np.full(now.n, -1); begins = np.ones(now.n, bool); begins[following[following >= 0]] = False
    for person, k in enumerate(k for k in np.argsort(ts) if begins[k]):
        while k >= 0: label[k] = person; k = following[k]
    return label[group]

def whittaker(y, w, lam):
    """x that minimises sum w (y - x)^2 + lam sum (second difference of x)^2 along axis 0 (Whittaker 1923)."""
    n = len(y)
    if n < 3: return y.copy() if (w > 0).all() else np.repeat((y * w).sum(0, keepdims=True) / w.sum(0), n, 0)
    d0, d1, d2 = np.zeros(n), np.zeros(n), np.zeros(n); d0[:-2] += 1; d0[1:-1] += 4; d0[2:] += 1; d1[1:-1] -= 2; d1[2:] -= 2; d2[2:] += 1
    return np.column_stack([solveh_banded(np.array([lam * d2, lam * d1, lam * d0 + w[:, k] + 1e-9]), w[:, k] * y[:, k]) for k in range(y.shape[1])])

def smooth_boxes(frame, box, dt, p, nu=4.0):
    """Boxes in every frame from first to last: centre over smooth_pos_s, log size over smooth_size_s, Student weights."""
    every = np.arange(frame[0], frame[-1] + 1); at = frame - frame[0]; size = box[:, 2:] - box[:, :2]
    def run(z, s, least):
        y, w = np.zeros((len(every), 2)), np.zeros((len(every), 2)); y[at] = z; w[at] = 1; lam = (s / dt) ** 4
        for _ in range(3):
            r = z - whittaker(y, w, lam)[at]; scale = np.maximum(1.48 * np.median(np.abs(r), 0), least); w[at] = (nu + 1) / (nu + (r / scale) ** 2)
        return whittaker(y, w, lam)
    centre = run((box[:, :2] + box[:, 2:]) / 2, p.smooth_pos_s, .01 * np.median(size[:, 1])); half = np.exp(run(np.log(size), p.smooth_size_s, .02)) / 2
    return every, np.concatenate([centre - half, centre + half], axis=1)

def people(tr, label, p):
    """Rows (frame, person, box), gaps filled and smoothed."""
    row_label = label[np.searchsorted(tr.tid[tr.first], tr.tid)]; out = []
    for c in np.unique(row_label[row_label >= 0]):
        k = np.flatnonzero(row_label == c); k = k[np.lexsort([-tr.score[k], tr.frame[k]])]; k = k[np.append(True, np.diff(tr.frame[k]) > 0)]
        if (np.ptp(tr.frame[k]) + 1) * tr.dt < p.min_s or len(k) < p.min_obs: continue
        f, b = smooth_boxes(tr.frame[k], tr.box[k], tr.dt, p); out.append((f, np.full(len(f), c), b))
    return tuple(np.concatenate(column) for column in zip(*out))
