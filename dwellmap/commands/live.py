"""`dwellmap live`: cameras are watched as it happens, and every hour becomes a run."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from dwellmap.changed_settings import with_changes
from dwellmap.commands.console import Cell, Quiet, Set
from dwellmap.commands.footage_options import Appearance, Out, SampleFps, SiteFile, Weights, WhichDetector
from dwellmap.commands.log_file import LogFile
from dwellmap.commands.watching import Board, error_console
from dwellmap.live.crew import Crew
from dwellmap.live.order import Order
from dwellmap.run_folder import safe_name
from dwellmap.site import Site, load_site
from dwellmap.site_file import Settings
from dwellmap.unclosed_hours import LIVE_FOLDER
from tracker.live.address import camera_name, parse_address, without_credentials

_NAMED = re.compile(r"([^=/:?@]+)=(.+)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|m|h|d)?")
_SECONDS = {None: 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
DEFAULT_PORT = 8322


def live(
    addresses: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]ADDRESS...",
            help="Cameras: rtsp://, http:// or /dev/video0, with the name of a camera of the site before it; "
            "${WORD} in an address is taken from the environment, so that no password stands here.",
        ),
    ],
    site: SiteFile = None,
    out: Out = Path("outputs"),
    window: Annotated[
        float, typer.Option(min=1.0, max=240.0, help="Minutes that the rolling maps reach back.")
    ] = 15.0,
    half_life: Annotated[
        float, typer.Option(min=0.1, max=1440.0, help="Minutes in which the heat of stops halves.")
    ] = 5.0,
    detector: WhichDetector = "auto",
    weights: Weights = None,
    appearance: Appearance = "auto",
    sample_fps: SampleFps = 8.0,
    cell: Cell = None,
    changes: Set = None,
    show: Annotated[
        bool, typer.Option("--show", help="Show boxes and heat in a window per camera; q closes it.")
    ] = False,
    show_people: Annotated[
        bool,
        typer.Option("--show-people", help="Show the cameras' pictures on page and window, people and all."),
    ] = False,
    page: Annotated[bool, typer.Option("--page/--no-page", help="Show it in a browser.")] = True,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page on 127.0.0.1; 0 takes a free one.")
    ] = DEFAULT_PORT,
    token: Annotated[
        str | None,
        typer.Option(
            help="What a browser must know, at least 12 characters.", envvar="DWELLMAP_STUDIO_TOKEN"
        ),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
    duration: Annotated[
        str | None,
        typer.Option("--for", metavar="DURATION", help="End after so long, such as 90s, 30m or 8h."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Watch cameras as it happens; every hour is saved as a run.

    The screen is provisional: it counts entries. People are counted when an hour is closed and linked.
    Stop it with Ctrl-C or SIGTERM: the hour under way is closed and saved.
    """
    place = None if site is None else load_site(site)
    with_changes(Settings() if place is None else place.settings, changes, cell)
    _check(place, cell, detector, show)
    long_s = None if duration is None else _seconds(duration)
    named = _named(addresses, place)
    # Its parents are not made: where a disk is not mounted, results would lie beneath it.
    out.mkdir(exist_ok=True)
    orders = []
    for camera, address in named.items():
        order = Order(
            camera, address, None if site is None else site.absolute(), out.absolute(), detector,
            None if weights is None else weights.absolute(), appearance, sample_fps or None, cell,
            tuple(changes or ()), window * 60, half_life * 60, show, show_people,
        )  # fmt: skip
        orders.append(order)
    folder = out.absolute() / LIVE_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    log = LogFile(folder / "live.log")
    with Board(error_console(), quiet) as board:

        def say(camera: str, text: str) -> None:
            board.say(f"{camera}: {text}")
            log.write(f"{camera}: {text}")

        crew = Crew(orders, say)
        until_s = None if long_s is None else time.monotonic() + long_s

        def is_over() -> bool:
            return crew.over or (until_s is not None and time.monotonic() >= until_s)

        crew.start()
        try:
            if page:
                _serve(site, out, port, token, browser, board, crew, is_over)
            else:
                while not is_over():
                    time.sleep(0.2)
        finally:
            _end(crew, board)
    if crew.over and not all(snapshot.floor for snapshot in crew.snapshots()) and until_s is None:
        sys.exit(2)


