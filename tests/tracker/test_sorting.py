import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tracker.sorting import sort_layers


@pytest.mark.parametrize("n", range(1, 14))
def test_every_arrangement_of_two_values_is_sorted(n):
    """What sorts all arrangements of zeros and ones sorts everything (Knuth's zero-one principle)."""
    layers = (np.arange(2**n) >> np.arange(n)[:, None] & 1).astype(np.uint8)
    expected = np.sort(layers, axis=0)
    sort_layers(layers)
    assert (layers == expected).all()


@given(arrays(np.uint8, st.tuples(st.integers(1, 30), st.integers(1, 4), st.integers(1, 5))))
def test_pictures_are_sorted_pixel_by_pixel(layers):
    expected = np.sort(layers, axis=0)
    sort_layers(layers)
    assert (layers == expected).all()
