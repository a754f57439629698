"""Embedders by name: the colours, or a model on disk."""

from __future__ import annotations

from pathlib import Path

from tracker.appearance.colours import Colours
from tracker.appearance.embedder import Embedder


def open_embedder(model: Path | None) -> Embedder:
    """Make an embedder.

    Args:
        model: A re-identification network: `.onnx`, or an OpenVINO folder or `.xml`; None for the colours.

    Raises:
        ValueError: If it is no such network.
        FileNotFoundError: If there is nothing.

    """
    if model is None:
        return Colours()
    from tracker.appearance.network import NetworkEmbedder  # OpenVINO takes a third of a second to load

    return NetworkEmbedder(model)
