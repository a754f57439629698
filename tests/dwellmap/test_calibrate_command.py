"""`dwellmap calibrate fit` from pairs to file, and its refusals."""

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from calibration.calibration import Calibration
from calibration.lens import Lens
from dwellmap.commands.calibrate import app


def floor_points():
    return np.array([[1, 4], [3, 4.2], [0.5, 2], [3.5, 1.8], [2, 3], [1.2, 0.9], [3.0, 0.7]])


def image_points(xy_m):
    t = np.radians(30)
    forward = np.array([0, -np.cos(t), np.sin(t)])
    R = np.stack([[1.0, 0, 0], np.cross(forward, [1.0, 0, 0]), forward])
    seen = (np.column_stack([xy_m, np.zeros(len(xy_m))]) - [2, 8, -3]) @ R.T
    return seen[:, :2] / seen[:, 2:] * 1000 + [639.5, 359.5]


@pytest.fixture
def pairs(tmp_path):
    def write(xy_m=None, told_m=None, name="pairs.csv"):
        xy_m = floor_points() if xy_m is None else xy_m
        told_m = xy_m if told_m is None else told_m
        lines = ["label,image_x_px,image_y_px,floor_x_m,floor_y_m"]
        for i, (p, q) in enumerate(zip(image_points(xy_m), told_m, strict=True)):
            lines.append(f"P{i},{p[0]:.3f},{p[1]:.3f},{q[0]:.4f},{q[1]:.4f}")
        path = tmp_path / name
        path.write_text("\n".join(lines))
        return path

    return write


def run(*arguments):
    return CliRunner().invoke(app, ["fit", *map(str, arguments)])


def test_fit_prints_and_writes(pairs, tmp_path):
    out = tmp_path / "c.json"
    result = run(pairs(), "--image-size", "1280x720", "--out", out)
    assert result.exit_code == 0, result.output
    for text in (
        "P6",
        "residual px",
        "residual cm",
        "Leave-one-out",
        "3.00 m above",
        "30 degrees",
        "person cm",
    ):
        assert text in result.output
    calibration = Calibration.load(out)
    assert calibration.pose.camera_height_m == pytest.approx(3, rel=0.01)
    assert calibration.id in result.output


def test_a_wrong_pair_is_marked(pairs, tmp_path):
    told = floor_points()
    told[3] += [1.5, 0]
    result = run(pairs(told_m=told), "--image-size", "1280x720", "--out", tmp_path / "c.json")
    assert result.exit_code == 0
    (row,) = (line for line in result.output.splitlines() if "P3" in line and "│" in line)
    assert "LEFT OUT" in row


def test_four_pairs_say_that_nothing_is_checked(pairs, tmp_path):
    result = run(pairs(floor_points()[:4]), "--image-size", "1280x720", "--out", tmp_path / "c.json")
    assert result.exit_code == 0
    assert "nothing can be checked" in " ".join(result.output.split())


def test_survey_axes_and_the_plan(pairs, tmp_path):
    plan = tmp_path / "plan.png"
    Image.new("RGB", (400, 500), "white").save(plan)
    up = floor_points() * [1, -1] + [0, 10]  # y up; survey (0, 0) is the lower left corner of a 10 m plan
    out = tmp_path / "c.json"
    common = ("--image-size", "1280x720", "--out", out, "--plan", plan, "--metres-per-pixel", "0.02")
    result = run(pairs(told_m=up), *common, "--floor-axes", "survey")
    assert result.exit_code == 0, result.output
    assert Calibration.load(out).pose.camera_xy_m == pytest.approx((2, 8), abs=0.02)
    elsewhere = up + np.array([100, 0])
    far = run(pairs(told_m=elsewhere), *common, "--floor-axes", "survey")
    assert far.exit_code == 2
    assert "off the plan of 8.00 x 10.00 m" in far.output
    assert "--survey-origin" in far.output
    told = run(pairs(told_m=elsewhere), *common, "--floor-axes", "survey", "--survey-origin", "100,10")
    assert told.exit_code == 0
    assert Calibration.load(out).pose.camera_xy_m == pytest.approx((2, 8), abs=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--image-size", "1280"), "--image-size: expected width x height"),
        (("--image-size", "0x720"), "--image-size: expected width x height"),
        (("--image-size", "640x360"), "outside the picture of 640x360"),
        (("--image-size", "1280x720", "--floor-axes", "survey"), "try --floor-axes plan"),
        (("--image-size", "1280x720", "--click-px", "0"), "click errors"),
        (("--image-size", "1280x720", "--camera-height", "-1"), "camera height"),
        (("--image-size", "1280x720", "--plan", "none.png"), "needs --metres-per-pixel"),
        (("--image-size", "1280x720", "--plan", "none.png", "--metres-per-pixel", "0.02"), "no such file"),
        (("--image-size", "1280x720", "--survey-origin", "1,2"), "needs --floor-axes survey"),
        (("--image-size", "1280x720", "--floor-axes", "survey", "--survey-origin", "1"), "two numbers"),
    ],
)
def test_bad_input_is_exit_code_2_and_no_file(pairs, tmp_path, options, message):
    out = tmp_path / "c.json"
    result = run(pairs(), "--out", out, *options)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output
    assert not out.exists()


def test_a_folder_that_is_not_there(pairs, tmp_path):
    result = run(pairs(), "--image-size", "1280x720", "--out", tmp_path / "none" / "c.json")
    assert result.exit_code == 2
    assert "cannot be written (No such file or directory)" in " ".join(result.output.split())


