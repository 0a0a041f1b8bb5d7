"""A segment: one closed recording file, described the same in its catalogue row and in the notes it carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from agent.config.base import Id
from agent.core.clock import NS
from agent.core.media import TimeSource
from agent.record.boxes import note
from agent.record.cipher import CipherNote
from agent.record.statement import Ns, Sha256, Statement, parsed

OPEN_SUFFIX = ".open"
UNREADABLE_SUFFIX = ".unreadable"
"""Follows the name of an open file that the disk did not give back."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A row of the catalogue. Times are UTC nanoseconds; `path` is relative to the folder of its `tier`.

    `start_ns` and `end_ns` are what the file says plus `shift_ns`, which is set when the gateway's clock turns out to
    have been wrong; the file is never rewritten. `media_ns` is how long it plays by the camera's timestamps; `base` is
    the epoch's dts of the first video packet, in `tick` seconds; `key` says that it begins with a keyframe. `number`,
    `previous` and `link` are its place in the camera's chain; `boot` and `mono_ns` say when it began by the clock that
    never steps, `synced` whether the other one could be trusted. `wanted` is False for footage that only waits whether
    something happens.
    """

    id: str
    camera: str
    stream: str
    epoch: str
    tier: int
    path: str
    start_ns: int
    end_ns: int
    shift_ns: int
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
    boot: str
    mono_ns: int
    synced: bool | None
    number: int
    previous: str
    link: str
    wanted: bool


class Head(BaseModel):
    """What is known when a segment begins; read back from the file by recovery, so it is checked.

    `arrived_ns` and `mono_ns` are the gateway's two clocks at the first packet, `offset_ns` the camera's clock minus
    the gateway's. `cipher` is there when pictures and sound are encrypted.
    """

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
    arrived_ns: Ns
    boot: Id
    mono_ns: Ns
    synced: bool | None
    wanted: bool
    cipher: CipherNote | None = None

    def box(self) -> bytes:
        """The note that follows the init segment."""
        return note("head", self.model_dump(mode="json"))


class Anchors(BaseModel):
    """The clocks at the last video packet, as in `Head`; a segment that was recovered has none."""

    model_config = ConfigDict(frozen=True)

    arrived_ns: Ns
    mono_ns: Ns
    offset_ns: int | None
    synced: bool | None


class Tail(Statement):
    """What is stated of a segment when it ends; `size` and `sha256` are of all that stands in the file before it."""

    id: Id
    camera: Id
    epoch: Id
    number: Annotated[int, Field(ge=1, lt=1 << 63)]
    previous: Sha256
    start_ns: Ns
    end_ns: Ns
    media_ns: Ns
    packets: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(ge=0)]
    sha256: Sha256
    reason: Annotated[str, Field(max_length=40)]
    clocks: Anchors | None

    def box(self) -> bytes:
        """The note that ends the file."""
        return note("tail", self.model_dump(mode="json"))


def make_segment(head: Head, tail: Tail, *, tier: int, path: str, size: int) -> Segment:
    """Put the row together; `size` is the whole file's."""
    return Segment(
        id=head.id,
        camera=head.camera,
        stream=head.stream,
        epoch=head.epoch,
        tier=tier,
        path=path,
        start_ns=head.start_ns,
        end_ns=tail.end_ns,
        shift_ns=0,
        media_ns=tail.media_ns,
        bytes=size,
        packets=tail.packets,
        reason=tail.reason,
        sha256=tail.sha256,
        codecs=head.codecs,
        key=head.key,
        base=head.base,
        tick=Fraction(head.tick_num, head.tick_den),
        time_source=head.time_source.value,
        offset_ns=head.offset_ns,
        boot=head.boot,
        mono_ns=head.mono_ns,
        synced=head.synced,
        number=tail.number,
        previous=tail.previous,
        link=tail.digest(),
        wanted=head.wanted,
    )


def folder_of(camera: str, start_ns: int) -> str:
    """Camera, day, hour."""
    return f"{camera}/{datetime.fromtimestamp(start_ns // NS, UTC):%Y-%m-%d/%H}"


def name_of(camera: str, epoch: str, start_ns: int) -> str:
    """UTC start to the microsecond, camera, epoch: unique, and sorted by time."""
    seconds, rest_ns = divmod(start_ns, NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%S}.{rest_ns // 1000:06d}Z_{camera}_{epoch}.mp4"


def start_of(path: str) -> int | None:
    """When a file of that name begins, to the microsecond; None for other names."""
    try:
        text = path.rpartition("/")[2].partition("_")[0].replace("Z", "+0000")
        moment = datetime.strptime(text, "%Y%m%dT%H%M%S.%f%z")
    except ValueError:
        return None
    return int(moment.replace(microsecond=0).timestamp()) * NS + moment.microsecond * 1000


def parse_head(content: dict[str, Any] | None) -> Head | None:
    """The head note, None when it is missing or not ours."""
    return parsed(Head, content)


def parse_tail(content: dict[str, Any] | None) -> Tail | None:
    """The tail note, None when it is missing or not ours."""
    return parsed(Tail, content)
