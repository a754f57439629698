"""Hands the pictures and tables that a run wrote to the browser, and nothing else of the disk."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import FileResponse, Response

from dwellmap.run_folder import RunFolder
from dwellmap.studio.run_list import RunList

_KINDS = {".png": "image/png", ".csv": "text/csv"}


def add_run_files(app: FastAPI, runs: RunList) -> None:
    """Serve them under /run-file?run=<name of the run>&file=<name of the file>."""

    @app.get("/run-file")
    def run_file(run: str, file: str) -> Response:
        kind = _KINDS.get(file[file.rfind(".") :]) if "." in file else None
        try:
            folder = RunFolder.open(runs.folder(run))
        except ValueError:
            return Response(status_code=404)
        path = folder.path / file
        # A name that the run itself lists, of a file right in its folder and no link out of it.
        if (
            kind is None
            or file not in folder.recipe["files"]
            or path.resolve().parent != folder.path.resolve()
        ):
            return Response(status_code=404)
        return FileResponse(
            path,
            media_type=kind,
            filename=f"{folder.path.name}-{file}",
            content_disposition_type="inline" if kind == "image/png" else "attachment",
            headers={"cache-control": "private, no-store", "x-content-type-options": "nosniff"},
        )
