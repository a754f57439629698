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
        default=0.3,
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
        default=0.3,
        ge=0,
        le=1,
        description="Score (0..1) that an unmatched detection needs to start a tracklet.",
    )
    match_iou: float = Field(
        default=0.45,
        ge=0,
        le=1,
        description="Overlap (intersection over union, 0..1) that the first association needs.",
    )
    second_match_iou: float = Field(
        default=0.45,
        ge=0,
        le=1,
        description="Overlap (intersection over union, 0..1) that the second association needs.",
    )
    lost_s: float = Field(
        default=0.3,
        ge=0,
        description="Seconds for which a tracklet without a detection waits to be found again; a longer "
        "pause ends it, and joining what was before and after is the business of linking.",
    )
    confirm_hits: int = Field(
        default=1,
        ge=1,
        description="Detections in a row (count) that make a tracklet count; its first boxes are then "
        "published too. A tracklet that misses one before that is dropped.",
    )
    rival_margin: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="Overlap (intersection over union, 0..1) by which a match must beat giving the box to "
        "another tracklet, or taking another box; else the tracklet ends there. 0 never ends one.",
    )
    rival_age_s: float = Field(
        default=0.3,
        ge=0,
        description="Seconds that a tracklet must have lasted to be a rival, or to be ended by one.",
    )
    rival_memory_s: float = Field(
        default=1.0,
        ge=0,
        description="Seconds for which a tracklet that is over can still be a rival.",
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
        description="Standard deviation (pixels) by which a box's centre wanders in one motion step.",
    )
    size_start_noise_px: float = Field(
        default=0.3,
        gt=0,
        description="Standard deviation (pixels) of a new tracklet's width and height.",
    )
    size_drift_noise_px: float = Field(
        default=0.04,
        gt=0,
        description="Standard deviation (pixels) by which a box's size wanders in one motion step.",
    )
    size_speed_share: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Speed of a box's size as a share (0..1) of what turn and start noise allow its centre; "
        "at 0 a size never grows or shrinks by itself.",
    )
    turn_noise_px: float = Field(
        default=0.1,
        ge=0,
        description="Standard deviation (pixels per motion step) by which its velocity changes in one step.",
    )
    start_noise_px: float = Field(
        default=1.0,
        gt=0,
        description="Standard deviation of a new tracklet's place (pixels) and of its velocity "
        "(pixels per motion step).",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low_score <= self.high_score <= self.start_score:
            raise ValueError(
                "expected low_score <= high_score <= start_score, got "
                f"{self.low_score:g}, {self.high_score:g}, {self.start_score:g}"
            )
        if (
            self.drift_noise_px**2 < self.turn_noise_px**2 / 12
            or self.size_drift_noise_px**2 < (self.size_speed_share * self.turn_noise_px) ** 2 / 12
        ):
            raise ValueError(
                "expected drift_noise_px of at least turn_noise_px / sqrt(12) (else the noise of a short "
                f"step is no covariance), got {self.drift_noise_px:g} and {self.turn_noise_px:g}"
            )
        return self


class LinkingSettings(BaseModel):
    """How tracklets of a recording are joined into people.

    A height is that of a person's box, or 1.7 m on a calibrated floor; a nat is a log likelihood ratio of 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    speed: float = Field(
        default=0.4,
        gt=0,
        description="Standard deviation (heights per second) of one component of a person's velocity: "
        "0.7 m/s, standing included.",
    )
    memory_s: float = Field(
        default=20.0, gt=0, description="Seconds after which a person's velocity is forgotten."
    )
    box_error: float = Field(
        default=0.06, gt=0, description="Standard deviation (heights) of the head of a detected box."
    )
    surprise_degrees: float = Field(
        default=5.0,
        gt=2,
        description="Degrees of freedom (count) of the Student t of motion: fewer forgive more surprises.",
    )
    end_boxes: int = Field(
        default=60, ge=2, description="Boxes (count) at an end that tell how somebody moves there."
    )
    height_error: float = Field(
        default=0.06, gt=0, description="Standard deviation of the logarithm of a box's height."
    )
    height_drift: float = Field(
        default=0.08,
        ge=0,
        description="Standard deviation by which that logarithm changes in a second, growing with the root.",
    )
    stranger_height: float = Field(
        default=0.35, gt=0, description="Standard deviation of that logarithm between two strangers."
    )
    cut_share: float = Field(
        default=0.1, gt=0, lt=1, description="Share (0..1) of ends at which a box is cut short by something."
    )
    pause_s: float = Field(
        default=0.2,
        gt=0,
        description="Seconds of half of all pauses; longer ones get rarer with the square of their length.",
    )
    max_gap_s: float = Field(
        default=15.0, gt=0, description="Longest pause (seconds) that is linked by motion."
    )
    exposed_nats: float = Field(
        default=1.5,
        ge=0,
        description="Nats that a second of a pause costs in which no detected box could hide the person.",
    )
    exposed_s: float = Field(
        default=4.0, ge=0, description="Seconds after which staying unseen costs nothing more."
    )
    overlap_s: float = Field(
        default=0.35,
        ge=0,
        description="Seconds for which two tracklets of one person may overlap in the same place.",
    )
    overlap_nats: float = Field(default=1.5, ge=0, description="Nats that such an overlap costs.")
    mid_share: float = Field(
        default=0.1,
        gt=0,
        lt=1,
        description="Share (0..1) of people who begin or end elsewhere than at the picture's edge.",
    )
    mid_share_doors: float = Field(
        default=0.01,
        gt=0,
        lt=1,
        description="The same where the site's doors are known: elsewhere than at an edge or a door "
        "people are only lost and found.",
    )
    door_heights: float = Field(
        default=0.6,
        gt=0,
        description="Distance (heights) from a door up to which people come and go by it; twice as far away "
        "nobody does.",
    )
    return_window_s: float = Field(
        default=1800.0,
        ge=0,
        description="Seconds within which somebody who left by an exit and comes back is the same visitor.",
    )
    return_least_s: float = Field(
        default=2.0,
        ge=0,
        description="Seconds that somebody must be away for it to be a return; five pictures at least.",
    )
    return_nats: float = Field(
        default=3.0,
        description="Nats by which a return must be likelier than a newcomer, going by looks and height.",
    )
    return_look_s: float = Field(
        default=10.0, gt=0, description="Seconds before leaving and after coming whose looks are compared."
    )
    return_margin: float = Field(
        default=1.0,
        ge=0,
        description="Nats by which it must be likelier than any other return that excludes it.",
    )
    least_exit: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="How near to an exit (1 is at it, 0 beyond) people leave for good and come from.",
    )
    stay_s: float = Field(
        default=20.0,
        gt=0,
        description="Typical seconds in sight; with the number of people at once it tells how often "
        "somebody new comes.",
    )
    edge_heights: float = Field(
        default=0.6,
        gt=0,
        description="Distance (heights) from the picture's edge within which people may come and go.",
    )
    false_base: float = Field(
        default=2.0, description="Nats by which a piece without any box is rather a false alarm."
    )
    false_s: float = Field(
        default=6.0,
        gt=0,
        description="Nats that each second of boxes speaks against a false alarm, however many pictures a "
        "second are looked at; a box counts for 0.25 s at most. Boxes found by motion speak for 0.4 of it: "
        "their mistakes last.",
    )
    false_score: float = Field(
        default=6.0,
        ge=0,
        description="Nats that a mean score of 1 more speaks against it, counted from 0.7 on.",
    )
    sure_nats: tuple[float, ...] = Field(
        default=(6.0, 3.0, 1.0),
        description="Margins (nats) by which a link must beat its rivals to be made in the first rounds.",
    )
    least_s: float = Field(
        default=0.5, ge=0, description="Seconds that somebody must be seen to be a person at all."
    )
    least_boxes: int = Field(
        default=4, ge=1, description="Detections (count) that somebody needs to be a person at all."
    )


class PhantomSettings(BaseModel):
    """What is suspected to be a thing that was taken for a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    suspect_s: float = Field(
        default=60.0,
        gt=0,
        description="Seconds from which on something that stays put is looked at, and listed if its pixels "
        "do not change.",
    )
    still_s: float = Field(
        default=1200.0,
        gt=0,
        description="Seconds from which on it is a suspected phantom and left out; less cannot tell.",
    )
    most_changed: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share (0..1) of its pixels that may change all the same.",
    )
    leave_out: bool = Field(default=True, description="Whether suspected phantoms are left out at all.")


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
        description="Arithmetic: f32 gives the same boxes on every machine; fastest is bfloat16 on "
        "processors that are faster with it (those with AMX), float16 on a graphics card, else f32.",
    )
    runtime: Literal["auto", "openvino", "torch"] = Field(
        default="auto",
        description="What runs a .pt: auto is torch where there is a graphics card, else OpenVINO, for which "
        "it is exported once; torch is the reference. Everything else is run by OpenVINO.",
    )


