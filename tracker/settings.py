"""Settings of the tracker package: each one a row of name, default, limits and help."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ByteTrackSettings(BaseModel):
    """How detections are joined to tracklets (Zhang et al. 2022, arXiv 2110.06864).

    How each one maps to the settings of `trackers.ByteTrackTracker` is written down in
    docs/decisions/0003-bytetrack-parity.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    high_score: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="Score (0..1) from which a detection takes part in the first association.",
    )
    low_score: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Score (0..1) below which a detection is not looked at; between low_score and high_score "
        "it can only continue a tracklet (second association).",
    )
    start_score: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Score (0..1) that an unmatched detection needs to start a tracklet.",
    )
    match_iou: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Overlap (intersection over union, 0..1) that the first association needs.",
    )
    second_match_iou: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Overlap (intersection over union, 0..1) that the second association needs.",
    )
    lost_s: float = Field(
        default=1.0,
        ge=0,
        description="Seconds for which a tracklet without a detection waits to be found again; "
        "a longer pause ends it.",
    )
    confirm_hits: int = Field(
        default=2,
        ge=1,
        description="Detections in a row (count) that make a tracklet count; its first boxes are then "
        "published too. A tracklet that misses one before that is dropped.",
    )
    motion_step_s: float = Field(
        default=0.2,
        gt=0,
        description="Seconds of the time step of which the four noises below are stated; longer makes motion "
        "steadier. At 0.2 s, with boxes right to 4 % of a person's height, a new tracklet's speed is unknown "
        "by 1 m/s and a speed changes by 0.24 m/s within a second.",
    )
    box_noise_px: float = Field(
        default=0.1**0.5,
        gt=0,
        description="Standard deviation (pixels) of a detected box side. Only the ratios of the four noises "
        "matter, not their size.",
    )
    drift_noise_px: float = Field(
        default=0.1,
        gt=0,
        description="Standard deviation (pixels) by which a box side wanders in one motion step.",
    )
    turn_noise_px: float = Field(
        default=0.1,
        ge=0,
        description="Standard deviation (pixels per motion step) by which its velocity changes in one step.",
    )
    start_noise_px: float = Field(
        default=1.0,
        gt=0,
        description="Standard deviation of a new tracklet's box side (pixels) and of its velocity "
        "(pixels per motion step).",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low_score <= self.high_score <= self.start_score:
            raise ValueError(
                "expected low_score <= high_score <= start_score, got "
                f"{self.low_score:g}, {self.high_score:g}, {self.start_score:g}"
            )
        if self.drift_noise_px**2 < self.turn_noise_px**2 / 12:
            raise ValueError(
                "expected drift_noise_px of at least turn_noise_px / sqrt(12) (else the noise of a short "
                f"step is no covariance), got {self.drift_noise_px:g} and {self.turn_noise_px:g}"
            )
        return self


class YoloSettings(BaseModel):
    """What a YOLO keeps of what it sees, and how it computes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_score: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Score (0..1) below which a box is dropped. Low, since the tracker's second association "
        "uses weak boxes to bridge occlusions.",
    )
    nms_iou: float = Field(
        default=0.6,
        gt=0,
        le=1,
        description="Overlap (intersection over union, 0..1) above which the weaker of two boxes is dropped.",
    )
    input_px: int = Field(
        default=640,
        ge=320,
        le=4096,
        description="Longer side (pixels) of the network's input, where the weights leave it open.",
    )
    max_people: int = Field(default=300, ge=1, description="Boxes kept per picture at most (count).")
    precision: Literal["f32", "fastest"] = Field(
        default="f32",
        description="Arithmetic: f32 gives the same boxes on every machine; fastest lets OpenVINO choose "
        "(bfloat16 on some processors, about twice as fast).",
    )
