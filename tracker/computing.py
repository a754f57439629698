"""What computes a network on this machine, and with which arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tracker.settings import YoloSettings

_PROCESSOR = Path("/proc/cpuinfo")
# A file of the operating system that every driver of a graphics card has (NVIDIA, WSL, AMD). Where there is
# none, torch need not be loaded to learn that it can use none.
_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


@dataclass(frozen=True, slots=True)
class Computing:
    """How a network is computed; its boxes may differ in their last digits where this does.

    Attributes:
        runtime: The library.
        precision: The arithmetic: f32, bf16 (bfloat16) or f16.
        device: "cpu" or "cuda".

    """

    runtime: Literal["OpenVINO", "torch"]
    precision: Literal["f32", "bf16", "f16"]
    device: Literal["cpu", "cuda"] = "cpu"

    def __str__(self) -> str:
        """Such as "OpenVINO bf16"; float32 on the processor goes without saying."""
        words: list[str] = [self.runtime]
        if self.device != "cpu":
            words.append(self.device)
        if self.precision != "f32":
            words.append(self.precision)
        return " ".join(words)


def computing(weights: Path, settings: YoloSettings) -> Computing:
    """Decide for weights (`.pt`, `.onnx`, OpenVINO folder) on this machine; nothing of them is read."""
    f32 = settings.precision == "f32"
    if weights.suffix == ".pt" and not weights.is_dir():
        if settings.runtime != "openvino" and _has_graphics_card():
            return Computing("torch", "f32" if f32 else "f16", "cuda")
        if settings.runtime == "torch":
            return Computing("torch", "f32")
    return Computing("OpenVINO", "f32" if f32 or not _has_bfloat16() else "bf16")


def _has_bfloat16() -> bool:
    """Whether bfloat16 pays on this processor: with AMX it does, with AVX-512 BF16 alone it was slower."""
    try:
        return "amx_bf16" in _PROCESSOR.read_text(errors="replace")
    except OSError:
        return False


def _has_graphics_card() -> bool:
    if not any(Path(driver).exists() for driver in _DRIVERS):
        return False
    import torch

    return torch.cuda.is_available()
