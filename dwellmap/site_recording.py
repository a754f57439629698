"""A recording of a site's camera, with the camera's view of the floor."""

from __future__ import annotations

from pathlib import Path

from calibration.calibration import Calibration
from dwellmap.site import Camera, Site
from dwellmap.view import CameraView, site_view
from tracker.frames import Recording
from tracker.sources import open_recording


def site_recording(
    path: Path, place: Site, camera: Camera, clock_rate: float, start: str | None, picture_fps: float | None
) -> tuple[Recording, CameraView]:
    """Open a recording of a site's camera, and the camera's view brought to the size of its pictures."""
    recording = open_recording(
        path,
        clock_rate=clock_rate,
        start=start,
        name_patterns=() if camera.start is None else (camera.start,),
        time_zone=place.time_zone,
        picture_fps=picture_fps,
    )
    if camera.calibration is None:
        return recording, site_view(place, camera, recording.size_px, None)
    calibration = Calibration.load(camera.calibration)
    try:
        fitted = calibration.for_image_size(recording.size_px)
    except ValueError as error:
        raise ValueError(f"{recording.name} with {camera.calibration}: {error}") from error
    return recording, site_view(place, camera, recording.size_px, fitted, made_for=calibration.image_size_px)


def camera_of(place: Site, name: str | None, path: Path) -> Camera:
    """The camera of a recording: the one named, or the one that its file name or folder says.

    Raises:
        ValueError: If there is none, or more than one.

    """
    if name is None:
        return place.camera_for(path)
    found = next((camera for camera in place.cameras if camera.name == name), None)
    if found is None:
        known = ", ".join(camera.name for camera in place.cameras)
        raise ValueError(f"--camera {name}: expected a camera of {place.path}: {known}")
    return found
