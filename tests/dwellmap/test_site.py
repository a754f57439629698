"""The site file: what it composes to, and that every fault is named."""

import copy
import os
import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from dwellmap.site import LARGEST_FILE_BYTES, Site, example_site, load_site
from dwellmap.site_faults import Fault, SiteError
from dwellmap.site_file import SiteFile
from tracker.wallclock import find_start

PLAN = "[plan]\nwidth_m = 10\nheight_m = 5\n"
CAMERA = '[[cameras]]\nname = "door"\n'


def load(folder: Path, text: str) -> Site:
    file = folder / "site.toml"
    file.write_text(text, encoding="utf-8")
    return load_site(file)


def faults(folder: Path, text: str) -> dict[str, str]:
    """Key -> message of every fault, or a failure if there is none."""
    with pytest.raises(SiteError) as caught:
        load(folder, text)
    assert all(str(fault) in str(caught.value) for fault in caught.value.faults)
    return {fault.key: str(fault) for fault in caught.value.faults}


def test_the_example_loads_and_composes(tmp_path: Path) -> None:
    site = load(tmp_path, example_site())
    assert site.plan.size_m == (12.0, 8.0)
    assert [(zone.name, zone.staff) for zone in site.zones] == [
        ("entrance", False),
        ("till", False),
        ("behind the counter", True),
    ]
    assert np.array_equal(site.scene.doors[0].xy_m, [[0, 3], [0, 4.5]])
    assert site.scene.furniture[0].height_m == 1.8
    assert len(site.scene.walls) == len(site.scene.ignored_floor_m) == 1
    assert site.settings.maps.cell_m == 0.5
    assert site.opening_hours is not None
    camera = site.cameras[0]
    assert camera.start is not None
    start = find_start(
        Path("any/ch01_20261121_081500_part2.mp4"), name_patterns=(camera.start,), time_zone=camera.time_zone
    )
    assert start.when is not None
    assert start.when.isoformat() == "2026-11-21T08:15:00+01:00"


def test_the_example_with_every_comment_used_is_right_too(tmp_path: Path) -> None:
    """The commented lines are documentation, so they must be good TOML with keys that exist."""
    text = example_site().replace("width_m = 12.0\nheight_m = 8.0\n", "")
    lines = [line.removeprefix("# ") if "=" in line or "# [" in line else line for line in text.splitlines()]
    # The sentence about settings is no setting.
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "yolo11n.pt").touch()
    (tmp_path / "entrance.calibration.json").touch()
    Image.new("RGB", (600, 400)).save(tmp_path / "plan.png")
    site = load(tmp_path, "\n".join(lines))
    assert site.plan.size_m == (12.0, 8.0)
    assert site.weights == tmp_path / "models" / "yolo11n.pt"
    assert site.cameras[0].calibration == tmp_path / "entrance.calibration.json"
    assert site.cameras[0].clock_rate == 1.4286
    assert site.settings.tracker.lost_s == 1.0


