"""The service as a process: it holds its folders, ends when told, and survives what comes."""

import io
import json
import os
import shutil
import signal
import struct
import subprocess
import time

import pytest
from PIL import Image

from dwellmap.watch.status import drop, read_status, retry


@pytest.fixture
def film(kit):
    return kit.film


def running(shop):
    """Process at work, once there is one."""
    shop.wait(lambda: any(one.entry.pid for one in shop.status().recordings))
    return next(one.entry.pid for one in shop.status().recordings if one.entry.pid)


def test_a_file_becomes_maps_and_copies_are_pointed_at_them(shop, film):
    first = film(shop.inbox / "front" / "cam_20261121_090000.mp4", 1)
    service = shop.start("--settle", 0.3)
    shop.wait(lambda: shop.of(first.name).entry.state == "done")
    shutil.copy(first, shop.inbox / "front" / "copy.mp4")
    shutil.copy(first, shop.inbox / "front" / "copy.mp4.part")
    (shop.inbox / "front" / "notes.txt").write_text("no film")
    shop.wait(lambda: len(shop.of(first.name).files) == 2)
    found = shop.of("copy.mp4")
    assert found.run is not None
    assert (found.run / "heat.png").is_file()
    assert found.run.parent.name == "front"
    assert len(shop.runs()) == 1
    log = (shop.out / ".watch" / "service.log").read_text()
    assert "cam_20261121_090000.mp4: work begins, camera front" in log
    shop.wait(lambda: shop.status().left_alone == {".txt": 1})
    assert shop.status().service == "watching"
    assert shop.jobs("health").returncode == 0
    shop.wait(lambda: [coming.name for coming in shop.status().arriving] == ["front/copy.mp4.part"])
    service.terminate()
    assert service.wait(timeout=10) == 0
    assert "stopped by SIGTERM" in (shop.out / ".watch" / "service.log").read_text()
    assert shop.status().service == "stopped"
    assert shop.jobs("health").returncode == 1
    assert "copy.mp4" in shop.jobs("list").stdout


def test_a_second_watcher_refuses_and_says_who_is_there(shop, new_shop, film):
    service = shop.start()
    shop.wait(lambda: shop.status().service == "watching")
    second = shop.once()
    assert second.returncode == 75
    assert f"process {service.pid} on " in second.stderr
    elsewhere = new_shop("elsewhere")
    shutil.rmtree(elsewhere.inbox)
    elsewhere.inbox.symlink_to(shop.inbox)
    third = elsewhere.once()
    assert third.returncode == 75
    assert f"process {service.pid} watches it already" in third.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_all_its_processes_and_goes_on_later(shop, film, number, kit):
    film(shop.inbox / "front" / "a.mp4", 2, frames=12)
    service = shop.start("--settle", 0, "--quiet")
    worker = running(shop)
    others = kit.children(service.pid)
    assert worker in others
    service.send_signal(number)
    assert service.wait(timeout=10) == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    shop.wait(lambda: not any(kit.alive(pid) for pid in others), 10)
    assert shop.runs() == []
    ran = shop.once()
    assert ran.returncode == 0, ran.stderr
    entry = shop.of("a.mp4").entry
    assert (entry.state, entry.attempts) == ("done", 0)
    assert entry.interrupted == (0 if number == signal.SIGTERM else 1)
    assert not list(shop.out.glob("*/.*"))


@pytest.mark.slow
def test_what_kills_its_process_is_set_aside_and_the_next_one_done(shop, film):
    film(shop.inbox / "front" / "a.mp4", 3, frames=12)
    service = shop.start("--settle", 0, "--quiet", "--workers", 1)
    for attempt in (1, 2):
        worker = running(shop)
        time.sleep(1)  # it is past its beginning, and not near its end
        os.kill(worker, signal.SIGSEGV)
        shop.wait(lambda n=attempt: shop.of("a.mp4").entry.attempts == n)
    entry = shop.of("a.mp4").entry
    assert entry.state == "failed"
    assert "SIGSEGV" in entry.reason
    assert "Fatal Python error: Segmentation fault" in entry.log
    film(shop.inbox / "front" / "b.mp4", 4)
    shop.wait(lambda: shop.of("b.mp4").entry.state == "done")
    assert service.poll() is None
    assert retry(shop.out, ["a.mp4"])
    shop.wait(lambda: shop.of("a.mp4").entry.state == "done")


