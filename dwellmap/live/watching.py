"""One camera watched: its pictures become people on the floor, and lines of the hour on disk."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration
from dwellmap.appearance_choice import find_network
from dwellmap.changed_settings import with_changes
from dwellmap.detector_choice import choose_detector
from dwellmap.live.floor import LiveFloor
from dwellmap.live.hour import Watched
from dwellmap.live.memory import Onlooker
from dwellmap.live.order import Order
from dwellmap.live.rates import Rates
from dwellmap.live.saving import Closers, Saving
from dwellmap.live.snapshot import FloorNow, News, Snapshot
from dwellmap.site import Site, load_site
from dwellmap.site_file import Settings
from dwellmap.view import CameraView, site_view, uncalibrated_view
from dwellmap.window import window_if
from tracker.appearance.opening import open_embedder
from tracker.detector import Detector
from tracker.frames import Frame
from tracker.live.events import Picture
from tracker.livemotion import LiveMotionDetector
from tracker.scenepicture import sharp_picture, softened

# The people-free picture is made anew at these times (s), then at the last distance: it takes a second.
_SCENE_S = (8.0, 20.0, 60.0, 180.0)
_JPEG_QUALITY, _JPEG_WIDTH = 80, 960


class Setup:
    """All that is known of a camera before its first picture.

    Args:
        order: What is asked for.

    Raises:
        ValueError: If the site file, the weights or the settings are wrong.
        OSError: If something cannot be read.

    """

    def __init__(self, order: Order) -> None:
        self.order = order
        self.site: Site | None = None if order.site is None else load_site(order.site)
        before = Settings() if self.site is None else self.site.settings
        self.settings = with_changes(before, list(order.changes), order.cell_m)
        weights = order.weights or (None if self.site is None else self.site.weights)
        kind = "mog2" if order.detector == "motion" else order.detector
        self._choice = choose_detector(kind, weights, None, Path(order.camera), self.settings)
        self._weights = weights
        embedder = None
        if order.appearance == "auto":
            embedder = open_embedder(find_network())
        elif order.appearance != "none":
            embedder = open_embedder(None if order.appearance == "colours" else Path(order.appearance))
        self.onlooker = None if embedder is None else Onlooker(embedder, self.settings.appearance)

    @property
    def zone(self) -> tzinfo | None:
        """Of the wall clock; None for this machine's."""
        return None if self.site is None else self.site.time_zone

    def view(self, size_px: tuple[int, int]) -> CameraView:
        """The camera's view of the floor.

        Raises:
            ValueError: If there is no such camera, or its calibration is for other pictures.

        """
        if self.site is None:
            return uncalibrated_view(self.order.camera, size_px)
        camera = next(c for c in self.site.cameras if c.name == self.order.camera)
        if camera.calibration is None:
            return site_view(self.site, camera, size_px, None)
        calibration = Calibration.load(camera.calibration)
        try:
            fitted = calibration.for_image_size(size_px)
        except ValueError as error:
            raise ValueError(f"camera {camera.name!r} with {camera.calibration}: {error}") from error
        return site_view(self.site, camera, size_px, fitted, made_for=calibration.image_size_px)

    def detector(self, view: CameraView) -> tuple[Detector, Watched]:
        """The detector, and how it is written down."""
        identity = self._choice.identity
        found: Detector
        if self._choice.kind == "yolo":
            from tracker.weights import find_weights
            from tracker.yolo import YoloDetector  # loads torch and OpenVINO

            weights = find_weights(self._weights)
            if weights is None:
                raise ValueError("the YOLO weights are gone; name them with --weights")
            found = YoloDetector(weights, self.settings.yolo, view.size_px)
            kind = "yolo"
        else:
            found = LiveMotionDetector(view.size_px, view.calibration, view.scene)
            kind, identity = "mog2", "mog2"
        notes = tuple(dict.fromkeys((*self._choice.notes, *found.remarks)))
        zone = None if self.site is None else self.site.time_zone.key
        order = self.order
        return found, Watched(
            order.camera, order.shown, zone, view.size_px, order.sample_fps, kind, identity,
            found.description, found.habits, notes,
        )  # fmt: skip