def test_five_faults_are_all_named(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        """
        time_zone = "Berlin"
        [plan]
        width_m = 10
        height_m = 5
        [[zones]]
        name = "till"
        polygon_m = [[0, 0], [1, 1], [1, 0], [0, 1]]
        [[zones]]
        name = "Till"
        polygon_m = [[0, 0], [11, 1], [0, 4]]
        [[cameras]]
        name = "door"
        calibration = "absent.json"
        """,
    )
    assert set(found) == {
        "time_zone",
        'zones[1 "till"].polygon_m',
        'zones[2 "Till"].polygon_m',
        'zones[2 "Till"].name',
        'cameras[1 "door"].calibration',
    }
    assert "did you mean Europe/Berlin" in found["time_zone"]
    assert "near (0.5, 0.5)" in found['zones[1 "till"].polygon_m']
    assert "[11, 1] outside" in found['zones[2 "Till"].polygon_m']
    assert "zones[1]" in found['zones[2 "Till"].name']
    assert "'absent.json', which is absent" in found['cameras[1 "door"].calibration']


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        (CAMERA, "plan", "nothing"),
        (PLAN, "cameras", "required"),
        ("cameras = []\n" + PLAN, "cameras", "at least one"),
        (PLAN + '[cameras]\nname = "door"', "cameras", "a list"),
        ("plan = 3\n" + CAMERA, "plan", "a table"),
        ("[plan]\nwidth_m = 10\n" + CAMERA, "plan", "either picture and metres_per_pixel, or"),
        (PLAN + 'picture = "site.toml"\n' + CAMERA, "plan", "got picture, width_m, height_m"),
        ('[plan]\npicture = "site.toml"\nmetres_per_pixel = 0.1\n' + CAMERA, "plan.picture", "a picture"),
        (PLAN + "heigth_m = 3\n" + CAMERA, "plan.heigth_m", "did you mean 'height_m'?"),
        (PLAN + CAMERA + "[settings.maps]\ncellm = 1", "settings.maps.cellm", "did you mean 'cell_m'?"),
        (PLAN + CAMERA + "[settings.maps]\ncell_m = -1", "settings.maps.cell_m", "greater than"),
        (PLAN + CAMERA + "[settings.motions]", "settings.motions", "unknown key"),
        (
            PLAN.replace("10", "9999") + CAMERA + "[settings.maps]\ncell_m=0.1",
            "settings.maps.cell_m",
            "4,000,000",
        ),
        (PLAN + CAMERA + "clock_rate = 0", 'cameras[1 "door"].clock_rate', "greater than"),
        (PLAN + CAMERA + 'start = "ch_%Y"', 'cameras[1 "door"].start', "year, month, day and hour"),
        (PLAN + CAMERA.replace("door", "../x"), 'cameras[1 "../x"].name', "name a folder"),
        (PLAN + CAMERA + "[[walls]]\nline_m = [[1, 1], [1, 1]]", "walls[1].line_m", "point 2 equal"),
        (PLAN + CAMERA + "[[walls]]\nline_m = [[1, 1], [nan, 1]]", "walls[1].line_m", "as point 2"),
        (PLAN + CAMERA + "[[doors]]\nline_m = [[1, 1], [1, 6]]", "doors[1].line_m", "[1, 6] outside"),
        (PLAN + CAMERA + "[[ignored]]\npolygon_m = [[1, 1], [1, 2]]", "ignored[1].polygon_m", "at least 3"),
        (
            PLAN + CAMERA + "[[furniture]]\npolygon_m = [[0, 0], [1, 0], [2, 0]]",
            "furniture[1].polygon_m",
            "cross",
        ),
        (PLAN + CAMERA + '[opening_hours]\nmonday = "9 to 5"', "opening_hours.monday", "09:00-18:30"),
        (PLAN + CAMERA + '[opening_hours]\nmontag = "9-17"', "opening_hours.montag", "did you mean 'monday'"),
        (PLAN + CAMERA + "ignored_px = [[[0, 0], [1, 1]]]", 'cameras[1 "door"].ignored_px[1]', "at least 3"),
    ],
)
def test_one_fault_is_found_once_at_its_key(tmp_path: Path, text: str, key: str, message: str) -> None:
    found = faults(tmp_path, text)
    assert list(found) == [key]
    assert message in found[key]


def test_broken_files_are_told_apart(tmp_path: Path) -> None:
    assert "line 2" in faults(tmp_path, "name = 'a'\nplan = }\n")["the file"]
    assert "kB" in faults(tmp_path, "#" * (LARGEST_FILE_BYTES + 1))["the file"]
    assert "levels" in faults(tmp_path, "a = " + "[" * 50_000)["the file"]
    (tmp_path / "latin1.toml").write_bytes(b'name = "Caf\xe9"')
    with pytest.raises(SiteError, match="UTF-8"):
        load_site(tmp_path / "latin1.toml")
    with pytest.raises(OSError, match=r"absent\.toml"):
        load_site(tmp_path / "absent.toml")


def test_paths_start_at_the_file_not_at_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    Image.new("L", (200, 100)).save(shop / "plan.png")
    monkeypatch.chdir(tmp_path)
    (shop / "site.toml").write_text('[plan]\npicture = "plan.png"\nmetres_per_pixel = 0.05\n' + CAMERA)
    site = load_site("shop/site.toml")
    assert site.plan.size_m == pytest.approx((10.0, 5.0))
    assert site.plan.picture == shop / "plan.png"


