"""Reading a network's file by OpenVINO: an ONNX file, or a folder with an `.xml` and its `.bin`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tracker.third_party import load_openvino

MOST_MODEL_BYTES = 2 * 1024**3


def model_files(model: Path, how: str) -> list[Path]:
    """The files of a model, the one to open first.

    Args:
        model: Folder with one `.xml` and its `.bin`, or an `.onnx` or `.xml` file.
        how: What to do where it is none, for the error.

    Raises:
        ValueError: If it is a folder with no or with several models.
        FileNotFoundError: If there is nothing.

    """
    if not model.exists():
        raise FileNotFoundError(f"{model}: no such model; {how}")
    opened = model
    if model.is_dir():
        found = sorted(model.glob("*.xml"))
        if len(found) != 1:
            raise ValueError(
                f"{model}: expected a folder with one .xml and its .bin, got {len(found)} .xml; {how}"
            )
        opened = found[0]
    if opened.suffix != ".xml":
        return [opened]
    return [opened, *(file for file in [opened.with_suffix(".bin")] if file.is_file())]


def read_model(model: Path, how: str) -> Any:
    """Read a model that nobody vouches for; OpenVINO runs no code that is in it.

    Returns:
        The `openvino.Model`, not compiled.

    Raises:
        ValueError: If it is none, or too large.
        FileNotFoundError: If there is nothing.

    """
    files = model_files(model, how)
    size = sum(file.stat().st_size for file in files)
    if size > MOST_MODEL_BYTES:
        raise ValueError(f"{model}: expected a model of at most {MOST_MODEL_BYTES} bytes, got {size}")
    try:
        return load_openvino().Core().read_model(files[0])
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ValueError(f"{model}: expected a network that OpenVINO can read: {reason}") from error
