"""Erasing every night: whatever else is wrong, and never failing in silence."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from dwellmap.erasure import Erased
from dwellmap.watch import retention
from dwellmap.watch.folder import WatchFolder
from dwellmap.watch.health import Erasing, Health, read_health
from dwellmap.watch.holder import join_workers
from dwellmap.watch.retention import Nightly, sweep

NIGHT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def nightly(tmp_path, monkeypatch):
    """One whose erasures are noted and end as asked."""
    told = SimpleNamespace(said=[], days=[], end=Erased)

    def erase(out, day):
        told.days.append(day)
        result = told.end()
        if isinstance(result, BaseException):
            raise result
        return result

    monkeypatch.setattr(retention, "erase_before", erase)
    made = Nightly(tmp_path, 30, told.said.append, lambda: UTC)

    def work(ledger, now):
        """A turn, and another one when what it began is over."""
        made.turn(ledger, now)
        until_s = time.monotonic() + 20
        while made.is_busy and not made._result and time.monotonic() < until_s:
            time.sleep(0.01)
        made.turn(ledger, now)

    return SimpleNamespace(nightly=made, told=told, work=work)


def test_once_a_night_at_three(nightly, ledger):
    nightly.work(ledger, NIGHT)
    nightly.work(ledger, NIGHT + timedelta(hours=20))
    nightly.work(ledger, NIGHT + timedelta(hours=23))
    assert nightly.told.days == [date(2026, 10, 25)]
    nightly.work(ledger, NIGHT + timedelta(hours=24))
    assert nightly.told.days == [date(2026, 10, 25), date(2026, 10, 26)]
    assert nightly.nightly.told.last == "2026-11-25"
    assert nightly.nightly.told.lacking(NIGHT.timestamp() + 86_400) == ""


@pytest.mark.parametrize(
    "end",
    [lambda: MemoryError("no more"), lambda: RuntimeError("what nobody thought of"), lambda: SystemExit(3),
     lambda: Erased(faults=["run: cannot be erased"])],
)  # fmt: skip
def test_whatever_ends_it_is_told_and_it_is_tried_again(nightly, ledger, end):
    nightly.told.end = end
    nightly.work(ledger, NIGHT)
    told = nightly.nightly.told
    assert told.since is None
    assert told.faults
    assert "could not be erased" in told.lacking(NIGHT.timestamp())
    assert ledger.note("erased_on") is None
    nightly.work(ledger, NIGHT + timedelta(minutes=10))
    assert len(nightly.told.days) == 1, "not before an hour has passed"
    nightly.nightly._not_before_s = 0.0
    nightly.work(ledger, NIGHT + timedelta(hours=1))
    assert len(nightly.told.days) == 2
    assert len(nightly.told.said) <= 3, "the same fault is said once"
    nightly.told.end = Erased
    nightly.nightly._not_before_s = 0.0
    nightly.work(ledger, NIGHT + timedelta(hours=2))
    assert nightly.nightly.told.faults == ()
    assert ledger.note("erased_on") == "2026-11-24"


def test_a_clock_that_was_wrong_once_stops_nothing(nightly, ledger):
    ledger.keep_note("erased_on", "2126-01-01")
    nightly.work(ledger, NIGHT)
    assert ledger.note("erased_on") == "2026-11-24"


def test_a_ledger_that_cannot_be_used_and_a_site_that_cannot_be_read_end_nothing(nightly, ledger):
    def broken():
        raise ValueError("no site")

    nightly.nightly.zone = broken
    nightly.work(ledger, None)
    assert len(nightly.told.days) == 1
    ledger.close()
    nightly.nightly.turn(ledger, NIGHT + timedelta(days=1))
    assert nightly.nightly.told.faults


def test_too_old_and_too_long_is_told():
    now = NIGHT.timestamp()
    assert Erasing(retain_days=30).lacking(now) == "personal data have never been erased"
    assert Erasing(retain_days=30, last="2026-11-23").lacking(now) == ""
    assert "4 days ago" in Erasing(retain_days=30, last="2026-11-20").lacking(now)
    assert Erasing(retain_days=30, since=now - 3600).lacking(now) == ""
    assert "20 hours" in Erasing(retain_days=30, since=now - 72_000).lacking(now)


def test_health_is_read_as_it_was_written(tmp_path):
    health = Health(
        state="paused", reason="the disk is nearly full", pid=1, inbox="in", written=NIGHT.timestamp(),
        waiting=0, running=0, done=1, failed=2, dropped=0, free_bytes=None, left_s=None,
        unreadable=("front",),
        erasing=Erasing(retain_days=30, last="2026-11-24", faults=("cam/run: busy",), more=3),
    )  # fmt: skip
    health.write(tmp_path / "health.json")
    assert read_health(tmp_path / "health.json") == health
    assert json.loads((tmp_path / "health.json").read_text())["lacks"] == [
        "paused: the disk is nearly full", "2 recordings have failed",
        "the folder front of the inbox cannot be read",
        "personal data could not be erased: cam/run: busy (and 3 more)",
    ]  # fmt: skip


def test_temporary_files_go_unless_somebody_works(tmp_path):
    ours = WatchFolder(tmp_path)
    ours.scratch.mkdir(parents=True)
    sweep(ours)
    for name in ("abcd", "efgh"):
        (ours.scratch / name).mkdir()
        (ours.scratch / name / "part").write_bytes(b"half")
    lock = join_workers(ours)
    sweep(ours)
    assert len(list(ours.scratch.iterdir())) == 2
    os.close(lock)
    sweep(ours)
    assert list(ours.scratch.iterdir()) == []


def old_run(shop):
    """What is left of a run of long ago, of a version that nobody can read."""
    run = shop.out / "front" / "old-12345678"
    run.mkdir(parents=True)
    for name in ("run.json", "tracks.parquet", "visits.csv", "heat.png"):
        (run / name).write_bytes(b"{}")
        os.utime(run / name, (1_700_000_000, 1_700_000_000))
    return run


def test_a_service_that_is_full_and_was_killed_erases_all_the_same(shop):
    """Real processes: leftovers and old runs go though nothing else can; health says what lacks."""
    run = old_run(shop)
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    draft = shop.out / "front" / f".a-1.{dead.pid}.abcd1234"
    draft.mkdir()
    (draft / "tracks.parquet").write_bytes(b"half")
    scratch = shop.out / ".watch" / "scratch" / "abcd"
    scratch.mkdir(parents=True)
    (shop.out / ".watch" / "workers.lock").touch()
    assert shop.jobs("health").returncode == 1
    service = shop.start("--retain-days", 30, "--least-free-gb", 1e9)
    shop.wait(lambda: not (run / "tracks.parquet").exists() and not (run / "visits.csv").exists())
    assert (run / "heat.png").exists()
    assert not draft.exists()
    assert not scratch.exists()
    shop.wait(lambda: shop.status().erasing is not None and shop.status().erasing.last is not None)
    assert shop.status().overdue == ""
    assert shop.jobs("health").returncode == 0
    strict = shop.jobs("health", "--strict")
    assert strict.returncode == 1
    assert "paused: the disk is nearly full" in strict.stdout
    assert "erased: last in the night of" in strict.stdout
    told = json.loads(shop.jobs("health", "--json").stdout)
    assert (told["alive"], told["service"], told["erasing"]["retain_days"]) == (True, "paused", 30)
    service.terminate()
    assert service.wait(timeout=15) == 0
    stopped = shop.jobs("health", "--strict", "--json")
    assert stopped.returncode == 1
    assert json.loads(stopped.stdout)["alive"] is False


def test_what_cannot_be_erased_is_in_health(shop):
    run = old_run(shop)
    (run / "tracks.parquet").unlink()
    (run / "tracks.parquet").mkdir()
    shop.start("--retain-days", 30, "--quiet")
    shop.wait(lambda: "tracks.parquet" in shop.status().overdue)
    assert shop.jobs("health").returncode == 0
    assert shop.jobs("health", "--strict").returncode == 1
    assert "tracks.parquet" in shop.jobs("list").stdout.replace("\n", "")
