"""The studio in a real browser: what a person does, what is written, what goes wrong and is said."""

import shutil

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from calibration.calibration import Calibration
from calibration.fit import fit_calibration
from dwellmap.site import load_site

PICTURE = (-0.5, -0.5, 639.5, 479.5)
PLAN = (0.0, 0.0, 10.0, 8.0)


@pytest.fixture
def calibrating(start_studio, shop, page, still, on_canvas):
    """The Calibrate page of the shop's camera, with a picture in it."""
    studio = start_studio(shop)
    page.goto(f"{studio.url}/calibrate")
    choose_picture(page, still())
    expect(page.get_by_text("Using still.png.")).to_be_visible()
    expect(page.locator(".q-dialog__inner")).to_have_count(0)
    canvases = page.locator("canvas")
    return studio, on_canvas(canvases.nth(0), PICTURE), on_canvas(canvases.nth(1), PLAN)


def choose_picture(page, path):
    page.get_by_role("button", name="Camera picture").click()
    page.locator("input[type=file]").set_input_files(path)


def click_pairs(page, image, floor, pairs):
    for i, (px, m) in enumerate(zip(pairs.image_px, pairs.floor_m, strict=True), start=1):
        image.click(*px)
        expect(page.get_by_label(f"picture x of pair {i}", exact=True)).not_to_have_value("")
        floor.click(*m)
        expect(page.get_by_label(f"plan x of pair {i}", exact=True)).not_to_have_value("")


def choose_tool(page, name):
    """Choose what to draw, and wait until the canvas has heard of it."""
    page.get_by_role("button", name=name).click()
    expect(page.get_by_text("Click its corners on the plan")).to_be_visible()


def changed_pixels(page, canvas, seen):
    """What a canvas shows once that is none of what was seen."""
    for _ in range(200):
        now = pixels(canvas)
        if now not in seen:
            return now
        page.wait_for_timeout(100)
    raise AssertionError("the canvas shows what it showed")


def type_pairs(page, pairs):
    """Correct the clicks, which are as fine as the screen, to the exact numbers."""
    for i, (px, m) in enumerate(zip(pairs.image_px, pairs.floor_m, strict=True), start=1):
        for word, values in (("picture", px), ("plan", m)):
            for axis, value in zip("xy", values, strict=True):
                field = page.get_by_label(f"{word} {axis} of pair {i}", exact=True)
                field.fill(f"{value:.6f}")
                field.press("Enter")


def saved(page, file):
    page.get_by_role("button", name="Save calibration").click()
    expect(page.get_by_text("Saved cam.calibration.json")).to_be_visible()
    return Calibration.load(file)


def test_clicks_become_a_calibration_that_the_site_names(page, calibrating, eight_pairs, shop):
    _, image, floor = calibrating
    click_pairs(page, image, floor, eight_pairs)
    expect(page.get_by_text("is how far a point is missed")).to_be_visible()
    found = saved(page, shop / "cam.calibration.json")
    # The screen shows half a pixel and a centimetre or two.
    np.testing.assert_allclose(found.pairs.image_px, eight_pairs.image_px, atol=1.0)
    np.testing.assert_allclose(found.pairs.floor_m, eight_pairs.floor_m, atol=0.03)
    site = load_site(shop / "site.toml")
    assert site.cameras[0].calibration == shop / "cam.calibration.json"
    assert site.cameras[0].still == shop / "cam.still.png"
    assert (shop / "site.toml").read_text().startswith("# Mind the step.")


def test_typed_numbers_give_the_command_line_s_residuals(page, calibrating, eight_pairs, shop):
    _, image, floor = calibrating
    wrong = eight_pairs.floor_m.copy()
    wrong[2] += (0.0, 1.5)
    click_pairs(page, image, floor, eight_pairs)
    type_pairs(page, type(eight_pairs).of(eight_pairs.image_px, wrong))
    expect(page.get_by_text("left out, because they disagree with the others: 3 ")).to_be_visible()
    expected = fit_calibration(type(eight_pairs).of(eight_pairs.image_px.round(6), wrong), (640, 480))
    rows = page.locator(".studio-table").first.locator("tbody tr")
    for i, metres in enumerate(expected.residual_m):
        told = f"{metres * 100:.0f} cm"
        cell = f"left out, {told}" if i == 2 else told
        expect(rows.nth(i).locator("td").nth(5)).to_have_text(cell)
    found = saved(page, shop / "cam.calibration.json")
    np.testing.assert_allclose(found.H_image_floor, expected.calibration.H_image_floor, rtol=1e-6)
    assert not found.pairs.used[2]


