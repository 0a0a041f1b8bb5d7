"""A socket that reads ahead: nothing lost, nothing invented, and its ends look as they did."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

import pytest

from agent.wire.mqtt_socket import ReadAhead


@pytest.fixture
def ends() -> Iterator[tuple[ReadAhead, socket.socket]]:
    near, far = socket.socketpair()
    near.setblocking(False)
    with near, far:
        yield ReadAhead(near), far


def test_pieces_of_any_size_are_the_bytes_that_came(ends: tuple[ReadAhead, socket.socket]) -> None:
    ahead, far = ends
    draw = random.Random(5)
    sent = draw.randbytes(300_000)
    waiting, got = sent, b""
    while len(got) < len(sent):
        if waiting and not ahead.pending():
            waiting = waiting[far.send(waiting[: draw.randrange(1, 90_000)]) :]
        piece = ahead.recv(draw.choice((1, 1, 2, 700, 100_000)))
        assert piece
        got += piece
    assert got == sent
    assert ahead.pending() == 0


def test_what_is_kept_is_known_without_asking(ends: tuple[ReadAhead, socket.socket]) -> None:
    ahead, far = ends
    far.sendall(b"abcde")
    assert ahead.pending() == 0
    assert ahead.recv(1) == b"a"
    assert ahead.pending() == 4
    far.close()
    assert ahead.recv(9) == b"bcde"
    assert ahead.recv(9) == b""  # the end, as a socket tells it


def test_nothing_there_is_told_as_a_socket_does(ends: tuple[ReadAhead, socket.socket]) -> None:
    ahead, _ = ends
    with pytest.raises(BlockingIOError):
        ahead.recv(1)
    assert ahead.fileno() > 0
