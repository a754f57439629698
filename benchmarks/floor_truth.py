"""How far calibrations can be trusted: what they state against what is found, on cameras that are known.

    python benchmarks/floor_truth.py [--cameras 200] [--data ../shared/data]

Simulated cameras hang 2.5 to 6 m high, tilted 12 to 60 degrees, with clicks off by 2 px and 5 cm; PETS 2009
has a survey. "Within one sigma" should be 68 %, "within two" 95 % (squared Mahalanobis distances of
2.30 and 5.99).
Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.fit import fit_calibration
from calibration.from_people import calibration_from_people
from calibration.lens import Lens
from calibration.moved import shift_between
from calibration.pairs import Pairs

Array = NDArray[np.float64]
SIZES = ((1280, 720), (1920, 1080), (640, 480))
CLICK_PX, CLICK_M, PERSON_M = 2.0, 0.05, 1.7
FARTHEST_M = 20.0


class Camera:
    """A pinhole camera behind a lens, made from height, tilt and focal length alone."""

    def __init__(
        self, rng: np.random.Generator, size: tuple[int, int], lens: Lens, tilts: tuple[float, float]
    ) -> None:
        tilt, yaw, roll = np.deg2rad((rng.uniform(*tilts), rng.uniform(0, 360), rng.normal(0, 1)))
        forward = np.array([np.cos(yaw) * np.cos(tilt), np.sin(yaw) * np.cos(tilt), np.sin(tilt)])
        right = np.array([-np.sin(yaw), np.cos(yaw), 0.0])
        down = np.cross(forward, right)
        turned = np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right
        self.R = np.stack([*turned, forward])
        self.centre = np.array([3.0, 4.0, -rng.uniform(2.5, 6)])
        focal = rng.uniform(0.6, 1.2) * size[0]
        self.K = np.array([[focal, 0, (size[0] - 1) / 2], [0, focal, (size[1] - 1) / 2], [0, 0, 1.0]])
        self.size, self.lens = size, lens

    def floor(self, px: Array) -> Array:
        """Floor points (N, 2) of picture points."""
        pinhole = self.lens.pinhole(px, self.size)
        rays = np.column_stack([pinhole, np.ones(len(px))]) @ np.linalg.inv(self.K).T @ self.R
        down = np.where(rays[:, 2] > 1e-9, rays[:, 2], np.nan)
        at = self.centre[:2] + rays[:, :2] * (-self.centre[2] / down)[:, None]
        return np.asarray(at, dtype=np.float64)

    def picture(self, xy_m: Array, height_m: float = 0.0) -> Array:
        """Picture points (N, 2) of points above the floor."""
        seen = (np.column_stack([xy_m, np.full(len(xy_m), -height_m)]) - self.centre) @ self.R.T @ self.K.T
        return self.lens.picture(seen[:, :2] / np.where(seen[:, 2:] > 0, seen[:, 2:], np.nan), self.size)

    def points(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Picture points whose floor is not too far, and that floor."""
        px = rng.uniform(0, np.array(self.size) - 1, (300 * n, 2))
        floor = self.floor(px)
        away = np.linalg.norm(floor - self.centre[:2], axis=1)
        near = away < max(FARTHEST_M, 1.5 * float(np.nanmin(away)))
        return px[near][:n], floor[near][:n]


def squared(error: Array, covariance: Array) -> Array:
    """Squared Mahalanobis distances (N,)."""
    (x, y), (xx, xy, yy) = error.T, covariance.T
    return np.asarray((yy * x**2 - 2 * xy * x * y + xx * y**2) / (xx * yy - xy**2), dtype=np.float64)


def row(name: str, error: Array, distance2: Array) -> None:
    """A line of the table."""
    off = np.linalg.norm(error, axis=1)
    known = np.isfinite(distance2)
    print(
        f"| {name} | {100 * np.median(off[known]):.0f} cm | {100 * np.quantile(off[known], 0.9):.0f} cm | "
        f"{np.mean(distance2[known] <= 2.30):.0%} | {np.mean(distance2[known] <= 5.99):.0%} |",
        flush=True,
    )