def test_drag_undo_delete_and_reload(page, calibrating, eight_pairs):
    _, image, floor = calibrating
    click_pairs(page, image, floor, eight_pairs)
    floor.drag((3.0, 2.0), (3.0, 3.0))
    expect(page.get_by_label("plan y of pair 1", exact=True)).to_have_value("3.00")
    floor.canvas.press("Control+z")
    expect(page.get_by_label("plan y of pair 1", exact=True)).not_to_have_value("3.00")
    image.click(*eight_pairs.image_px[7])
    image.canvas.press("Delete")
    expect(page.get_by_label("Name of pair 8")).to_have_count(0)
    page.reload()
    expect(page.get_by_label("Name of pair 7")).to_have_value("7")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Name of pair 8")).to_have_value("8")


def test_swapped_pairs_are_named_and_exchanged_with_a_click(page, calibrating, eight_pairs):
    _, image, floor = calibrating
    click_pairs(page, image, floor, eight_pairs)
    swapped = eight_pairs.floor_m.copy()
    swapped[[1, 6]] = swapped[[6, 1]]
    type_pairs(page, type(eight_pairs).of(eight_pairs.image_px, swapped))
    expect(page.get_by_text("2 and 7 look swapped")).to_be_visible()
    page.get_by_role("button", name="Exchange 2 and 7").click()
    expect(page.get_by_text("2 and 7 look swapped")).to_have_count(0)
    expect(page.get_by_label("plan x of pair 2", exact=True)).to_have_value("5.00")


def test_it_can_be_done_with_the_keyboard_alone(page, calibrating):
    _, image, floor = calibrating
    image.canvas.focus()
    for key in ("ArrowLeft", "Shift+ArrowUp", "Enter"):
        image.canvas.press(key)
    expect(page.get_by_label("picture x of pair 1", exact=True)).not_to_have_value("")
    floor.canvas.focus()
    for key in ("Shift+ArrowDown", "Enter"):
        floor.canvas.press(key)
    before = page.get_by_label("plan y of pair 1", exact=True)
    expect(before).not_to_have_value("")
    value = float(before.input_value())
    floor.canvas.press("Space")
    expect(page.locator("tr.chosen")).to_have_count(1)
    floor.canvas.press("Shift+ArrowDown")
    expect(before).not_to_have_value(f"{value:.2f}")
    assert float(before.input_value()) > value


def pixels(canvas):
    """What a canvas shows, for telling whether it changed."""
    return canvas.evaluate("c => c.toDataURL()")


def test_the_figure_stands_under_the_mouse_on_both_canvases(page, calibrating, eight_pairs):
    _, image, floor = calibrating
    click_pairs(page, image, floor, eight_pairs)
    expect(page.get_by_text("is how far a point is missed")).to_be_visible()
    page.mouse.move(640, 30)
    page.wait_for_timeout(300)
    empty = pixels(image.canvas)
    floor.hover(5.0, 4.0)
    changed_pixels(page, image.canvas, {empty})


def test_layers_are_laid_over_the_plan(page, calibrating, eight_pairs):
    _, image, floor = calibrating
    click_pairs(page, image, floor, eight_pairs)
    expect(page.get_by_text("is how far a point is missed")).to_be_visible()
    page.mouse.move(640, 30)
    page.wait_for_timeout(300)
    seen = {pixels(floor.canvas)}
    for name in ("Picture on the plan", "Uncertainty"):
        box = page.get_by_role("slider", name=name).bounding_box()
        page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 2)
        page.mouse.move(640, 30)
        seen.add(changed_pixels(page, floor.canvas, seen))


def test_the_previous_calibration_is_kept(page, calibrating, eight_pairs, shop):
    _, image, floor = calibrating
    click_pairs(page, image, floor, eight_pairs)
    first = saved(page, shop / "cam.calibration.json")
    page.get_by_role("button", name="Close").first.click()
    field = page.get_by_label("plan x of pair 1", exact=True)
    field.fill("3.05")
    field.press("Enter")
    page.get_by_role("button", name="Save calibration").click()
    expect(page.get_by_text("The previous one is kept as cam.")).to_be_visible()
    kept = [file for file in shop.glob("cam.2*.calibration.json")]
    assert [Calibration.load(file).id for file in kept] == [first.id]
    assert Calibration.load(shop / "cam.calibration.json").id != first.id


