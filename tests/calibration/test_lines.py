"""The lens from lines that are straight in the world."""

import numpy as np
import pytest

from calibration.lens import Lens
from calibration.lines import lens_from_lines, read_lines

SIZE = (1280, 720)


def lines(division, noise_px=0.0, seed=0):
    """Four long lines near the edges of the picture, as a lens with this division shows them."""
    rng = np.random.default_rng(seed)
    ends = [
        ((60, 40), (1230, 90)),
        ((50, 660), (1220, 690)),
        ((80, 60), (60, 650)),
        ((1180, 90), (1220, 640)),
    ]
    drawn = []
    for a, b in ends:
        straight = np.linspace(a, b, 7)
        drawn.append(Lens(division).picture(straight, SIZE) + rng.normal(0, noise_px, (7, 2)))
    return drawn


@pytest.mark.parametrize("division", [-0.3, -0.1, 0.05])
def test_the_lens_that_bent_them_is_found(division):
    found = lens_from_lines(lines(division), SIZE, click_px=1.0)
    assert found.lens.division == pytest.approx(division, abs=1e-4)
    assert found.bends
    assert found.residual_px < 0.01 < found.straight_px


def test_the_stated_error_is_the_one_that_is_found():
    errors = []
    for seed in range(60):
        found = lens_from_lines(lines(-0.15, 1.0, seed), SIZE, click_px=1.0)
        errors.append((found.lens.division + 0.15) / found.sigma)
    assert np.abs(np.mean(errors)) < 0.5
    assert 0.6 < np.std(errors) < 1.3


def test_straight_lines_show_no_lens():
    found = [lens_from_lines(lines(0.0, 1.0, seed), SIZE, click_px=1.0).bends for seed in range(40)]
    assert np.mean(found) < 0.15


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([], "at least one line"),
        ([[(10, 10), (200, 10)]], "line 1: expected at least 3 points, got 2"),
        ([[(10, 10), (2000, 10), (30, 10)]], "line 1: outside the picture of 1280x720"),
        ([[(10, 10), (20, 10), (30, 10)]], "line 1: too short"),
        ([np.linspace((100, 359.5), (1200, 359.5), 9)], "say nothing of the lens"),
    ],
)
def test_lines_that_cannot_help_are_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        lens_from_lines([np.array(line) for line in bad], SIZE, click_px=1.0)


def test_a_table_of_lines(tmp_path):
    path = tmp_path / "lines.csv"
    path.write_text("line;image_x_px;image_y_px\ndoor;1,5;2\ndoor;3;4\nshelf;5;6\ndoor;7;8\n")
    door, shelf = read_lines(path)
    np.testing.assert_array_equal(door, [[1.5, 2], [3, 4], [7, 8]])
    np.testing.assert_array_equal(shelf, [[5, 6]])
    path.write_text("line,x,y\n")
    with pytest.raises(ValueError, match="missing column image_x_px, image_y_px"):
        read_lines(path)
    path.write_text("line,image_x_px,image_y_px\ndoor,1,far\n")
    with pytest.raises(ValueError, match="line 2: image_y_px must be a number, got 'far'"):
        read_lines(path)
