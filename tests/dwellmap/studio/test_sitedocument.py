"""The site file as the studio changes it."""

import tomllib

import pytest

from calibration.plan import FloorPlan
from dwellmap.site import example_site, load_site
from dwellmap.site_faults import SiteError
from dwellmap.studio.outlines import Drawing, Outline, outlines_of
from dwellmap.studio.sitedocument import (
    ChangedError,
    change_site,
    new_site,
    put_calibration,
    put_camera,
    put_outlines,
    put_plan,
    read_site,
    revision_of,
)

TRIANGLE = ((1.0, 1.0), (2.0, 1.0), (2.0, 2.0))


@pytest.fixture
def site(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(example_site())
    return path


def put(site, outlines):
    return change_site(site, revision_of(site), lambda document: put_outlines(document, outlines))


def test_nothing_changed_writes_the_same_bytes(site):
    before = site.read_bytes()
    put(site, outlines_of(read_site(site)))
    assert site.read_bytes() == before


def test_comments_stay_and_only_what_changed_changes(site):
    drawing = Drawing.of(outlines_of(read_site(site)))
    till = next(i for i, o in enumerate(drawing.outlines) if o.name == "till")
    drawing.move_corner(till, 0, (8.0, 2.75))
    drawing.replace(till, name="tills")
    put(site, drawing.outlines)
    before, after = example_site().splitlines(), site.read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [
        ('name = "till"', 'name = "tills"'),
        (
            "polygon_m = [[8.5, 3.0], [10.5, 3.0], [10.5, 5.5], [8.5, 5.5]]",
            "polygon_m = [[8.0, 2.75], [10.5, 3.0], [10.5, 5.5], [8.5, 5.5]]",
        ),
    ]


def test_every_kind_is_written_and_read_back(site):
    drawn = (
        Outline("zone", TRIANGLE, "shelf"),
        Outline("zone", TRIANGLE, "office", staff_only=True),
        Outline("door", TRIANGLE[:2], "back door"),
        Outline("wall", TRIANGLE),
        Outline("furniture", TRIANGLE, height_m=1.8),
        Outline("ignored", TRIANGLE, "pavement"),
    )
    put(site, drawn)
    again = outlines_of(read_site(site))
    assert [(o.kind, o.points, o.name, o.staff_only, o.height_m) for o in again] == [
        (o.kind, o.points, o.name, o.staff_only, o.height_m) for o in drawn
    ]
    loaded = load_site(site)
    assert [zone.staff for zone in loaded.zones] == [False, True]
    assert loaded.scene.furniture[0].height_m == 1.8
    put(site, ())
    assert load_site(site).zones == ()
    assert "zones" not in read_site(site)


def test_tables_written_in_line_can_be_changed(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(
        'zones = [{name = "a", polygon_m = [[0,0],[1,0],[1,1]]}]\ncameras = [{name = "c"}]\n'
        "[plan]\nwidth_m = 4\nheight_m = 4\n"
    )
    put(path, (*outlines_of(read_site(path)), Outline("zone", TRIANGLE, "b")))
    assert [zone.name for zone in load_site(path).zones] == ["a", "b"]
    change_site(path, revision_of(path), lambda document: put_camera(document, "d"))
    assert [camera.name for camera in load_site(path).cameras] == ["c", "d"]


def test_a_file_that_somebody_changed_is_left_alone(site):
    revision = revision_of(site)
    site.write_text(site.read_text() + "# edited by hand\n")
    before = site.read_bytes()
    with pytest.raises(ChangedError, match="changed on disk"):
        change_site(site, revision, lambda document: put_camera(document, "another"))
    assert site.read_bytes() == before


def test_faults_are_named_and_nothing_is_written(site):
    before = site.read_bytes()
    crossed = ((0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0))
    with pytest.raises(SiteError) as caught:
        put(
            site,
            (Outline("zone", crossed, "bow"), Outline("zone", TRIANGLE, "BOW"), Outline("zone", TRIANGLE)),
        )
    text = str(caught.value)
    assert str(site) in text
    assert ".part" not in text
    assert "does not cross or touch itself" in text
    assert "a name of its own" in text
    assert "(required)" in text
    assert site.read_bytes() == before
    assert list(site.parent.iterdir()) == [site]


def test_a_broken_file_is_said_to_be(site):
    site.write_text("name = ")
    with pytest.raises(ValueError, match="correct the file by hand"):
        change_site(site, revision_of(site), lambda document: None)


def test_a_new_place(tmp_path):
    path = tmp_path / "site.toml"
    new_site(path, 'Bob\'s "shop" \\ [x]', "Europe/Berlin", FloorPlan((12.5, 8.0)), "entrance")
    site = load_site(path)
    assert (site.name, site.plan.size_m) == ('Bob\'s "shop" \\ [x]', (12.5, 8.0))
    assert site.cameras[0].name == "entrance"
    with pytest.raises(FileExistsError):
        new_site(path, "x", "UTC", FloorPlan((1.0, 1.0)), "c")


def test_a_new_place_without_sense_leaves_nothing(tmp_path):
    with pytest.raises(SiteError, match="can name a folder"):
        new_site(tmp_path / "site.toml", "x", "UTC", FloorPlan((1.0, 1.0)), "../evil")
    assert list(tmp_path.iterdir()) == []


def test_files_are_named_from_the_site_s_folder(site):
    inside = site.parent / "cams" / "a.calibration.json"
    inside.parent.mkdir()
    inside.write_text("{}")
    folder = site.parent
    change_site(site, revision_of(site), lambda d: put_calibration(d, folder, "entrance", inside))
    assert read_site(site)["cameras"][0]["calibration"] == "cams/a.calibration.json"
    with pytest.raises(ValueError, match="expected a camera 'nobody'"):
        change_site(site, revision_of(site), lambda d: put_calibration(d, folder, "nobody", inside))


def test_another_plan_is_refused_if_zones_fall_off_it(site):
    with pytest.raises(SiteError, match="points on the plan"):
        change_site(site, revision_of(site), lambda d: put_plan(d, site.parent, FloorPlan((3.0, 3.0))))
    change_site(site, revision_of(site), lambda d: put_plan(d, site.parent, FloorPlan((40.0, 30.0))))
    assert tomllib.loads(site.read_text())["plan"] == {"width_m": 40.0, "height_m": 30.0}


def test_drawing_can_be_taken_back():
    drawing = Drawing.of((Outline("zone", TRIANGLE, "a", row=0),))
    drawing.add(Outline("door", TRIANGLE[:2]))
    drawing.remove(0)
    assert [o.kind for o in drawing.outlines] == ["door"]
    assert drawing.undo()
    assert drawing.undo()
    assert not drawing.undo()
    assert [o.name for o in drawing.outlines] == ["a"]
