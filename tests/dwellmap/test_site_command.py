"""`dwellmap site new` begins a site and overwrites nothing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dwellmap.commands.site import app, write_example
from dwellmap.site import load_site


def test_new_writes_a_site_that_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(app, ["new"])
    assert ran.exit_code == 0, ran.output
    assert "site.toml is written" in ran.stdout
    assert load_site(tmp_path / "site.toml").cameras
    assert write_example(tmp_path / "second.toml").read_bytes() == (tmp_path / "site.toml").read_bytes()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    mine = tmp_path / "site.toml"
    mine.write_text("mine")
    for path in (mine, tmp_path):
        with pytest.raises(ValueError, match="exists already"):
            write_example(path)
    assert mine.read_text() == "mine"


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected the folder .*absent to exist"):
        write_example(tmp_path / "absent" / "site.toml")