def test_a_calibration_that_changed_on_disk_is_not_overwritten(page, calibrating, eight_pairs, shop):
    _, image, floor = calibrating
    click_pairs(page, image, floor, eight_pairs)
    expect(page.get_by_text("is how far a point is missed")).to_be_visible()
    other = fit_calibration(eight_pairs, (640, 480)).calibration
    other.save(shop / "cam.calibration.json")
    page.get_by_role("button", name="Save calibration").click()
    expect(page.get_by_text("The calibration was changed on disk")).to_be_visible()
    assert Calibration.load(shop / "cam.calibration.json").id == other.id
    page.get_by_role("button", name="Save over it").click()
    expect(page.get_by_text("The previous one is kept as cam.")).to_be_visible()
    kept = next(shop.glob("cam.2*.calibration.json"))
    assert Calibration.load(kept).id == other.id


def test_faults_are_said_one_by_one(page, calibrating, eight_pairs, shop, still, tmp_path):
    studio, image, floor = calibrating
    click_pairs(page, image, floor, type(eight_pairs).of(eight_pairs.image_px[:3], eight_pairs.floor_m[:3]))
    expect(page.get_by_text("1 more needed")).to_be_visible()
    expect(page.get_by_role("button", name="Save calibration")).to_be_disabled()
    # All on one line.
    for x, y in ((8.0, 2.0), (9.0, 2.0)):
        image.click(200 + 30 * x, 90.0 + x)
        floor.click(x, y)
    expect(page.get_by_label("plan x of pair 5", exact=True)).not_to_have_value("")
    type_pairs(page, type(eight_pairs).of([[100 + 50 * i, 300.0] for i in range(5)],
                                          [[1.0 + i, 2.0] for i in range(5)]))  # fmt: skip
    expect(page.locator(".studio-problem")).to_contain_text("on one line")
    # A picture of another shape, and none at all.
    choose_picture(page, still(640, 360, "wide.png"))
    expect(page.get_by_text("this one has 640x360: expected the same shape")).to_be_visible()
    page.reload()
    nothing = tmp_path / "notes.png"
    nothing.write_text("not a picture")
    choose_picture(page, nothing)
    expect(page.get_by_text("notes.png: expected a picture")).to_be_visible()
    assert sorted(file.name for file in shop.iterdir()) == ["site.toml"]
    assert studio.process.poll() is None


def test_points_above_the_horizon_are_said_to_be(page, calibrating, flat_pairs):
    _, image, floor = calibrating
    click_pairs(page, image, floor, flat_pairs)
    field = page.get_by_label("picture y of pair 1", exact=True)
    field.fill("20")
    field.press("Enter")
    expect(page.locator(".studio-table").first).to_contain_text("past the horizon")
    expect(page.get_by_label("How good it is")).to_contain_text("horizon")


def test_a_damaged_calibration_is_told_and_kept(start_studio, page, shop):
    (shop / "cam.calibration.json").write_text("{half a file")
    start = start_studio(shop)
    page.goto(f"{start.url}/calibrate")
    expect(page.get_by_role("alert")).to_contain_text("expected a calibration file")
    assert (shop / "cam.calibration.json").read_text() == "{half a file"


def test_a_folder_that_has_gone(start_studio, page, shop, still, on_canvas, eight_pairs):
    studio = start_studio(shop.parent, "--site", "shop/site.toml")
    page.goto(f"{studio.url}/calibrate")
    choose_picture(page, still())
    expect(page.get_by_text("Using still.png.")).to_be_visible()
    expect(page.locator(".q-dialog__inner")).to_have_count(0)
    image = on_canvas(page.locator("canvas").nth(0), PICTURE)
    click_pairs(page, image, on_canvas(page.locator("canvas").nth(1), PLAN), eight_pairs)
    expect(page.get_by_text("is how far a point is missed")).to_be_visible()
    shop.rename(shop.with_name("moved"))
    page.get_by_role("button", name="Save calibration").click()
    expect(page.get_by_text("cannot be written")).to_be_visible()
    # Nothing is lost: back where it was, it is saved.
    shop.with_name("moved").rename(shop)
    saved(page, shop / "cam.calibration.json")


def test_a_new_place_with_a_picture_of_the_plan(start_studio, tmp_path, page, on_canvas):
    folder = tmp_path / "new"
    folder.mkdir()
    drawing = tmp_path / "ground floor; v2.PNG"
    Image.fromarray(np.full((400, 600, 3), 230, dtype=np.uint8)).save(drawing)
    studio = start_studio(folder)
    page.goto(studio.url)
    page.get_by_text("A picture of the plan").click()
    page.get_by_role("button", name="Make it and calibrate").click()
    expect(page.get_by_text("expected a picture of it")).to_be_visible()
    page.locator("input[type=file]").set_input_files(drawing)
    expect(page.get_by_text("click two points whose distance you know, and type")).to_be_visible()
    page.get_by_role("button", name="Make it and calibrate").click()
    expect(page.get_by_text("it has no scale yet")).to_be_visible()
    assert list(folder.iterdir()) == []
    canvas = on_canvas(page.locator("canvas"), (-0.5, -0.5, 599.5, 399.5))
    canvas.click(50, 200)
    canvas.click(550, 200)
    page.get_by_label("Distance, m").fill("10")
    expect(page.get_by_text("the plan is 12.0 x 8.0 m")).to_be_visible()
    page.get_by_role("button", name="Make it and calibrate").click()
    page.wait_for_url("**/calibrate*")
    site = load_site(folder / "site.toml")
    assert site.plan.size_m == pytest.approx((12.0, 8.0), rel=0.01)
    assert site.plan.picture.name == "ground_floor_v2.png"


