"""How people are told apart by their looks: which embedder, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tracker.appearance.embedder import Embedder
from tracker.appearance.opening import open_embedder
from tracker.frames import Recording
from tracker.weights import default_folders

MODELS = ("osnet_x0_25_msmt17.onnx", "person-reidentification-retail-0287")
"""Names under which `auto` looks for a network, best first."""


def choose_embedder(
    asked: str, recording: Recording, search: Sequence[Path] | None = None
) -> Embedder | None:
    """Decide and load.

    Nothing is ever fetched. What an embedder makes of people stays in memory and is gone with the run.

    Args:
        asked: "auto" (a network of `MODELS` if one lies where weights are looked for, else colours),
            "none", "colours", or the path of a network: `.onnx`, OpenVINO folder or `.xml`.
        recording: What is to be looked at; one without pictures has no looks.
        search: Folders in which `auto` looks; those of the weights if None.

    Returns:
        The embedder, or None where people are told apart by their motion alone.

    Raises:
        ValueError: If the path is no network that tells people apart.
        FileNotFoundError: If it does not exist.

    """
    if asked == "none":
        return None
    model: Path | None = None
    if asked == "auto":
        model = find_network(search)
    elif asked != "colours":
        model = Path(asked)
        if not model.exists():
            raise FileNotFoundError(
                f"--appearance {asked}: expected auto, none, colours, or a network that tells people apart "
                "(.onnx, OpenVINO folder or .xml); there is no such file"
            )
    return open_embedder(model) if _has_pictures(recording) else None


def find_network(search: Sequence[Path] | None = None) -> Path | None:
    """The network of `MODELS` that `auto` uses; None if there is none.

    Args:
        search: Folders to look in; those of the weights if None.

    """
    folders = default_folders() if search is None else search
    places = [folder / name for folder in folders for name in MODELS]
    return next((place for place in places if place.exists()), None)


def _has_pictures(recording: Recording) -> bool:
    frame = next(iter(recording.read(None)), None)
    return frame is not None and frame.image_bgr is not None
