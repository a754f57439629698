"""The service as a process, while something that it needs is not there."""

import os
import signal
import sqlite3
import time

import pytest

from dwellmap.watch.inbox import Inbox
from dwellmap.watch.limits import Limits
from dwellmap.watch.order import How
from dwellmap.watch.plan import Plan
from dwellmap.watch.service import Service


@pytest.fixture
def film(kit):
    return kit.film


def test_what_is_not_there_when_it_starts_is_waited_for(shop, film):
    shop.inbox.rename(shop.folder / "away")
    moved = shop.folder / "disk" / "out"
    words = ("--out", moved, "--settle", 0)
    for _ in range(2):
        ran = shop.once(*words)
        assert ran.returncode == 75
        assert "is not there" in ran.stderr
        assert "nothing is lost" in ran.stderr
    assert not (shop.folder / "disk").exists()
    service = shop.start(*words)
    assert f"paused: the output folder {moved} cannot be made" in service.stderr.readline()
    (shop.folder / "disk").mkdir()
    shop.wait(lambda: (moved / ".watch" / "health.json").is_file())
    film(shop.folder / "away" / "front" / "a.mp4", 30)
    (shop.folder / "away").rename(shop.inbox)
    shop.wait(lambda: list(moved.glob("front/a-*/run.json")))
    service.terminate()
    _, said = service.communicate(timeout=60)
    assert service.returncode == 0
    assert f"paused: the inbox {shop.inbox} is not there" in said
    assert "Traceback" not in said


def test_ended_before_all_was_handled_it_says_so(shop, film):
    film(shop.inbox / "front" / "a.mp4", 31, frames=12)
    for number in (signal.SIGTERM, signal.SIGINT):
        service = shop.start("--once", "--settle", 0.2)
        shop.wait(lambda: shop.status().service == "watching")
        service.send_signal(number)
        assert service.wait(timeout=10) == 128 + number


class _Stale:
    """A database on a share that has gone and come back."""

    in_transaction = False

    def execute(self, *_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    def close(self) -> None:
        pass


def test_a_ledger_that_is_stale_is_opened_anew(shop):
    said: list[str] = []
    how = How(shop.site, shop.out, "motion", None, "none", 8.0, None, ())
    plan = Plan(False, False, Limits(1, (frozenset({0}),), 2**30, 30.0), 0, None)
    service = Service(Inbox(shop.inbox, 0.0, 9.0, False), how, plan, said.append, lambda _: None)
    assert service._begin()
    service._ledger._db.close()
    service._ledger._db = _Stale()
    service._tick(False)
    assert "paused: cannot go on: disk I/O error" in said[-1]
    service._tick(False)
    assert said[-1] == "goes on"
    assert service._ledger.counts()["waiting"] == 0
    service._end_all()


@pytest.mark.slow
def test_no_attempt_is_counted_when_the_output_goes_away_under_it(shop, film):
    film(shop.inbox / "front" / "a.mp4", 32, frames=12)
    service = shop.start("--settle", 0, "--quiet")
    for _ in range(3):
        shop.wait(lambda: any(one.entry.pid for one in shop.status().recordings))
        worker = next(one.entry.pid for one in shop.status().recordings if one.entry.pid)
        shop.out.rename(shop.folder / "away")
        shop.out.mkdir()  # what is left where nothing is mounted
        shop.wait(lambda pid=worker: not os.path.exists(f"/proc/{pid}"))
        time.sleep(0.5)
        assert list(shop.out.rglob("*.parquet")) == []
        for folder in (*shop.out.glob("*/*"), *shop.out.glob("*")):
            folder.rmdir()
        shop.out.rmdir()
        (shop.folder / "away").rename(shop.out)
        assert shop.of("a.mp4").entry.attempts == 0
        if shop.of("a.mp4").entry.state == "done":
            break
    shop.wait(lambda: shop.of("a.mp4").entry.state == "done")
    assert shop.of("a.mp4").entry.attempts == 0
    assert shop.of("a.mp4").run_is_there
    assert service.poll() is None


@pytest.mark.slow
def test_it_goes_on_when_the_process_that_forks_others_was_ended(shop, film, kit):
    film(shop.inbox / "front" / "a.mp4", 33)
    service = shop.start("--settle", 0, "--quiet", "--workers", 1)
    shop.wait(lambda: shop.of("a.mp4").entry.state == "done")
    for pid in kit.children(service.pid):
        os.kill(pid, signal.SIGKILL)
    film(shop.inbox / "front" / "b.mp4", 34)
    shop.wait(lambda: shop.of("b.mp4").entry.state == "done")
    assert shop.of("b.mp4").entry.attempts == 0
    assert service.poll() is None


@pytest.mark.slow
def test_a_run_that_a_power_cut_left_empty_is_made_again(shop, film):
    film(shop.inbox / "front" / "a.mp4", 35)
    assert shop.once().returncode == 0
    run = shop.of("a.mp4").run
    heat = (run / "heat.png").read_bytes()
    (run / "run.json").write_bytes(b"")
    assert shop.jobs("retry", "a.mp4").returncode == 0
    ran = shop.once()
    assert ran.returncode == 0, ran.stderr
    assert "set aside as .damaged-" in shop.of("a.mp4").entry.reason
    assert (run / "heat.png").read_bytes() == heat
    (aside,) = run.parent.glob(".damaged-*")
    assert (aside / "heat.png").read_bytes() == heat