def test_zones_are_drawn_once_for_all_cameras(start_studio, shop, page, on_canvas):
    studio = start_studio(shop)
    page.goto(f"{studio.url}/zones")
    plan = on_canvas(page.locator("canvas"), PLAN)
    for kind, corners in (
        ("+ Zone", [(1, 1), (4, 1), (4, 4), (1, 4)]),
        ("+ Door", [(0, 5), (0, 6)]),
        ("+ Furniture", [(6, 2), (8, 2), (8, 3), (6, 3)]),
    ):
        choose_tool(page, kind)
        for corner in corners:
            plan.click(*corner)
        plan.canvas.press("Enter")
        expect(page.get_by_role("button", name="Change")).to_have_attribute("aria-pressed", "true")
    page.locator(".studio-item").first.click()
    name = page.get_by_label("Name of the zone")
    name.fill("till")
    name.press("Enter")
    plan.drag((4, 4), (5, 5))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved in site.toml")).to_be_visible()
    site = load_site(shop / "site.toml")
    assert site.zones[0].name == "till"
    np.testing.assert_allclose(site.zones[0].xy_m, [[1, 1], [4, 1], [5, 5], [1, 4]], atol=0.03)
    assert len(site.scene.doors) == len(site.scene.furniture) == 1
    by_hand = (shop / "site.toml").read_text().replace('"till"', '"tills"')
    (shop / "site.toml").write_text(by_hand)
    name = page.locator(".studio-item").nth(2)
    name.click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("changed on disk")).to_be_visible()
    assert (shop / "site.toml").read_text() == by_hand
    page.reload()
    expect(page.get_by_text("the site file has got other outlines meanwhile")).to_be_visible()
    page.get_by_role("button", name="Take the file's").click()
    expect(page.locator(".studio-item").first).to_contain_text("tills")


def test_zones_that_are_not_saved_outlive_another_page_s_save(start_studio, shop, page, on_canvas):
    studio = start_studio(shop)
    page.goto(f"{studio.url}/zones")
    plan = on_canvas(page.locator("canvas"), PLAN)
    choose_tool(page, "+ Zone")
    for corner in ((1, 1), (4, 1), (4, 4)):
        plan.click(*corner)
    plan.canvas.press("Enter")
    expect(page.locator(".studio-item")).to_have_count(1)
    page.goto(studio.url)
    page.get_by_label("Name of another camera").fill("till")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("till", exact=True)).to_be_visible()
    page.goto(f"{studio.url}/zones")
    plan.click(3.5, 1.5)
    expect(page.get_by_label("Name of the zone")).to_be_visible()
    plan.drag((3.5, 1.5), (4.5, 2.5))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved in site.toml")).to_be_visible()
    site = load_site(shop / "site.toml")
    assert [camera.name for camera in site.cameras] == ["cam", "till"]
    np.testing.assert_allclose(site.zones[0].xy_m, [[2, 2], [5, 2], [5, 5]], atol=0.05)


def test_two_tabs_do_not_overwrite_each_other(page, calibrating, eight_pairs, shop):
    studio, image, floor = calibrating
    click_pairs(page, image, floor, eight_pairs)
    expect(page.get_by_text("is how far a point is missed")).to_be_visible()
    other = page.context.new_page()
    other.goto(f"{studio.url}/calibrate")
    field = other.get_by_label("plan x of pair 1", exact=True)
    expect(other.get_by_text("is how far a point is missed")).to_be_visible()
    field.fill("3.10")
    field.press("Enter")
    expect(other.get_by_label("plan x of pair 1", exact=True)).to_have_value("3.10")
    page.get_by_role("button", name="Save calibration").click()
    expect(page.get_by_label("plan x of pair 1", exact=True)).to_have_value("3.10")
    assert not (shop / "cam.calibration.json").exists()


