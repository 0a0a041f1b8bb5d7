"""What the rooms need of each other, said by the one who needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from agent.core.media import Packet, StreamInfo
from agent.core.stop import StopToken


class Worker(Protocol):
    """Anything long-lived. The constructor takes all it needs; only the supervisor starts its thread."""

    @property
    def name(self) -> str:
        """Unique in the process; the thread's name and the name in health."""

    def run(self, stop: StopToken) -> None:
        """Work until `stop` is set. An error ends this run; the supervisor starts the next."""


class PacketSink(Protocol):
    """Takes a camera's packets. Every call returns at once and never raises for reasons of the taker's own."""

    @property
    def hurried(self) -> bool:
        """Does each packet matter the moment it is there? While nobody hurries they come a few at a time."""

    def opened(self, info: StreamInfo) -> None:
        """A new epoch begins; the packets that follow belong to it. The first video packet is a keyframe."""

    def packet(self, packet: Packet) -> None:
        """One access unit, in decode order."""

    def closed(self, reason: str) -> None:
        """The epoch is over; `reason` is a short word for the catalogue (`lost`, `stop`, `changed`, `clock`, `end`)."""


class PacketSource(Protocol):
    """An opened camera stream or file."""

    @property
    def info(self) -> StreamInfo:
        """What the newest packet belongs to: another object than before where a new epoch begins with it."""

    def packets(self, stop: StopToken, hurried: Callable[[], bool] = ...) -> Iterator[Packet]:
        """Access units in decode order from the first keyframe on, until `stop`, or the end of a file.

        While `hurried` (always, by default) each comes when it is read, else up to half a second later with others.

        Raises:
            SourceError: the stream broke off.
        """

    def close(self) -> None:
        """Let go of the connection; safe to call twice."""


class SourceOpener(Protocol):
    """Opens one stream of one camera; each call is a new epoch."""

    @property
    def place(self) -> str:
        """Where it connects to, without secrets, for messages."""

    def open(self, stop: StopToken) -> PacketSource:
        """Connect within the time limits.

        Raises:
            SourceError: one clear line.
        """
