"""A second pass over a recording, for all who want to see some of its pictures once more."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from contextlib import closing
from typing import Protocol

from tracker.ahead import ahead
from tracker.frames import Frame, Recording

# Pictures decoded while those before are worked on.
_AHEAD = 4


class Onlooker(Protocol):
    """Wants to see pictures again of which the detections are known."""

    @property
    def pictures(self) -> Set[int]:
        """Their numbers, as `Frame.index` has them."""
        ...

    def see(self, frame: Frame) -> None:
        """Take what is needed of one of them; they come in order of time, those that cannot be had not."""
        ...


def look_again(
    recording: Recording,
    onlookers: Sequence[Onlooker],
    progress: Callable[[float], None] = lambda t_s: None,
) -> None:
    """Decode the recording once for all onlookers, up to the last picture that one of them wants.

    Only wanted pictures are converted; where nobody wants one the recording is not opened.

    Args:
        recording: The footage.
        onlookers: Each is shown the pictures that it wants.
        progress: Told the time (s) of each picture that was shown.

    """
    wanted = {number for onlooker in onlookers for number in onlooker.pictures}
    if not wanted:
        return
    last = max(wanted)
    with closing(ahead(recording.read(None, wanted), _AHEAD)) as frames:
        for frame in frames:
            for onlooker in onlookers:
                if frame.index in onlooker.pictures:
                    onlooker.see(frame)
            progress(frame.t_s)
            if frame.index >= last:
                break
