"""`dwellmap export`: a run in other programs' formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from dwellmap.run_folder import RunFolder
from tracker.mot import write_tracks


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    mot: Annotated[Path, typer.Option("--mot", help="MOTChallenge text to write.")],
) -> None:
    """Write the tracks of a run as MOTChallenge text: frame, id, left, top, width, height, score, -1, -1, -1.

    Frame n + 1 is picture n of the recording; rows are the pictures that were looked at.
    """
    folder = RunFolder.open(run)
    log = folder.detections()
    frames = dict(zip(log.t_s.tolist(), (log.picture + 1).tolist(), strict=True))
    tracks = folder.tracks()
    write_tracks(mot, tracks, np.vectorize(frames.__getitem__, otypes=[np.int64]))
    print(f"{mot}: {len(tracks)} rows, {tracks.people} persons")
