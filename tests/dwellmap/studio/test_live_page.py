"""The page of a live camera in a real browser, while a real process watches a real stream."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect


@pytest.fixture
def start_live(tmp_path):
    """Start `dwellmap live` with a page; it ends with the test, at once."""
    begun = []

    def start(*words):
        command = [str(Path(sys.executable).with_name("dwellmap")), "live", *words, "--port", "0"]
        command += ["--no-browser", "--detector", "motion", "--out", str(tmp_path / "out")]
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        begun.append(process)
        said = ""
        for line in process.stderr:
            said += line
            if found := re.search(r"http://127\.0\.0\.1:\d+/live", line):
                return found[0]
        raise AssertionError(said)

    yield start
    for process in begun:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=90)


@pytest.mark.timeout(180)
def test_it_shows_what_happens_while_it_happens(start_live, web_camera, page):
    secret = "s3cret-p4ss"
    camera = web_camera(user="admin", password=secret)
    gone = web_camera()
    gone.kill()
    page.goto(start_live(f"till={camera.url}", f"door={gone.url}"))
    expect(page.get_by_text("provisional")).to_be_visible()
    expect(page.get_by_text("watching", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"[5-9]\.\d of \d+\.\d pictures a second looked at"))).to_be_visible()
    expect(page.get_by_text(re.compile("delay 0\\.\\d+ s"))).to_be_visible()
    # The other one is told of with its reason, and when it is tried again.
    expect(page.get_by_text(re.compile("trying again in"))).to_be_visible()
    expect(page.get_by_text(re.compile("nothing listens at port"))).to_be_visible()
    # After some seconds there are maps, and a people-free picture with the boxes.
    expect(page.get_by_text(re.compile("Watched for 5"))).to_be_visible()
    picture = page.get_by_alt_text("Boxes of the people in sight now")
    expect(picture).to_have_attribute("src", re.compile("^data:image/jpeg"))
    for name in ("Entries", "Total dwell", "Attention span", "Stop heat"):
        page.get_by_role("button", name=name).click()
    expect(page.get_by_text("The heat of a stop halves every 5 min")).to_be_visible()
    page.get_by_role("button", name="since the start").click()
    expect(page.get_by_text(re.compile("Watched for"))).to_be_visible()
    # A camera without a picture shows nothing of another's.
    page.get_by_role("button", name="door").click()
    expect(page.get_by_text("No picture of this camera has come yet.")).to_be_visible()
    expect(picture).to_be_hidden()
    page.get_by_role("button", name="till").click()
    expect(picture).to_be_visible()
    page.set_viewport_size({"width": 400, "height": 800})
    expect(picture).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert secret not in page.content()
    assert "admin" not in page.content()


def test_the_studio_alone_says_how_to_watch(start_studio, shop, page):
    page.goto(f"{start_studio(shop).url}/live")
    expect(page.get_by_text("No camera is watched by this program.")).to_be_visible()
