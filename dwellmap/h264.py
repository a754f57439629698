"""Pictures to an H.264 file."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray


def write_h264(
    path: Path,
    pictures: Iterator[NDArray[np.uint8]],
    times_s: NDArray[np.float64],
    size_px: tuple[int, int],
    for_browsers: bool = False,
) -> None:
    """Write pictures as an H.264 file whose timestamps are the given times, to a millisecond.

    Args:
        path: File to write, its ending deciding the container.
        pictures: (height, width, 3) uint8, as many as there are times.
        times_s: Seconds, increasing.
        size_px: (width, height), both even.
        for_browsers: Put the index first, so that a browser shows the first picture before it has the last.

    """
    tick = Fraction(1, 1000)
    typical = (
        Fraction(float(1 / np.median(np.diff(times_s)))).limit_denominator(1001) if len(times_s) > 1 else 15
    )
    with av.open(str(path), "w", options={"movflags": "faststart"} if for_browsers else {}) as container:
        stream = container.add_stream("libx264", rate=typical)
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = tick
        # Without mbtree: with it x264 gives other bytes each time on processors with AVX-512.
        stream.options = {"preset": "veryfast", "crf": "24", "threads": "2", "x264-params": "mbtree=0"}
        for image, t in zip(pictures, times_s, strict=True):
            frame = av.VideoFrame.from_ndarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), format="yuv420p")
            frame.pts, frame.time_base = round(float(t) / tick), tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
