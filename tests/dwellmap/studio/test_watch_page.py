"""The page of a watched folder, with a real service's results."""

import os
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect


def test_a_failure_is_told_and_tried_again(start_studio, shop, page):
    inbox = shop / "inbox"
    inbox.mkdir()
    (inbox / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(1000))
    dwellmap = str(Path(sys.executable).with_name("dwellmap"))
    once = [dwellmap, "watch", "inbox", "--site", "site.toml", "--out", "outputs", "--once", "--settle", "0",
            "--retain-days", "30"]  # fmt: skip
    ended = subprocess.run(once, cwd=shop, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1, ended.stderr
    studio = start_studio(shop)
    page.goto(f"{studio.url}/watch")
    expect(page.get_by_text("1 failed")).to_be_visible()
    expect(page.get_by_text("Nobody watches the folder now")).to_be_visible()
    expect(page.get_by_text("expected a complete mp4 or mov")).to_be_visible()
    expect(
        page.get_by_text("Personal data are kept for 30 days, erased last in the night of")
    ).to_be_visible()
    page.get_by_role("button", name="Try again: broken.mp4").click()
    expect(page.get_by_text("1 waiting")).to_be_visible()
    # What another process does is seen without a reload.
    subprocess.run([dwellmap, "jobs", "drop", "broken.mp4"], cwd=shop, check=True, timeout=60)
    expect(page.get_by_text("1 dropped")).to_be_visible()


def test_no_folder_was_watched_yet(start_studio, shop, page):
    page.goto(f"{start_studio(shop).url}/watch")
    expect(page.get_by_text("No folder has been watched yet")).to_be_visible()


def test_what_could_not_be_erased_is_told(start_studio, shop, page):
    """A file that cannot be erased: the page of a service that is stopped by now says so."""
    (shop / "inbox").mkdir()
    stuck = shop / "outputs" / "front" / "old-12345678" / "tracks.parquet"
    stuck.mkdir(parents=True)
    (stuck.parent / "run.json").write_text("{}")
    for place in (stuck, stuck.parent / "run.json"):
        os.utime(place, (1_700_000_000, 1_700_000_000))
    dwellmap = str(Path(sys.executable).with_name("dwellmap"))
    once = [dwellmap, "watch", "inbox", "--site", "site.toml", "--out", "outputs", "--once", "--settle", "0",
            "--retain-days", "30"]  # fmt: skip
    ended = subprocess.run(once, cwd=shop, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1, ended.stderr
    page.goto(f"{start_studio(shop).url}/watch")
    expect(page.get_by_text("Personal data could not be erased")).to_be_visible()
