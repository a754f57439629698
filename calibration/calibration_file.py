"""The calibration file: versioned JSON, written whole or not at all, read strictly."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from calibration.draft_file import draft_beside
from calibration.foot import FootJitter
from calibration.lens import Lens
from calibration.pairs import LEAST_PAIRS, MOST_PAIRS, Pairs
from calibration.people import MadeFromPeople
from calibration.plan import SurveyFrame
from calibration.pose import CameraPose

if TYPE_CHECKING:
    from calibration.calibration import Calibration

FORMAT = "dwellmap-calibration"
# A file states the least version that knows all that is in it.
VERSION, LATER_VERSION = 1, 2
MAX_FILE_BYTES = 1_000_000

Numbers2 = Annotated[list[float], Field(min_length=2, max_length=2)]
Numbers3 = Annotated[list[float], Field(min_length=3, max_length=3)]
Numbers8 = Annotated[list[float], Field(min_length=8, max_length=8)]
Numbers9 = Annotated[list[float], Field(min_length=9, max_length=9)]
Matrix3 = Annotated[list[Numbers3], Field(min_length=3, max_length=3)]
Matrix8 = Annotated[list[Numbers8], Field(min_length=8, max_length=8)]
Matrix9 = Annotated[list[Numbers9], Field(min_length=9, max_length=9)]
Side = Annotated[int, Field(ge=1, le=100_000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class _Pose(_Part):
    up_column: Numbers3
    focal_px: float = Field(gt=0)
    source: Literal["homography", "camera height", "people"]


class _Pair(_Part):
    label: str = Field(max_length=200)
    image_px: Numbers2
    floor_m: Numbers2
    used: bool


class _Lens(_Part):
    division: float
    polynomial: float
    centre: Numbers2


class _People(_Part):
    tracks: int = Field(ge=1)
    positions: int = Field(ge=1)
    length_sigma: float = Field(gt=0)


class _Survey(_Part):
    x_m: float
    y_m: float


class _File(_Part):
    format: Literal["dwellmap-calibration"]
    version: Literal[1, 2]
    id: str
    image_size_px: Annotated[list[Side], Field(min_length=2, max_length=2)]
    H_image_floor: Matrix3
    cov_h: Matrix8 | Matrix9
    floor_centre_m: Numbers2
    floor_scale_m: float = Field(gt=0)
    pose: _Pose | None
    foot_jitter: FootJitter
    survey: _Survey | None
    lens: _Lens | None = None
    people: _People | None = None
    pairs: Annotated[list[_Pair], Field(max_length=MOST_PAIRS)]


def _document(calibration: Calibration) -> dict[str, Any]:
    pose, survey, pairs, lens = calibration.pose, calibration.survey, calibration.pairs, calibration.lens
    bent = {"division": lens.division, "polynomial": lens.polynomial, "centre": list(lens.centre)}
    later: dict[str, Any] = {"lens": bent} if _with_lens(calibration) else {}
    if calibration.people is not None:
        later["people"] = asdict(calibration.people)
    return later | {
        "image_size_px": list(calibration.image_size_px),
        "H_image_floor": calibration.H_image_floor.tolist(),
        "cov_h": calibration.cov_h.tolist(),
        "floor_centre_m": calibration.floor_centre_m.tolist(),
        "floor_scale_m": float(calibration.floor_scale_m),
        "pose": None
        if pose is None
        else {
            "up_column": pose.P_image_world[:, 2].tolist(),
            "focal_px": pose.focal_px,
            "source": pose.source,
        },
        "foot_jitter": calibration.foot_jitter.model_dump(),
        "survey": None if survey is None else {"x_m": float(survey.x_m), "y_m": float(survey.y_m)},
        "pairs": [
            {"label": label, "image_px": image.tolist(), "floor_m": floor.tolist(), "used": bool(used)}
            for label, image, floor, used in zip(
                pairs.label, pairs.image_px, pairs.floor_m, pairs.used, strict=True
            )
        ],
    }


def _with_lens(calibration: Calibration) -> bool:
    return calibration.lens.bends or len(calibration.cov_h) == 9


def content(calibration: Calibration) -> bytes:
    """What a calibration's id is the hash of."""
    return json.dumps(_document(calibration), sort_keys=True, separators=(",", ":")).encode()


