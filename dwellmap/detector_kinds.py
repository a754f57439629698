"""The kinds of detectors that a person may ask for."""

from __future__ import annotations

from typing import Literal

Kind = Literal["auto", "yolo", "motion", "mog2", "hog", "haar", "replay"]
"""Who finds the people; auto is yolo where weights are found, else motion."""
