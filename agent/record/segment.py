"""A segment: one closed recording file, described the same in its catalogue row and in the notes it carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.config.base import Id
from agent.core.clock import NS
from agent.core.media import TimeSource
from agent.record.boxes import note

OPEN_SUFFIX = ".open"

M = TypeVar("M", bound=BaseModel)
Ns = Annotated[int, Field(ge=0, lt=1 << 63)]


@dataclass(frozen=True, slots=True)
class Segment:
    """A row of the catalogue. Times are UTC nanoseconds; `path` is relative to the recording folder.

    `media_ns` is how long the file plays by the camera's timestamps (wall time may have been slewed beside it);
    `base` is the epoch's dts of the first video packet, in `tick` seconds; `key` says that it begins with a keyframe.
    """

    id: str
    camera: str
    stream: str
    epoch: str
    path: str
    start_ns: int
    end_ns: int
    media_ns: int
    bytes: int
    packets: int
    reason: str
    sha256: str
    codecs: str
    key: bool
    base: int
    tick: Fraction
    time_source: str
    offset_ns: int | None


class Head(BaseModel):
    """What is known when a segment begins; read back from the file by recovery, so it is checked."""

    model_config = ConfigDict(frozen=True)

    id: Id
    camera: Id
    stream: Id
    epoch: Id
    start_ns: Ns
    codecs: Annotated[str, Field(max_length=200)]
    key: bool
    base: int
    tick_num: Annotated[int, Field(ge=1)]
    tick_den: Annotated[int, Field(ge=1)]
    time_source: TimeSource
    offset_ns: int | None

    def box(self) -> bytes:
        """The note that follows the init segment."""
        return note("head", self.model_dump(mode="json"))


class Tail(BaseModel):
    """What is known when it ends."""

    model_config = ConfigDict(frozen=True)

    end_ns: Ns
    media_ns: Ns
    packets: Annotated[int, Field(ge=0)]
    reason: Annotated[str, Field(max_length=40)]

    def box(self) -> bytes:
        """The note that ends the file."""
        return note("tail", self.model_dump(mode="json"))


def make_segment(head: Head, tail: Tail, path: str, size: int, sha256: str) -> Segment:
    """Put the row together."""
    return Segment(
        id=head.id,
        camera=head.camera,
        stream=head.stream,
        epoch=head.epoch,
        path=path,
        start_ns=head.start_ns,
        end_ns=tail.end_ns,
        media_ns=tail.media_ns,
        bytes=size,
        packets=tail.packets,
        reason=tail.reason,
        sha256=sha256,
        codecs=head.codecs,
        key=head.key,
        base=head.base,
        tick=Fraction(head.tick_num, head.tick_den),
        time_source=head.time_source.value,
        offset_ns=head.offset_ns,
    )


def folder_of(camera: str, start_ns: int) -> str:
    """Camera, day, hour."""
    return f"{camera}/{datetime.fromtimestamp(start_ns // NS, UTC):%Y-%m-%d/%H}"


def name_of(camera: str, epoch: str, start_ns: int) -> str:
    """UTC start to the microsecond, camera, epoch: unique, and sorted by time."""
    seconds, rest_ns = divmod(start_ns, NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%S}.{rest_ns // 1000:06d}Z_{camera}_{epoch}.mp4"


def parse_head(content: dict[str, Any] | None) -> Head | None:
    """The head note, None when it is missing or not ours."""
    return _parsed(Head, content)


def parse_tail(content: dict[str, Any] | None) -> Tail | None:
    """The tail note, None when it is missing or not ours."""
    return _parsed(Tail, content)


def _parsed(model: type[M], content: dict[str, Any] | None) -> M | None:
    try:
        return None if content is None else model.model_validate(content)
    except ValidationError:
        return None
