"""The wheel, built and installed elsewhere, is the whole program."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("dwellmap", "analytics", "tracker", "calibration")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("packaging")]


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")} | variables
    ran = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{' '.join(map(str, command))}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from the source distribution, so that neither lacks a file."""
    out = tmp_path_factory.mktemp("dist")
    # Without isolation, for then nothing is fetched: hatchling is among what tests install.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    (built,) = out.glob("dwellmap-*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel, which borrows everything but Dwellmap from this one."""
    home = tmp_path_factory.mktemp("elsewhere")
    environment = home / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=home)
    python = environment / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip())
    # A folder named in a .pth file is searched, but its own .pth files are not read: so the editable install
    # of the checkout stays out of sight.
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run(
        sys.executable, "-m", "pip", "--quiet", "--python", python, "install", "--no-deps", "--no-index",
        "--ignore-installed", wheel, cwd=home,
    )  # fmt: skip
    return environment


def test_the_wheel_holds_the_four_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as content:
        names = content.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    assert "dwellmap/site_example.toml" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert wheel.stat().st_size < 2_000_000


def test_the_installed_program_is_the_wheels(elsewhere: Path, tmp_path: Path) -> None:
    script = f"import {', '.join(PACKAGES)}; print(*(m.__file__ for m in ({', '.join(PACKAGES)})), sep='\\n')"
    found = run(elsewhere / "bin" / "python", "-c", script, cwd=tmp_path).split()
    assert len(found) == len(PACKAGES)
    assert all(Path(file).is_relative_to(elsewhere) for file in found)


def test_the_installed_program_runs_the_demo_offline(elsewhere: Path, tmp_path: Path) -> None:
    offline = {
        name: "http://127.0.0.1:9"
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    }
    run(elsewhere / "bin" / "dwellmap", "demo", cwd=tmp_path, **offline)
    maps = {file.name for file in (tmp_path / "outputs").rglob("*.png")}
    assert {"heat.png", "visits.png", "dwell.png", "attention.png"} <= maps


def test_the_installed_program_begins_a_site(elsewhere: Path, tmp_path: Path) -> None:
    run(elsewhere / "bin" / "dwellmap", "site", "new", cwd=tmp_path)
    assert (tmp_path / "site.toml").is_file()
