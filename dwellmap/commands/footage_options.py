"""Options of the commands that take footage: where it was filmed, who finds the people, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dwellmap.detector_kinds import Kind

SiteFile = Annotated[Path | None, typer.Option("--site", help="Site file with plan, cameras and zones.")]
CameraName = Annotated[
    str | None, typer.Option("--camera", help="Camera of the site; default: by file name or folder.")
]
Out = Annotated[Path, typer.Option("--out", help="Output folder.")]
WhichDetector = Annotated[
    Kind,
    typer.Option(
        "--detector", help="Who finds the people; auto is yolo where weights are found, else motion."
    ),
]
Weights = Annotated[
    Path | None, typer.Option("--weights", help="YOLO weights: .pt, .onnx or an OpenVINO folder.")
]
Appearance = Annotated[
    str,
    typer.Option(
        "--appearance",
        metavar="auto|none|colours|MODEL",
        help="How looks tell people apart: a re-identification network (.onnx, OpenVINO), the colours of "
        "their clothes, or not at all; auto is a network where one is found, else colours.",
    ),
]
SampleFps = Annotated[
    float,
    typer.Option(
        "--sample-fps",
        min=0.0,
        max=1000.0,
        help="Pictures a second to look at, by timestamp; 0 for every picture.",
    ),
]
ClockRate = Annotated[
    float | None,
    typer.Option(
        "--clock-rate",
        min=0.001,
        max=1000.0,
        help="Real seconds in a second of the file; default: site file, 1.",
    ),
]
