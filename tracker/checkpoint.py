"""Checkpoints of ultralytics (`.pt`) opened without running anything that the file says.

A `.pt` holds a whole Python object, pickled, and unpickling a stranger's file runs what the stranger wrote.
Two steps avoid that. First `torch.load(weights_only=True)` reads the file, with an inert shell in the place
of each class of layer: it takes no arguments and only remembers the state that belongs to it. A name that is
neither a known layer nor plain data is refused. Then the shells become layers, by `__new__` and
`__setstate__`: no constructor runs, so none runs with arguments out of the file. (The safe mode of
ultralytics itself calls constructors of known layers with whatever arguments the file has, some of which
download, and falls back to the unsafe one, without a word, where torch is too old.)
"""

from __future__ import annotations

import importlib
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, ClassVar

import torch

from tracker.third_party import load_ultralytics

_MODELS = {
    "ultralytics.nn.tasks.DetectionModel",
    "ultralytics.nn.tasks.SegmentationModel",
    "ultralytics.nn.tasks.PoseModel",
}
_LAYERS = ("torch.nn.modules.", "ultralytics.nn.modules.")
# Names under which older versions stored what has another name now.
_RENAMED = {
    "ultralytics.nn.tasks.YOLOv10DetectionModel": "ultralytics.nn.tasks.DetectionModel",
    "ultralytics.nn.modules.block.Silence": "torch.nn.modules.linear.Identity",
}
# Settings, losses and numbers of the training: of no use here, so left out whatever they hold.
_LEFT_OUT = (
    "ultralytics.utils.IterableSimpleNamespace",
    "ultralytics.yolo.utils.IterableSimpleNamespace",
    "ultralytics.utils.loss.",
    "ultralytics.utils.tal.",
    "pathlib.",
    "numpy.dtype",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "builtins.getattr",
)
_WHAT_TO_DO = (
    "If you trust where it comes from, export it on a machine of yours with "
    "`yolo export model=weights.pt format=onnx` and use the .onnx file, which holds no code"
)


class _RefusedError(Exception):
    """What in a file is neither a known layer nor plain data."""


class _Shell:
    """Stands where the file names a layer; remembers its state and does nothing."""

    name: ClassVar[str]

    def __new__(cls, *arguments: object) -> _Shell:
        if arguments:
            raise _RefusedError(f"it calls {cls.name}")
        return super().__new__(cls)

    def __setstate__(self, state: object) -> None:
        self.state = state


class _LeftOut:
    """Stands where the file names something that is of no use here; takes anything and does nothing."""

    def __new__(cls, *_arguments: object) -> _LeftOut:
        return super().__new__(cls)

    def __setstate__(self, _state: object) -> None:
        pass


def load_checkpoint(path: Path) -> Any:
    """Open a checkpoint of ultralytics that finds boxes.

    Args:
        path: The `.pt` file.

    Returns:
        The network (a `torch.nn.Module` of `ultralytics.nn.tasks`), in float32, as stored: neither fused nor
        in evaluation mode.

    Raises:
        ValueError: If the file is no such checkpoint, or holds anything but known layers and plain data.

    """
    content = _read(path)
    stored = content.get("ema") or content.get("model") if isinstance(content, dict) else None
    if not isinstance(stored, _Shell):
        raise ValueError(f"{path}: expected a checkpoint of ultralytics (with a model in it), got other data")
    if stored.name not in _MODELS:
        raise ValueError(f"{path}: expected weights that find boxes, got a {stored.name.rpartition('.')[2]}")
    try:
        return _Rebuild().value(stored).float()
    except (AttributeError, ImportError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{path}: the installed ultralytics does not know this network ({error}). {_WHAT_TO_DO}"
        ) from error


def _read(path: Path) -> Any:
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{path}: expected a checkpoint of ultralytics, got a file of another kind or a part of one"
        )
    try:
        named = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        refused = sorted(name for name in named if not _is_known(name))
        if refused:
            raise _RefusedError(f"it names {', '.join(refused[:5])}")
        with torch.serialization.safe_globals([_stand_in(name) for name in named]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except (_RefusedError, pickle.UnpicklingError) as error:
        # What torch says itself ends with the advice to read the file without care: not passed on.
        reason = error if isinstance(error, _RefusedError) else "it does what plain data do not"
        raise ValueError(
            f"{path}: refused, since it holds more than known layers and plain data: {reason}. {_WHAT_TO_DO}"
        ) from error
    except (RuntimeError, EOFError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(
            f"{path}: expected a checkpoint of ultralytics, it cannot be read: {reason}"
        ) from error


def _is_known(name: str) -> bool:
    return _is_layer(name) or name.startswith(_LEFT_OUT)


def _is_layer(name: str) -> bool:
    return name in _MODELS or name in _RENAMED or name.startswith(_LAYERS)


def _stand_in(name: str) -> tuple[type, str]:
    """An own class per name, which the reader tells apart from all others."""
    if _is_layer(name):
        return type("Shell", (_Shell,), {"name": _RENAMED.get(name, name)}), name
    return type("LeftOut", (_LeftOut,), {}), name


class _Rebuild:
    """Turns shells into layers, keeping what is shared shared."""

    def __init__(self) -> None:
        self._done: dict[int, Any] = {}
        self._classes: dict[str, type] = {}

    def value(self, stored: Any) -> Any:
        """The stored value with layers for shells."""
        if id(stored) in self._done:
            return self._done[id(stored)]
        if isinstance(stored, _Shell):
            cls = self._class(stored.name)
            layer: Any = object.__new__(cls)
            self._done[id(stored)] = layer
            state = getattr(stored, "state", None)
            if not isinstance(state, dict):
                raise TypeError(f"{stored.name} without a state")
            layer.__setstate__(self.value(state))
            return layer
        if isinstance(stored, dict):
            table: dict[Any, Any] = OrderedDict() if isinstance(stored, OrderedDict) else {}
            self._done[id(stored)] = table
            for key, item in stored.items():
                if not isinstance(item, _LeftOut):
                    table[key] = self.value(item)
            return table
        if isinstance(stored, list | tuple | set) and type(stored) in (list, tuple, set):
            return type(stored)(self.value(item) for item in stored if not isinstance(item, _LeftOut))
        return stored

    def _class(self, name: str) -> type:
        if name not in self._classes:
            module, _, short = name.rpartition(".")
            loaded = (
                load_ultralytics(module)
                if module.startswith("ultralytics.")
                else importlib.import_module(module)
            )
            found = getattr(loaded, short, None)
            if not (isinstance(found, type) and issubclass(found, torch.nn.Module)):
                raise AttributeError(f"no layer {name}")
            self._classes[name] = found
        return self._classes[name]
