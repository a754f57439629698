"""The page on which zones, doors, walls and furniture are drawn on the plan, once for all cameras."""

from __future__ import annotations

from functools import partial
from typing import Any, get_args

from nicegui import ui
from nicegui.events import GenericEventArguments

from dwellmap.site import Site
from dwellmap.studio.canvas import Canvas
from dwellmap.studio.outlines import LINES, Drawing, Kind, Outline, outlines_of
from dwellmap.studio.pictures import Pictures
from dwellmap.studio.sheet import draw_plan, shape_of, stills_on_plan
from dwellmap.studio.shell import frame, note, opened, problem, tell
from dwellmap.studio.sitedocument import ChangedError, change_site, put_outlines, read_site, revision_of
from dwellmap.studio.workspace import Workspace

_TOLD: dict[Kind, str] = {
    "zone": "Zone", "door": "Door", "wall": "Wall", "furniture": "Furniture", "ignored": "Ignored area",
}  # fmt: skip
_HINT: dict[Kind, str] = {
    "zone": "An area with numbers of its own.",
    "door": "A line where people come and go.",
    "wall": "A line that nobody walks through and no heat crosses.",
    "furniture": "Nobody stands in it; it hides the floor behind it.",
    "ignored": "Nobody counts in it, such as the pavement outside.",
}
_EDIT = "edit"


def build(workspace: Workspace, pictures: Pictures) -> None:
    """Build the page."""
    with frame("Zones", "/zones", workspace):
        found = opened(workspace)
        if found is not None:
            _ZonesPage(workspace, pictures, found.site).build()