class Watching:
    """Takes the pictures of a camera, one by one.

    Args:
        setup: The camera.
        closers: Make runs of hours.
        tell: Told what is worth telling.
        first: The first picture: its size decides.

    Raises:
        ValueError: If the camera cannot be set up.

    """

    def __init__(self, setup: Setup, closers: Closers, tell: Callable[[News], None], first: Picture) -> None:
        order = self._order = setup.order
        height, width = first.image_bgr.shape[:2]
        self._view = setup.view((width, height))
        self._detector, self._watched = setup.detector(self._view)
        self.floor = LiveFloor(
            self._view, setup.settings, self._detector.habits.near_edge_m, order.window_s, order.half_life_s
        )
        self.saving = Saving(
            order.out, self._watched, self._view, setup.settings, setup.zone, order.run_s, setup.onlooker,
            closers, tell,
        )  # fmt: skip
        self._rates = Rates()
        self._zone = setup.zone
        self._first, self._last = first, first
        self._scenes = ThreadPoolExecutor(1)
        self._making: Future[NDArray[np.uint8]] | None = None
        self._scene_bgr: NDArray[np.uint8] | None = None
        self._scene_at = 0
        self._window = window_if(order.show, order.show_people)
        self._shown = self._window.__enter__()
        self.gaps = 0

    def take(self, picture: Picture) -> None:
        """Look at a picture."""
        frame = Frame(picture.t_s, 0, picture.image_bgr)
        people = self._detector.detect([frame])[0]
        track = self.floor.add(picture.t_s, people)
        self.saving.add(picture, people, track)
        if self._shown is not None:
            self._shown.people(picture.t_s, picture.image_bgr, self.floor.boxes_px)
        self._last = picture
        self._rates.add(picture.dropped, max(0.0, (datetime.now(UTC) - picture.wall).total_seconds()))
        self._make_scene(picture.t_s - self._first.t_s)

    def gap(self, why: str) -> None:
        """Nothing was seen until the next picture."""
        self.gaps += 1
        self.floor.gap()
        self.saving.gap(why)

    def close(self) -> None:
        """Close the hour under way, and the window."""
        self._window.__exit__(None, None, None)
        self._scenes.shutdown(cancel_futures=True)
        self.saving.close()

    def add_to(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with what is known of the floor."""
        floor, picture = self.floor, self._last
        camera_fps, looked_fps, dropped = self._rates.now()
        now = floor.now()
        zero = picture.wall - timedelta(seconds=picture.t_s)
        occupancy = tuple((zero + timedelta(seconds=end_s), mean) for end_s, mean in floor.occupancy)
        return replace(
            snapshot,
            since=self._first.wall,
            camera_fps=camera_fps,
            looked_fps=looked_fps,
            delay_s=self._rates.delay_s,
            dropped_share=dropped,
            gaps=self.gaps,
            detector=self._watched.detector_description,
            message=snapshot.message or self.saving.fault,
            floor=FloorNow(
                self._view, floor.grid, floor.window(), floor.total(), floor.stop_heat, now.xy, now.in_zones,
                occupancy, now.xyxy_px, self._scene_bgr,
                _jpeg(picture.image_bgr) if self._order.show_people else None,
            ),
        )  # fmt: skip

    def _make_scene(self, passed_s: float) -> None:
        last = len(_SCENE_S) - 1
        due_s = _SCENE_S[min(self._scene_at, last)] + max(0, self._scene_at - last) * _SCENE_S[last]
        if self._making is not None:
            if not self._making.done():
                return
            self._scene_bgr, self._making = self._making.result(), None
            self.saving.keep_scene(self._scene_bgr)
        moments = self.saving.moments
        if passed_s >= due_s and len(moments) > 1:
            self._scene_at += 1
            # Sorting lets other threads work meanwhile.
            self._making = self._scenes.submit(lambda: softened(sharp_picture(moments)))


def _jpeg(image_bgr: NDArray[np.uint8]) -> bytes:
    scale = min(1.0, _JPEG_WIDTH / image_bgr.shape[1])
    small = cv2.resize(image_bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    done, content = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return content.tobytes() if done else b""
