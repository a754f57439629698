"""A stream for long: memory flat and delay small, through breaks; `make soak-live` gives it half an hour."""

import os
import time
from collections.abc import Callable

import numpy as np
import psutil
import pytest

from tracker.live.events import Gap, Picture
from tracker.live.stream import open_stream

LASTS_S = float(os.environ.get("DWELLMAP_SOAK_LIVE_S", "30"))
SPEED = 20
MOST_GROWTH_MIB = 4.0


@pytest.mark.slow
@pytest.mark.timeout(LASTS_S + 120)
def test_memory_stays_flat_and_delay_small(rtsp_camera: Callable) -> None:
    """200 pictures a second, a break every sixth of the time."""
    camera = rtsp_camera("--speed", SPEED)
    me = psutil.Process()
    counted, dropped, gaps, late_s, memory = 0, 0, 0, [], []
    files = me.num_fds()
    began_s = time.monotonic()
    next_look_s = next_break_s = 0.0
    with open_stream(camera.url) as stream:
        while (passed_s := time.monotonic() - began_s) < LASTS_S:
            event = stream.next(0.5)
            if isinstance(event, Picture):
                counted, dropped = counted + 1, dropped + event.dropped
                late_s.append(event.late_s)
            gaps += isinstance(event, Gap)
            if passed_s > next_look_s and me.children():
                next_look_s += LASTS_S / 200
                decoders = [c for c in me.children() if "tracker.live.decoder" in " ".join(c.cmdline())]
                if decoders:
                    of_both = (me.memory_info().rss + decoders[0].memory_info().rss) / 2**20
                    memory.append((passed_s, of_both))
            if passed_s > next_break_s + LASTS_S / 6:
                next_break_s += LASTS_S / 6
                camera.kill()
                camera.restart()
                late_s = late_s[-1000:]
    t_s, mib = np.array(memory)[len(memory) // 5 :].T
    # In fifths, since each new process begins small.
    first, last = np.median(mib[: len(mib) // 5]), np.median(mib[-len(mib) // 5 :])
    slope = np.polyfit(t_s / 3600, mib, 1)[0]
    print(
        f"\n{counted} pictures in {LASTS_S:.0f} s, {dropped} dropped, {gaps} breaks; delay median "
        f"{np.median(late_s) * 1000:.0f} ms, 99 % under {np.percentile(late_s, 99) * 1000:.0f} ms; "
        f"memory {first:.1f} MiB, later {last:.1f} MiB, slope {slope:+.1f} MiB an hour"
    )
    assert me.num_fds() <= files + 3
    assert gaps >= 4
    assert counted > 20 * LASTS_S
    assert last - first < MOST_GROWTH_MIB
    assert np.median(late_s) < 0.5
