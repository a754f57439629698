"""The page of a watched folder: what waits, what is under way, what is done, what failed and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote

from nicegui import run, ui

from dwellmap.studio.durations import spoken
from dwellmap.studio.shell import frame, note, problem, tell
from dwellmap.studio.workspace import Workspace
from dwellmap.watch.entry import Entry
from dwellmap.watch.names import shown
from dwellmap.watch.status import Recording, Status, drop, read_status, retry

_EVERY_S = 2.0
_ORDER = ("running", "waiting", "failed", "done", "dropped")
_SERVICE = {
    "watching": "The folder is being watched.",
    "paused": "Paused, goes on by itself:",
    "stopped": "Nobody watches the folder now: start it with dwellmap watch.",
    "hanging": "The service has not been heard of for a minute.",
}


def build(workspace: Workspace) -> None:
    """Build the page."""
    with frame("Watched folder", "/watch", workspace):
        page = _WatchPage(workspace.out)
        page.show()
        ui.timer(_EVERY_S, page.look)


class _WatchPage:
    """The page; it is drawn again only when something has changed."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._status: Status | None = None
        self._fault: str | None = None
        self._log_of: str | None = None
        self._read()

    async def look(self) -> None:
        """Look again."""
        before = self._status, self._fault
        await run.io_bound(self._read)
        if (self._status, self._fault) != before:
            self.show.refresh()

    def _read(self) -> None:
        try:
            self._status, self._fault = read_status(self._out), None
        except FileNotFoundError:
            self._status, self._fault = None, None
        except (ValueError, OSError) as error:
            self._status, self._fault = None, str(error)

    @ui.refreshable_method
    def show(self) -> None:
        """Show what is known."""
        ui.html("<h1>The watched folder</h1>", sanitize=False)
        if self._fault is not None:
            problem(self._fault)
            return
        if self._status is None:
            note(
                f"No folder has been watched yet with results in {self._out.absolute()}. "
                "`dwellmap watch INBOX --site site.toml` does it: footage that lands in INBOX becomes maps."
            )
            return
        self._head(self._status)
        with ui.element("section").classes("studio-card").props('aria-label="Recordings"'):
            self._table(self._status)

    def _head(self, status: Status) -> None:
        with ui.element("section").classes("studio-card"):
            told = f"{_SERVICE[status.service]} {status.reason}".strip()
            ui.label(told).classes("" if status.service == "watching" else "studio-warning")
            counts = ", ".join(f"{number} {state}" for state, number in status.counts.items() if number)
            ui.label(counts or "No recording yet.").classes("studio-big")
            if status.left_s:
                note(f"about {spoken(status.left_s)} until all of it is done")
            if status.free_bytes is not None:
                note(f"{status.free_bytes / 1e9:.1f} GB free for results")
            if status.overdue:
                problem(shown(f"{status.overdue[0].upper()}{status.overdue[1:]}"))
            elif status.erasing is not None:
                kept = f"Personal data are kept for {status.erasing.retain_days} days"
                last = f", erased last in the night of {status.erasing.last}" if status.erasing.last else ""
                note(f"{kept}{last}.")
            for folder in status.unreadable:
                problem(
                    f"The folder {shown(folder)} of the inbox cannot be read: what lies in it is not seen."
                )
            for coming in status.arriving:
                note(f"arriving: {shown(coming.name)} ({coming.why})")
            if status.left_alone:
                kinds = ", ".join(
                    f"{n} {shown(end) or 'without ending'}" for end, n in sorted(status.left_alone.items())
                )
                note(f"left alone, no videos by their names: {kinds}")

    def _table(self, status: Status) -> None:
        if not status.recordings:
            note("Nothing has arrived yet.")
            return
        newest_first = sorted(reversed(status.recordings), key=lambda one: _ORDER.index(one.entry.state))
        with ui.element("table").classes("studio-table studio-left"):
            with ui.element("thead"), ui.element("tr"):
                for text in ("state", "recording", "camera", "taken", "what is known", ""):
                    with ui.element("th").props('scope="col"'):
                        ui.label(text)
            with ui.element("tbody"):
                for one in newest_first:
                    with ui.element("tr"):
                        self._row(one)

    def _row(self, one: Recording) -> None:
        entry = one.entry
        taken = datetime.fromtimestamp(entry.added)
        name = shown(entry.name)
        for text in (entry.state, name, entry.camera or "-", f"{taken:%Y-%m-%d %H:%M}"):
            with ui.element("td"):
                # A name may be 255 letters long without a place to break it.
                ui.label(text).style("overflow-wrap: anywhere; min-width: 12em" if text == name else "")
        with ui.element("td"):
            self._known(one)
        with ui.element("td").classes("studio-row"):
            if entry.log:
                ui.button("Log", on_click=partial(self._toggle_log, entry.content)).props(
                    "flat dense size=sm"
                )
            if entry.state in ("failed", "dropped"):
                self._button("Try again", retry, entry)
            if entry.state in ("failed", "waiting", "running"):
                self._button("Drop", drop, entry)

    def _known(self, one: Recording) -> None:
        entry, progress = one.entry, one.progress
        if progress is not None:
            with ui.element("div").classes("studio-row"):
                ui.linear_progress(progress.share, show_value=False).style("width: 110px")
                left = "" if progress.left_s is None else f", {spoken(progress.left_s)} left"
                ui.label(f"{progress.share:.0%} {progress.step}{left}")
        if one.run is not None and one.run_is_there:
            name = f"{one.run.parent.name}/{one.run.name}"
            ui.link(name, f"/run?name={quote(name)}")
        elif one.run is not None:
            note("its run is no longer there")
        if entry.reason:
            ui.label(entry.reason).style("white-space: pre-wrap; overflow-wrap: anywhere")
        if entry.attempts > 1:
            note(f"{entry.attempts} attempts failed")
        if self._log_of == entry.content:
            ui.label(entry.log).classes("studio-log")

    def _button(self, text: str, change: Callable[[Path, list[str]], list[Entry]], entry: Entry) -> None:
        button = ui.button(text, on_click=partial(self._change, change, entry)).props("flat dense size=sm")
        button.props["aria-label"] = f"{text}: {shown(entry.name)}"

    def _toggle_log(self, content: str) -> None:
        self._log_of = None if self._log_of == content else content
        self.show.refresh()

    def _change(self, change: Callable[[Path, list[str]], list[Entry]], entry: Entry) -> None:
        try:
            change(self._out, [entry.content])
        except (ValueError, OSError) as error:
            tell(str(error), good=False)
        self._read()
        self.show.refresh()
