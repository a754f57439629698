"""Settings of the calibration."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CalibrationSettings(BaseModel):
    """What is done where a camera has moved, or where nobody calibrated it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    most_moved_px: float = Field(
        default=3.0,
        gt=0,
        description="Pixels by which a camera may have moved since it was calibrated, beyond what is noise.",
    )
    from_people: bool = Field(
        default=True,
        description="Whether a camera without calibration has its floor estimated from the people it shows.",
    )