@pytest.mark.slow
def test_what_takes_too_much_memory_is_ended(shop, film):
    film(shop.inbox / "front" / "a.mp4", 5)
    ran = shop.once("--memory-gb", 0.25)
    assert ran.returncode == 1
    assert "it took more than 0.25 GiB of memory" in shop.of("a.mp4").entry.reason
    assert "--memory-gb" in shop.jobs("list").stdout.replace("\n", "")


def test_bombs_links_and_wild_names_fail_alone(shop, film):
    front = shop.inbox / "front"
    long = film(front / ("two\nlines" + "n" * 242 + ".mp4"), 6)
    film(front / "..mp4", 8)
    (front / "out.mp4").symlink_to("/etc/hostname")
    os.mkfifo(front / "pipe.mp4")
    film(shop.inbox / "whose.mp4", 9)
    (front / "huge.gif").write_bytes(bomb())
    years = bytearray(film(shop.folder / "years.mkv", 11).read_bytes())
    at = years.index(b"\x44\x89") + 3  # Duration, a double
    years[at : at + 8] = struct.pack(">d", 10 * 365.25 * 86_400 * 1000)
    (front / "years.mkv").write_bytes(years)
    (front / "sparse.mp4").touch()
    os.truncate(front / "sparse.mp4", 10**13)
    no_text = film(front / os.fsdecode(b"cam\xff_20261121_090000.mp4"), 12)
    (front / os.fsdecode(b"bad\xfe.mp4")).write_bytes(b"no film")
    (front / "errno 28.mp4").write_bytes(b"no film whatever")
    (front / "[errno 28] No space left on device.mp4").write_bytes(b"no film at all")
    (front / os.fsdecode(b"link\xfe.mp4")).symlink_to("/etc/hostname")
    (front / os.fsdecode(b"notes.\xfe")).write_text("no film")
    ran = shop.once("--settle", 0.2)
    assert ran.returncode == 1, ran.stderr
    for name in (long.name, "..mp4", no_text.name):
        assert shop.of(name).entry.state == "done", name
    recipe = json.loads((shop.of(no_text.name).run / "run.json").read_text(encoding="utf-8"))
    assert recipe["source"]["path"] == "cam\ufffd_20261121_090000.mp4"
    listed = json.loads(shop.jobs("list", "--json").stdout)
    assert {one["name"]: one["state"] for one in listed["recordings"]}["front/bad\ufffd.mp4"] == "failed"
    reasons = {
        name: shop.of(name).entry.reason
        for name in ("out.mp4", "pipe.mp4", "whose.mp4", "huge.gif", "years.mkv", "sparse.mp4")
    }
    assert shop.of("errno 28.mp4").entry.state == "failed"
    assert shop.of("[errno 28] No space left on device.mp4").entry.state == "failed"
    assert "symbolic link" in reasons["out.mp4"]
    assert "no ordinary file" in reasons["pipe.mp4"]
    assert "no camera" in reasons["whose.mp4"]
    assert "expected a video with pictures of a possible size" in reasons["huge.gif"]
    assert "3,652.5 days" in reasons["years.mkv"]
    assert "--largest-gb" in reasons["sparse.mp4"]
    assert "front/two\\nlinesnn" in ran.stderr


def bomb():
    """A GIF of a few bytes whose header claims 20,000 x 20,000 pixels."""
    made = io.BytesIO()
    Image.new("P", (8, 8)).save(made, "GIF", save_all=True, append_images=[Image.new("P", (8, 8), 1)])
    content = bytearray(made.getvalue())
    content[6:10] = struct.pack("<HH", 20_000, 20_000)
    return bytes(content)


@pytest.mark.slow
def test_it_waits_while_the_disk_is_nearly_full_and_goes_on(shop, film):
    free = shutil.disk_usage(shop.folder).free
    # On a busy machine others take and free space meanwhile: half a gigabyte either way is let pass.
    service = shop.start("--settle", 0, "--quiet", "--least-free-gb", (free - 0.5e9) / 1e9)
    shop.wait(lambda: shop.status().service == "watching")
    ballast = shop.folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 1_500_000_000)
    try:
        shop.wait(lambda: shop.status().service == "paused")
        assert "nearly full" in shop.status().reason
        film(shop.inbox / "front" / "a.mp4", 13)
        shop.wait(lambda: shop.of("a.mp4").entry.state == "waiting")
        time.sleep(1)
        assert shop.of("a.mp4").entry.state == "waiting"
    finally:
        ballast.unlink()
    shop.wait(lambda: shop.of("a.mp4").entry.state == "done")
    assert service.poll() is None