def test_a_faulty_site_file_is_explained(start_studio, shop, page):
    (shop / "site.toml").write_text('name = "x"\n[plan]\nwidth_m = -1\nheight_m = 2\n')
    studio = start_studio(shop)
    for path in ("/", "/calibrate", "/zones"):
        page.goto(studio.url + path)
        expect(page.get_by_role("alert")).to_contain_text("faults in the site file")


def test_an_unknown_camera_is_explained(start_studio, shop, page):
    studio = start_studio(shop)
    page.goto(f"{studio.url}/calibrate?camera=<script>alert(1)</script>")
    expect(page.get_by_role("alert")).to_contain_text("expected one of cam")


def test_from_elsewhere_a_token_is_needed(start_studio, shop, page):
    studio = start_studio(shop, "--host", "0.0.0.0", token="correct horse battery")
    url = studio.url.replace("0.0.0.0", "127.0.0.1")
    page.goto(url)
    expect(page.get_by_text("needs its token")).to_be_visible()
    page.goto(f"{url}/zones?token=correct+horse+battery")
    expect(page.get_by_role("button", name="+ Zone")).to_be_visible()
    assert "token" not in page.url


def test_a_recording_that_kills_its_decoder_does_not_take_the_studio_down(start_studio, shop, page):
    (shop / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(1000))
    studio = start_studio(shop)
    page.goto(f"{studio.url}/calibrate")
    page.get_by_role("button", name="Camera picture").click()
    page.get_by_role("button", name="Take it from the recording").click()
    expect(page.locator(".studio-told")).to_contain_text("broken.mp4", timeout=60_000)
    assert studio.process.poll() is None


@pytest.mark.slow
def test_from_a_fresh_folder_to_zones_in_a_run(
    start_studio, tmp_path, page, on_canvas, data, tsai_pairs, dwellmap
):
    """With true PETS pairs: the picture out of the footage, the command line's fit, zones in a run."""
    folder = tmp_path / "pets"
    folder.mkdir()
    shutil.copy(data / "video/pets09_s2l1_view001_480x360.mp4", folder / "pets.mp4")
    studio = start_studio(folder)
    page.goto(studio.url)
    page.get_by_label("Name of the first camera").fill("cam")
    page.get_by_label("Width, m").fill("30")
    page.get_by_label("Depth, m").fill("30")
    page.get_by_role("button", name="Make it and calibrate").click()
    page.get_by_role("button", name="Camera picture").click()
    page.get_by_role("button", name="Take it from the recording").click()
    expect(page.get_by_text("The place without its people")).to_be_visible(timeout=240_000)
    expect(page.locator(".q-dialog__inner")).to_have_count(0)
    image = on_canvas(page.locator("canvas").nth(0), (-0.5, -0.5, 479.5, 359.5))
    floor = on_canvas(page.locator("canvas").nth(1), (0.0, 0.0, 30.0, 30.0))
    click_pairs(page, image, floor, tsai_pairs)
    type_pairs(page, tsai_pairs)
    expect(page.get_by_text("is how far a point is missed")).to_be_visible()
    found = saved(page, folder / "cam.calibration.json")
    table = ["image_x_px,image_y_px,floor_x_m,floor_y_m"]
    table += [
        ",".join(f"{v:.6f}" for v in (*px, *m))
        for px, m in zip(tsai_pairs.image_px, tsai_pairs.floor_m, strict=True)
    ]
    (tmp_path / "pairs.csv").write_text("\n".join(table))
    ran = dwellmap(
        "calibrate", "fit", tmp_path / "pairs.csv", "--image-size", "480x360", "--out", tmp_path / "b.json"
    )
    assert ran.code == 0, ran.err
    by_hand = Calibration.load(tmp_path / "b.json")
    np.testing.assert_allclose(found.H_image_floor, by_hand.H_image_floor, rtol=1e-6)
    assert found.pose.camera_height_m == pytest.approx(7.1, abs=0.2)
    page.goto(f"{studio.url}/zones")
    choose_tool(page, "+ Zone")
    plan = on_canvas(page.locator("canvas"), (0.0, 0.0, 30.0, 30.0))
    for corner in ((5, 8), (20, 8), (20, 22), (5, 22)):
        plan.click(*corner)
    plan.canvas.press("Enter")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved in site.toml")).to_be_visible()
    detections = data / "mot/PETS09-S2L1/det/det_frrcnn_sort.txt"
    ran = dwellmap(
        "run", data / "mot/PETS09-S2L1", "--site", folder / "site.toml", "--detector", "replay",
        "--detections", detections, "--appearance", "none", "--out", tmp_path / "out", "--quiet",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    zones = next((tmp_path / "out").rglob("zones.csv")).read_text()
    assert "Zone 1" in zones
