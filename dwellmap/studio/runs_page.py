"""The page that lists the runs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from nicegui import ui

from dwellmap.studio.durations import spoken
from dwellmap.studio.run_list import RunLine, RunList
from dwellmap.studio.shell import frame, note, problem
from dwellmap.studio.workspace import Workspace

_ALL = "All cameras"
# name, heading, alignment, what it is sorted by
_COLUMNS = (
    ("recording", "Recording", "left", "recording"), ("camera", "Camera", "left", "camera"),
    ("period", "Period", "left", "period"), ("people", "People", "right", "people"),
    ("dwell", "Total dwell", "right", "dwell_s"), ("seen", "Floor in view", "right", "seen_share"),
    ("identity", "Identities", "left", "identity"), ("warnings", "Warnings", "right", "warnings"),
)  # fmt: skip
# Vue escapes what stands in double braces.
_CELLS = {
    "recording": '<a :href="props.row.href" class="studio-link">{{ props.row.recording }}</a>',
    "dwell": "{{ props.row.dwell }}",
    "seen": "{{ props.row.seen }}",
    "warnings": '<span v-if="props.row.warnings" class="studio-count">{{ props.row.warnings }}</span>',
}


def build(workspace: Workspace, runs: RunList) -> None:
    """Build the page."""
    with frame("Runs", "/runs", workspace):
        _RunsPage(workspace, runs).build()


class _RunsPage:
    """The page."""

    def __init__(self, workspace: Workspace, runs: RunList) -> None:
        self.workspace, self.runs = workspace, runs
        self.camera = _ALL

    def build(self) -> None:
        """Lay the page out."""
        with ui.element("div").classes("studio-row"):
            ui.html("<h1>Runs</h1>", sanitize=False)
            ui.space()
            self.choice = ui.select([_ALL], value=_ALL, label="Camera", on_change=self._chosen).props(
                "dense outlined options-dense"
            )
            self.choice.style("min-width: 190px")
            ui.button("Refresh", icon="refresh", on_click=self._list.refresh).props("flat dense")
        self._list()

    def _chosen(self) -> None:
        if self.choice.value != self.camera:
            self.camera = self.choice.value
            self._list.refresh()

    @ui.refreshable_method
    def _list(self) -> None:
        lines = self.runs.lines()
        cameras = sorted({line.camera for line in lines})
        if self.camera not in cameras:
            self.camera = _ALL
        self.choice.set_options([_ALL, *cameras], value=self.camera)
        chosen = [line for line in lines if self.camera in (_ALL, line.camera)]
        broken = [line for line in chosen if line.fault is not None]
        if not lines:
            with ui.element("section").classes("studio-card"):
                ui.label("There is no run yet.")
                out, site = self.workspace.out, self.workspace.site_file.name
                note(
                    f"Runs are looked for in {out.absolute()}. Make one with\n"
                    f"dwellmap run RECORDING --site {site} --out {out}"
                )
            return
        with ui.element("section").classes("studio-card").props('aria-label="List of runs"'):
            table = ui.table(
                rows=[_row(line) for line in chosen if line.fault is None],
                columns=[_column(*column) for column in _COLUMNS],
                row_key="href",
                pagination={"rowsPerPage": 25},
            )
            table.props('flat dense wrap-cells :rows-per-page-options="[25, 100, 0]"').classes("studio-runs")
            for name, cell in _CELLS.items():
                table.add_slot(f"body-cell-{name}", f'<q-td :props="props">{cell}</q-td>')
        if broken:
            ui.html("<h2>Runs that cannot be read</h2>", sanitize=False)
            for line in broken:
                problem(f"{line.name}: {line.fault}")


def address_of(name: str) -> str:
    """Where the page of a run is."""
    return "/run?" + urlencode({"name": name})


def _column(name: str, label: str, align: str, field: str) -> dict[str, Any]:
    return {"name": name, "label": label, "field": field, "align": align, "sortable": True}


def _row(line: RunLine) -> dict[str, Any]:
    return {
        "href": address_of(line.name),
        "recording": line.recording,
        "camera": line.camera,
        "period": line.period,
        "people": line.people,
        "dwell": spoken(line.dwell_s),
        "dwell_s": line.dwell_s,
        "seen_share": line.seen_share,
        "seen": f"{line.seen_share:.0%}" if line.calibrated else "not calibrated",
        "identity": line.grade,
        "warnings": line.warnings,
    }
