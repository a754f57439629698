"""Options of the commands that blend heat over a scene and make films of it."""

from __future__ import annotations

from typing import Annotated

import typer

from analytics.colours import ColourName

Colours = Annotated[
    ColourName, typer.Option("--colours", help="Colour map; magma and viridis are perceptual.")
]
Opacity = Annotated[
    float, typer.Option("--opacity", min=0.05, max=1.0, help="How much heat covers the scene, up to 1.")
]
Speed = Annotated[
    float | None,
    typer.Option(
        "--speed",
        min=0.01,
        max=100_000.0,
        help="Seconds of footage in a second of film; default: films of about 20 s.",
    ),
]
Films = Annotated[bool, typer.Option("--films/--no-films", help="Make films.")]