def simulated(cameras: int) -> None:
    """Pairs clicked with error: the calibration alone, and with a detected person's foot."""
    print("| simulated cameras, 8 to 14 pairs | median error | 90 % | within one sigma | within two |")
    print("|---|---|---|---|---|")
    for division in (0.0, -0.1, -0.25):
        alone: list[tuple[Array, Array]] = []
        feet: list[tuple[Array, Array]] = []
        for k in range(cameras):
            rng = np.random.default_rng(k)
            camera = Camera(rng, SIZES[k % 3], Lens(division), (15, 60))
            n = int(rng.integers(8, 15))
            px, floor = camera.points(rng, n + 30)
            clicked = np.clip(px[:n] + rng.normal(0, CLICK_PX, (n, 2)), 0, np.array(camera.size) - 1)
            pairs = Pairs.of(clicked, floor[:n] + rng.normal(0, CLICK_M, (n, 2)))
            try:
                found = fit_calibration(pairs, camera.size).calibration
            except ValueError:
                continue
            px, floor = px[n:], floor[n:]
            error = found.floor_from_image(px) - floor
            alone.append((error, squared(error, found.calibration_covariance(px))))
            height = np.linalg.norm(camera.picture(floor, PERSON_M) - px, axis=1)
            usable = np.isfinite(height)
            jitter = found.foot_jitter.sigma_px(height[usable]) * rng.normal(size=(int(usable.sum()), 2))
            seen = px[usable] + jitter
            error = found.floor_from_image(seen) - floor[usable]
            feet.append((error, squared(error, found.floor_covariance(seen, height[usable]))))
        name = "no lens" if division == 0 else f"lens {division:g}"
        for what, parts in (("calibration alone", alone), ("detected feet", feet)):
            error, distance2 = (np.concatenate(column) for column in zip(*parts, strict=True))
            row(f"{name}, {what}", error, distance2)


def walked(
    camera: Camera, people: int, rng: np.random.Generator
) -> Iterator[tuple[Array, Array, int, float]]:
    """Heads and feet of people who walk from place to place, four times a second for 20 s each."""
    _, places = camera.points(rng, 300)
    for person in range(people):
        tall, pace = rng.normal(1.70, 0.08), np.exp(rng.normal(np.log(1.1), 0.25))
        at, goal = places[rng.integers(len(places), size=2)]
        begin = rng.uniform(0, 100)
        for k in range(80):
            way, step = goal - at, pace / 4
            if np.linalg.norm(way) < step:
                goal = places[rng.integers(len(places))]
                continue
            at = at + way / np.linalg.norm(way) * step
            (foot,), (head,) = camera.picture(at[None]), camera.picture(at[None], tall)
            box = foot[1] - head[1]
            if np.isfinite(box) and (foot > 0).all() and (foot < camera.size).all():
                middle = (foot[0] + head[0]) / 2 + rng.normal(0, 0.05) * box
                noise = rng.normal(0, 0.05, 2) * box
                yield (
                    np.array([middle, head[1] + noise[0]]),
                    np.array([middle, foot[1] + noise[1]]),
                    person,
                    begin + k / 4,
                )


def from_people(cameras: int) -> None:
    """Lengths on a floor that people alone tell."""
    print("\n| people for 20 s each | accepted | lengths, median error | 90 % | in units of the stated one |")
    print("|---|---|---|---|---|")
    for people in (3, 5, 10, 20, 50):
        errors, sigmas = [], []
        for k in range(cameras):
            rng = np.random.default_rng(k)
            camera = Camera(rng, (1280, 720), Lens(), (12, 55))
            seen = list(walked(camera, people, rng))
            if not seen:
                continue
            head, foot, person, t_s = (np.array(column) for column in zip(*seen, strict=True))
            try:
                found = calibration_from_people(head, foot, person, t_s, camera.size)
            except ValueError:
                continue
            px, floor = camera.points(rng, 120)
            errors.append(np.log(lengths(found.floor_from_image(px), floor)))
            sigmas.append(0.0 if found.people is None else found.people.length_sigma)
        off = np.abs(errors)
        z = np.sqrt(np.mean((np.array(errors) / np.array(sigmas)) ** 2))
        print(
            f"| {people} | {len(errors)} of {cameras} | {np.median(off):.1%} | {np.quantile(off, 0.9):.1%} "
            f"| {z:.1f} |",
            flush=True,
        )


