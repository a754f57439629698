"""The documents are true: every command, setting and file of a run is in them, and their examples parse."""

import re
from pathlib import Path

import pytest
import typer

from dwellmap.cli import app
from dwellmap.site_file import Settings

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def _commands(command, name):
    if not hasattr(command, "list_commands"):
        return {name: command}
    alone = {name: command} if command.invoke_without_command and not command.no_args_is_help else {}
    context = typer.Context(command)
    names = command.list_commands(context)
    below = (_commands(command.get_command(context, n), f"{name} {n}") for n in names)
    return alone | {k: v for found in below for k, v in found.items()}


COMMANDS = _commands(typer.main.get_command(app), "dwellmap")


def _text() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_documented(name):
    assert name in _text()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_and_option_has_help(name):
    command = COMMANDS[name]
    assert command.help
    for parameter in command.params:
        if parameter.param_type_name == "option" and parameter.name != "help":
            assert parameter.help, parameter.name


def test_each_setting_is_on_the_settings_page_with_its_default():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for table, field in Settings.model_fields.items():
        for name, setting in field.annotation.model_fields.items():
            row = next((line for line in page.splitlines() if line.startswith(f"| `{table}.{name}` |")), None)
            assert row is not None, f"{table}.{name}: run python tools/write_settings_page.py"
            assert setting.description in row
            default = setting.default
            assert f"| {default:g} |" in row if isinstance(default, float) else f"| {default} |" in row


def test_examples_name_commands_and_options_that_exist():
    for line in re.findall(r"^\$? ?(dwellmap .*)$", _text(), flags=re.MULTILINE):
        words = line.split("#")[0].split()
        name = next((n for n in (" ".join(words[:3]), " ".join(words[:2])) if n in COMMANDS), None)
        assert name is not None or words[1].startswith("-"), line
        if name is None:
            continue
        known = {option for parameter in COMMANDS[name].params for option in parameter.opts} | {"--help"}
        for word in words:
            if word.startswith("--"):
                assert word.split("=")[0] in known, f"{word} in: {line}"


def test_each_file_of_a_run_is_described():
    page = (ROOT / "docs" / "numbers.md").read_text(encoding="utf-8")
    from analytics.stays import ENTRY_NAMES, EXIT_NAMES
    from dwellmap import run_folder
    from tracker import tracks

    for word in (*tracks.COLUMNS, *ENTRY_NAMES, *EXIT_NAMES):
        assert f"`{word}`" in page, word
    for file in (run_folder.RECIPE, run_folder.DETECTIONS, run_folder.TRACKS, run_folder.SCENE_PICTURE):
        assert f"`{file}`" in page, file


def test_links_lead_somewhere():
    for page in [*PAGES, ROOT / "CHANGELOG.md"]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
