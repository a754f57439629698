"""The house rules that a machine can check."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("dwellmap", "analytics", "tracker", "calibration")
LONGEST_FILE = 400
# Files that may be longer, each with its reason.
MAY_BE_LONGER: dict[str, str] = {}
# Loaded by `tracker.yolo` only when weights ask for torch.
NEED_TORCH = {"tracker.torch_network", "tracker.checkpoint"}
NAMES_OF_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "core"}


def pyproject() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def sources() -> list[Path]:
    return [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = (
        "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports; "
        "sys.exit(lint_imports(no_cache=True))"
    )
    environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_go_one_way_and_every_module_has_its_layer() -> None:
    ran = lint_imports(ROOT)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("calibration/scene.py", "import tracker.tracks"),
        ("tracker/tracks.py", "import analytics.grid"),
        ("analytics/grid.py", "import dwellmap"),
        ("analytics/grid.py", "import tracker.frames"),
        ("analytics/grid.py", "import av"),
        ("analytics/grid.py", "import cv2"),
        ("analytics/grid.py", "import analytics.analysis"),
        ("tracker/tracks.py", "import torch"),
        ("analytics/newcomer.py", ""),
        ("tracker/newcomer.py", ""),
        ("calibration/newcomer.py", ""),
        ("dwellmap/newcomer.py", ""),
    ],
)
def test_the_contracts_bite(tmp_path: Path, file: str, line: str) -> None:
    """A wrong import, or a module in no declared layer, breaks a contract in a copy of the tree."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    ran = lint_imports(tmp_path)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "BROKEN" in ran.stdout


def test_every_top_level_package_is_built_checked_and_layered() -> None:
    here = {init.parent.name for init in ROOT.glob("*/__init__.py")}
    assert here == set(PACKAGES)
    tool = pyproject()["tool"]
    assert isinstance(tool, dict)
    assert set(tool["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(PACKAGES)
    assert set(tool["mypy"]["packages"]) == set(PACKAGES)
    assert set(tool["importlinter"]["root_packages"]) == set(PACKAGES)
    assert tool["importlinter"]["contracts"][0]["layers"] == list(PACKAGES)


def test_every_folder_of_modules_is_a_package() -> None:
    """A folder without __init__.py is seen by neither mypy nor import-linter."""
    assert [str(f.parent) for f in sources() if not (f.parent / "__init__.py").exists()] == []


def test_files_are_named_after_what_they_hold() -> None:
    parts = {part for file in sources() for part in (*file.relative_to(ROOT).parts[:-1], file.stem)}
    assert parts & NAMES_OF_NOTHING == set()


def test_files_hold_one_noun() -> None:
    lengths = {str(f.relative_to(ROOT)): len(f.read_text(encoding="utf-8").splitlines()) for f in sources()}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE and name not in MAY_BE_LONGER} == {}
    assert [name for name in MAY_BE_LONGER if lengths.get(name, 0) <= LONGEST_FILE] == []


def test_tests_are_no_package() -> None:
    """With an __init__.py below tests/, `import tracker` would find tests/tracker."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []
    relative = re.compile(r"^\s*from \.", re.MULTILINE)
    assert [
        f.name for f in (ROOT / "tests").rglob("*.py") if relative.search(f.read_text(encoding="utf-8"))
    ] == []


def test_no_error_is_swallowed_and_no_input_asserted() -> None:
    swallowed = re.compile(r"except( Exception| BaseException)?:\s*\n\s*pass\b")
    asserted = re.compile(r"^\s*assert ", re.MULTILINE)
    for file in sources():
        text = file.read_text(encoding="utf-8")
        assert not swallowed.search(text), f"{file}: an error is swallowed"
        assert not asserted.search(text), f"{file}: assert is for tests; input deserves an error"


def test_importing_does_nothing() -> None:
    """No module prints, starts a thread, loads a model library or asks the network when it is imported."""
    modules = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in sources()
    ]
    wanted = [m for m in modules if not m.endswith("__main__") and m not in NEED_TORCH]
    script = (
        "import importlib, socket, sys, threading\n"
        "def closed(*a, **k): raise AssertionError('an import asked the network')\n"
        "socket.create_connection = socket.getaddrinfo = closed\n"
        f"for name in {wanted!r}: importlib.import_module(name)\n"
        "heavy = {'torch', 'ultralytics', 'openvino'} & set(sys.modules)\n"
        "assert not heavy, f'imported without need: {heavy}'\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == ""
