"""From tracklets to tracks: who they are, where they stand, when they were away."""

from __future__ import annotations

from calibration.scene import Scene
from tracker.appearance.looks import Looks
from tracker.boxpath import smoothed_boxes
from tracker.linking.audit import Audit, audit
from tracker.linking.known import Known
from tracker.linking.linker import linked, people
from tracker.linking.returns import presences, visitors
from tracker.placing import place
from tracker.settings import LinkingSettings
from tracker.tracklets import Tracklets
from tracker.tracks import Tracks


def followed(
    tracklets: Tracklets,
    known: Known,
    settings: LinkingSettings,
    looks: Looks | None = None,
    scene: Scene | None = None,
) -> tuple[Tracks, Audit]:
    """Join tracklets to people, find those who come back, and put everybody on the floor.

    Args:
        tracklets: Boxes that belong together.
        known: The recording.
        settings: How people are joined.
        looks: What they look like, if anybody looked.
        scene: Furniture that hides feet.

    Returns:
        The tracks, and what linking can tell of its own faults.

    """
    who = linked(tracklets, known, settings, looks)
    here, person = presences(people(tracklets, who.person), known, settings)
    visitor = visitors(here, person, known, settings, looks)
    placed = place(
        here,
        known.picture_t_s,
        known.shown_px,
        known.calibration,
        settings.max_gap_s,
        known.habits.near_edge_m,
        scene,
    )
    tracks = smoothed_boxes(placed, settings.max_gap_s).of_visitors(visitor)
    return tracks, audit(tracklets, who, known, settings)
