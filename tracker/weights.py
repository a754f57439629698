"""Where YOLO weights are looked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

DEFAULT_MODEL = "yolo11n"

# Full precision first; the ends of the names are those that ultralytics gives its exports.
_ENDINGS = (".pt", ".onnx", "_openvino_model", "_int8_openvino_model")


def weights_cache() -> Path:
    """The user's folder for weights: `$XDG_CACHE_HOME/dwellmap/models`, else `~/.cache/dwellmap/models`."""
    stated = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification has relative paths ignored.
    base = Path(stated) if Path(stated).is_absolute() else Path.home() / ".cache"
    return base / "dwellmap" / "models"


def default_folders() -> tuple[Path, ...]:
    """The folders that are searched: `models` in the current folder, then the user's cache."""
    return Path("models"), weights_cache()


def search_order(stated: Path | None = None, search: Sequence[Path] | None = None) -> list[Path]:
    """Every place at which weights are looked for, best first.

    Args:
        stated: Weights that were named: by the user for this run, else by the site file. If given, nothing
            else is looked at.
        search: Folders to look into for the default model; `default_folders()` if None.

    Returns:
        Paths, existing or not. In each folder: `yolo11n.pt`, `yolo11n.onnx`, `yolo11n_openvino_model`,
        `yolo11n_int8_openvino_model`.

    """
    if stated is not None:
        return [stated]
    folders = default_folders() if search is None else search
    return [folder / f"{DEFAULT_MODEL}{ending}" for folder in folders for ending in _ENDINGS]


def find_weights(stated: Path | None = None, search: Sequence[Path] | None = None) -> Path | None:
    """The first weights of `search_order` that are there; None if there are none.

    Raises:
        FileNotFoundError: If weights were named and are not there: going on with others, or with motion, is
            not what was asked for.

    """
    found = next((place for place in search_order(stated, search) if _is_there(place)), None)
    if found is None and stated is not None:
        raise FileNotFoundError(
            f"{stated}: no such weights; expected a .pt, an .onnx or an OpenVINO folder "
            "(`dwellmap weights get` fetches the default ones)"
        )
    return found


def _is_there(place: Path) -> bool:
    return place.is_dir() or (place.is_file() and place.stat().st_size > 0)
