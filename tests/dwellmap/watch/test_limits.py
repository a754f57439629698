"""What a recording may take."""

import os
import time
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import pytest

from dwellmap.watch import limits
from dwellmap.watch.limits import Limits
from dwellmap.watch.order import How, Order, camera_of
from dwellmap.watch.room import is_share
from dwellmap.watch.worker import Worker
from tracker.fingerprint import hash_file


def test_cores_are_dealt_out_so_that_no_worker_shares_one(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(limits, "_quota", lambda cores: cores)
    monkeypatch.setattr(limits, "_memory_bytes", lambda: 32 * 1024**3)
    found = Limits.of_machine(None, None, 30.0)
    assert found.workers == 4
    assert sorted(core for cores in found.cores for core in cores) == list(range(8))
    assert found.memory_bytes == int(32 * 1024**3 * 0.8 / 4)
    many = Limits.of_machine(11, 1.5, 30.0)
    assert [len(cores) for cores in many.cores] == [1] * 11
    assert many.memory_bytes == int(1.5 * 1024**3)


def test_little_memory_or_a_quota_means_fewer_workers(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    monkeypatch.setattr(limits, "_quota", lambda cores: cores)
    monkeypatch.setattr(limits, "_memory_bytes", lambda: 6 * 1024**3)
    assert Limits.of_machine(None, None, 30.0).workers == 2
    monkeypatch.setattr(limits, "_quota", lambda _: 2)
    assert Limits.of_machine(None, None, 30.0).workers == 1


def test_time_follows_the_footage_and_no_claim_that_its_size_belies():
    found = Limits(1, (frozenset({0}),), 1, 30.0)
    hour = found.time_s(900_000_000, 3600.0)
    assert hour == pytest.approx(900 + 30 * 3600)
    assert found.time_s(50_000, 10 * 365 * 86_400.0) < 1.5 * 3600
    assert found.time_s(900_000_000, None) > hour


def test_only_names_below_the_inbox_tell_the_camera(tmp_path, monkeypatch):
    from dwellmap.site import Site

    place = SimpleNamespace(
        cameras=[SimpleNamespace(name=name, files=()) for name in ("Front", "back")], path=Path("site.toml")
    )
    place.camera_for = lambda path: Site.camera_for(place, path)
    assert camera_of(place, Path("front/x.mp4")).name == "Front"
    (tmp_path / "back").mkdir()
    monkeypatch.chdir(tmp_path / "back")
    with pytest.raises(ValueError, match="no camera"):
        camera_of(place, Path("x.mp4"))


def test_shares_are_known_by_their_file_system(monkeypatch, tmp_path):
    monkeypatch.setattr("dwellmap.watch.room.mount_of", lambda _: Path("/mnt/nvr"))
    for kind, shared in (("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("ext4", False)):
        monkeypatch.setattr("dwellmap.watch.room._mounts", lambda kind=kind: {"/mnt/nvr": kind})
        assert is_share(tmp_path) is shared


def test_the_limits_of_a_service_count_as_well_as_those_of_a_container(monkeypatch, tmp_path):
    inner = tmp_path / "system.slice" / "dwellmap-watch.service"
    inner.mkdir(parents=True)
    (tmp_path / "own").write_text("1:name=systemd:/else\n0::/system.slice/dwellmap-watch.service\n")
    monkeypatch.setattr(limits, "_CGROUP", tmp_path)
    monkeypatch.setattr(limits, "_OWN_GROUP", tmp_path / "own")
    whole = limits._memory_bytes(), limits._quota(8)
    (inner / "memory.max").write_text("max\n")
    (inner / "cpu.max").write_text("max 100000\n")
    assert (limits._memory_bytes(), limits._quota(8)) == whole
    (inner / "memory.max").write_text("1000000\n")
    (inner / "cpu.max").write_text("300000 100000\n")
    (inner.parent / "cpu.max").write_text("200000 100000\n")
    assert (limits._memory_bytes(), limits._quota(8)) == (1_000_000, 2)
    # A container sees its own group as the root.
    (tmp_path / "own").write_text("0::/\n")
    (tmp_path / "memory.max").write_text("2000000\n")
    assert (limits._memory_bytes(), limits._quota(8)) == (2_000_000, 8)


@pytest.mark.slow
def test_what_takes_too_long_is_ended(tmp_path, kit, monkeypatch):
    monkeypatch.setattr(limits, "_BASE_S", 0.2)
    (tmp_path / "front").mkdir()
    (tmp_path / "site.toml").write_text(kit.SITE)
    (tmp_path / "out" / ".watch").mkdir(parents=True)
    film = kit.film(tmp_path / "front" / "a.mp4", 1)
    how = How(tmp_path / "site.toml", tmp_path / "out", "motion", None, "none", 8.0, None, ())
    cores = frozenset(os.sched_getaffinity(0))
    order = Order(tmp_path, Path("front/a.mp4"), hash_file(film), "front", how, cores, tmp_path / "scratch")
    worker = Worker(get_context("forkserver"), order, 0, 1, Limits(1, (cores,), 2**40, 0.0))
    until_s = time.monotonic() + 60
    while (ended := worker.poll()) is None:
        assert time.monotonic() < until_s
        time.sleep(0.05)
    worker.close()
    assert ended.how == "died"
    assert "--time-factor" in ended.text
    assert not (tmp_path / "scratch").exists()
