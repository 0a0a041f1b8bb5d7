"""A picture that stops while the sound goes on: the encoder in the camera hangs, and no read limit is ever reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.capture.stamps import Raw
from agent.core.clock import NS
from agent.core.errors import SourceBroken

_SILENT_NS = 20 * NS
_FIRST_NS = 60 * NS
"""Before the second picture nobody knows how seldom they come."""

_SPACINGS = 5
"""A camera in time lapse is given so many times the longest it took from one picture to the next."""

_STOOD_NS = 8 * NS
"""Nobody waits longer for a packet than the read limit: in what is more than that the gateway itself stood still."""


def with_pictures(packets: Iterable[Raw], place: str) -> Iterator[Raw]:
    """The packets, of which a picture (track 0) is the first; an error when sound comes on and on and no picture."""
    waited_ns = 0
    before_ns: int | None = None
    longest_ns: int | None = None
    for raw in packets:
        if before_ns is not None:
            waited_ns += min(_STOOD_NS, raw.arrival.mono_ns - before_ns)
        if raw.track == 0:
            longest_ns = None if before_ns is None else max(longest_ns or 0, waited_ns)
            waited_ns = 0
        elif waited_ns > _bound_ns(longest_ns):
            raise SourceBroken(f"{place}: no picture for {waited_ns // NS} s though sound comes; trying again")
        before_ns = raw.arrival.mono_ns
        yield raw


def _bound_ns(longest_ns: int | None) -> int:
    return _FIRST_NS if longest_ns is None else max(_SILENT_NS, _SPACINGS * longest_ns)
