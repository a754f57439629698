"""Checkpoints of ultralytics turned into what OpenVINO runs, once: the result is kept and found again.

A network is exported for one size of input, since its answer is then computed fastest. Exports lie in
`<weights>.openvino/` beside the weights, or in the user's cache where nothing can be written there. Their
names hold a hash of the weights' content and of the versions that made them, so what is found belongs to
these weights whatever the file is called; a digest over their files tells damage.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from tracker.fingerprint import hash_file
from tracker.third_party import load_openvino
from tracker.weights import weights_cache

_MADE_BY = ("openvino", "torch", "ultralytics")
_FORMAT = 1
_MODEL, _METADATA, _DIGEST = "model.xml", "metadata.yaml", "digest.json"
_FILES = (_MODEL, "model.bin", _METADATA)
# Cameras of so many shapes are served by the same weights; what was not used for longest goes first.
MOST_EXPORTS = 8


class Export:
    """The export of a checkpoint for one size of input.

    Args:
        weights: The `.pt` file.
        input_px: (width, height) of the input.
        folders: Where exports are kept, best first; beside the weights and in the user's cache if None.

    """

    def __init__(
        self, weights: Path, input_px: tuple[int, int], folders: tuple[Path, ...] | None = None
    ) -> None:
        self._weights = weights
        self._input_px = input_px
        made_by = json.dumps([_FORMAT, hash_file(weights), [_version(name) for name in _MADE_BY]])
        digest = hashlib.sha256(made_by.encode()).hexdigest()[:16]
        self._name = f"{digest}-{input_px[0]}x{input_px[1]}"
        self._folders = folders or (
            weights.with_name(f"{weights.name}.openvino"),
            weights_cache() / "exports",
        )

    def find(self) -> Path | None:
        """The folder with the export; None where there is none, or only a damaged one."""
        for folder in self._folders:
            kept = folder / self._name
            if _is_whole(kept):
                _touch(kept)
                return kept
        return None

    def make(self) -> tuple[Any, dict[str, object]]:
        """Export, and keep what comes out wherever something can be written.

        Returns:
            The network as `openvino.Model`, in float32, and what ultralytics would write beside it.

        Raises:
            ValueError: If the weights are no checkpoint that finds boxes, or cannot be exported.

        """
        model, metadata = self._exported()
        for folder in self._folders:
            try:
                self._write(folder, model, metadata)
                break
            except OSError:
                continue
        return model, metadata

    def _exported(self) -> tuple[Any, dict[str, object]]:
        """The network as `openvino.Model` and its metadata.

        Raises:
            ValueError: If the weights are no checkpoint that finds boxes, or cannot be exported.

        """
        import torch

        from tracker.torch_network import fused  # torch and ultralytics take seconds to load

        model, facts, names = fused(self._weights)
        # A few networks want sides of 64 pixels.
        width, height = (-(-side // facts.stride) * facts.stride for side in self._input_px)
        for layer in model.modules():
            if hasattr(layer, "export"):
                # The answer alone, without what the loss would need.
                layer.export, layer.format, layer.dynamic = True, "openvino", False
        picture = torch.zeros(1, 3, height, width)
        try:
            with torch.no_grad():
                model(picture)  # the head learns its grid, which is then a constant
                converted = load_openvino().convert_model(
                    model, example_input=picture, input=[1, 3, height, width]
                )
        except Exception as error:  # whatever torch's tracing and OpenVINO's conversion may raise
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ValueError(
                f"{self._weights}: expected a network that can be exported to OpenVINO: {reason}; run it by "
                "torch with --set yolo.runtime=torch"
            ) from error
        return converted, {
            "description": f"Ultralytics {facts.title} model",
            "names": names,
            "stride": facts.stride,
            "task": "detect",
        }

    def _write(self, folder: Path, model: Any, metadata: dict[str, object]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder))
        kept = folder / self._name
        try:
            try:
                load_openvino().save_model(model, draft / _MODEL, compress_to_fp16=False)
            except RuntimeError as error:
                raise OSError(f"{draft}: the export could not be written: {error}") from error
            (draft / _METADATA).write_text(yaml.safe_dump(metadata), encoding="utf-8")
            (draft / _DIGEST).write_text(json.dumps({f: hash_file(draft / f) for f in _FILES}))
            draft.chmod(0o755)
            if kept.exists() and not _is_whole(kept):
                shutil.rmtree(kept)
            try:
                draft.rename(kept)
            except OSError:
                # Another process was faster, and what it made is the same.
                if not _is_whole(kept):
                    raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        _forget_old(folder, kept)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _is_whole(kept: Path) -> bool:
    try:
        stated = json.loads((kept / _DIGEST).read_text())
        return bool(stated == {file: hash_file(kept / file) for file in _FILES})
    except (OSError, ValueError):
        return False


def _touch(kept: Path) -> None:
    try:
        os.utime(kept)
    except OSError:
        return  # a folder that is only read keeps its age


def _forget_old(folder: Path, kept: Path) -> None:
    """Keep the `MOST_EXPORTS` that were used last; nothing but exports is touched."""
    exports = [one for one in folder.iterdir() if re.fullmatch(r"[0-9a-f]{16}-\d+x\d+", one.name)]
    others = sorted((one for one in exports if one != kept), key=_used, reverse=True)
    for old in others[MOST_EXPORTS - 1 :]:
        shutil.rmtree(old, ignore_errors=True)


def _used(kept: Path) -> float:
    try:
        return kept.stat().st_mtime
    except OSError:
        return 0.0
