"""What a command loads before and while it works: libraries that it does not use cost seconds each time."""

import json
import os
import subprocess
import sys

import pytest


def python(code: str, *words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True, text=True, timeout=240, env=os.environ | environment,
    )  # fmt: skip


def test_help_loads_none_of_the_large_libraries():
    large = {"torch", "ultralytics", "openvino", "supervision", "pandas", "scipy", "matplotlib", "cv2", "av"}
    done = python(
        "import sys\nfrom dwellmap.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted(sys.modules), file=sys.stderr)",
        "--help",
    )
    assert "run" in done.stdout
    assert "'dwellmap.cli'" in done.stderr
    assert not [name for name in large if f"'{name}'" in done.stderr]


@pytest.mark.timeout(300)
def test_a_run_with_openvino_weights_needs_neither_torch_nor_ultralytics(data, tmp_path):
    """None in `sys.modules` makes an import fail, wherever in the run it stands."""
    done = python(
        "import sys\nsys.modules.update(torch=None, torchvision=None, ultralytics=None)\n"
        "from dwellmap.cli import main\nmain()",
        "run", data / "video" / "store-aisle_480x270.gif", "--json", "--out", tmp_path,
        "--weights", data / "models" / "yolo11n_int8_openvino_model",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    recipe = json.loads(next(tmp_path.glob("*/*/run.json")).read_text())
    assert "OpenVINO" in recipe["source"]["detector_description"]
