"""Colour maps by name: from a share of the scale to a colour."""

from __future__ import annotations

from typing import Literal

import matplotlib
import numpy as np
from matplotlib.colors import ListedColormap

from analytics.palette import SOLID, colour_map

ColourName = Literal["magma", "viridis", "hot", "jet", "red"]
"""magma is that of all maps, perceptually uniform; viridis likewise. The others are those of older tools."""


def colours_by_name(name: ColourName) -> ListedColormap:
    """The colour map of a name, 256 colours from little to much."""
    if name == "magma":
        return colour_map()
    if name == "red":
        # One hue, from faint to full; transparency tells little from much, as in older tools.
        shades = np.column_stack([np.linspace(0.55, 1.0, 256), np.zeros((256, 2)), np.ones(256)])
        return ListedColormap(shades, name="red")
    # Black and white ends of hot would be taken for the picture below.
    low, high = (0.12, 0.95) if name == "hot" else (0.0, 1.0)
    return ListedColormap(matplotlib.colormaps[name](np.linspace(low, high, 256)), name=name)


def over_white(colours: ListedColormap) -> ListedColormap:
    """The colours as they look over a white floor, for the bar of a map."""
    shades = colours(np.arange(256))
    shades[:, :3] = 1 - SOLID * (1 - shades[:, :3])
    return ListedColormap(shades, name=f"{colours.name} over white")
