"""What all pages of the studio have in common: the head with the ways between them, how faults are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nicegui import ui

from dwellmap.studio.workspace import Opened, Workspace

STATIC = Path(__file__).parent / "static"
WAYS = (
    ("/", "Place"),
    ("/calibrate", "Calibrate"),
    ("/zones", "Zones"),
    ("/runs", "Runs"),
    ("/watch", "Watched folder"),
    ("/live", "Live"),
)


@contextmanager
def frame(title: str, here: str, workspace: Workspace) -> Iterator[None]:
    """The page around what the block builds."""
    ui.page_title(f"{title} · Dwellmap studio")
    ui.colors(primary="#0067b8", negative="#b42318", positive="#2b6e3f")
    with ui.element("header").classes("studio-head"):
        ui.label("Dwellmap").classes("studio-brand")
        with ui.element("nav").props('aria-label="Pages"'):
            for path, name in WAYS:
                link = ui.link(name, path).classes("studio-way")
                if path == here:
                    link.props('aria-current="page"')
        ui.label(workspace.site_file.name).classes("studio-file").tooltip(str(workspace.site_file.absolute()))
    with ui.element("main").classes("studio-main"):
        yield


def problem(text: str) -> ui.element:
    """Show what is wrong, so that it stays and is read out."""
    with ui.element("div").classes("studio-problem").props('role="alert"') as box:
        ui.label(text)
    return box


def note(text: str) -> None:
    """Say something that matters less."""
    ui.label(text).classes("studio-note").style("overflow-wrap: anywhere")


def tell(text: str, good: bool = True) -> None:
    """Say what became of what somebody did."""
    ui.notify(
        text, type="positive" if good else "negative", position="bottom", timeout=6000 if good else 0,
        close_button="Close", multi_line=True, classes="studio-told",
    )  # fmt: skip


def opened(workspace: Workspace) -> Opened | None:
    """The site, or what is wrong with it shown on the page."""
    try:
        found = workspace.open()
    except (ValueError, OSError) as error:
        problem(f"{error}\n\nCorrect the file by hand, then reload this page.")
        return None
    if found is None:
        ui.label("There is no site file yet.")
        ui.link("Describe the place first", "/")
    return found
