"""Saving over an earlier calibration loses nothing: not the earlier one, not somebody else's."""

import os
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from calibration.calibration import Calibration
from calibration.fit import fit_calibration
from calibration.foot import FootJitter
from calibration.pairs import Pairs
from dwellmap.calibration_saving import ChangedOnDiskError, id_on_disk, save_keeping_previous

DAY = datetime(2026, 3, 2, 10, 42, 7).timestamp()


def grey(level):
    return np.full((48, 64, 3), level, dtype=np.uint8)


@pytest.fixture
def first():
    H = np.array([[100.0, 20, 100], [5, 80, 60], [0.02, 0.05, 1]])
    floor = np.array([[0.0, 0], [3, 0], [0, 2], [3, 2], [1, 1]])
    q = np.column_stack([floor, np.ones(5)]) @ H.T
    return fit_calibration(Pairs.of(q[:, :2] / q[:, 2:], floor), (640, 480)).calibration


@pytest.fixture
def second(first):
    return replace(first, foot_jitter=FootJitter(vertical_share=0.3))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "door.calibration.json"


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def level(file):
    with Image.open(file) as picture:
        return picture.getpixel((0, 0))[0]


def test_the_first_one_has_nothing_to_keep(first, path):
    assert id_on_disk(path) is None
    assert save_keeping_previous(first, path, grey(10), None) is None
    assert names(path.parent) == ["door.calibration.json", "door.still.png"]
    assert Calibration.load(path).id == first.id == id_on_disk(path)
    assert level(path.with_name("door.still.png")) == 10


def test_the_earlier_one_is_kept_with_its_still_and_date(first, second, path):
    save_keeping_previous(first, path, grey(10), None)
    os.utime(path, (DAY, DAY))
    kept = save_keeping_previous(second, path, grey(20), first.id)
    assert kept == path.with_name("door.2026-03-02-104207.calibration.json")
    assert Calibration.load(kept).id == first.id
    assert kept.stat().st_mtime == DAY
    assert level(path.with_name("door.2026-03-02-104207.still.png")) == 10
    assert Calibration.load(path).id == second.id
    assert level(path.with_name("door.still.png")) == 20
    # The same second again: no kept file is ever written over.
    os.utime(path, (DAY, DAY))
    again = save_keeping_previous(first, path, None, second.id)
    assert again == path.with_name("door.2026-03-02-104207-2.calibration.json")
    assert level(path.with_name("door.still.png")) == 20
    assert len(names(path.parent)) == 6


def test_the_same_calibration_again_keeps_no_copy(first, path):
    save_keeping_previous(first, path, grey(10), None)
    assert save_keeping_previous(first, path, grey(30), first.id) is None
    assert names(path.parent) == ["door.calibration.json", "door.still.png"]
    assert level(path.with_name("door.still.png")) == 30


def test_what_somebody_else_saved_is_not_overwritten(first, second, path):
    with pytest.raises(ChangedOnDiskError, match="removed since it was read"):
        save_keeping_previous(second, path, grey(1), first.id)
    assert names(path.parent) == []
    save_keeping_previous(first, path, None, None)
    with pytest.raises(ChangedOnDiskError, match="written there since"):
        save_keeping_previous(second, path, grey(1), None)
    with pytest.raises(ChangedOnDiskError, match="changed since it was read"):
        save_keeping_previous(second, path, grey(1), second.id)
    assert names(path.parent) == ["door.calibration.json"]
    assert Calibration.load(path).id == first.id


def test_a_change_during_the_saving_is_noticed(first, second, path, monkeypatch):
    save_keeping_previous(first, path, grey(10), None)
    third = replace(first, foot_jitter=FootJitter(vertical_share=0.4))
    copy = "dwellmap.calibration_saving._copy"

    def meanwhile(old, kept):
        monkeypatch.undo()
        third.save(path)

    monkeypatch.setattr(copy, meanwhile)
    with pytest.raises(ChangedOnDiskError, match="changed since"):
        save_keeping_previous(second, path, grey(1), first.id)
    assert Calibration.load(path).id == third.id
    assert names(path.parent) == ["door.calibration.json", "door.still.png"]


def test_a_damaged_file_is_kept_too(second, path):
    path.write_text('{"half": ')
    assert id_on_disk(path).startswith("damaged ")
    kept = save_keeping_previous(second, path, None, id_on_disk(path))
    assert kept.read_text() == '{"half": '
    assert Calibration.load(path).id == second.id


def test_a_full_disk_leaves_everything_as_it_was(first, second, path, monkeypatch):
    save_keeping_previous(first, path, grey(10), None)

    def full(self, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Calibration, "save", full)
    with pytest.raises(OSError, match=r"cannot be written \(No space left on device\)"):
        save_keeping_previous(second, path, grey(20), first.id)
    assert names(path.parent) == ["door.calibration.json", "door.still.png"]
    assert Calibration.load(path).id == first.id
    assert level(path.with_name("door.still.png")) == 10


def test_a_read_only_folder_is_named(first, second, path, read_only):
    save_keeping_previous(first, path, grey(10), None)
    with (
        read_only(path.parent),
        pytest.raises(PermissionError, match=r"nothing was changed; make .* writable"),
    ):
        save_keeping_previous(second, path.relative_to(path.parent), grey(20), first.id)
    assert names(path.parent) == ["door.calibration.json", "door.still.png"]
    assert Calibration.load(path).id == first.id
