"""Serve the studio to a browser."""

from __future__ import annotations

import asyncio
import socket
import webbrowser
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from nicegui import app as browser_app
from nicegui import ui

from dwellmap.live.snapshot import Snapshot
from dwellmap.studio.guard import Guard, check_token, is_loopback
from dwellmap.studio.pages import add_pages
from dwellmap.studio.pictures import Pictures
from dwellmap.studio.run_files import add_run_files
from dwellmap.studio.run_list import RunList
from dwellmap.studio.shell import STATIC
from dwellmap.studio.workspace import Workspace

_LOOK_S = 0.3


def serve(
    workspace: Workspace,
    host: str,
    port: int,
    token: str | None,
    path: str,
    say: Callable[[str], None],
    show: bool,
    live: Callable[[], tuple[Snapshot, ...]] | None = None,
    until: Callable[[], bool] = lambda: False,
) -> None:
    """Serve until interrupted.

    Args:
        workspace: The place that is worked on.
        host: Address to listen on; one of other machines' needs a token.
        port: Port; 0 takes a free one.
        token: What browsers must know; None asks for none.
        path: Page to begin with, such as "/calibrate".
        say: Told the address.
        show: Open a browser.
        live: The newest of each camera that is watched by this process; None where none is.
        until: Asked now and then whether to end.

    Raises:
        ValueError: If the address needs a token, or cannot be listened on.

    """
    check_token(host, token)
    listening = _listen(host, port)
    bound = listening.getsockname()[1]
    pictures = Pictures()
    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    pictures.add_to(outer)
    ui.add_css(STATIC / "studio.css", shared=True)
    browser_app.add_static_files("/static", STATIC)
    runs = RunList(workspace.runs)
    add_run_files(outer, runs)
    add_pages(workspace, pictures, runs, live)
    ui.run_with(
        outer, title="Dwellmap studio", favicon=STATIC / "favicon.svg", language="en-US", tailwind=False,
        show_welcome_message=False, reconnect_timeout=30.0,
    )  # fmt: skip
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{bound}{path}"
    say(f"The studio is at {address}" + ("?token=<your token>" if token else ""))
    if not is_loopback(host):
        say("It speaks plain HTTP: use it in a network you trust.")
    say("Nothing leaves this machine. Ctrl+C ends it.")
    guarded = Guard(outer, host, bound, token)
    config = uvicorn.Config(guarded, access_log=False, log_level="warning", ws_max_size=4_000_000)
    server = uvicorn.Server(config)
    # With a token nothing is opened: it would stand in the list of processes.
    if show and token is None:
        webbrowser.open(address)
    asyncio.run(_serve(server, listening, until))


async def _serve(server: uvicorn.Server, listening: socket.socket, until: Callable[[], bool]) -> None:
    async def end() -> None:
        while not until():
            await asyncio.sleep(_LOOK_S)
        server.should_exit = True

    ending = asyncio.create_task(end())
    try:
        await server.serve(sockets=[listening])
    finally:
        ending.cancel()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise ValueError(
            f"the studio cannot listen on {host} port {port} ({error}); choose another with --port, 0 takes "
            "a free one"
        ) from error
    return listening
