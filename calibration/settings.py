"""Settings of the calibration."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CalibrationSettings(BaseModel):
    """What is done where nobody calibrated the camera."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_people: bool = Field(
        default=True,
        description="Whether a camera without calibration has its floor estimated from the people it shows.",
    )
