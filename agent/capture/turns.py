"""Packets read one by one and handed on a few at a time, while nobody waits for each of them.

What handles a packet costs little when it has just handled another, and several times as much when the processor has
done something else since: with a thread per camera that is half of what recording costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import av

from agent.capture.demux import Read
from agent.core.clock import NS

HELD_NS = 4 * NS // 10
"""A packet waits so long at most, as far as one can tell when the next one will come."""


def in_turns(reads: Iterator[Read], hurried: Callable[[], bool]) -> Iterator[Read]:
    """The same packets; each at once while `hurried`, and all that are held when the reading fails.

    Whether anybody hurries is asked after each handing on: a viewer who has just come waits that long.
    """
    held: list[Read] = []
    at_once, before_ns = hurried(), 0
    failure: av.FFmpegError | None = None
    try:
        for read in reads:
            held.append(read)
            if at_once or 2 * read.mono_ns - before_ns - held[0].mono_ns > HELD_NS:
                yield from held
                held.clear()
                at_once = hurried()
            before_ns = read.mono_ns
    except av.FFmpegError as error:
        failure = error
    yield from held
    if failure is not None:
        raise failure


def always() -> bool:
    """Nobody said otherwise: each packet at once."""
    return True
