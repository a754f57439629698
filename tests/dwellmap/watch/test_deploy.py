"""What lies in deploy/ is true: its commands exist, its paths fit, nobody is root, and its steps run."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest
import typer
import yaml
from packaging.requirements import Requirement

from dwellmap.cli import app

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
USER = 10001


def dockerfile():
    """Instructions of each stage: (word, rest), lines that go on joined."""
    text = (DEPLOY / "Dockerfile").read_text()
    lines = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text)).splitlines()
    stages = []
    for line in filter(None, map(str.strip, lines)):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest.strip()))
    return stages


def unit():
    """Sections of the unit: name, then a list of values for each key."""
    found, section = {}, None
    for line in (DEPLOY / "dwellmap-watch.service").read_text().splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return found


def of(stage, word):
    return [rest for found, rest in stage if found == word]


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["dwellmap"]


def check_command(words):
    """The command and all its options are in the program."""
    assert Path(words[0]).name == "dwellmap"
    command, rest = typer.main.get_command(app), words[1:]
    while hasattr(command, "list_commands"):
        command = command.get_command(typer.Context(command), rest.pop(0))
        assert command is not None, words
    known = {option for parameter in command.params for option in parameter.opts}
    for word in rest:
        assert not word.startswith("--") or word in known, f"{word} in {words}"
    return rest


def option(words, name):
    return words[words.index(name) + 1]


def plain(text):
    """With the defaults of compose's variables."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def test_the_unit_names_commands_and_folders_that_fit():
    service = unit()["Service"]
    words = shlex.split(service["ExecStart"][0])
    rest = check_command(words)
    state = f"/var/lib/{service['StateDirectory'][0]}"
    assert Path(option(rest, "--out")).is_relative_to(state)
    assert service["WorkingDirectory"] == [state]
    assert state in unit()["Unit"]["RequiresMountsFor"]
    (environment,) = service["Environment"]
    folder = dict(pair.split("=") for pair in environment.split())["MPLCONFIGDIR"]
    assert Path(folder).is_relative_to(f"/var/cache/{service['CacheDirectory'][0]}")
    assert service["User"] not in (["root"], ["0"])
    # It ends its processes itself within ten seconds.
    assert int(service["TimeoutStopSec"][0]) > 10
    assert service["RestartPreventExitStatus"] == ["2"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("CapabilityBoundingSet", ""), ("AmbientCapabilities", ""), ("NoNewPrivileges", "yes"),
        ("PrivateNetwork", "yes"), ("PrivateTmp", "yes"), ("ProtectHome", "yes"), ("ProtectSystem", "strict"),
        ("RestrictAddressFamilies", "AF_UNIX"), ("StateDirectoryMode", "0750"), ("UMask", "0027"),
        ("SystemCallFilter", "@system-service"),
    ],
)  # fmt: skip
def test_the_unit_may_do_no_more_than_it_needs(key, value):
    assert unit()["Service"][key] == [value]


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    """Where its checker is at hand; with a program that is there in place of the installed one."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return
    text = (DEPLOY / "dwellmap-watch.service").read_text()
    (tmp_path / "dwellmap-watch.service").write_text(text.replace("/opt/dwellmap/bin/dwellmap", "/bin/true"))
    ran = subprocess.run(
        [analyze, "verify", "--man=no", tmp_path / "dwellmap-watch.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "dwellmap-watch" not in ran.stderr, ran.stderr
    rated = subprocess.run(
        [analyze, "security", "--offline=true", tmp_path / "dwellmap-watch.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"exposure level.*: ([\d.]+)", rated.stdout)
    assert found is None or float(found[1]) < 2.0


def test_the_image_runs_commands_that_exist_and_not_as_root():
    last = dockerfile()[-1]
    words = [*json.loads(of(last, "ENTRYPOINT")[0]), *json.loads(of(last, "CMD")[0])]
    check_command(words)
    _, _, health = of(last, "HEALTHCHECK")[0].partition("CMD ")
    check_command(json.loads(health))
    assert option(json.loads(health), "--out") == option(words, "--out") == of(last, "WORKDIR")[0]
    assert json.loads(of(last, "VOLUME")[0]) == [option(words, "--out")]
    assert of(last, "USER") == [f"{USER}:{USER}"]
    assert of(last, "RUN")[0].count(str(USER)) >= 3, "the user that it runs as is the one that is made"


def test_the_image_is_made_of_what_there_is():
    build = dockerfile()[0]
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for line in of(build, "COPY"):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source in kept, f"{source} is left out by .dockerignore"
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {Requirement(line).name: Requirement(line).specifier for line in stated["dependencies"]}
    torch = next(line for line in of(build, "RUN") if "TORCH_INDEX" in line)
    assert of(build, "ARG")[0].endswith("/cpu")
    found = [Requirement(word) for word in re.findall(r'"(torch[^"]*)"', torch)]
    assert {one.name: one.specifier for one in found} == {k: wanted[k] for k in ("torch", "torchvision")}
    assert len({rest.split()[0] for stage in dockerfile() for rest in of(stage, "FROM")}) == 1


def test_compose_fits_the_image():
    service, last = compose(), dockerfile()[-1]
    assert [plain(word) for word in service["command"]] == json.loads(of(last, "CMD")[0])
    assert service["healthcheck"]["test"][1:] == json.loads(of(last, "HEALTHCHECK")[0].partition("CMD ")[2])
    assert service["user"] == of(last, "USER")[0]
    assert (service["read_only"], service["network_mode"], service["cap_drop"]) == (True, "none", ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["stop_grace_period"].rstrip("s")) > 10
    mounted = {}
    for volume in service["volumes"]:
        _, place, *mode = plain(volume).split(":")
        mounted[place] = mode[0].split(",") if mode else ["rw"]
    assert "ro" in mounted["/footage"]
    assert "ro" in mounted["/site"]
    assert mounted["/outputs"] == ["rw"]
    # All that is written lies in a volume or in memory.
    environment = dict(pair.split("=", 1) for line in of(last, "ENV") for pair in line.split())
    assert environment["MPLCONFIGDIR"].startswith("/tmp/")
    assert service["tmpfs"][0].split(":")[0] == "/tmp"
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).resolve().is_file()


def whom(probe):
    """The user of the image, where tests run as root and it can reach Python; else this one."""
    if os.geteuid() != 0:
        return {}
    other = {"user": USER, "group": USER, "extra_groups": []}
    try:
        subprocess.run([probe, "--help"], check=True, capture_output=True, cwd="/", timeout=120, **other)
    except (OSError, subprocess.CalledProcessError):
        return {}
    return other


def test_what_the_container_does_runs_by_itself(kit):
    """The image's command, health check and stop, with an environment as empty as the image's."""
    last, program = dockerfile()[-1], Path(sys.executable).with_name("dwellmap")
    who = whom(program)
    folder = Path(tempfile.mkdtemp(prefix="dwellmap-image-"))
    try:
        folder.chmod(0o755)
        for name in ("footage", "site", "outputs", "tmp"):
            (folder / name).mkdir()
        kit.film(folder / "footage" / "back_20261121_090000.mp4", 3)
        (folder / "site" / "site.toml").write_text(kit.SITE)
        for name in ("outputs", "tmp"):
            os.chown(folder / name, who.get("user", -1), who.get("group", -1))
        for name in ("footage", "site"):
            (folder / name).chmod(0o555)

        def here(words):
            return [str(program), *(f"{folder}{word}" if word.startswith("/") else word for word in words)]

        environment = {
            key: value.replace("/tmp", str(folder / "tmp"))
            for line in of(last, "ENV") for key, value in (pair.split("=", 1) for pair in line.split())
        } | {"PATH": "/usr/bin:/bin", "HOME": str(folder / "tmp"), "TMPDIR": str(folder / "tmp")}  # fmt: skip
        how = {"cwd": folder / "outputs", "env": environment, **who}
        command = here(json.loads(of(last, "CMD")[0]))
        health = here(json.loads(of(last, "HEALTHCHECK")[0].partition("CMD ")[2])[1:])
        sick = subprocess.run(health, capture_output=True, text=True, check=False, **how)
        assert sick.returncode == 1, sick.stderr
        quick = ("--detector", "motion", "--least-free-gb", "0.01", "--settle", "0")
        service = subprocess.Popen([*command, *quick], stderr=subprocess.PIPE, text=True, **how)
        try:
            said = next(line for line in service.stderr if "done in" in line or "failed" in line)
            assert "done in" in said
            well = subprocess.run(health, capture_output=True, text=True, check=False, **how)
            assert well.returncode == 0, well.stdout + well.stderr
        finally:
            service.terminate()
            service.communicate(timeout=15)
        assert service.returncode == 0
        assert list((folder / "outputs" / "back").glob("*/heat.png"))
        owners = {place.stat().st_uid for place in (folder / "outputs").rglob("*")}
        assert owners == {who.get("user", os.geteuid())}
    finally:
        for name in ("footage", "site"):
            (folder / name).chmod(0o755)
        shutil.rmtree(folder)


def test_the_pages_name_what_is_there():
    page = (ROOT / "docs" / "watch.md").read_text()
    for name in ("dwellmap-watch.service", "Dockerfile", "compose.yaml"):
        assert f"../deploy/{name}" in page
    assert str(USER) in page
