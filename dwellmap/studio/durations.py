"""Lengths of time as people say them."""

from __future__ import annotations

import math


def spoken(seconds: float) -> str:
    """Such as "0.4 s", "43 s", "3 min 20 s", "2 h 5 min"; an em dash for what is not known."""
    if not math.isfinite(seconds):
        return "–"
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,} h {minutes} min".replace(",", "\u202f") if minutes else f"{hours:,} h"
