"""Where the camera hangs and how it looks: from a homography to points above the floor.

The floor frame (x right, y down) is made right-handed by a third axis that points into the floor, so a point
at height h has z = -h. With square pixels and a centred principal point the columns of H = K [r1 r2 t] give
the focal length, for r1 and r2 are orthogonal and equally long (Zhang, "A flexible new technique for camera
calibration", PAMI 2000, section 3.1: two equations for the one unknown here, solved by least squares).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from calibration.homography import MIN_W, Array, points, resize_matrix
from calibration.lens import Lens

MIN_LOOK_DOWN_SINE = 0.03  # optical axis within 1.7 degrees of the plumb line: the focal length is noise
MAX_CAMERA_HEIGHT_M = 200.0
_NO_WAY_PX = 1e-6
FOCAL_RANGE = (0.2, 20.0)  # of the picture's longer side: about 136 down to 3 degrees of view


@dataclass(frozen=True, slots=True, eq=False)
class CameraPose:
    """A camera above the floor.

    Attributes:
        P_image_world: (3, 4) float64 projection of (x, y, height, 1) in metres to pixels of a pinhole camera.
            Its first, second and fourth columns are exactly the homography's, so that `project(xy, 0)` equals
            `image_from_floor(xy)`.
        image_size_px: (width, height) of the picture.
        focal_px: Focal length in pixels.
        source: "homography"; "camera height" where the height was given because the homography left it open;
            "people" if it was estimated from them.
        lens: How the lens bends the pinhole camera's picture.

    """

    P_image_world: NDArray[np.float64]
    image_size_px: tuple[int, int]
    focal_px: float
    source: str = "homography"
    lens: Lens = field(default_factory=Lens)

    def __post_init__(self) -> None:
        """Check the projection and make it read-only."""
        P = np.array(self.P_image_world, dtype=np.float64)
        if P.shape != (3, 4) or not np.all(np.isfinite(P)):
            raise ValueError(f"P_image_world: expected 3x4 finite numbers, got shape {P.shape}")
        if not np.linalg.det(P[:, [0, 1, 3]]) > 0:
            raise ValueError(
                "P_image_world: expected a camera above the floor, got one below or a mirrored picture"
            )
        if not (np.isfinite(self.focal_px) and self.focal_px > 0):
            raise ValueError(f"focal_px: expected a positive number, got {self.focal_px}")
        P.setflags(write=False)
        object.__setattr__(self, "P_image_world", P)
        object.__setattr__(self, "focal_px", float(self.focal_px))

    def project(self, xy_m: NDArray[np.float64], height_m: float | NDArray[np.float64] = 0.0) -> Array:
        """Pixels (N, 2) of points (N, 2) at a height above the floor, one or (N,); NaN behind the camera."""
        xy = points(xy_m, "xy_m")
        height = np.broadcast_to(np.asarray(height_m, dtype=np.float64), (len(xy),))
        homogeneous = np.column_stack([xy, height, np.ones(len(xy))]) @ self.P_image_world.T
        w = np.where(homogeneous[:, 2] > MIN_W, homogeneous[:, 2], np.nan)
        return self.lens.picture(homogeneous[:, :2] / w[:, None], self.image_size_px)

    @property
    def _centre(self) -> Array:
        P = self.P_image_world
        return np.asarray(np.linalg.solve(P[:, :3], -P[:, 3]), dtype=np.float64)

    @property
    def camera_xy_m(self) -> tuple[float, float]:
        """The floor point below the camera, metres."""
        x, y, _ = self._centre
        return float(x), float(y)

    @property
    def camera_height_m(self) -> float:
        """Height of the camera above the floor, metres."""
        return float(self._centre[2])

    @property
    def tilt_deg(self) -> float:
        """How far the optical axis points below the horizontal: 0 level, 90 straight down."""
        down = self._k_inverse @ -self.P_image_world[:, 2]
        return float(np.degrees(np.arcsin(np.clip(down[2] / np.linalg.norm(down), -1, 1))))

    @property
    def _k_inverse(self) -> Array:
        return _camera_inverse(self.focal_px, self.image_size_px)

    def foot_from_box(self, xyxy_px: NDArray[np.float64]) -> Array:
        """Foot points (N, 2) of upright people from their boxes (N, 4), pixels.

        From the box's centre along the picture of the plumb line (towards the vertical vanishing point) to
        the box's border. In ordinary views that is the lower edge, its middle in the limit; seen steeply
        from above it may be a side, or the upper edge for people beyond the point below the camera. Not past
        that point: a person right under the camera stands on it.
        """
        boxes = _boxes(xyxy_px)
        way, to_border = self._plumb(boxes)
        return _along(boxes, way, np.minimum(to_border, self._to_nadir(boxes, way)))

    def head_from_box(self, xyxy_px: NDArray[np.float64]) -> Array:
        """Top of the head (N, 2) of upright people from their boxes (N, 4), pixels.

        The other end of `foot_from_box`: from the box's centre away from the vertical vanishing point to the
        box's border. Right under the camera that is the centre.
        """
        boxes = _boxes(xyxy_px)
        way, to_border = self._plumb(boxes)
        return _along(boxes, -way, to_border)

    def sinking(self, xy_px: NDArray[np.float64]) -> Array:
        """(N, 2) unit direction in which each picture point (N, 2) moves as its world point sinks.

        Zero at the vertical vanishing point.
        """
        way = self._sinking(points(xy_px, "xy_px"))
        length = np.linalg.norm(way, axis=1, keepdims=True)
        return np.asarray(way / np.where(length > 0, length, 1.0), dtype=np.float64)

    @property
    def _vanishing(self) -> Array:
        """(3,) the vertical vanishing point, homogeneous, positive in front of the camera."""
        vanishing = -self.P_image_world[:, 2]
        return np.asarray(vanishing / np.linalg.norm(self._k_inverse @ vanishing), dtype=np.float64)

    def _plumb(self, boxes: Array) -> tuple[Array, Array]:
        """(N, 2) ways of the boxes' centres as their world points sink, (N,) steps of it to the border."""
        half = (boxes[:, 2:] - boxes[:, :2]) / 2
        way = self._sinking((boxes[:, :2] + boxes[:, 2:]) / 2)
        # Nearer to that point than rounding errors there is no direction.
        way[np.hypot(way[:, 0], way[:, 1]) < _NO_WAY_PX * abs(self._vanishing[2])] = 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            return way, np.min(np.where(way != 0, half / np.abs(way), np.inf), axis=1)

    def _sinking(self, xy_px: Array) -> Array:
        """(N, 2) derivative of picture points (N, 2) as their world points sink, up to a positive factor."""
        pinhole = self.lens.pinhole(xy_px, self.image_size_px)
        way = self._vanishing[:2] - pinhole * self._vanishing[2]
        if not self.lens.bends:
            return np.asarray(way, dtype=np.float64)
        by_pinhole = self.lens.picture_by_pinhole(xy_px, self.image_size_px)
        return np.asarray(np.einsum("nij,nj->ni", by_pinhole, way), dtype=np.float64)

    def _to_nadir(self, boxes: Array, way: Array) -> Array:
        """(N,) steps of `way` from the boxes' centres to the point below the camera; inf if behind."""
        x, y, w = self._vanishing
        if w <= 1e-9:
            return np.full(len(boxes), np.inf)
        nadir = self.lens.picture(np.array([[x / w, y / w]]), self.image_size_px)
        steps = np.einsum("ni,ni->n", nadir - (boxes[:, :2] + boxes[:, 2:]) / 2, way)
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = steps / np.einsum("ni,ni->n", way, way)
        return np.where(np.isfinite(steps), steps, np.inf)

    def for_image_size(self, image_size_px: tuple[int, int]) -> CameraPose:
        """The same camera with its picture resized."""
        S = resize_matrix(self.image_size_px, image_size_px)
        factor = float(np.sqrt(np.linalg.det(S[:2, :2])))
        return replace(
            self,
            P_image_world=S @ self.P_image_world,
            image_size_px=image_size_px,
            focal_px=self.focal_px * factor,
        )


