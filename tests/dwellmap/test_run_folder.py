"""Run folders: on the disk before they count, and made again where they are damaged."""

import json
import os

import pytest

from dwellmap.run_folder import DAMAGED, DamagedRunError, RunFolder, make_way, written_whole


def test_everything_is_on_the_disk_before_it_gets_its_name_and_the_name_before_it_counts(
    tmp_path, monkeypatch
):
    done = []
    target = tmp_path / "camera" / "run"
    sync, replace = os.fsync, os.replace

    def note_sync(file):
        done.append(os.readlink(f"/proc/self/fd/{file}"))
        sync(file)

    def note_replace(old, new):
        done.append("renamed")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_replace)
    with written_whole(target) as draft:
        (draft / "below").mkdir()
        (draft / "a").write_text("a")
        (draft / "below" / "b").write_text("b")
    at = done.index("renamed")
    assert set(done[:at]) == {str(draft / name) for name in ("a", "below", "below/b")} | {str(draft)}
    assert done[at + 1 :] == [str(target.parent), str(tmp_path)]
    assert (target / "below" / "b").read_text() == "b"


def test_what_cannot_be_brought_to_the_disk_is_no_result(tmp_path, monkeypatch):
    def refuse(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space"), written_whole(tmp_path / "camera" / "run") as draft:
        (draft / "a").write_text("a")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def made(walker, replay, tmp_path):
    """Makes the walker's run."""

    def make():
        ran = replay(walker, "--site", tmp_path / "site.toml", "--out", tmp_path / "out", "--json")
        assert ran.code == 0, ran.err
        (done,) = json.loads(ran.out)
        return done

    return make


def test_a_damaged_run_is_set_aside_and_made_again(made, tmp_path):
    run = tmp_path / made()["run"]
    whole = {file.name: file.read_bytes() for file in run.iterdir() if file.name != "run.json"}
    damages = (
        lambda: (run / "run.json").write_bytes(b""),
        lambda: (run / "run.json").write_bytes(bytes(1000)),
        lambda: (run / "maps.npz").write_bytes(b""),
        lambda: (run / "run.json").unlink(),
    )
    for number, damage in enumerate(damages, 1):
        damage()
        with pytest.raises(DamagedRunError):
            RunFolder.open(run)
        made()
        assert {file.name: file.read_bytes() for file in run.iterdir() if file.name != "run.json"} == whole
        aside = run.with_name(f"{DAMAGED}{run.name}-{number}")
        assert (aside / "heat.png").read_bytes() == whole["heat.png"]
    assert [found.parent for found in (tmp_path / "out").glob("*/[!.]*/run.json")] == [run]


def test_a_whole_run_and_one_of_another_version_stay(made, tmp_path):
    run = tmp_path / made()["run"]
    assert make_way(run) == ()
    recipe = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(recipe | {"version": 99}))
    with pytest.raises(ValueError, match="version"):
        make_way(run)
    assert run.is_dir()
