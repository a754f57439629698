"""Colour maps by name."""

from typing import get_args

import numpy as np
import pytest

from analytics.colours import ColourName, colours_by_name, over_white

NAMES = get_args(ColourName)


@pytest.mark.parametrize("name", NAMES)
def test_each_name_goes_through_many_opaque_colours(name):
    shades = colours_by_name(name)(np.arange(256))
    assert shades.shape == (256, 4)
    assert (shades[:, 3] == 1).all()
    assert len(np.unique(shades.round(6), axis=0)) > 128
    assert (over_white(colours_by_name(name))(np.arange(256))[:, :3] >= shades[:, :3] - 1e-9).all()


@pytest.mark.parametrize("name", ["magma", "viridis"])
def test_perceptual_ones_keep_their_order_in_grey(name):
    grey = colours_by_name(name)(np.arange(256))[:, :3] @ [0.2126, 0.7152, 0.0722]
    steps = np.diff(grey)
    assert (steps < 1e-9).all() or (steps > -1e-9).all()


def test_red_has_no_other_colour():
    assert (colours_by_name("red")(np.arange(256))[:, 1:3] == 0).all()
