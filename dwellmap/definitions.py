"""What each number means, in the words that recipes and pages print beside it."""

from __future__ import annotations

from analytics.grid import Unit
from dwellmap.site_file import Settings


def definitions(settings: Settings, unit: Unit) -> dict[str, str]:
    """Definitions with the thresholds in force."""
    maps, paths = settings.maps, settings.trajectories
    window_s = settings.linking.return_window_s
    shown = "from head to hip in the picture and not hidden" if unit == "m" else "in the picture"
    area = "square metre" if unit == "m" else "pixel squared (map pictures: 10 000 pixels squared)"
    return {
        "heat": f"mean number of people present per {area} while the place was observed, spread as widely as "
        "positions are uncertain",
        "visits": f"distinct people with a visit of at least {maps.min_visit_cell_s:g} s in a cell "
        f"({maps.min_visit_zone_s:g} s in a zone)",
        "entries": "visits whose beginning was seen: over the place's border, at a door or at the edge "
        "of what the camera sees",
        "dwell_s": "person-seconds: the summed length of all stays, cut where a path crosses the border",
        "attention_s": "total dwell / entries, seconds a visit: time spent, not gaze",
        "attention_naive_s": "total dwell / distinct people, as most tools have it; lost tracks shorten it",
        "visit": f"stays of one person in one place, absences between them shorter than {maps.revisit_s:g} s",
        "coverage": "share of the cell in which a person of "
        f"{maps.person_height_m:g} m would have been counted, {shown}; "
        f"under {maps.min_coverage:g} there is no number",
        "exposure_s": "coverage times observed time",
        "few": f"fewer than {maps.min_entries} entries",
        "unplaced_s": f"time of tracks without a floor position for more than {paths.max_bridge_s:g} s",
        "outside_s": "person-seconds off the plan or on floor that the camera does not see",
        "people": f"visitors: different persons in sight for at least {maps.min_presence_s:g} s; who leaves "
        f"by a door or the picture's edge and is back within {window_s:g} s is one, where looks say so",
        "probable_staff": f"in sight for {maps.staff_s / 3600:g} h or longer on one day",
        "mean_km_s": "mean length of a visit, of which nothing after the horizon counts (Kaplan-Meier): "
        "visits seen to begin; those not seen to end lasted at least as long as they were seen",
        "median_s": "half of the visits last longer (Kaplan-Meier)",
        "under_way": "visits not seen to begin, left out of Kaplan-Meier",
        "censored": "visits seen to begin but not to end: the person vanished, the footage ended, or the "
        "zone goes on beyond the view's edge",
        "attracting_power": f"share of the entries that stopped: stood for {paths.stop_s:g} s or longer",
        "holding_power_s": "time standing per entry that stopped",
        "peak": "most people in the zone at once",
        "person_s_per_m2": "total dwell / area of the zone's floor that was seen",
        "scene_visits": "presences in the camera's view: who leaves and comes back counts again",
    }