class _ZonesPage:
    """The page."""

    def __init__(self, workspace: Workspace, pictures: Pictures, site: Site) -> None:
        self.workspace, self.pictures = workspace, pictures
        now = outlines_of(read_site(workspace.site_file))
        kept = workspace.drawing
        # What was drawn and not saved is there again. What nobody has changed here follows the file.
        if kept is None or (kept.outlines == kept.began_with and kept.began_with != now):
            kept = workspace.drawing = Drawing.of(now)
        self.drawing = kept
        self.conflict = kept.began_with != now
        self.seen_version = kept.version
        self.site = site
        self.chosen = -1
        self.stills: list[str] | None = None

    def build(self) -> None:
        """Lay the page out."""
        plan = self.site.plan
        with ui.element("div").classes("studio-row"):
            ui.html("<h1>Zones, doors, walls and furniture</h1>", sanitize=False)
            ui.space()
            self.undo_button = ui.button("Undo", icon="undo", on_click=self._undo).props("flat dense")
            self.save_button = ui.button("Save", icon="save", on_click=self._save)
        if self.conflict:
            with problem(
                "What is drawn here is not saved, and the site file has got other outlines meanwhile."
            ):
                ui.button("Take the file's, lose what is here", on_click=self._take_file).props(
                    "dense outline"
                )
        with ui.element("div").classes("studio-side"):
            with ui.element("section").classes("studio-card"):
                with ui.element("div").classes("studio-row"):
                    kinds = {_EDIT: "Change", **{kind: f"+ {_TOLD[kind]}" for kind in get_args(Kind)}}
                    self.tool = ui.toggle(kinds, value=_EDIT, on_change=self._tool_changed).props(
                        'dense no-caps aria-label="What to draw"'
                    )
                    ui.space()
                    ui.label("Cameras' pictures").classes("studio-note").props('id="label-stills"')
                    ui.slider(min=0, max=1, step=0.05, value=0, on_change=self._stills).props(
                        'aria-labelledby="label-stills" dense'
                    ).style("width: 84px")
                self.hint = ui.label("").classes("studio-note studio-line")
                with ui.element("div").classes("studio-stage tall"):
                    self.canvas = Canvas("The floor plan", "m", (0.0, 0.0, *plan.size_m), _EDIT)
                draw_plan(self.canvas, self.site, self.pictures)
            with ui.element("section").classes("studio-card").props('aria-label="What is drawn"'):
                self._list()
        self.canvas.on("draw", self._drawn)
        self.canvas.on("reshape", self._reshaped)
        self.canvas.on("moveShape", self._moved)
        self.canvas.on("chooseShape", lambda event: self._choose(int(event.args["index"])))
        self.canvas.on("choose", lambda _: self._choose(-1))
        self.canvas.on("removeShape", lambda event: self._remove(int(event.args["index"])))
        self.canvas.on("undo", self._undo)
        self._tool_changed()
        self._show()

    def _stills(self, event: Any) -> None:
        """Lay the cameras' pictures over the plan: on an empty sheet there is nothing else to draw by."""
        if self.stills is None:
            self.stills = [self.pictures.keep(picture) for picture in stills_on_plan(self.site)]
            if not self.stills:
                tell("No calibrated camera has a picture yet: save one on the page Calibrate.", good=False)
        self.canvas.show(layers=[{"url": url, "opacity": float(event.value)} for url in self.stills])

    def _tool_changed(self) -> None:
        kind = self.tool.value
        if kind == _EDIT:
            self.canvas.show(tool=_EDIT)
            self.hint.set_text("Click an outline to change it: drag its corners, Delete removes it.")
            return
        self.canvas.show(tool="line" if kind in LINES else "polygon")
        self.chosen = -1
        self.hint.set_text(
            f"{_HINT[kind]} Click its corners on the plan; a double click or Enter ends it, Escape gives up."
        )

    def _take_file(self) -> None:
        self.workspace.drawing = None
        ui.navigate.reload()

    def _is_current(self, index: int | None = None) -> bool:
        """Whether this page shows the drawing as it is; else another tab changed it, and it is shown anew."""
        if self.workspace.drawing is not self.drawing or self.seen_version != self.drawing.version:
            tell("The plan was changed in another tab; this page shows it anew now.", good=False)
            ui.navigate.reload()
            return False
        return index is None or 0 <= index < len(self.drawing.outlines)

    def _moved(self, event: GenericEventArguments) -> None:
        index = int(event.args["index"])
        if self._is_current(index):
            self.drawing.move(index, float(event.args["dx"]), float(event.args["dy"]))
            self._show()

    def _drawn(self, event: GenericEventArguments) -> None:
        if not self._is_current():
            return
        kind: Kind = self.tool.value
        points = tuple((float(x), float(y)) for x, y in event.args["points"])
        name = self._free_name() if kind == "zone" else ""
        self.chosen = self.drawing.add(Outline(kind, points, name))
        self.tool.set_value(_EDIT)
        self._show()

    def _free_name(self) -> str:
        taken = {outline.name.casefold() for outline in self.drawing.outlines}
        return next(n for n in (f"Zone {i}" for i in range(1, len(taken) + 2)) if n.casefold() not in taken)

    def _reshaped(self, event: GenericEventArguments) -> None:
        index, at = int(event.args["index"]), (float(event.args["x"]), float(event.args["y"]))
        if self._is_current(index):
            self.drawing.move_corner(index, int(event.args["corner"]), at)
            self._show()

    def _choose(self, index: int) -> None:
        self.chosen = index
        self._show()

    def _remove(self, index: int) -> None:
        if self._is_current(index):
            self.drawing.remove(index)
            self.chosen = -1
            self._show()

    def _undo(self) -> None:
        if self._is_current():
            self.drawing.undo()
            self.chosen = -1
            self._show()

    def _change(self, index: int, **changes: Any) -> None:
        if self._is_current(index):
            self.drawing.replace(index, **changes)
            self._show()

    def _save(self) -> None:
        if not self._is_current():
            return
        file = self.workspace.site_file
        try:
            revision = revision_of(file)
            if outlines_of(read_site(file)) != self.drawing.began_with:
                raise ChangedError(
                    f"The outlines in {file.name} were changed on disk since this page read them, so nothing "
                    "was written. Reload the page to choose between theirs and yours"
                )
            change_site(file, revision, lambda document: put_outlines(document, self.drawing.outlines))
        except (ValueError, OSError) as error:
            tell(str(error), good=False)
            return
        self.drawing = self.workspace.drawing = Drawing.of(outlines_of(read_site(file)))
        self.chosen = -1
        self._show()
        tell(f"Saved in {file.name}; the next `dwellmap run` uses it for every camera.")

    def _show(self) -> None:
        self.seen_version = self.drawing.version
        self.canvas.outlines([shape_of(outline) for outline in self.drawing.outlines])
        self.canvas.show(chosenShape=self.chosen)
        self.undo_button.set_enabled(self.drawing.can_undo)
        self._list.refresh()

    @ui.refreshable_method
    def _list(self) -> None:
        ui.html("<h2>On the plan</h2>", sanitize=False)
        if not self.drawing.outlines:
            note("Nothing yet: choose what to draw above the plan.")
        with ui.element("div").classes("studio-list"):
            for i, outline in enumerate(self.drawing.outlines):
                item = ui.element("button").classes("studio-item").on("click", partial(self._choose, i))
                item.props["aria-pressed"] = "true" if i == self.chosen else "false"
                with item:
                    ui.element("span").classes("studio-swatch").style(
                        f"background: {shape_of(outline).colour}"
                    )
                    ui.label(outline.name or f"({_TOLD[outline.kind].lower()} without a name)")
                    ui.space()
                    note(_TOLD[outline.kind])
        if not 0 <= self.chosen < len(self.drawing.outlines):
            return
        ui.separator()
        self._details(self.chosen, self.drawing.outlines[self.chosen])

    def _details(self, i: int, outline: Outline) -> None:
        name = ui.input(f"Name of the {_TOLD[outline.kind].lower()}", value=outline.name).props(
            "dense outlined"
        )
        name.on("change", lambda _: self._change(i, name=str(name.value)))
        if outline.kind == "zone":
            ui.checkbox(
                "Staff only",
                value=outline.staff_only,
                on_change=lambda e: self._change(i, staff_only=e.value),
            )
        if outline.kind == "furniture":
            height = ui.number("Height, m", value=outline.height_m, min=0.05, max=19.9, step=0.1).props(
                "dense outlined"
            )
            height.on(
                "change",
                lambda _: self._change(i, height_m=float(height.value)) if height.value else self._show(),
            )
        ui.button("Remove", icon="delete", on_click=partial(self._remove, i)).props(
            "flat dense color=negative"
        )