class AppearanceSettings(BaseModel):
    """How looks are taken down and compared, to tell whether two pieces of a track are one person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    crops: int = Field(
        default=8, ge=1, le=100, description="Crops (count) that are looked at per tracklet, at most."
    )
    crop_spacing_s: float = Field(
        default=0.2,
        gt=0,
        description="Seconds of a tracklet per crop: crops that follow each other faster show the same.",
    )
    most_crops: int = Field(
        default=20_000,
        ge=0,
        description="Crops (count) that are looked at per recording, at most; each takes a network "
        "a few milliseconds.",
    )
    min_visible: float = Field(
        default=0.6,
        ge=0,
        le=1,
        description="Share of a box (0..1) that nobody nearer hides, below which it is not looked at: it "
        "would show somebody else.",
    )
    min_height_px: float = Field(
        default=24.0, ge=2, description="Height (pixels) of a box below which it is not looked at."
    )
    cap_nats: float = Field(
        default=3.0,
        ge=0,
        description="Evidence (natural log of odds) that looks can give for or against a link, at most: "
        "crops where people cross show both.",
    )
    trust_crops: float = Field(
        default=2.0,
        ge=0,
        description="Crops (count) from which half of the evidence is believed: n crops are believed by the "
        "share n / (n + trust_crops).",
    )
