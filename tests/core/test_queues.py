from hypothesis import given
from hypothesis import strategies as st

from agent.core.media import Packet, TimeSource
from agent.core.queues import BoundedQueue, GopQueue, LatestSlot


def packet(number: int, *, key: bool = False, size: int = 10) -> Packet:
    return Packet(0, bytes(size), number, number, 1, key, number, TimeSource.ARRIVAL, number, number)


def numbers(queue: GopQueue) -> list[int]:
    found = []
    while (taken := queue.get(0)) is not None:
        found.append(taken.pts)
    return found


def test_bounded_queue_refuses_beyond_its_items_and_counts() -> None:
    queue: BoundedQueue[int] = BoundedQueue(2)
    assert [queue.put(number) for number in (1, 2, 3)] == [True, True, False]
    assert (queue.refused, queue.get(0), queue.get(0), queue.get(0)) == (1, 1, 2, None)


def test_bounded_queue_takes_one_item_however_large() -> None:
    queue: BoundedQueue[bytes] = BoundedQueue(5, max_bytes=10, size=len)
    assert queue.put(bytes(100))
    assert not queue.put(b"x")
    assert queue.bytes == 100
    queue.get(0)
    assert queue.put(b"x")
    assert queue.bytes == 1


def test_bounded_queue_drains_in_order() -> None:
    queue: BoundedQueue[int] = BoundedQueue(9)
    for number in range(5):
        queue.put(number)
    assert queue.drain(3) == [0, 1, 2]
    assert queue.drain(9) == [3, 4]


def test_gop_queue_drops_the_oldest_group_when_a_third_begins() -> None:
    queue = GopQueue(0, max_gops=2)
    for number in range(9):
        queue.put(packet(number, key=number % 3 == 0))
    assert numbers(queue) == [3, 4, 5, 6, 7, 8]
    assert queue.dropped == 3


def test_gop_queue_reader_in_the_middle_of_a_group_resumes_at_a_keyframe() -> None:
    queue = GopQueue(0, max_gops=2)
    for number in range(6):
        queue.put(packet(number, key=number % 3 == 0))
    assert [queue.get(0).pts, queue.get(0).pts] == [0, 1]  # type: ignore[union-attr]
    for number in range(6, 12):
        queue.put(packet(number, key=number % 3 == 0))
    assert numbers(queue) == [6, 7, 8, 9, 10, 11]


def test_gop_queue_beyond_its_bytes_waits_for_the_next_keyframe() -> None:
    queue = GopQueue(0, max_gops=2, max_bytes=25)
    for number in range(4):
        queue.put(packet(number, key=number == 0))
    queue.put(packet(4, key=True))
    queue.put(packet(5))
    assert numbers(queue) == [4, 5]
    assert queue.dropped == 4


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=60), st.integers(0, 20))
def test_gop_queue_never_gives_a_packet_that_cannot_be_decoded(parts: list[tuple[bool, int]], read_every: int) -> None:
    queue = GopQueue(0, max_gops=2, max_bytes=100)
    given_ones: list[Packet] = []
    pushed = 0
    for number, (key, size) in enumerate([(True, 1), *parts]):
        queue.put(packet(number, key=key, size=size))
        pushed += 1
        if read_every and number % (read_every + 1) == 0 and (taken := queue.get(0)):
            given_ones.append(taken)
    while (taken := queue.get(0)) is not None:
        given_ones.append(taken)
    for before, now in zip([None, *given_ones], given_ones, strict=False):
        assert now.key or (before is not None and before.pts == now.pts - 1), "a gap that does not end in a keyframe"
    assert len(given_ones) + queue.dropped == pushed


def test_latest_slot_keeps_the_newest_and_counts_the_loser() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    slot.put(2)
    assert (slot.get(0), slot.get(0), slot.replaced) == (2, None, 1)
