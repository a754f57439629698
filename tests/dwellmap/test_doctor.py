"""The doctor finds what is wrong, and only that."""

import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
import typer
from packaging.requirements import Requirement
from typer.testing import CliRunner

import dwellmap.doctor as examined
from dwellmap.commands.doctor import doctor
from dwellmap.doctor import Check

ROOT = Path(__file__).resolve().parents[2]
HOMES = dict.fromkeys(examined.OUR_MODULES, ROOT)


def test_an_old_python_is_a_fault() -> None:
    assert examined.python((3, 10)).status == "fault"
    assert examined.python((3, 11)).status == "ok"


@pytest.mark.parametrize(
    ("installed", "status", "word"),
    [
        ({"av": "14.2"}, "ok", "14.2"),
        ({"av": "19.0"}, "fault", "19.0, not <19,>=14.2"),
        ({}, "fault", "not installed"),
    ],
)
def test_versions_are_held_against_what_was_tried(installed: dict[str, str], status: str, word: str) -> None:
    (found,) = examined.packages([Requirement("av>=14.2,<19")], installed.get)
    assert (found.name, found.status) == ("av", status)
    assert word in found.detail
    assert bool(found.advice) == (status == "fault")


def test_headless_opencv_stands_in_and_keeps_its_name() -> None:
    wanted = [Requirement("opencv-python>=4.13,<5")]
    (found,) = examined.packages(wanted, {"opencv-python-headless": "4.13.0.92"}.get)
    assert (found.name, found.status) == ("opencv-python-headless", "ok")


def test_a_checkout_that_is_not_installed_is_a_note() -> None:
    assert [found.status for found in examined.packages([], {}.get)] == ["note"]


def test_a_missing_system_library_is_named_with_its_package() -> None:
    error = "libGL.so.1: cannot open shared object file: No such file or directory"
    found = examined.import_fault("cv2", error)
    assert found.status == "fault"
    assert "libGL.so.1" in found.name
    assert "apt install libgl1" in found.advice
    assert "headless" in found.advice


def test_modules_that_do_not_import_are_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_native.py").write_text(
        "raise ImportError('libgomp.so.1: cannot open shared object file')"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    (found,) = examined.native_modules(["json", "broken_native"])
    assert found.status == "fault"
    assert "apt install libgomp1" in found.advice
    (fine,) = examined.native_modules(["json"])
    assert fine.status == "ok"


def test_codecs_are_really_asked_for() -> None:
    assert [found.status for found in examined.codecs()] == ["ok", "ok"]
    decoders, _ = examined.codecs(["h264", "no_such_codec"], [])
    assert decoders.status == "fault"
    assert "missing no_such_codec" in decoders.detail
    # A decoder is no encoder.
    assert examined.codecs([], ["gif", "libdav1d"])[1].status == "fault"


def test_another_package_with_our_name_is_a_fault() -> None:
    mine: dict[str, list[str]] = {name: ["dwellmap"] for name in examined.OUR_MODULES}
    assert examined.name_clash(mine, HOMES, ROOT).status == "ok"
    # An editable install lists no modules at all.
    assert examined.name_clash({}, HOMES, ROOT).status == "ok"
    found = examined.name_clash(mine | {"tracker": ["dwellmap", "torrent-tracker"]}, HOMES, ROOT)
    assert found.status == "fault"
    assert "'tracker' is also installed by torrent-tracker" in found.detail
    assert "environment of its own" in found.advice


def test_a_module_from_elsewhere_is_a_fault(tmp_path: Path) -> None:
    found = examined.name_clash({}, HOMES | {"analytics": tmp_path}, ROOT)
    assert found.status == "fault"
    assert f"'analytics' comes from {tmp_path}" in found.detail


def test_a_real_clash_is_seen_from_outside(tmp_path: Path) -> None:
    """A package `tracker` before ours on the path, with the record that pip would leave of it."""
    (tmp_path / "tracker").mkdir()
    (tmp_path / "tracker" / "__init__.py").touch()
    record = tmp_path / "other_tracker-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: other-tracker\nVersion: 1.0\n")
    (record / "RECORD").write_text("tracker/__init__.py,,\n")
    script = (
        "from importlib import metadata; from pathlib import Path; from dwellmap import doctor as d; "
        "home = Path(d.__file__).parents[1]; "
        "print(d.name_clash(metadata.packages_distributions(), d._homes(), home).detail)"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "'tracker' is also installed by other-tracker" in ran.stdout


def test_output_folder_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    assert examined.writable(tmp_path / "not" / "yet" / "there").status == "ok"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    assert examined.writable(tmp_path / "file").status == "fault"


def test_little_free_space_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10, 9, 1024**3))
    assert examined.free_space(tmp_path).status == "fault"
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10, 9, 5 * 1024**3))
    assert examined.free_space(tmp_path).detail == "5.0 GiB"


def test_no_weights_is_a_note_with_the_places_searched() -> None:
    found = examined.weights(None, [Path("models"), Path("cache")])
    assert found.status == "note"
    assert "models, cache" in found.detail
    assert "dwellmap weights get" in found.advice
    assert examined.weights(Path("models/yolo11n.pt"), []).detail == str(Path("models/yolo11n.pt"))


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The command on its own, with two findings: one fine, one whose status the test sets."""
    app = typer.Typer()
    app.command()(doctor)
    return app


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("note", 0), ("fault", 1)])
def test_only_a_fault_fails_the_command(
    command: typer.Typer, monkeypatch: pytest.MonkeyPatch, status: examined.Status, code: int
) -> None:
    findings = [Check("Python", "ok", "3.11"), Check("weights", status, "in [models]", "do this")]
    monkeypatch.setattr("dwellmap.commands.doctor.check", lambda output: findings)
    ran = CliRunner().invoke(command, ["--json"])
    assert ran.exit_code == code
    assert json.loads(ran.stdout)[1] == {
        "name": "weights",
        "status": status,
        "detail": "in [models]",
        "advice": "do this",
    }
    printed = CliRunner().invoke(command, [])
    assert printed.exit_code == code
    assert "in [models]" in printed.stdout
    assert "do this" in printed.stdout


def test_this_machine_is_fit(tmp_path: Path) -> None:
    """Tests run where everything is installed, so the doctor has nothing to complain about."""
    assert [found for found in examined.check(tmp_path) if found.status == "fault"] == []


def test_no_network_for_looks_is_a_note_with_what_to_do() -> None:
    found = examined.network(None)
    assert found.status == "note"
    assert "osnet_x0_25_msmt17.onnx" in found.advice
    assert examined.network(Path("models/osnet.onnx")).detail == str(Path("models/osnet.onnx"))