def test_a_closed_outline_loses_its_last_corner_and_a_border_may_touch_the_edge(tmp_path: Path) -> None:
    site = load(
        tmp_path,
        PLAN + CAMERA + '[[zones]]\nname="all"\npolygon_m=[[0,0],[10.005,0],[10,5],[0,5],[0,0]]',
    )
    assert site.zones[0].xy_m.shape == (4, 2)


TWO = """
[[cameras]]
name = "door"
files = ["ch01_*", "front/cam*.mp4"]
[[cameras]]
name = "aisle"
files = "ch02_*"
"""


@pytest.mark.parametrize(
    ("recording", "camera"),
    [
        ("ch01_a.mp4", "door"),
        ("x/ch02_a.mp4", "aisle"),
        ("front/cam9.mp4", "door"),
        ("aisle/2026/a.mp4", "aisle"),
        ("Door/a.mp4", "door"),
        ("aisle/door/a.mp4", "door"),
        # What the pattern says is stronger than the folder.
        ("aisle/ch01_a.mp4", "door"),
    ],
)
def test_recordings_find_their_camera(tmp_path: Path, recording: str, camera: str) -> None:
    assert load(tmp_path, PLAN + TWO).camera_for(recording).name == camera


def test_recordings_of_no_camera_or_two_are_refused(tmp_path: Path) -> None:
    site = load(tmp_path, PLAN + TWO.replace("ch02_*", "ch0?_b*"))
    with pytest.raises(ValueError, match=r"no camera of .* fits .*'door', 'aisle'"):
        site.camera_for("elsewhere/a.mp4")
    with pytest.raises(ValueError, match="those of 'door', 'aisle' do"):
        site.camera_for("ch01_b.mp4")


def test_the_only_camera_gets_everything(tmp_path: Path) -> None:
    site = load(tmp_path, PLAN + CAMERA + 'files = "ch01_*"')
    assert site.camera_for("holiday.mov").name == "door"


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(string.printable, max_size=9),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(sorted(SiteFile.model_fields)) | st.text(max_size=5), inner, max_size=3
        ),
    ),
    max_leaves=6,
)
GOOD: dict[str, Any] = {
    "plan": {"width_m": 10.0, "height_m": 5.0},
    "zones": [{"name": "a", "polygon_m": [[0, 0], [1, 0], [1, 1]]}],
    "cameras": [{"name": "door", "files": ["a*"], "ignored_px": [[[0, 0], [1, 0], [1, 1]]]}],
    "opening_hours": {"monday": ["09:00-10:00"]},
    "settings": {"maps": {"cell_m": 0.5}, "tracker": {}},
}
SPOTS = [
    ("plan",), ("plan", "width_m"), ("zones",), ("zones", 0), ("zones", 0, "name"), ("zones", 0, "polygon_m"),
    ("zones", 0, "polygon_m", 1), ("cameras",), ("cameras", 0, "files"), ("cameras", 0, "calibration"),
    ("cameras", 0, "start"), ("cameras", 0, "ignored_px", 0), ("opening_hours",), ("opening_hours", "monday"),
    ("settings",), ("settings", "maps"), ("settings", "maps", "cell_m"), ("time_zone",), ("weights",),
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spot=st.sampled_from(SPOTS), value=VALUES)
def test_nonsense_anywhere_is_a_fault_and_never_a_crash(
    spot: tuple[str | int, ...], value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw: Any = copy.deepcopy(GOOD)
    here = raw
    for part in spot[:-1]:
        here = here[part]
    here[spot[-1]] = value
    monkeypatch.setattr("dwellmap.site._read", lambda path: raw)
    found: tuple[Fault, ...] | None = None
    try:
        load_site(tmp_path / "site.toml")
    except SiteError as error:
        found = error.faults
    assert found is None or (found and all(fault.key and fault.expected and fault.got for fault in found))


def test_a_site_file_is_only_read(tmp_path: Path) -> None:
    load(tmp_path, PLAN + CAMERA)
    assert os.listdir(tmp_path) == ["site.toml"]
