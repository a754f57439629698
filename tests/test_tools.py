"""The small programs that the Makefile runs."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from dwellmap.demo.looks import dress
from dwellmap.demo.presence import Presence

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "tools"
CHECK = runpy.run_path(str(TOOLS / "check_python.py"), run_name="check_python")
OPENCV = runpy.run_path(str(TOOLS / "fit_opencv.py"), run_name="fit_opencv")


def test_a_python_is_judged_by_age_and_venv() -> None:
    fault = CHECK["fault"]
    assert fault((3, 11), ["venv", "ensurepip"]) is None
    assert "3.11 or newer is needed, this one is 3.10" in fault((3, 10), ["venv", "ensurepip"])
    # Debian's python3 has venv but not ensurepip until python3-venv is installed.
    assert "apt install python3.12-venv" in fault((3, 12), ["venv"])
    assert CHECK["present"](["venv", "no_such_module"]) == ["venv"]


def stub(folder: Path, name: str, script: str) -> None:
    """A program of this name that runs this shell script."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def find_python(path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("sh") or "/bin/sh"
    stub(path, "dirname", f'exec {shutil.which("dirname")} "$@"')
    return subprocess.run(
        [shell, str(TOOLS / "find_python.sh")],
        env={"PATH": str(path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_python_that_works_is_taken(tmp_path: Path) -> None:
    stub(tmp_path, "python3", "echo This is Python 3.9 >&2; exit 1")
    stub(tmp_path, "python3.13", "echo version manager: not installed >&2; exit 127")
    stub(tmp_path, "python3.12", f'exec {sys.executable} "$@"')
    found = find_python(tmp_path)
    assert (found.returncode, found.stdout) == (0, "python3.12\n")
    # A Python that was asked for is the only one tried.
    asked = find_python(tmp_path, PYTHON="python3")
    assert asked.returncode == 1
    assert asked.stderr == "No usable Python. python3: This is Python 3.9\n"


def test_no_python_at_all_is_said(tmp_path: Path) -> None:
    found = find_python(tmp_path)
    assert found.returncode == 1
    assert "python3" in found.stderr
    assert "not found" in found.stderr


def test_a_missing_library_is_told_from_another_fault() -> None:
    missing = OPENCV["missing_library"]
    assert missing("ImportError: libGL.so.1: cannot open shared object file: No such file") == "libGL.so.1"
    assert missing("ImportError: /usr/lib/libGL.so.1: file too short") == "libGL.so.1"
    assert (
        missing("ImportError: libgthread-2.0.so.0: cannot open shared object file") == "libgthread-2.0.so.0"
    )
    assert missing("ModuleNotFoundError: No module named 'cv2'") is None


def test_the_swap_keeps_the_version_and_mends_the_shared_folder() -> None:
    first, second = OPENCV["swap_commands"]("python", "4.13.0.92")
    assert first[-3:] == ["uninstall", "--yes", "opencv-python"]
    assert second[-4:] == ["install", "--force-reinstall", "--no-deps", "opencv-python-headless==4.13.0.92"]


def test_a_skip_fails_the_run_in_ci(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "def test_fine(): pass\n"
        "@pytest.mark.xfail(strict=True)\n"
        "def test_known(): raise ValueError\n"
    )
    assert run_pytest(tmp_path).returncode == 0
    (tmp_path / "test_more.py").write_text("import pytest\ndef test_other(): pytest.skip('no data here')\n")
    for workers in ("0", "2"):
        ran = run_pytest(tmp_path, "-n", workers)
        assert ran.returncode == 1
        assert "test_other: Skipped: no data here" in ran.stdout
    (tmp_path / "test_more.py").write_text("import pytest\npytest.skip('no file', allow_module_level=True)\n")
    ran = run_pytest(tmp_path, "-n", "2")
    assert ran.returncode == 1
    assert "no file" in ran.stdout


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tools.noskip",
            "-q",
            "-c",
            "/dev/null",
            *options,
            str(folder),
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_clip_counts_the_time_that_people_stand_somewhere() -> None:
    clip = runpy.run_path(str(TOOLS / "readme_clip.py"), run_name="readme_clip")
    n = 100
    still = Presence(
        1, dress(1, seed=1)[0], np.arange(n) / 25, np.full((n, 2), 2.04), *(np.zeros(n) for _ in range(4))
    )
    dwell_s = np.zeros((80, 100))
    for begin_s in np.arange(0.0, 4.0, 0.6):
        clip["add_dwell"](dwell_s, still, begin_s, begin_s + 0.6)
    assert np.argwhere(dwell_s).tolist() == [[20, 20]]
    assert abs(dwell_s.sum() - 4.0) < 1e-6


def test_make_says_what_it_can_do() -> None:
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("demo", "test", "test-slow", "bench", "lint", "clean"):
        assert f"make {target} " in said
