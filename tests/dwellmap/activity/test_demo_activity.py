"""Activity of the demo shop against the truth of who moved there."""

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import shapely

from analytics.activity import Regions
from dwellmap.demo import film as demo_film
from dwellmap.demo.footage import make_footage
from dwellmap.demo.options import DemoOptions
from dwellmap.demo.production import camera_of, film_of
from dwellmap.site import load_site

OPTIONS = DemoOptions(length_s=60.0, people=5, fps=5.0, size_px=(480, 270))
EVERY_S = 0.4


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return make_footage(tmp_path_factory.mktemp("shop"), OPTIONS, lambda t_s: None)


@pytest.mark.slow
def test_activity_against_who_moved_there(shop, dwellmap, tmp_path, monkeypatch):
    """Truth: pixels in which the film with people differs from the film without, both without shadows.

    Measured: no region's share is off by more than 0.02, 3 % of all motion is in the wrong region; the film
    has no lossless twin, so outlines are two pixels wide of the truth.
    """
    ran = dwellmap(
        "activity", shop.film, "--site", shop.site, "--out", tmp_path, "--no-films", "--quiet",
        "--every", f"{EVERY_S}s",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    folder = Path(ran.out.strip())
    table = pd.read_csv(folder / "regions.csv")
    monkeypatch.setattr(demo_film, "cast_shadows", lambda *_: None)
    camera = camera_of(OPTIONS)
    full, empty = (film_of(shop.shop, camera, cast, OPTIONS) for cast in (shop.cast, ()))
    regions = Regions.over(np.ones((270, 480), dtype=bool), 4, 4)
    true, occupied = np.zeros(16), np.zeros(16)
    for t_s in np.arange(0, OPTIONS.length_s, EVERY_S):
        moving = cv2.absdiff(full.picture(t_s)[0], empty.picture(t_s)[0]).max(axis=2) > 0
        true += regions.total(moving.astype(float)) * EVERY_S
        occupied += regions.touched(moving) * EVERY_S
    share = true / true.sum()
    assert np.abs(table["share"] - share).max() < 0.04
    assert np.abs(table["share"] - share).sum() / 2 < 0.06, "share of motion in the wrong region"
    np.testing.assert_allclose(table["activity_s"] * 270 * 480 / 16, true, atol=0.06 * true.sum())
    busy = occupied > 5
    assert np.abs(table["occupied_s"][busy] - occupied[busy]).median() < 3.0
    assert table["share"].sum() == pytest.approx(1.0, abs=1e-4)
    zones = {
        z["name"]: z["occupied_s"]
        for z in json.loads((folder / "activity.json").read_text())["results"]["zones"]
    }
    for zone in load_site(shop.site).zones:
        area = shapely.Polygon(zone.xy_m)
        there = (
            sum(
                any(
                    area.contains(shapely.Point(*(np.interp(t_s, p.t_s, p.xy_m[:, k]) for k in (0, 1))))
                    for p in shop.cast
                    if p.t_s[0] <= t_s <= p.t_s[-1]
                )
                for t_s in np.arange(0, OPTIONS.length_s, EVERY_S)
            )
            * EVERY_S
        )
        assert zones[zone.name] == pytest.approx(there, abs=0.25 * OPTIONS.length_s), zone.name
