"""Packets read and handed on a few at a time, while nobody waits for each of them.

To wake for every piece that the network brings, and to do a little with each, is most of what recording costs. So the
reader rests while half a second of the stream gathers in the socket, reads that in one go, and hands it on together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import av

from agent.capture.demux import Read
from agent.core.clock import NS

HELD_NS = 7 * NS // 10
"""A packet waits so long at most between the socket and whoever handles it, if the stream comes evenly."""

REST_S = 0.6
"""The rest of the time that may be held is for frames that come slowly, and for the reading."""

_FIRST_REST_S = 0.05
_LONGER = 1.5
"""Rests grow: the kernel makes a socket's buffer larger only as it sees more being read at a time."""

_WAITED_NS = 2_000_000
"""A packet that took so long to read was waited for, or the processor was busy."""

_BEHIND_NS = NS // 10
_JUMP_NS = 2 * NS
_CREEP = 1000
"""The stream's clock may run off by one part in so many."""


class Backlog:
    """Has all been read that has come? By the stream's own times: on a busy machine any read may take long."""

    def __init__(self) -> None:
        self._least: dict[int, tuple[int, int]] = {}

    def is_empty(self, read: Read) -> bool:
        """Of the newest packet: is it hardly later than its stream's packets are at their least?"""
        media_ns, stream = read.media_ns(), read.packet.stream_index
        if media_ns is None:
            return False
        late_ns = read.mono_ns - media_ns
        least_ns, at_ns = self._least.get(stream, (late_ns, read.mono_ns))
        if abs(late_ns - least_ns) > _JUMP_NS:
            least_ns = late_ns
        least_ns = min(late_ns, least_ns + (read.mono_ns - at_ns) // _CREEP)
        self._least[stream] = least_ns, read.mono_ns
        return late_ns - least_ns <= _BEHIND_NS


def in_turns(reads: Iterator[Read], hurried: Callable[[], bool], rest: Callable[[float], object]) -> Iterator[Read]:
    """The same packets; each at once while `hurried`, and all that are held when the reading fails.

    Whether anybody hurries is asked after each handing on: a viewer who has just come waits that long. `rest` sleeps
    for so many seconds.
    """
    held: list[Read] = []
    backlog, rest_s = Backlog(), _FIRST_REST_S
    at_once, before_ns = hurried(), 0
    failure: av.FFmpegError | None = None
    try:
        for read in reads:
            held.append(read)
            drained = not at_once and read.waited_ns > _WAITED_NS and backlog.is_empty(read)
            if at_once or drained or 2 * read.mono_ns - before_ns - held[0].mono_ns > HELD_NS:
                yield from held
                held.clear()
                at_once = hurried()
                if at_once:
                    rest_s = _FIRST_REST_S
                elif drained:
                    rest(rest_s)
                    rest_s = min(REST_S, _LONGER * rest_s)
            before_ns = read.mono_ns
    except av.FFmpegError as error:
        failure = error
    yield from held
    if failure is not None:
        raise failure


def always() -> bool:
    """Nobody said otherwise: each packet at once."""
    return True
