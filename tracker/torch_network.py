"""Networks run by torch: checkpoints of ultralytics as they come from training."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tracker.checkpoint import load_checkpoint
from tracker.network import NetworkFacts, person_class


class TorchNetwork:
    """A `Network` run by torch on the processor, in float32."""

    def __init__(self, weights: Path) -> None:
        """Load and fuse.

        Raises:
            ValueError: If the file is no checkpoint of ultralytics, is not safe to load, or knows no people.

        """
        model = load_checkpoint(weights)
        person, classes = person_class(getattr(model, "names", None), str(weights))
        try:
            self._model: Any = model.fuse(verbose=False).eval()
            stride = int(max(model.stride))
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"{weights}: its layers do not fit together: {error}") from error
        self.facts = NetworkFacts(
            title=_title(getattr(model, "yaml", None), weights),
            runtime="torch",
            classes=classes,
            person=person,
            stride=max(stride, 32),
            input_px=None,
        )
        self._weights = weights

    def infer(self, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `Network.infer`."""
        try:
            with torch.inference_mode():
                found = self._model(torch.from_numpy(blob))
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"{self._weights}: its layers do not fit together: {error}") from error
        # Outside training the answer comes first, then what the loss would need.
        while isinstance(found, tuple | list):
            found = found[0]
        return np.asarray(found[0].numpy(), dtype=np.float32)


def _title(architecture: object, weights: Path) -> str:
    """The name of the architecture ("yolo11n.yaml"), else the file's."""
    named = architecture.get("yaml_file") if isinstance(architecture, dict) else None
    known = re.fullmatch(r"yolo([\w.-]{1,30})\.ya?ml", Path(str(named)).name)
    return f"YOLO{known[1]}" if known else weights.stem[:40]
