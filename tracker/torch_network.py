"""Networks run by torch: checkpoints of ultralytics as they come from training."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tracker.checkpoint import load_checkpoint
from tracker.computing import Computing
from tracker.letterbox import as_blob
from tracker.network import NetworkFacts, person_class

# Pictures that a graphics card computes at once. Fewer are filled up with empty ones: with another number of
# pictures it may choose another way to compute, and the last digits would change.
_BATCH = 16


class TorchNetwork:
    """A `Network` run by torch: on the processor one by one in float32, on a graphics card in batches."""

    def __init__(self, weights: Path, computing: Computing) -> None:
        """Load and fuse.

        Raises:
            ValueError: If the file is no checkpoint of ultralytics, is not safe to load, or knows no people.

        """
        model, self.facts, _ = fused(weights)
        self._device = computing.device
        self._type = torch.float16 if computing.precision == "f16" else torch.float32
        self._batch = 1 if computing.device == "cpu" else _BATCH
        self._model = model.to(device=self._device, dtype=self._type)
        self._weights = weights

    def infer(self, pictures: Iterable[NDArray[np.uint8]]) -> Generator[NDArray[np.float32]]:
        """See `Network.infer`."""
        waiting: Iterator[NDArray[np.uint8]] = iter(pictures)
        while some := list(islice(waiting, self._batch)):
            blob = np.zeros((self._batch, 3, *some[0].shape[:2]), dtype=np.float32)
            blob[: len(some)] = np.concatenate([as_blob(picture) for picture in some])
            yield from self._answers(blob)[: len(some)]

    def _answers(self, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            # TensorFloat-32 is not float32.
            with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
                found = self._model(torch.from_numpy(blob).to(device=self._device, dtype=self._type))
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"{self._weights}: its layers do not fit together: {error}") from error
        # Outside training the answer comes first, then what the loss would need.
        while isinstance(found, tuple | list):
            found = found[0]
        return np.asarray(found.float().cpu().numpy(), dtype=np.float32)


def fused(weights: Path) -> tuple[Any, NetworkFacts, object]:
    """Open a checkpoint, ready to compute: normalisation folded into the layers before it.

    Returns:
        The `torch.nn.Module` on the processor in float32, what it says of itself, the names of its classes.

    Raises:
        ValueError: If the file is no checkpoint of ultralytics, is not safe to load, or knows no people.

    """
    model = load_checkpoint(weights)
    names = getattr(model, "names", None)
    person, classes = person_class(names, str(weights))
    try:
        model = model.fuse(verbose=False).eval()
        stride = int(max(model.stride))
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{weights}: its layers do not fit together: {error}") from error
    facts = NetworkFacts(
        title=_title(getattr(model, "yaml", None), weights),
        classes=classes,
        person=person,
        stride=max(stride, 32),
        input_px=None,
    )
    return model, facts, names


def _title(architecture: object, weights: Path) -> str:
    """The name of the architecture ("yolo11n.yaml"), else the file's."""
    named = architecture.get("yaml_file") if isinstance(architecture, dict) else None
    known = re.fullmatch(r"yolo([\w.-]{1,30})\.ya?ml", Path(str(named)).name)
    return f"YOLO{known[1]}" if known else weights.stem[:40]