def _serve(
    site: Path | None, out: Path, port: int, token: str | None, browser: bool, board: Board, crew: Crew,
    is_over: Callable[[], bool],
) -> None:  # fmt: skip
    # The browser's libraries take a second to load: the cameras are being opened meanwhile.
    from dwellmap.studio.server import serve
    from dwellmap.studio.workspace import Workspace

    workspace = Workspace(site or Path("site.toml"), out, anywhere=token is None)
    serve(workspace, "127.0.0.1", port, token, "/live", board.say, browser, crew.snapshots, is_over)


def _end(crew: Crew, board: Board) -> None:
    """Close the hours under way; who interrupts again does not wait for their runs."""
    board.say("closing the hour under way; its run is made before this ends")

    def leave(number: int, _frame: object) -> None:
        board.say("left; what was not closed is closed at the next start")
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(ValueError):  # not in the main thread, as in tests
            signal.signal(number, leave)
    crew.stop()


def _check(place: Site | None, cell: float | None, detector: str, show: bool) -> None:
    if detector not in ("auto", "yolo", "motion", "mog2"):
        raise ValueError(
            f"--detector {detector}: expected auto, yolo or motion for a live camera; the others look at "
            "recordings"
        )
    if cell is not None and place is None:
        raise ValueError("--cell is in metres and needs --site with a calibrated camera")
    if show:
        from dwellmap.window import why_no_window

        if (reason := why_no_window()) is not None:
            raise ValueError(f"--show: {reason}")


def _named(texts: list[str], place: Site | None) -> dict[str, str]:
    """Camera by camera its address; all faults at once, and no password in any."""
    named: dict[str, str] = {}
    faults: list[str] = []
    for text in texts:
        match = _NAMED.fullmatch(text) if "://" not in text.partition("=")[0] else None
        name, given = (None, text) if match is None else (match[1].strip(), match[2])
        missing = [word for word in _VARIABLE.findall(given) if word not in os.environ]
        if missing:
            faults.append(
                f"{without_credentials(given)}: expected {', '.join(missing)} in the environment; set it, or "
                "write the address out"
            )
            continue
        address = _VARIABLE.sub(lambda found: os.environ[found[1]], given)
        try:
            parse_address(address)
            camera = _camera(name, address, place, len(texts) > 1)
        except ValueError as error:
            faults.append(str(error))
            continue
        if safe_name(camera) in {safe_name(other) for other in named}:
            faults.append(
                f"{without_credentials(address)}: expected a camera of its own, {camera!r} is there already; "
                "name it with NAME=ADDRESS"
            )
            continue
        named[camera] = address
    if faults:
        raise ValueError("\n".join(faults))
    return named


def _camera(name: str | None, address: str, place: Site | None, many: bool) -> str:
    if place is None:
        return name or camera_name(address)
    known = [camera.name for camera in place.cameras]
    if name is None and len(known) == 1 and not many:
        return known[0]
    if name is None or name not in known:
        got = "no name" if name is None else repr(name)
        raise ValueError(
            f"{without_credentials(address)}: expected the name of a camera of {place.path} before it, as in "
            f"{known[0]}=ADDRESS (cameras: {', '.join(known)}), got {got}"
        )
    return name


def _seconds(text: str) -> float:
    match = _DURATION.fullmatch(text.strip())
    if match is None or float(match[1]) <= 0:
        raise ValueError(f"--for {text}: expected a duration such as 90s, 30m or 8h")
    return float(match[1]) * _SECONDS[match[2]]
