"""One pass over a recording for several who want to see pictures of it again."""

import numpy as np

from tracker.again import look_again
from tracker.frames import Frame


class Film:
    """Ten pictures, 0.1 s apart, that count how often they are read and which are converted."""

    def __init__(self):
        self.passes, self.converted = 0, []

    def read(self, sample_fps, wanted=None):
        self.passes += 1
        for k in range(10):
            if k in wanted:
                self.converted.append(k)
                yield Frame(k / 10, k, np.full((4, 4, 3), k, np.uint8))


class Noting:
    def __init__(self, *pictures):
        self.pictures, self.seen = set(pictures), []

    def see(self, frame):
        assert (frame.image_bgr == frame.index).all()
        self.seen.append(frame.index)


def test_each_sees_what_it_wants_in_order_of_time_and_the_footage_is_read_once():
    film, one, other, times = Film(), Noting(7, 2), Noting(2, 3), []
    look_again(film, (one, other), times.append)
    assert (one.seen, other.seen) == ([2, 7], [2, 3])
    assert film.passes == 1
    assert film.converted == [2, 3, 7]
    assert times == [0.2, 0.3, 0.7]


def test_a_picture_that_cannot_be_had_is_left_out():
    one = Noting(3, 12)
    look_again(Film(), (one,))
    assert one.seen == [3]


def test_where_nobody_wants_a_picture_nothing_is_read():
    film = Film()
    look_again(film, (Noting(),))
    assert film.passes == 0
