"""Coded pictures between the thread that reads and the one that decodes."""

from dataclasses import dataclass

from tracker.live.packets import PacketQueue
from tracker.live.pauses import Pauses


@dataclass
class Packet:
    number: int
    is_keyframe: bool = False
    size: int = 1000
    pts: int | None = None


def numbers(queue: PacketQueue) -> list[int]:
    queue.end()
    found = []
    while (arrived := queue.take()) is not None:
        found.append(arrived.packet.number)
    return found


def test_in_order_while_the_decoder_keeps_up() -> None:
    queue = PacketQueue()
    for number in range(10):
        queue.put(Packet(number, number == 0), number * 0.1)
    assert not queue.lost()
    assert numbers(queue) == list(range(10))


def test_a_slow_decoder_goes_on_at_the_newest_key_picture() -> None:
    queue = PacketQueue()
    for number in range(30):
        queue.put(Packet(number, number % 10 == 0), number * 0.1)
    assert queue.lost() == 20
    assert queue.lost() == 0
    left = numbers(queue)
    assert left[0] == 20
    assert left == list(range(20, 30))


def test_a_key_picture_in_parts_is_kept_or_left_out_as_a_whole() -> None:
    queue = PacketQueue()
    for number in range(90):
        picture = number // 3
        queue.put(Packet(number, picture % 10 == 0, pts=picture), picture * 0.1)
    assert queue.lost() == 20
    assert numbers(queue) == list(range(60, 90))
    # The line is cleared while a key picture comes: the rest of that one has no beginning.
    queue = PacketQueue()
    for number in range(25):
        picture = max(0, number - 19)
        queue.put(Packet(number, picture in (0, 3), pts=picture), number * 0.1)
    assert numbers(queue) == [22, 23, 24]


def test_without_a_newer_key_picture_it_waits_for_one() -> None:
    queue = PacketQueue()
    for number in range(40):
        queue.put(Packet(number, number in (0, 35)), number * 0.1)
    assert queue.lost() == 35
    assert numbers(queue) == [35, 36, 37, 38, 39]


def test_a_camera_without_key_pictures_is_seen_again() -> None:
    """Some refresh their pictures bit by bit."""
    queue = PacketQueue()
    for number in range(125):
        queue.put(Packet(number, number == 0), number * 0.1)
    left = numbers(queue)
    assert 0 < len(left) < 10
    assert left[-1] == 124


def test_what_waits_is_bounded_in_bytes() -> None:
    queue = PacketQueue()
    for number in range(100):
        queue.put(Packet(number, True, size=4 << 20), 0.0)
    assert len(numbers(queue)) <= 20


def test_pauses_grow_to_half_a_minute_and_begin_anew_after_health() -> None:
    pauses = Pauses()
    assert [pauses.after_failure(slow=False) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    pauses.after_pictures(3.0)
    assert pauses.after_failure(slow=False) == 30
    pauses.after_pictures(20.0)
    assert pauses.after_failure(slow=False) == 1


def test_a_wrong_password_is_tried_seldom() -> None:
    """Many cameras lock an account after some wrong tries."""
    pauses = Pauses()
    assert [pauses.after_failure(slow=True) for _ in range(6)] == [30, 60, 120, 240, 300, 300]