def write(calibration: Calibration, path: Path) -> None:
    """Write to a temporary file beside the target, then rename it."""
    version = LATER_VERSION if _with_lens(calibration) or calibration.people else VERSION
    document = {"format": FORMAT, "version": version, "id": calibration.id, **_document(calibration)}
    path = Path(path)
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    draft = draft_beside(path, text.encode())
    try:
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def read(path: Path) -> tuple[dict[str, Any], str]:
    """Read what `write` wrote: the arguments of a Calibration, and the id that the file states."""
    path = Path(path)
    parsed = _parsed(path)
    try:
        return _arguments(parsed), parsed.id
    except ValueError as error:
        raise damaged(path, error) from error


def damaged(path: Path, why: object) -> ValueError:
    """The error for a file whose form is right and whose numbers are not."""
    return ValueError(f"{path}: damaged calibration: {why}. Fit it again from the pairs.")


def _parsed(path: Path) -> _File:
    advice = "Make one with: dwellmap calibrate fit"
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise ValueError(f"{path}: there is no such calibration file. {advice}") from error
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from error
    if len(raw) > MAX_FILE_BYTES:
        raise ValueError(f"{path}: expected a calibration file, got more than {MAX_FILE_BYTES:,} bytes")
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path}: expected a calibration file (JSON), got something else or half of one. {advice}"
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"{path}: expected a calibration file (format {FORMAT!r}). {advice}")
    version = document.get("version")
    if version not in (VERSION, LATER_VERSION) or isinstance(version, bool):
        raise ValueError(
            f"{path}: expected a calibration file of version {VERSION} or {LATER_VERSION}, got version "
            f"{str(version)[:20]}. Fit it again from the pairs or use a newer dwellmap."
        )
    try:
        return _File.model_validate_json(raw)
    except ValidationError as error:
        faults = [
            f"  - {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()
        ]
        raise ValueError("\n".join([f"{path}: faults in the calibration file:", *faults[:50]])) from error


def _arguments(parsed: _File) -> dict[str, Any]:
    w, h = parsed.image_size_px
    if len(parsed.pairs) < (LEAST_PAIRS if parsed.people is None else 0):
        raise ValueError(f"expected at least {LEAST_PAIRS} pairs, got {len(parsed.pairs)}")
    H = np.array(parsed.H_image_floor)
    lens = Lens()
    if parsed.lens is not None:
        x, y = parsed.lens.centre
        lens = Lens(parsed.lens.division, parsed.lens.polynomial, (x, y))
    pose = None
    if parsed.pose is not None:
        P = np.column_stack([H[:, 0], H[:, 1], np.array(parsed.pose.up_column), H[:, 2]])
        pose = CameraPose(P, (w, h), parsed.pose.focal_px, parsed.pose.source, lens)
    pairs = Pairs(
        label=tuple(pair.label for pair in parsed.pairs),
        image_px=np.array([pair.image_px for pair in parsed.pairs]).reshape(-1, 2),
        floor_m=np.array([pair.floor_m for pair in parsed.pairs]).reshape(-1, 2),
        used=np.array([pair.used for pair in parsed.pairs], dtype=np.bool_),
    )
    return {
        "H_image_floor": H,
        "image_size_px": (w, h),
        "cov_h": np.array(parsed.cov_h),
        "floor_centre_m": np.array(parsed.floor_centre_m),
        "floor_scale_m": parsed.floor_scale_m,
        "pose": pose,
        "pairs": pairs,
        "foot_jitter": parsed.foot_jitter,
        "lens": lens,
        "people": None if parsed.people is None else MadeFromPeople(**parsed.people.model_dump()),
        "survey": None if parsed.survey is None else SurveyFrame(parsed.survey.x_m, parsed.survey.y_m),
    }
