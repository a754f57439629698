"""The pages of runs in a real browser."""

import shutil
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from dwellmap.run_folder import RunFolder
from dwellmap.studio.run_values import read_values, texts


@pytest.fixture
def studio(walker, replay, tmp_path, start_studio):
    """A studio beside the runs of the walker: with the calibration, and without."""
    site, out = tmp_path / "site.toml", tmp_path / "outputs"
    for words in (("--site", site), ("--camera", "bare", "--set", "calibration.from_people=false")):
        ran = replay(walker, *words, "--out", out, "--json")
        assert ran.code == 0, ran.err
    return start_studio(tmp_path)


def run_of(studio, camera):
    (found,) = (studio.folder / "outputs" / camera).glob("*/run.json")
    return RunFolder.open(found.parent)


def test_from_the_list_to_the_value_of_a_cell(page, studio):
    page.goto(f"{studio.url}/runs")
    expect(page.get_by_role("link", name="walker")).to_have_count(2)
    row = page.get_by_role("row").filter(has_text="cam")
    row.get_by_role("link", name="walker").click()
    expect(page.get_by_role("heading", name="walker")).to_be_visible()
    values = read_values(run_of(studio, "cam"))
    at = 8 * values.grid.columns + 8  # (4, 4) m in cells of 0.5 m, two cells left of the middle
    canvas = page.locator("canvas")
    for name, tab in (
        ("heat", "Heat"), ("visits", "Unique visits"), ("dwell", "Total dwell"),
        ("attention", "Average attention span"),
    ):  # fmt: skip
        page.get_by_role("button", name=tab, exact=True).click()
        expect(canvas).to_have_attribute("aria-label", f"{tab}: map of cells. Arrow keys go from cell to "
                                         "cell and say its value, + and - zoom, 0 shows all.")  # fmt: skip
        canvas.focus()
        page.keyboard.press("Escape")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".studio-spoken")).to_have_text(f"4.00 m, 4.00 m: {texts(values, name)[at]}")
    link = page.get_by_role("link", name="Open as a picture").get_attribute("href")
    got = page.request.get(studio.url + link)
    assert got.headers["content-type"] == "image/png"
    assert got.body() == (run_of(studio, "cam").path / "attention.png").read_bytes()
    expect(page.get_by_role("row").filter(has_text="stop")).to_contain_text("1")
    expect(page.get_by_text("How far these numbers can be trusted")).to_be_visible()
    page.get_by_text("What the numbers mean, and what they were made with").click()
    expect(page.get_by_text("time spent, not gaze").last).to_be_visible()


def test_an_uncalibrated_run_claims_no_metres(page, studio):
    page.goto(f"{studio.url}/runs")
    page.get_by_label("Camera").click()
    page.get_by_role("option", name="bare").click()
    expect(page.get_by_role("link", name="walker")).to_have_count(1)
    page.get_by_role("link", name="walker").click()
    expect(page.get_by_text("no lengths or areas can be given")).to_be_visible()
    expect(page.get_by_text("One cell is 16 × 16 px.")).to_be_visible()


def test_damaged_and_erased_runs_are_told_and_the_others_stay(page, studio):
    run = run_of(studio, "cam")
    (run.path / "run.json").write_text("{")
    page.goto(f"{studio.url}/runs")
    expect(page.get_by_role("alert")).to_contain_text("expected JSON")
    expect(page.get_by_role("link", name="walker")).to_have_count(1)
    page.goto(f"{studio.url}/run?" + urlencode({"name": "../../etc"}))
    expect(page.get_by_role("alert")).to_contain_text("there is none of this name")
    bare = run_of(studio, "bare")
    (bare.path / "maps.npz").unlink()
    page.goto(f"{studio.url}/run?" + urlencode({"name": f"bare/{bare.path.name}"}))
    expect(page.get_by_role("alert")).to_contain_text("maps.npz are gone")
    shutil.rmtree(bare.path)
    page.goto(f"{studio.url}/runs")
    expect(page.get_by_role("link", name="walker")).to_have_count(0)


def test_without_any_run_it_says_how_to_make_one(page, start_studio, shop):
    page.goto(f"{start_studio(shop).url}/runs")
    expect(page.get_by_text("There is no run yet.")).to_be_visible()
    expect(page.get_by_text("dwellmap run RECORDING --site site.toml")).to_be_visible()
