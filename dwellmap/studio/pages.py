"""The addresses of the studio's pages."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from dwellmap.live.snapshot import Snapshot
from dwellmap.studio import calibrate_page, live_page, place_page, run_page, runs_page, watch_page, zones_page
from dwellmap.studio.pictures import Pictures
from dwellmap.studio.run_list import RunList
from dwellmap.studio.workspace import Workspace


def add_pages(
    workspace: Workspace,
    pictures: Pictures,
    runs: RunList,
    live: Callable[[], tuple[Snapshot, ...]] | None = None,
) -> None:
    """Make the pages known to the server."""

    @ui.page("/")
    def place() -> None:
        place_page.build(workspace, pictures)

    @ui.page("/calibrate")
    def calibrate(camera: str | None = None) -> None:
        calibrate_page.build(workspace, pictures, camera)

    @ui.page("/zones")
    def zones() -> None:
        zones_page.build(workspace, pictures)

    @ui.page("/runs")
    def run_list() -> None:
        runs_page.build(workspace, runs)

    @ui.page("/run")
    def run(name: str = "") -> None:
        run_page.build(workspace, pictures, runs, name)

    @ui.page("/watch")
    def watch() -> None:
        watch_page.build(workspace)

    @ui.page("/live")
    def watched(camera: str = "") -> None:
        live_page.build(workspace, pictures, live, camera)