@pytest.mark.slow
def test_output_and_inbox_may_go_away_and_come_back(shop, film):
    service = shop.start("--settle", 0)
    shop.wait(lambda: shop.status().service == "watching")
    away = shop.folder / "away"
    shop.out.rename(away)
    film(shop.inbox / "front" / "a.mp4", 14)
    time.sleep(1.5)
    away.rename(shop.out)
    shop.wait(lambda: shop.of("a.mp4").entry.state == "done")
    shop.inbox.rename(away)
    shop.wait(lambda: shop.status().service == "paused")
    assert "inbox" in shop.status().reason
    away.rename(shop.inbox)
    film(shop.inbox / "front" / "b.mp4", 15)
    shop.wait(lambda: shop.of("b.mp4").entry.state == "done")
    assert shop.of("a.mp4").entry.state == "done"
    assert len(shop.runs()) == 2
    service.terminate()
    _, said = service.communicate(timeout=10)
    assert "the output folder" in said
    assert "is gone" in said


@pytest.mark.slow
def test_originals_move_unchanged_and_never_over_another(shop, film):
    first = film(shop.inbox / "front" / "a.mp4", 16).read_bytes()
    shutil.copy(shop.inbox / "front" / "a.mp4", shop.inbox / "front" / "b.mp4")
    (shop.inbox / "front" / "bad.mp4").write_bytes(b"no film")
    (shop.inbox / "done" / "front").mkdir(parents=True)
    (shop.inbox / "done" / "front" / "a.mp4").write_text("somebody else's")
    ran = shop.once("--done", "move")
    assert ran.returncode == 1
    done = shop.inbox / "done" / "front"
    assert (done / "a.mp4").read_text() == "somebody else's"
    assert (done / "a (2).mp4").read_bytes() == first
    assert (done / "b.mp4").read_bytes() == first
    assert (shop.inbox / "failed" / "front" / "bad.mp4").read_bytes() == b"no film"
    assert list((shop.inbox / "front").iterdir()) == []
    assert retry(shop.out, ["bad.mp4"])
    shop.once("--done", "move")
    assert shop.of("bad.mp4").entry.attempts == 2
    (shop.inbox / "failed" / "front" / "bad.mp4").unlink()
    assert shop.once("--done", "move").returncode == 0


@pytest.mark.parametrize("done", [pytest.param("keep", marks=pytest.mark.slow), "move"])
def test_what_fitted_no_camera_is_done_once_it_is_put_where_one_fits(shop, film, done):
    (shop.inbox / "till").mkdir()
    film(shop.inbox / "till" / "x.mp4", 24)
    assert shop.once("--done", done).returncode == 1
    assert "no camera" in shop.of("x.mp4").entry.reason
    aside = shop.inbox / "failed" if done == "move" else shop.inbox
    (aside / "till" / "x.mp4").rename(shop.inbox / "front" / "x.mp4")
    ran = shop.once("--done", done)
    assert ran.returncode == 0, ran.stderr
    assert "the same content" not in ran.stderr
    assert (shop.of("x.mp4").entry.state, shop.of("x.mp4").entry.camera) == ("done", "front")
    kept = shop.inbox / "done" if done == "move" else shop.inbox
    assert (kept / "front" / "x.mp4").is_file()


@pytest.mark.slow
def test_a_link_is_never_followed_not_even_when_tried_again(shop, film):
    (shop.inbox / "front" / "a.mp4").symlink_to(film(shop.folder / "outside.mp4", 22))
    for _ in range(2):
        assert shop.once().returncode == 1
        assert "symbolic link" in shop.of("a.mp4").entry.reason
        assert shop.jobs("retry", "--failed").returncode == 0
    assert shop.runs() == []


