"""What becomes of a run when its file is renamed, replaced or changed while it is worked on."""

import os
from types import SimpleNamespace

import pytest

from dwellmap.watch import job
from dwellmap.watch.order import How, Order


@pytest.fixture
def order(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.mp4").write_text("film")
    how = How(tmp_path / "site.toml", tmp_path / "out", "motion", None, "none", 8.0, None, ())
    return Order(tmp_path / "in", "a.mp4", "aa", "front", how, frozenset({0}), tmp_path / "scratch")


@pytest.fixture
def run_while(order, tmp_path, monkeypatch):
    """Do a run in which something happens while the maps are drawn."""

    def run(happen):
        run = tmp_path / "out" / "front" / "a-1"

        def work(*_):
            run.mkdir(parents=True)
            (run / "run.json").touch()
            happen(order.inbox / "a.mp4")
            return SimpleNamespace(fresh=True, folder=SimpleNamespace(path=run))

        monkeypatch.setattr(job, "_run_file", work)
        try:
            job._run(order, None)
        finally:
            run.with_name("kept").write_text(str(run.exists()))
        return run

    return run


def kept(tmp_path):
    return (tmp_path / "out" / "front" / "kept").read_text() == "True"


def test_a_rename_is_no_change(run_while, tmp_path):
    run_while(lambda file: file.rename(file.with_name("front-0900.mp4")))
    assert kept(tmp_path)


def test_a_folder_renamed_above_it_is_none_either(run_while, tmp_path):
    run_while(lambda file: file.parent.rename(file.parent.with_name("elsewhere")))
    assert kept(tmp_path)


def replace(file):
    file.with_name("other").write_text("another film")
    file.with_name("other").rename(file)


def move_and_replace(file):
    file.rename(file.with_name("b.mp4"))
    file.write_text("another film")


@pytest.mark.parametrize("happen", [lambda file: file.write_text("longer film"), replace, move_and_replace])
def test_of_two_contents_nothing_stays(run_while, tmp_path, happen):
    with pytest.raises(job._ChangedError):
        run_while(happen)
    assert not kept(tmp_path)


def test_nothing_stays_where_nobody_can_say_whether_it_changed(run_while, tmp_path, monkeypatch):
    def gone(_):
        raise OSError(116, "Stale file handle")

    monkeypatch.setattr(job, "stamp_of", gone)
    with pytest.raises(OSError, match="Stale"):
        run_while(lambda _: None)
    assert not kept(tmp_path)


def test_a_pipe_or_a_link_in_its_place_is_not_opened(order):
    file = order.inbox / "a.mp4"
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(job._ChangedError):
        job._run(order, None)
    file.unlink()
    file.symlink_to("/etc/hostname")
    with pytest.raises(job._ChangedError):
        job._run(order, None)


@pytest.mark.parametrize(("fresh", "erased", "told"), [(False, True, True), (False, False, False)])
def test_who_has_an_erased_run_done_again_is_told(fresh, erased, told):
    done = SimpleNamespace(fresh=fresh, remarks=("slow",), folder=SimpleNamespace(is_erased=erased))
    said = job._remarks(done)
    assert said[0] == "slow"
    assert ("personal data were erased" in said[-1]) is told
