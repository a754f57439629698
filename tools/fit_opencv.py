"""Swap opencv-python for opencv-python-headless of the same version where the system lacks OpenGL or GLib.

Run by the Makefile with the environment's own Python, right after an install. The desktop build needs
libGL.so.1 and libglib-2.0.so.0 to import at all; the headless build has the same code without the windows.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

DESKTOP = "opencv-python"
HEADLESS = "opencv-python-headless"


def missing_library(error: str) -> str | None:
    """The shared library that an ImportError's text complains about; None if it is about something else."""
    found = re.search(r"(lib[\w.+-]+?\.so[.\d]*)\b", error)
    return found.group(1) if found else None


def swap_commands(python: str, installed: str) -> list[list[str]]:
    """The commands that replace the desktop build of this version.

    Both builds own the folder cv2: the desktop build goes first, and the headless one is forced in, so that
    a headless build that was there already gets back the files that the removal took.
    """
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    return [
        [*pip, "uninstall", "--yes", DESKTOP],
        [*pip, "install", "--force-reinstall", "--no-deps", f"{HEADLESS}=={installed}"],
    ]


def import_error(python: str) -> str | None:
    """What a fresh interpreter says when it imports cv2; None if it imports."""
    tried = subprocess.run([python, "-c", "import cv2"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else tried.stderr.strip()


def main() -> int:
    """Swap if needed; 0 if cv2 imports in the end."""
    error = import_error(sys.executable)
    if error is None:
        return 0
    last_line = error.splitlines()[-1]
    library = missing_library(last_line)
    try:
        installed = version(DESKTOP)
    except PackageNotFoundError:
        installed = ""
    if library is None or not installed:
        print(f"OpenCV does not import: {last_line}", file=sys.stderr)
        return 1
    print(f"This machine has no working {library}: using {HEADLESS} {installed} instead of {DESKTOP}.")
    for command in swap_commands(sys.executable, installed):
        subprocess.run(command, check=True)
    error = import_error(sys.executable)
    if error is not None:
        print(f"OpenCV still does not import: {error.splitlines()[-1]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
