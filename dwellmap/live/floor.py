"""The floor as it is now: detections of a stream to tracks, positions and rolling maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
import supervision as sv
from numpy.typing import NDArray

from analytics.analysis import smoothed_paths, typical_height_px
from analytics.coverage import coverage_of
from analytics.cuts import between
from analytics.ends import path_ends
from analytics.heat import spread_matrix
from analytics.positions import PERSON_M
from analytics.rolling import LiveMaps, Piece, RollingMaps
from analytics.trajectories import Trajectories
from dwellmap.pipeline import countable
from dwellmap.site_file import Settings
from dwellmap.view import CameraView
from tracker.boxpath import smoothed_boxes
from tracker.detections import DetectionLog
from tracker.frames import Frame
from tracker.livetracks import LiveTracks
from tracker.placing import place
from tracker.scenepicture import shown_part
from tracker.tracklets import Tracklets
from tracker.tracks import Tracks

PIECE_S = 5.0
# What is known on either side of a piece when its paths are smoothed; the maps are late by so much.
_AROUND_S = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Now:
    """Who is there at this moment.

    Attributes:
        xy: (n, 2) positions on the floor, in the view's unit.
        in_zones: (zones,) how many of them are in each zone.
        xyxy_px: (m, 4) boxes in the picture.

    """

    xy: NDArray[np.float64]
    in_zones: NDArray[np.int64]
    xyxy_px: NDArray[np.float64]


class LiveFloor:
    """Follows people over a camera's floor while they walk.

    Args:
        view: The camera's view of the floor.
        settings: Thresholds of all packages.
        near_edge_m: How far before the middle of the body the lower edge of the detector's boxes meets the
            floor.
        window_s: Length of the rolling window.
        half_life_s: Time in which the heat of stops halves.

    """

    def __init__(
        self,
        view: CameraView,
        settings: Settings,
        near_edge_m: float,
        window_s: float,
        half_life_s: float,
    ) -> None:
        self._view, self._settings, self._near_edge_m = view, settings, near_edge_m
        self._shown_px = shown_part(None, view.size_px)
        self.grid = view.grid(settings.maps)
        self._coverage = coverage_of(
            self.grid, view.calibration, view.scene, view.ignored_px, self._shown_px, settings.maps
        )
        # Without a calibration nobody knows yet how tall people are: a quarter of the picture.
        typical_px = (self._shown_px[3] - self._shown_px[1]) / 4
        metre = 1.0 if view.unit == "m" else typical_px / PERSON_M
        cov = view.covariance(self.grid, typical_px, settings.maps.person_height_m)
        spread = spread_matrix(
            self.grid, cov, settings.maps.heat_sigma_m * metre, self._coverage.observable, view.scene.walls
        )
        self._rolling = RollingMaps(
            self.grid, self._coverage, spread, window_s, half_life_s, settings.maps.revisit_s
        )
        self._tracks = LiveTracks(settings.tracker)
        self._segment_s: float | None = None
        self._begun_s = 0.0
        self._last_s = 0.0
        self._handed: frozenset[int] = frozenset()

    def add(self, t_s: float, people: sv.Detections) -> NDArray[np.int64]:
        """Take in what was found in the next picture.

        Returns:
            (n,) the track of each of the boxes, 0 for those that count for nobody.

        """
        if self._segment_s is None:
            self._segment_s = self._begun_s = t_s
        counted, kept = self._countable(people)
        track = np.zeros(len(people), dtype=np.int64)
        track[kept] = self._tracks.add(t_s, counted)
        self._last_s = t_s
        while t_s >= self._begun_s + PIECE_S + _AROUND_S:
            self._close_piece(self._begun_s + PIECE_S)
        return track

    def gap(self) -> None:
        """Nothing is seen for a while: who was there is not kept alive through it."""
        if self._segment_s is not None:
            while self._last_s - self._begun_s > PIECE_S:
                self._close_piece(self._begun_s + PIECE_S)
            if self._last_s > self._begun_s:
                self._close_piece(self._last_s, over=True)
        self._tracks.restart()
        self._tracks.forget(np.inf)
        self._segment_s, self._handed = None, frozenset()

    def now(self) -> Now:
        """Who is there now."""
        zones = np.zeros(len(self._view.zones), dtype=np.int64)
        recent = self._tracks.tracklets()
        here = np.unique(recent.tracklet[recent.t_s == self._last_s])
        rows = np.isin(recent.tracklet, here) & (recent.t_s >= self._last_s - _AROUND_S)
        xy = np.empty((0, 2))
        if rows.any():
            paths = self._paths(self._tracks_of(_some(recent, rows)))
            xy = paths.xy[paths.t_s == self._last_s]
        for number, zone in enumerate(self._view.zones):
            zones[number] = int(shapely.contains_xy(shapely.Polygon(zone.xy_m), xy[:, 0], xy[:, 1]).sum())
        return Now(xy, zones, self._tracks.xyxy_px)

    def window(self) -> LiveMaps | None:
        """Maps of the last minutes."""
        return self._rolling.window()

    def total(self) -> LiveMaps | None:
        """Maps since the beginning."""
        return self._rolling.total()

    @property
    def boxes_px(self) -> NDArray[np.float64]:
        """(n, 4) boxes of the people in the last picture."""
        return self._tracks.xyxy_px

    @property
    def stop_heat(self) -> NDArray[np.float64]:
        """(cells,) see `RollingMaps.stop_heat`."""
        return self._rolling.stop_heat

    @property
    def occupancy(self) -> tuple[tuple[float, NDArray[np.float64]], ...]:
        """Minute by minute of the last hour: its end (s), and people per zone on average."""
        return self._rolling.occupancy

    def _countable(self, people: sv.Detections) -> tuple[sv.Detections, NDArray[np.intp]]:
        log = DetectionLog.collect([(Frame(0.0, 0, None), people)])
        counted, _ = countable(log, self._view)
        # Both keep the order, and a box that comes twice is the same box.
        kept = np.flatnonzero(
            [bool((counted.xyxy_px == box).all(axis=1).any()) for box in log.xyxy_px]
            if len(log.xyxy_px)
            else np.zeros(0, dtype=np.bool_)
        )
        return people[kept], kept

    def _tracks_of(self, tracklets: Tracklets) -> Tracks:
        placed = place(
            tracklets, self._tracks.picture_t_s, self._shown_px, self._view.calibration,
            self._settings.linking.max_gap_s, self._near_edge_m, self._view.scene,
        )  # fmt: skip
        return smoothed_boxes(placed, self._settings.linking.max_gap_s)

    def _paths(self, tracks: Tracks) -> Trajectories:
        return smoothed_paths(tracks, self._view.unit, self._settings.trajectories)

    def _close_piece(self, end_s: float, over: bool = False) -> None:
        begin_s, settings = self._begun_s, self._settings.maps
        tracks = self._tracks_of(self._tracks.tracklets())
        paths = self._paths(tracks)
        metre = 1.0
        if self._view.unit == "px":
            metre = typical_height_px(tracks, self._shown_px) / PERSON_M
        observed_s = np.array([[self._segment_s, self._last_s]])
        ends = path_ends(
            paths, tracks, self.grid, self._coverage, self._view.scene.doors, self._shown_px, observed_s,
            settings.edge_m * metre,
        )  # fmt: skip
        stay_on = paths.people[(paths.first_s <= end_s) & (paths.last_s > end_s)]
        after: frozenset[int] = frozenset() if over else frozenset(stay_on.tolist())
        part, part_ends = between(paths, ends, begin_s, end_s)
        piece = Piece.of(
            part, part_ends, (begin_s, end_s), end_s - begin_s, self.grid, self._view.zones, settings,
            self._handed, after,
        )  # fmt: skip
        self._rolling.add(piece)
        self._begun_s, self._handed = end_s, after
        self._tracks.forget(end_s - _AROUND_S)


def _some(tracklets: Tracklets, rows: NDArray[np.bool_]) -> Tracklets:
    return Tracklets(
        tracklets.tracklet[rows], tracklets.t_s[rows], tracklets.xyxy_px[rows], tracklets.score[rows],
        tracklets.row[rows],
    )  # fmt: skip