def lengths(found: Array, true: Array) -> float:
    """Median of how long distances came out."""
    i, j = np.triu_indices(len(true), 3)
    long = np.linalg.norm(true[i] - true[j], axis=1)
    ratio = np.linalg.norm(found[i] - found[j], axis=1)[long > 1] / long[long > 1]
    return float(np.nanmedian(ratio))


def pets(data: Path) -> None:
    """The survey of PETS 2009 against a floor from its boxes."""
    rows = np.loadtxt(data / "mot/PETS09-S2L1/gt/gt.txt", delimiter=",")
    box = np.column_stack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]]) - 1.5
    middle = (box[:, 0] + box[:, 2]) / 2
    head, foot = np.column_stack([middle, box[:, 1]]), np.column_stack([middle, box[:, 3]])
    found = calibration_from_people(head, foot, rows[:, 1].astype(int), rows[:, 0] / 7, (768, 576))
    ratio = lengths(found.floor_from_image(foot[::15]), rows[::15, 7:9])
    sigma = 0.0 if found.people is None else found.people.length_sigma
    print(f"\nPETS 2009, lengths from its people alone: {ratio:.2f} of the survey's, stated +- {sigma:.0%}.")


def moved(data: Path) -> None:
    """Alarms on the people-free scene of real clips, in four lights, with noise and a clock."""
    print("\n| clip | still | 2 px | 4 px | 10 px | 0.3 degrees | by which a corner moves |")
    print("|---|---|---|---|---|---|---|")
    ways = ((0, 0, 0), (2, 0, 0), (-3, 2.7, 0), (8, -6, 0), (0, 0, 0.3))
    for film in sorted((data / "video").glob("*.mp4")):
        capture = cv2.VideoCapture(str(film))
        pictures = [picture for ok, picture in (capture.read() for _ in range(200)) if ok][::10]
        scene = np.median(pictures, axis=0).astype(np.uint8)
        rng = np.random.default_rng(0)
        still = shown(scene, rng, 0, 0, 0, 1.0)
        cells = []
        for right, down, turn in ways:
            shifts = [
                shift_between(still, shown(scene, rng, right, down, turn, gain))
                for gain in (1.0, 0.35, 1.3, 0.7)
                for _ in range(25 if (right, down, turn) == (0, 0, 0) else 5)
            ]
            alarms = sum(shift is not None and shift.moved(3.0) for shift in shifts)
            cells.append(f"{alarms} of {len(shifts)}")
        corner = np.deg2rad(0.3) * np.hypot(*scene.shape[:2]) / 2
        print(f"| {film.stem} | {' | '.join(cells)} | {corner:.1f} px |", flush=True)


def shown(
    scene: NDArray[np.uint8], rng: np.random.Generator, right: float, down: float, turn: float, gain: float
) -> NDArray[np.uint8]:
    """The scene, moved, in another light, with noise and a clock that runs."""
    h, w = scene.shape[:2]
    M = cv2.getRotationMatrix2D(((w - 1) / 2, (h - 1) / 2), -turn, 1.0)
    M[:, 2] += (right, down)
    image = cv2.warpAffine(scene, M, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT).astype(
        float
    )
    image = np.clip(gain * image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)
    cv2.rectangle(image, (8, 8), (w // 3, 34), (0, 0, 0), -1)
    text = "2026-11-{:02d} {:02d}:{:02d}".format(*rng.integers((1, 0, 0), (30, 24, 60)))
    cv2.putText(image, text, (12, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1)
    return np.asarray(image)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("DWELLMAP_TEST_DATA", "../shared/data"))
    )
    options = parser.parse_args()
    simulated(options.cameras)
    from_people(max(options.cameras // 5, 1))
    pets(options.data)
    moved(options.data)


if __name__ == "__main__":
    main()
