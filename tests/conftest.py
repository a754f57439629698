"""Fixtures shared by all tests."""

import os
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real footage, weights and truth; absent ones skip the test, saying why."""
    named = os.environ.get("DWELLMAP_TEST_DATA", "../shared/data")
    folder = (ROOT / named).resolve()
    if not (folder / "mot").is_dir():
        pytest.skip(
            f"no test data at {named}: set DWELLMAP_TEST_DATA to the folder with mot/, video/, models/"
        )
    return folder


@dataclass(frozen=True)
class Tsai:
    """The published calibration of PETS 2009 view 1: R. Tsai, "A versatile camera calibration technique for
    high-accuracy 3D machine vision metrology", IEEE J. Robotics and Automation 3(4), 1987."""

    g: dict[str, float]

    def image_from_survey(self, xy_m: np.ndarray, height_m: float = 0.0) -> np.ndarray:
        g = self.g
        world = np.column_stack([xy_m, np.full(len(xy_m), height_m)]) * 1000
        camera = world @ self.R.T + [g["tx"], g["ty"], g["tz"]]
        undistorted = g["focal"] * camera[:, :2] / camera[:, 2:]
        distorted = undistorted.copy()
        for _ in range(60):
            distorted = undistorted / (1 + g["kappa1"] * np.sum(distorted**2, axis=1, keepdims=True))
        return np.column_stack(
            [g["sx"] * distorted[:, 0] / g["dpx"] + g["cx"], distorted[:, 1] / g["dpy"] + g["cy"]]
        )

    @property
    def R(self) -> np.ndarray:  # noqa: N802
        (sa, sb, sg), (ca, cb, cg) = (f([self.g["rx"], self.g["ry"], self.g["rz"]]) for f in (np.sin, np.cos))
        return np.array(
            [
                [cb * cg, cg * sa * sb - ca * sg, sa * sg + ca * cg * sb],
                [cb * sg, sa * sb * sg + ca * cg, ca * sb * sg - cg * sa],
                [-sb, cb * sa, ca * cb],
            ]
        )

    @property
    def centre_m(self) -> np.ndarray:
        return -self.R.T @ [self.g["tx"], self.g["ty"], self.g["tz"]] / 1000


@pytest.fixture(scope="session")
def tsai(data) -> Tsai:
    root = ET.parse(data / "ground/pets09/View_001.xml").getroot()
    return Tsai({key: float(value) for part in root for key, value in part.attrib.items()})
