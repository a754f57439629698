"""What is installed, what is missing and what stands in the way of a run."""

from __future__ import annotations

import importlib
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

Status = Literal["ok", "note", "fault"]

OLDEST_PYTHON = (3, 11)
OUR_MODULES = ("dwellmap", "analytics", "tracker", "calibration")
# Packages with native code: those can be installed and still not import.
NATIVE_MODULES = ("cv2", "av", "numpy", "scipy", "pandas", "pyarrow", "shapely", "torch", "openvino")
DECODERS = ("h264", "hevc", "mpeg4", "mpeg2video", "mjpeg", "gif", "vp9", "av1")
ENCODERS = ("libx264",)
# The same code without windows, which `make` swaps in where there is no OpenGL.
STAND_INS = {"opencv-python": "opencv-python-headless"}
SYSTEM_PACKAGES = {
    "libGL.so": "libgl1",
    "libglib": "libglib2.0-0",
    "libgthread": "libglib2.0-0",
    "libgomp": "libgomp1",
    "libstdc++": "libstdc++6",
}
LEAST_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Attributes:
        name: What was looked at.
        status: "ok"; "note" for what limits but does not hinder; "fault" for what has to be put right.
        detail: What was found.
        advice: What to do about it; empty where nothing needs doing.

    """

    name: str
    status: Status
    detail: str
    advice: str = ""


def check(output: Path) -> list[Check]:
    """Look at everything.

    Args:
        output: Folder that runs would write into.

    """
    return [
        python(sys.version_info[:2]),
        *packages(_requirements(), _installed_version),
        *native_modules(),
        *codecs(),
        weights(*_find_weights()),
        network(_find_network()),
        name_clash(metadata.packages_distributions(), _homes(), Path(__file__).resolve().parents[1]),
        writable(output),
        free_space(output),
    ]


def python(version: tuple[int, ...]) -> Check:
    """Is this Python new enough?"""
    detail = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    if version >= OLDEST_PYTHON:
        return Check("Python", "ok", detail)
    return Check("Python", "fault", detail, "install Python 3.11 or newer")


def packages(requirements: Iterable[Requirement], installed: Callable[[str], str | None]) -> list[Check]:
    """The version of each required package, and whether it is one that Dwellmap was tried with."""
    found = []
    for requirement in requirements:
        name = requirement.name
        version = installed(name)
        if version is None and name in STAND_INS:
            name = STAND_INS[name]
            version = installed(name)
        if version is None:
            check = Check(requirement.name, "fault", "not installed", f"pip install '{requirement}'")
        elif not requirement.specifier.contains(version, prereleases=True):
            wanted = f"{name}{requirement.specifier}"
            check = Check(name, "fault", f"{version}, not {requirement.specifier}", f"pip install '{wanted}'")
        else:
            check = Check(name, "ok", version)
        found.append(check)
    if not found:
        advice = "install it with pip to have the versions of its packages checked"
        found.append(Check("packages", "note", "Dwellmap runs without being installed", advice))
    return found


def native_modules(names: Sequence[str] = NATIVE_MODULES) -> list[Check]:
    """Modules that do not import, with the system library that is missing; one line if all do."""
    # By name, for one missing library can keep several modules from importing.
    faults: dict[str, Check] = {}
    for name in names:
        try:
            _load(name)
        except (ImportError, OSError) as error:
            found = import_fault(name, str(error))
            faults.setdefault(found.name, found)
    return list(faults.values()) or [Check("system libraries", "ok", f"{', '.join(names)} import")]


def import_fault(module: str, error: str) -> Check:
    """What a failed import means, and the Debian package that mends it."""
    library = re.search(r"lib[\w.+-]+?\.so[.\d]*", error)
    if library is None:
        return Check(module, "fault", f"does not import: {error}", "install Dwellmap again")
    package = next((p for stem, p in SYSTEM_PACKAGES.items() if library.group().startswith(stem)), None)
    advice = f"on Debian or Ubuntu: apt install {package}" if package else f"install {library.group()}"
    if module == "cv2":
        advice += "; or use opencv-python-headless of the same version"
    return Check(f"system library {library.group()}", "fault", f"{module} does not import: {error}", advice)


def codecs(decoders: Sequence[str] = DECODERS, encoders: Sequence[str] = ENCODERS) -> list[Check]:
    """Can PyAV read what cameras write, and write the demo's footage?"""
    try:
        av = importlib.import_module("av")
    except (ImportError, OSError) as error:
        return [Check("codecs", "fault", f"PyAV does not import: {error}", "pip install av")]
    found = []
    for what, mode, names in (("decoders", "r", decoders), ("encoders", "w", encoders)):
        missing = []
        for name in names:
            try:
                av.codec.Codec(name, mode)
            except ValueError:
                # PyAV's UnknownCodecError is a ValueError.
                missing.append(name)
        present = ", ".join(name for name in names if name not in missing) or "none"
        if missing:
            advice = "install av from the package registry: its wheels have them"
            found.append(Check(what, "fault", f"{present}; missing {', '.join(missing)}", advice))
        else:
            found.append(Check(what, "ok", present))
    return found


