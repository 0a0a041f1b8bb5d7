"""What the outbox keeps until the centre has it: records, the envelope they travel in, and the acknowledgement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Generic, Literal, NamedTuple, Self, TypeVar, get_args

from pydantic import Field, model_validator

from agent.core.errors import WireError
from agent.wire.messages.base import (
    VERSION,
    ClockState,
    Corners,
    Id,
    MediaKindName,
    Message,
    Sha256,
    Share,
    Text,
    Time,
    decode,
)
from agent.wire.messages.history import HealthSample
from agent.wire.messages.stir import MotionText

ColourName = Literal[
    "black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown"
]  # fmt: skip
COLOURS: tuple[str, ...] = get_args(ColourName)
"""The eleven basic names; a part without a known colour says `unknown`."""
COLOURED_PARTS = ("upper", "lower", "vehicle")


class MediaRef(Message):
    """A picture or clip that belongs to an event or a track; `bytes` stay at the edge until `sent` or asked for."""

    id: Id
    kind: MediaKindName
    type: Text
    bytes: Annotated[int, Field(ge=0, lt=1 << 53)]
    width: Annotated[int, Field(ge=0, lt=1 << 31)] | None = None
    height: Annotated[int, Field(ge=0, lt=1 << 31)] | None = None


class Event(Message):
    """Something a rule decided. Start, update and end carry the same id and apply in any order.

    `attributes` say more, such as `speed` with `speed_unit` (`m/s` where the ground is calibrated, else `heights/s`),
    `moving` (by compass, else in the picture) and `bearing`; `position` is `latitude,longitude`. See the page on rules.
    """

    id: Id
    camera: Id
    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    phase: Literal["start", "update", "end"]
    time: Time
    start: Time
    end: Time | None = None
    label: Text | None = None
    score: Share | None = None
    box: Corners | None = None
    rule: Text | None = None
    zone: Text | None = None
    line: Text | None = None
    direction: Text | None = None
    count: int | None = None
    severity: Literal["info", "alarm"] = "info"
    tracks: Annotated[list[Id], Field(max_length=64)] = []
    attributes: dict[str, Any] = {}
    media: Annotated[list[MediaRef], Field(max_length=16)] = []
    position: Text | None = None
    clock: ClockState = ClockState()


PathPoint = tuple[float, Share, Share, Share, Share]


class Appearance(Message):
    """What somebody looks like, as one vector of a model: near for the same person, far for another.

    `vector` is base64 of signed bytes, one for each dimension: a vector of length 1, times 127, in whole numbers.
    """

    model: Annotated[str, Field(min_length=1, max_length=64)]
    vector: Annotated[str, Field(min_length=4, max_length=5464, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


class TrackSummary(Message):
    """One object over time. `path` is [[seconds since start, x1, y1, x2, y2], ...]; sent again until `final`.

    `speed` and `direction` are of its whole life: in m/s and by compass (N, NE ...; `bearing` in degrees from north)
    where the ground is calibrated, else in heights of its box per second and one of eight directions of the picture
    (`down-left`); `speed_unit` says which. `size` is a share of the picture, `size_m` width and height in metres,
    `position` where it was last, `latitude,longitude`. `dwell` is seconds by zone.

    `contour` is its outline at its best moment, [[x, y], ...] of the picture, empty where nobody could tell. `media`
    has the best snapshots first, then the sprites (see the page on tracking).

    `kind` is the finer class (`car`, `bus` for a vehicle). `colours` has the parts `upper`, `lower` and `vehicle` that
    the label has: the names with their shares, the largest first, or `unknown` alone; `lab` is L*, a*, b* (D65) of the
    first name and `colour_confidence` how sure it is. `attributes`: `carries_bag`, `bag`, and what plug-ins add.
    `appearance` is there where the camera has a model of appearance, for people who were seen well.
    """

    id: Id
    camera: Id
    final: bool
    label: Text
    kind: Text | None = None
    score: Share
    start: Time
    end: Time
    path: Annotated[list[PathPoint], Field(max_length=2000)] = Field(default_factory=list)
    contour: Annotated[list[tuple[Share, Share]], Field(max_length=64)] = Field(default_factory=list)
    colours: Annotated[dict[str, list[tuple[str, Share]]], Field(max_length=16)] = Field(default_factory=dict)
    lab: Annotated[dict[str, tuple[float, float, float]], Field(max_length=16)] = Field(default_factory=dict)
    colour_confidence: Annotated[dict[str, Share], Field(max_length=16)] = Field(default_factory=dict)
    attributes: Annotated[dict[str, Any], Field(max_length=64)] = Field(default_factory=dict)
    speed: float | None = None
    speed_unit: Literal["m/s", "heights/s"] | None = None
    direction: Text | None = None
    bearing: Annotated[float, Field(ge=0, le=360)] | None = None
    size: Share | None = None
    size_m: tuple[float, float] | None = None
    dwell_s: Annotated[float, Field(ge=0)] = 0.0
    dwell: Annotated[dict[str, float], Field(max_length=64)] = Field(default_factory=dict)
    zones: Annotated[list[Text], Field(max_length=64)] = Field(default_factory=list)
    plate: Text | None = None
    appearance: Appearance | None = None
    media: Annotated[list[MediaRef], Field(max_length=16)] = Field(default_factory=list)
    position: Text | None = None
    clock: ClockState = ClockState()


class RecordingSpan(Message):
    """A closed segment: footage exists at the edge from `start` to `end`. `reason` is why it was closed.

    `number` and `link` are its place in the camera's chain: whoever has heard of it knows the head of that moment. The
    times are `shift_ms` later than those in the file when the gateway's clock was wrong; it is told again then.

    `motion` is how much moved, base64 of a byte for each second of the clock that the span touches, by the times in
    the file: 0 when nothing did, 10 where 1 % of the picture moved, 50 at a quarter, 100 at all of it (ten times the
    square root of the percentage), 255 when nobody looked. Absent: nobody looked at all, or nothing is known yet or
    any more; told again with more, each second keeps the highest level that was told.
    """

    id: Id
    camera: Id
    epoch: Id
    start: Time
    end: Time
    bytes: Annotated[int, Field(ge=0)]
    packets: Annotated[int, Field(ge=0)]
    reason: Text
    sha256: Sha256
    number: Annotated[int, Field(ge=1, lt=1 << 53)]
    link: Sha256
    shift_ms: int = 0
    motion: MotionText | None = None


STILL_KINDS = frozenset({"object_left", "object_removed", "static_change", "vehicle_stopped"})
"""Kinds of events that tell of something that lies, or lay, there."""

DurableClass = Literal["alarm", "event", "track", "recording", "health"]
DURABLE_CLASSES: tuple[DurableClass, ...] = get_args(DurableClass)
"""The most urgent first. Alarms are events of that severity: a class of their own, so that they overtake without
leaving a hole in the numbers of the others."""
RECORD_TYPES: dict[DurableClass, type[Message]] = {
    "alarm": Event, "event": Event, "track": TrackSummary, "recording": RecordingSpan,
    "health": HealthSample,
}  # fmt: skip
CLASSES_OF_LEAF: dict[str, frozenset[DurableClass]] = {
    "event": frozenset({"alarm", "event"}), "track": frozenset({"track"}), "recording": frozenset({"recording"}),
}  # fmt: skip
"""What may come below `camera/<cam>/<leaf>`; the class `health` is of the whole gateway."""


def leaf_of(kind: DurableClass) -> str:
    """The topic below a camera that a class travels on."""
    return next(leaf for leaf, kinds in CLASSES_OF_LEAF.items() if kind in kinds)


class EnvelopeHead(Message):
    """What an envelope says beside its records; `records` are those of a class that adds them."""

    v: Literal[1] = 1
    site: Id
    gateway: Id
    outbox: Id
    kind: Annotated[DurableClass, Field(alias="class")]
    seq: Annotated[int, Field(ge=1)]
    seqs: Annotated[list[int], Field(max_length=500)] = Field(default_factory=list)
    dropped: Annotated[list[tuple[int, int]], Field(max_length=256)] = Field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        """The numbers that arrived with it."""
        return self.seqs or [self.seq]

    def _check_numbers(self, records: int) -> None:
        if self.seqs and (len(self.seqs) != records or self.seqs[0] != self.seq):
            raise ValueError("seqs must have a number for each record, seq first")


class Envelope(EnvelopeHead):
    """What durable records travel in. `seq` runs per outbox and class without holes, except those in `dropped`.

    With `seqs` each record has a number of its own, in the order of `records`, and `seq` is the first of them;
    without, `seq` stands for all records of the envelope.
    """

    records: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _numbers_fit(self) -> Self:
        self._check_numbers(len(self.records))
        return self


class LaterHead(EnvelopeHead):
    """The head of an envelope of a version after ours. What it says here stays where it is in all of them."""

    v: Annotated[int, Field(gt=VERSION, lt=1 << 31)]  # type: ignore[assignment]


R = TypeVar("R", bound=Message)


class _Whole(EnvelopeHead, Generic[R]):
    """An envelope that is read with its records in one go."""

    records: Annotated[list[R], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _numbers_fit(self) -> Self:
        self._check_numbers(len(self.records))
        return self


_WHOLE: dict[str, type[_Whole[Any]]] = {
    "event": _Whole[Event], "track": _Whole[TrackSummary], "recording": _Whole[RecordingSpan],
    "health": _Whole[HealthSample],
}  # fmt: skip


class Opened(NamedTuple):
    """An envelope, and its records: read, or as documents where one of them may be broken."""

    head: EnvelopeHead
    records: Sequence[Message] | Sequence[dict[str, Any]]


def open_records(payload: bytes, leaf: str) -> Opened:
    """An envelope of what comes below `camera/<cam>/<leaf>`, its records read with it if all of them are sound.

    Raises:
        WireError: too large, also when unpacked, or not an envelope.
    """
    try:
        envelope = decode(_WHOLE[leaf], payload)
    except WireError:
        head = decode(Envelope, payload)
        return Opened(head, head.records)
    return Opened(envelope, envelope.records)


class Ack(Message):
    """The centre has stored these messages of an outbox; `now` is the centre's clock."""

    v: Literal[1] = 1
    outbox: Id
    seqs: Annotated[list[int], Field(max_length=10_000)]
    now: Time