@pytest.mark.slow
def test_dropped_ones_stay_dropped(shop, film):
    film(shop.inbox / "front" / "a.mp4", 17, frames=12)
    shop.start("--settle", 0, "--quiet")
    worker = running(shop)
    assert shop.jobs("drop", "a.mp4").returncode == 0
    shop.wait(lambda: not os.path.exists(f"/proc/{worker}"))
    shop.wait(lambda: shop.of("a.mp4").entry.state == "dropped")
    log = shop.out / ".watch" / "service.log"
    shop.wait(lambda: "front/a.mp4: dropped by hand, work on it has ended" in log.read_text())
    film(shop.inbox / "front" / "b.mp4", 18)
    shop.wait(lambda: shop.of("b.mp4").entry.state == "done")
    assert shop.of("a.mp4").entry.state == "dropped"
    with pytest.raises(ValueError, match="done or dropped already"):
        drop(shop.out, ["b.mp4"])
    assert shop.jobs("retry", "nobody.mp4").returncode == 2
    listed = json.loads(shop.jobs("list", "--json").stdout)
    assert {one["name"]: one["state"] for one in listed["recordings"]} == {
        "front/a.mp4": "dropped", "front/b.mp4": "done",
    }  # fmt: skip


@pytest.mark.slow
def test_a_file_replaced_while_it_is_worked_on_is_done_as_it_is_then(shop, film):
    target = film(shop.inbox / "front" / "a.mp4", 19, frames=12)
    shop.start("--settle", 0.3, "--quiet")
    running(shop)
    film(shop.folder / "other.mp4", 20).rename(target)
    shop.wait(lambda: shop.of("a.mp4").entry.state == "done" and len(shop.status().recordings) == 1)
    recipe = json.loads((shop.runs()[0] / "run.json").read_text())
    assert recipe["source"]["content_hash"] == shop.of("a.mp4").entry.content
    assert len(shop.runs()) == 1


@pytest.mark.slow
def test_a_file_renamed_while_it_is_worked_on_has_one_run(shop, film):
    target = film(shop.inbox / "front" / "a.mp4", 21, frames=12)
    shop.start("--settle", 0.3, "--quiet")
    running(shop)
    # A draft is there from the first picture on; the maps come last.
    shop.wait(lambda: any(shop.out.glob("front/.*")) or any(shop.runs()))
    target.rename(target.with_name("b.mp4"))
    shop.wait(lambda: shop.of("b.mp4").entry.state == "done")
    assert len(shop.runs()) == len(shop.status().recordings) == 1


@pytest.mark.parametrize("hearer", ["a full disk", "a reader that has ended"])
def test_that_nobody_can_be_told_is_no_end(shop, hearer):
    (shop.inbox / "front" / "bad.mp4").write_text("no film")
    reading, writing = os.pipe()
    os.close(reading)
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        ran = subprocess.run(
            shop.words("--once", "--settle", 0), cwd=shop.folder, check=False,
            stdout=subprocess.DEVNULL, stderr=full if hearer == "a full disk" else writing,
        )  # fmt: skip
    finally:
        os.close(writing)
        os.close(full)
    assert ran.returncode == 1
    log = (shop.out / ".watch" / "service.log").read_text()
    assert "front/bad.mp4: failed, is tried once more" in log


def test_who_wants_quiet_gets_nothing_at_all(shop):
    ran = shop.once("--quiet")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--out", "inbox/out"), "beside each other"),
        (("--detector", "replay"), "no stored detections"),
        (("--set", "maps.nothing=1"), "maps.nothing"),
        (("--site", "none.toml"), "none.toml"),
    ],
)
def test_what_cannot_work_is_refused_at_once(shop, words, told):
    ran = shop.once(*words)
    assert ran.returncode == 2
    assert told in ran.stderr
    assert not (shop.inbox / "out").exists()


def test_a_damaged_ledger_is_told_in_words(shop):
    (shop.out / ".watch").mkdir(parents=True)
    (shop.out / ".watch" / "ledger.sqlite").write_bytes(b"SQLite format 3\0" + b"damaged" * 1000)
    for ran in (shop.once(), shop.jobs("list")):
        assert ran.returncode == 2
        assert "ledger.sqlite: " in ran.stderr
        assert "Traceback" not in ran.stderr


def test_there_is_nothing_to_list_where_nobody_watched(tmp_path):
    with pytest.raises(FileNotFoundError, match="name the output folder"):
        read_status(tmp_path)