def name_clash(providers: Mapping[str, Sequence[str]], homes: Mapping[str, Path | None], home: Path) -> Check:
    """Does another installed package own one of our top-level names?

    Args:
        providers: Installed distributions that bring each top-level module.
        homes: Folder that each of our modules would be imported from; None if it is not found.
        home: Folder that they should come from.

    """
    clashes = []
    for module in OUR_MODULES:
        others = sorted(set(providers.get(module, ())) - {"dwellmap"})
        if others:
            clashes.append(f"{module!r} is also installed by {', '.join(others)}")
        elif homes.get(module) != home:
            clashes.append(f"{module!r} comes from {homes.get(module) or 'nowhere'}, not from {home}")
    if not clashes:
        return Check("package names", "ok", f"{', '.join(OUR_MODULES)} are Dwellmap's own")
    advice = "install Dwellmap into an environment of its own (uv tool install, pipx, or a new virtual one)"
    return Check("package names", "fault", "; ".join(clashes), advice)


def writable(output: Path) -> Check:
    """Can runs write into this folder, or make it?"""
    folder = _nearest(output)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        advice = "choose another folder with --out, or change its permissions"
        return Check("output folder", "fault", f"{output}: {error.strerror}", advice)
    return Check("output folder", "ok", str(output))


def free_space(output: Path) -> Check:
    """Is there room for a few runs?"""
    free = shutil.disk_usage(_nearest(output)).free
    detail = f"{free / 1024**3:.1f} GiB"
    if free >= LEAST_FREE_BYTES:
        return Check("free disk space", "ok", detail)
    return Check(
        "free disk space", "fault", detail, f"make room for {LEAST_FREE_BYTES // 1024**3} GiB or more"
    )


def weights(found: Path | None, searched: Iterable[Path]) -> Check:
    """Which weights would `--detector auto` use?"""
    if found is not None:
        return Check("YOLO weights", "ok", str(found))
    places = ", ".join(str(place) for place in searched)
    advice = (
        "run `dwellmap weights get`, or put yolo11n.pt into models/; until then the motion detector is used"
    )
    return Check("YOLO weights", "note", f"none in {places}", advice)


def _load(module: str) -> None:
    if module == "openvino":
        # A plain import of it reports to its makers.
        importlib.import_module("tracker.third_party").load_openvino()
    else:
        importlib.import_module(module)


def network(found: Path | None) -> Check:
    """What would `--appearance auto` tell people apart by?"""
    if found is not None:
        return Check("re-identification", "ok", str(found))
    advice = (
        "put osnet_x0_25_msmt17.onnx or person-reidentification-retail-0287 beside the weights to know again "
        "who comes back"
    )
    return Check("re-identification", "note", "no network; people are told apart by their colours", advice)


def _find_network() -> Path | None:
    from dwellmap.appearance_choice import find_network

    return find_network()


def _find_weights() -> tuple[Path | None, Sequence[Path]]:
    # Imported here, so that a broken package is reported instead of ending the doctor.
    from tracker.weights import default_folders, find_weights

    return find_weights(), default_folders()


def _nearest(folder: Path) -> Path:
    """The folder itself or the nearest one above it that exists."""
    folder = folder.absolute()
    return next(place for place in (folder, *folder.parents) if place.exists())


def _requirements() -> list[Requirement]:
    """What Dwellmap needs to run, extras apart; nothing where it is not installed."""
    try:
        lines = metadata.requires("dwellmap") or []
    except metadata.PackageNotFoundError:
        return []
    needed = (Requirement(line) for line in lines)
    return [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]


def _installed_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _homes() -> dict[str, Path | None]:
    homes: dict[str, Path | None] = {}
    for module in OUR_MODULES:
        spec = util.find_spec(module)
        homes[module] = Path(spec.origin).resolve().parents[1] if spec and spec.origin else None
    return homes
