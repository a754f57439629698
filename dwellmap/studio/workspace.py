"""What the studio works on: one site file, the output folder beside it, and drafts that outlive a reload."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from calibration.calibration import Calibration
from calibration.pictures import read_picture
from dwellmap.calibration_saving import id_on_disk
from dwellmap.run_folder import RECIPE
from dwellmap.site import CALIBRATION_END, Camera, Site, load_site
from dwellmap.studio.calibrating import CalibrationDraft
from dwellmap.studio.outlines import Drawing
from dwellmap.studio.sitedocument import revision_of
from tracker.sources import VIDEO_ENDINGS

_MOST_RECORDINGS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """The site as it was read.

    Attributes:
        site: Its content.
        revision: Which content of the file that is.

    """

    site: Site
    revision: str


@dataclass(slots=True, eq=False)
class Workspace:
    """What is worked on.

    Attributes:
        site_file: The site file; it need not exist yet.
        out: Folder of the runs.
        anywhere: Whether recordings may be opened from anywhere on this machine; else only from the folder of
            the site file.
        calibrations: Drafts by camera.
        drawing: The plan's outlines while somebody draws.

    """

    site_file: Path
    out: Path
    anywhere: bool = True
    calibrations: dict[str, CalibrationDraft] = field(default_factory=dict)
    drawing: Drawing | None = None

    def open(self) -> Opened | None:
        """Read the site file; None if there is none yet.

        Raises:
            SiteError: If it has faults.
            OSError: If it cannot be read.

        """
        if not self.site_file.exists():
            return None
        revision = revision_of(self.site_file)
        return Opened(load_site(self.site_file), revision)

    def camera(self, site: Site, name: str | None) -> Camera:
        """A camera by name; the first without one.

        Raises:
            ValueError: If there is no such camera.

        """
        if name is None:
            return site.cameras[0]
        found = next((camera for camera in site.cameras if camera.name == name), None)
        if found is None:
            known = ", ".join(camera.name for camera in site.cameras)
            raise ValueError(f"camera {name!r}: expected one of {known}")
        return found

    def draft(self, site: Site, camera: Camera) -> CalibrationDraft:
        """The calibration of a camera in the making: begun with what is on disk, kept over reloads."""
        draft = self.calibrations.get(camera.name)
        # What nobody has changed here follows what is on disk.
        if draft is None or (
            not draft.touched and draft.disk_id != id_on_disk(self.calibration_file(camera))
        ):
            draft = self._from_disk(site, camera)
            self.calibrations[camera.name] = draft
        draft.plan = site.plan
        return draft

    def draft_is(self, draft: CalibrationDraft) -> bool:
        """Whether a draft is still the one that is worked on."""
        return self.calibrations.get(draft.camera) is draft

    def _from_disk(self, site: Site, camera: Camera) -> CalibrationDraft:
        file = self.calibration_file(camera)
        calibration, problems = None, []
        if file.exists():
            try:
                calibration = Calibration.load(file)
            except ValueError as error:
                problems.append(f"{error} Saving here keeps the damaged file under another name.")
        draft = CalibrationDraft.of(camera.name, site.plan, calibration, id_on_disk(file))
        if camera.still is not None:
            try:
                draft.show(read_picture(camera.still, "still"))
            except ValueError as error:
                problems.append(str(error))
        draft.problems = tuple(problems)
        return draft

    def calibration_file(self, camera: Camera) -> Path:
        """Where a camera's calibration is or will be: beside the site file."""
        if camera.calibration is not None:
            return camera.calibration
        return self.site_file.absolute().parent / f"{camera.name}{CALIBRATION_END}"

    def recordings(self, camera: Camera, site: Site) -> list[Path]:
        """Recordings of a camera in the site file's folder and up to two folders below, newest first."""
        folder = self.site_file.absolute().parent
        found = []
        for pattern in ("*", "*/*", "*/*/*"):
            for path in folder.glob(pattern):
                # Films in the folder of a run are results, not footage.
                if path.suffix.lower() not in VIDEO_ENDINGS or (path.parent / RECIPE).exists():
                    continue
                try:
                    fits = site.camera_for(path).name == camera.name
                except ValueError:
                    continue
                if fits and path.is_file():
                    found.append(path)
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)[:_MOST_RECORDINGS]

    def recording(self, typed: str) -> Path:
        """A recording that somebody named.

        Raises:
            ValueError: If there is none, or it lies where the studio does not look.

        """
        folder = self.site_file.absolute().parent
        path = (folder / Path(typed.strip()).expanduser()).resolve()
        if not self.anywhere and not path.is_relative_to(folder.resolve()):
            raise ValueError(
                f"{typed}: with a token, recordings are opened only in the site's folder, {folder}"
            )
        if not (path.is_file() or path.is_dir()):
            raise ValueError(f"{typed}: expected a recording on the studio's machine, there is no such file")
        return path

    def runs(self) -> list[Path]:
        """Folders of finished runs, newest first."""
        found = [
            file.parent for file in self.out.glob(f"*/*/{RECIPE}") if not file.parent.name.startswith(".")
        ]
        return sorted(found, key=lambda run: (run / RECIPE).stat().st_mtime, reverse=True)