def pose_from_homography(
    H_image_floor: NDArray[np.float64],
    image_size_px: tuple[int, int],
    camera_height_m: float | None = None,
    lens: Lens | None = None,
) -> CameraPose:
    """The camera pose that a homography implies.

    Args:
        H_image_floor: (3, 3) floor (x right, y down, metres) to pixels, third coordinate positive in front.
        image_size_px: (width, height).
        camera_height_m: Measured height; when given, the focal length follows from it instead. That works
            for a camera looking straight down, too.
        lens: How the lens bends the picture whose pinhole version the homography is of.

    Raises:
        ValueError: Saying why the pose is not determined, or that the homography is mirrored.

    """
    H = np.asarray(H_image_floor, dtype=np.float64)
    if H.shape != (3, 3) or not np.all(np.isfinite(H)):
        raise ValueError(f"H_image_floor: expected 3x3 finite numbers, got shape {H.shape}")
    if not np.linalg.det(H) > 0:
        raise ValueError("the camera would be below the floor: the floor points are mirrored (--floor-axes)")
    centred = H.copy()
    w, h = image_size_px
    centred[:2] -= np.array([[(w - 1) / 2], [(h - 1) / 2]]) * H[2]
    if camera_height_m is None:
        focal = _focal_from_orthogonality(centred, image_size_px)
    else:
        focal = _focal_from_height(centred, camera_height_m)
    source = "homography" if camera_height_m is None else "camera height"
    return pose_with_focal(H, image_size_px, focal, source, lens)


