"""On a machine without libGL, `make` swaps in the headless OpenCV: tried for real, with libGL hidden."""

import ctypes.util
import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def opencv_version() -> str:
    try:
        return version("opencv-python")
    except PackageNotFoundError:
        return version("opencv-python-headless")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the desktop OpenCV and NumPy alone, from the registry."""
    home = tmp_path_factory.mktemp("opencv")
    subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
    interpreter = home / "venv" / "bin" / "python"
    wanted = [f"opencv-python=={opencv_version()}", f"numpy=={version('numpy')}"]
    pip = [interpreter, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-deps"]
    installed = subprocess.run([*pip, *wanted], capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        pytest.skip(f"no package registry at hand: {installed.stderr.strip().splitlines()[-1:]}")
    return interpreter


def without_libgl(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command where libGL.so.1 is an empty file, in a mount namespace of its own."""
    found = ctypes.util.find_library("GL")
    library = next((p for p in map(Path, LIBRARY_FOLDERS) if found and (p / found).exists()), None)
    hide = ":"
    if found and library:
        empty = folder / "empty.so"
        empty.touch()
        hide = f"mount --bind {empty} {(library / found).resolve()}"
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    probe = [*unshare, "sh", "-c", hide]
    if (
        shutil.which("unshare") is None
        or subprocess.run(probe, capture_output=True, check=False).returncode != 0
    ):
        pytest.skip("this machine cannot hide a library: no mount namespaces")
    return subprocess.run(
        [*unshare, "sh", "-c", f'{hide} && exec "$@"', "sh", *command],
        capture_output=True,
        text=True,
        check=False,
    )


LIBRARY_FOLDERS = (
    "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib"
)  # fmt: skip


def test_the_headless_build_takes_over_and_a_second_install_too(python: Path, tmp_path: Path) -> None:
    before = without_libgl(tmp_path, python, "-c", "import cv2")
    assert before.returncode == 1
    assert "libGL.so.1" in before.stderr
    swap = ROOT / "tools" / "fit_opencv.py"
    for _ in range(2):
        swapped = without_libgl(tmp_path, python, swap)
        assert swapped.returncode == 0, swapped.stdout + swapped.stderr
        assert f"libGL.so.1: using opencv-python-headless {opencv_version()}" in swapped.stdout
        assert without_libgl(tmp_path, python, "-c", "import cv2").returncode == 0
        # Where OpenCV imports, nothing is swapped.
        assert without_libgl(tmp_path, python, swap).stdout == ""
        # What the next install does, for it finds opencv-python missing.
        again = [python, "-m", "pip", "--quiet", "install", "--no-deps", f"opencv-python=={opencv_version()}"]
        subprocess.run(again, check=True)
        assert without_libgl(tmp_path, python, "-c", "import cv2").returncode == 1
