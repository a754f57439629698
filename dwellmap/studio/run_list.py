"""The runs of an output folder, each as one line, read from its recipe alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dwellmap.run_folder import RECIPE, RunFolder
from dwellmap.run_writing import period


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run.

    Attributes:
        name: Folder of the camera, a slash, folder of the run: what addresses name it by.
        camera: Its camera.
        recording: Its recording.
        period: The time it covers, in words.
        people: Visitors.
        dwell_s: Person-seconds on the map.
        seen_share: Share of the cells that the camera sees.
        warnings: How many there are.
        grade: Of the self-audit.
        calibrated: Whether its floor is in metres.
        fault: Why it cannot be read; None if it can.

    """

    name: str
    camera: str
    recording: str
    period: str = ""
    people: int = 0
    dwell_s: float = 0.0
    seen_share: float = 0.0
    warnings: int = 0
    grade: str = ""
    calibrated: bool = False
    fault: str | None = None


class RunList:
    """Lines of the runs; a recipe that has not changed is read once."""

    def __init__(self, find: Callable[[], Sequence[Path]]) -> None:
        """Begin with nothing read.

        Args:
            find: Gives the folders of the runs, newest first.

        """
        self._find = find
        self._known: dict[Path, tuple[tuple[int, int], RunLine]] = {}

    def lines(self) -> list[RunLine]:
        """All runs, in the order in which they are found."""
        known, lines = {}, []
        for folder in self._find():
            try:
                stat = (folder / RECIPE).stat()
            except OSError:
                continue  # gone since it was found
            stamp = stat.st_mtime_ns, stat.st_size
            before = self._known.get(folder)
            line = before[1] if before is not None and before[0] == stamp else _line(folder)
            known[folder] = stamp, line
            lines.append(line)
        self._known = known
        return lines

    def folder(self, name: str) -> Path:
        """The folder of a run that is listed.

        Raises:
            ValueError: If no run is called so.

        """
        found = next((folder for folder in self._find() if _name(folder) == name), None)
        if found is None:
            raise ValueError(f"run {name[:200]!r}: there is none of this name; it may have been removed")
        return found


def _name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def _line(folder: Path) -> RunLine:
    name = _name(folder)
    try:
        run = RunFolder.open(folder)
        source, footage, results = run.source(), run.footage(), run.recipe["results"]
        return RunLine(
            name,
            str(run.recipe["view"]["camera"]),
            source.name,
            period(source, footage),
            int(results["people"]),
            float(results["on_the_map_s"]),
            float(results["observable_share"]),
            len(run.recipe["warnings"]),
            str(results["self_audit"]["grade"]),
            run.recipe["view"]["calibration"] is not None,
        )
    except (ValueError, OSError) as error:
        fault = str(error)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        fault = f"{folder / RECIPE}: damaged ({error!r}); run the recording again"
    return RunLine(name, folder.parent.name, folder.name, fault=fault)