def pose_with_focal(
    H_image_floor: NDArray[np.float64],
    image_size_px: tuple[int, int],
    focal_px: float,
    source: str = "homography",
    lens: Lens | None = None,
) -> CameraPose:
    """The pose of a camera of known focal length; the homography keeps its columns exactly."""
    H = np.asarray(H_image_floor, dtype=np.float64)
    K_inverse = _camera_inverse(focal_px, image_size_px)
    B = K_inverse @ H
    scale = np.sqrt((B[:, 0] @ B[:, 0] + B[:, 1] @ B[:, 1]) / 2)
    into_floor = np.cross(B[:, 0], B[:, 1])
    into_floor = into_floor / np.linalg.norm(into_floor) * scale
    up = -np.linalg.solve(K_inverse, into_floor)
    P = np.column_stack([H[:, 0], H[:, 1], up, H[:, 2]])
    return CameraPose(P, image_size_px, focal_px, source, lens or Lens())


def _boxes(xyxy_px: NDArray[np.float64]) -> Array:
    boxes = np.asarray(xyxy_px, dtype=np.float64)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"xyxy_px: expected an array of shape (N, 4), got {boxes.shape}")
    return boxes


def _along(boxes: Array, way: Array, step: Array) -> Array:
    """(N, 2) where the ways lead from the boxes' centres; the centre where the step has no end."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.asarray(centre + way * np.where(np.isfinite(step), step, 0.0)[:, None], dtype=np.float64)


def _camera_inverse(focal_px: float, image_size_px: tuple[int, int]) -> Array:
    w, h = image_size_px
    f = 1 / focal_px
    return np.array([[f, 0, -f * (w - 1) / 2], [0, f, -f * (h - 1) / 2], [0, 0, 1.0]])


def _orthogonality(centred: Array) -> tuple[Array, Array]:
    """Coefficients (a, b) of a / f^2 + b = 0: twice the product of the columns, difference of their squares.

    Both turn like a vector of doubled angle when the floor axes turn, so the least squares solution does not
    depend on how the plan is oriented.
    """
    (a1, a2), (b1, b2), (c1, c2) = centred[:, :2]
    return np.array([2 * (a1 * a2 + b1 * b2), a1**2 + b1**2 - a2**2 - b2**2]), np.array(
        [2 * c1 * c2, c1**2 - c2**2]
    )


def _focal_from_orthogonality(centred: Array, image_size_px: tuple[int, int]) -> float:
    a, b = _orthogonality(centred)
    inverse_square = -float(a @ b) / max(float(a @ a), 1e-300)
    longer = max(image_size_px)
    if (
        _look_down_sine(centred, longer) < MIN_LOOK_DOWN_SINE
    ):  # at an ordinary focal length: it is not known yet
        raise ValueError("the camera looks straight down, which leaves height and focal length open")
    if inverse_square <= 0:
        raise ValueError("the pairs fit no camera with square pixels and a centred picture")
    focal = inverse_square**-0.5
    if not FOCAL_RANGE[0] * longer <= focal <= FOCAL_RANGE[1] * longer:
        raise ValueError(f"the pairs imply a focal length of {focal:.0f} px in a picture {longer} px long")
    return float(focal)


def _look_down_sine(centred: Array, focal: float) -> float:
    B = centred / np.array([[focal], [focal], [1.0]])
    scale = float(np.sqrt((B[:, 0] @ B[:, 0] + B[:, 1] @ B[:, 1]) / 2))
    return float(np.hypot(B[2, 0], B[2, 1]) / scale)


def _focal_from_height(centred: Array, camera_height_m: float) -> float:
    """Focal length at which the camera hangs at this height.

    With s = 1 / f^2 and the scale l^2 = (A s + B) / 2 of the two first columns, height = det(H) s / l^3: a
    cubic in s. Of its positive roots the one that makes the columns most orthogonal is taken.
    """
    if not 0 < camera_height_m <= MAX_CAMERA_HEIGHT_M:
        raise ValueError(
            f"camera height: expected metres between 0 and {MAX_CAMERA_HEIGHT_M:g}, got {camera_height_m}"
        )
    A = float(np.sum(centred[:2, :2] ** 2)) / 2
    B = float(np.sum(centred[2, :2] ** 2)) / 2
    k = float(np.linalg.det(centred)) / camera_height_m
    # (A s + B)^3 = k^2 s^2 in units of s0 = k^2 / A^3, its solution for a camera that looks straight down.
    b = B / A / (k**2 / A**3)
    roots = np.roots([1, 3 * b - 1, 3 * b**2, b**3])
    real = roots[np.abs(roots.imag) < 1e-6 * np.maximum(np.abs(roots), 1e-12)].real
    candidates = real[real > 1e-9] * (k**2 / A**3)
    if len(candidates) == 0:
        raise ValueError(f"no camera {camera_height_m:g} m above the floor sees the pairs like this")
    a, d = _orthogonality(centred)
    error = [float(np.linalg.norm(a * s + d) / (A * s + B)) for s in candidates]
    return float(candidates[int(np.argmin(error))] ** -0.5)
