"""Where weights are looked for, and in which order."""

from pathlib import Path

import pytest

from tracker.weights import default_folders, find_weights, search_order, weights_cache


@pytest.fixture
def folders(tmp_path):
    made = tmp_path / "models", tmp_path / "cache"
    for folder in made:
        folder.mkdir()
    return made


def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_nothing_anywhere(folders):
    assert find_weights(search=folders) is None


def test_the_first_folder_wins_and_within_it_full_precision(folders):
    models, cache = folders
    put(cache / "yolo11n.pt")
    assert find_weights(search=folders) == cache / "yolo11n.pt"
    (models / "yolo11n_int8_openvino_model").mkdir()
    assert find_weights(search=folders) == models / "yolo11n_int8_openvino_model"
    (models / "yolo11n_openvino_model").mkdir()
    assert find_weights(search=folders) == models / "yolo11n_openvino_model"
    put(models / "yolo11n.onnx")
    assert find_weights(search=folders) == models / "yolo11n.onnx"
    put(models / "yolo11n.pt")
    assert find_weights(search=folders) == models / "yolo11n.pt"


def test_an_empty_file_is_no_weights(folders):
    (folders[0] / "yolo11n.pt").touch()
    assert find_weights(search=folders) is None


def test_named_weights_are_taken_or_missed_but_never_replaced(folders, tmp_path):
    put(folders[0] / "yolo11n.pt")
    mine = put(tmp_path / "mine.onnx")
    assert find_weights(mine, folders) == mine
    with pytest.raises(FileNotFoundError, match=r"other\.pt: no such weights.*weights get"):
        find_weights(tmp_path / "other.pt", folders)


def test_the_order_names_every_place(folders):
    order = search_order(search=folders)
    assert len(order) == 8
    assert order[0] == folders[0] / "yolo11n.pt"
    assert search_order(Path("mine.pt"), folders) == [Path("mine.pt")]


def test_the_cache_follows_xdg(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert weights_cache() == tmp_path / "home/.cache/dwellmap/models"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert weights_cache() == tmp_path / "home/.cache/dwellmap/models"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_folders() == (Path("models"), tmp_path / "xdg/dwellmap/models")