def test_fitting_again_keeps_the_earlier_one_and_speaks_of_its_still(pairs, tmp_path):
    out, still = tmp_path / "c.calibration.json", tmp_path / "still.png"
    Image.new("RGB", (1280, 720), "grey").save(still)
    assert run(pairs(), "--image-size", "1280x720", "--out", out, "--still", still).exit_code == 0
    first = Calibration.load(out).id
    again = run(pairs(floor_points()[:6]), "--image-size", "1280x720", "--out", out)
    assert again.exit_code == 0, again.output
    (kept,) = (file for file in tmp_path.glob("c.2*.calibration.json"))
    assert Calibration.load(kept).id == first != Calibration.load(out).id
    said = "".join(again.output.split())
    assert f"Kepttheearlieroneas{kept}" in said
    assert f"{tmp_path / 'c.still.png'}isfrombefore" in said


def test_a_read_only_folder(pairs, tmp_path, read_only):
    path = pairs()
    with read_only(tmp_path):
        result = run(path.name, "--image-size", "1280x720", "--out", "c.calibration.json")
    assert result.exit_code == 2
    assert "cannot be written" in result.output
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def wide_pairs(path, division):
    """Ten pairs behind a lens."""
    xy_m = np.array([(x, y) for x in (0.2, 1.4, 2.6, 3.8) for y in (0.8, 2.2, 4.4)])
    px = Lens(division).picture(image_points(xy_m), (1280, 720))
    rows = [f"{p[0]:.3f},{p[1]:.3f},{q[0]:.4f},{q[1]:.4f}" for p, q in zip(px, xy_m, strict=True)]
    path.write_text("\n".join(["image_x_px,image_y_px,floor_x_m,floor_y_m", *rows]))
    return path


def test_a_wide_lens_is_found_printed_and_can_be_given_again(tmp_path):
    path, out = wide_pairs(tmp_path / "wide.csv", -0.2), tmp_path / "c.json"
    result = run(path, "--image-size", "1280x720", "--out", out)
    assert result.exit_code == 0, result.output
    assert "Lens: -0.20" in result.output
    given = Calibration.load(out).lens.division
    assert given == pytest.approx(-0.2, abs=0.005)
    result = run(path, "--image-size", "1280x720", "--out", out, "--lens", "-0.2")
    assert "Lens: -0.2000 (given)" in result.output
    assert Calibration.load(out).lens == Lens(-0.2)
    run(path, "--image-size", "1280x720", "--out", out, "--lens", "none")
    assert Calibration.load(out).lens == Lens()


def test_straight_lines_give_the_lens(pairs, tmp_path):
    lines, out = tmp_path / "lines.csv", tmp_path / "c.json"
    drawn = [
        (name, *point)
        for name, a, b in (("shelf", (60, 40), (1230, 90)), ("door", (1180, 90), (1220, 640)))
        for point in Lens(-0.2).picture(np.linspace(a, b, 8), (1280, 720))
    ]
    table = [f"{name},{x:.3f},{y:.3f}" for name, x, y in drawn]
    lines.write_text("\n".join(["line,image_x_px,image_y_px", *table]))
    result = run(pairs(), "--image-size", "1280x720", "--out", out, "--lines", lines)
    assert result.exit_code == 0, result.output
    assert "Lens: -0." in result.output
    assert Calibration.load(out).lens.bends


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--lens", "wide"), "expected auto, none or a number"),
        (("--lens", "-5"), "fold the picture over"),
        (("--lines", "nowhere.csv"), "there is no such file"),
        (("--lines", "nowhere.csv", "--lens", "none"), "leave one out"),
    ],
)
def test_a_bad_lens_is_refused(pairs, tmp_path, options, message):
    out = tmp_path / "c.json"
    result = run(pairs(), "--image-size", "1280x720", "--out", out, *options)
    assert result.exit_code == 2
    assert message in result.output
    assert not out.exists()


def checked(*arguments):
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def test_check_says_what_fit_said_and_draws_it(pairs, tmp_path):
    out, still, plan = tmp_path / "c.calibration.json", tmp_path / "still.png", tmp_path / "plan.png"
    fitted = run(pairs(), "--image-size", "1280x720", "--out", out)
    Image.new("RGB", (640, 360), "grey").save(still)
    Image.new("RGB", (400, 500), "white").save(plan)
    result = checked(out, "--still", still, "--plan", plan, "--metres-per-pixel", "0.01")
    assert result.exit_code == 0, result.output
    for table in ("Pairs", "1-sigma of a position"):
        assert table in result.output
    assert "honest up to" in result.output
    said = [line for line in result.output.splitlines() if "cm" in line or "above the floor" in line]
    assert said
    assert all(line in fitted.output for line in said)
    with Image.open(tmp_path / "c.calibration.check.png") as picture:
        assert picture.width == 1400
    assert checked(out, "--cell", "3", "--picture", tmp_path / "x.png").exit_code == 0
    assert (tmp_path / "x.png").exists()


def test_check_refuses_what_does_not_fit(pairs, tmp_path):
    out, square = tmp_path / "c.calibration.json", tmp_path / "square.png"
    run(pairs(), "--image-size", "1280x720", "--out", out)
    Image.new("RGB", (600, 600)).save(square)
    for arguments, message in (
        ((tmp_path / "none.json",), "there is no such calibration file"),
        ((out, "--still", square), "another camera or crop"),
        ((out, "--still", out), "expected a picture"),
        ((out, "--plan", square), "needs --metres-per-pixel"),
        ((out, "--picture", tmp_path / "no" / "folder.png"), "cannot be written (No such file"),
    ):
        result = checked(*arguments)
        assert result.exit_code == 2, result.output
        assert message in " ".join(result.output.split())
    damaged = tmp_path / "damaged.json"
    damaged.write_text(out.read_text().replace('"floor_scale_m": ', '"floor_scale_m": 9'))
    result = checked(damaged)
    assert result.exit_code == 2
    assert "damaged calibration" in result.output
