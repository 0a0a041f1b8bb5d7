"""The messages, versioned, as frozen models: their JSON Schema is made from here.

Times are RFC 3339 UTC with milliseconds; boxes are `[x1, y1, x2, y2]`, 0..1, y down; unknown keys are ignored, so
that an older reader understands a newer writer.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from agent.config.base import Id
from agent.core.clock import parse_rfc3339
from agent.core.errors import WireError

VERSION = 1
MAX_JSON_BYTES = 1 << 20
CHUNK_BYTES = 96 * 1024
"""Fits the packet limit of every common broker (AWS IoT and Alibaba: 128 KiB)."""

Share = Annotated[float, Field(ge=0, le=1)]
Corners = tuple[Share, Share, Share, Share]
MediaKindName = Literal["snapshot", "sprite", "clip"]
ColourName = Literal[
    "black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown"
]  # fmt: skip
COLOURS: tuple[str, ...] = get_args(ColourName)
"""The eleven basic names; a part without a known colour says `unknown`."""
COLOURED_PARTS = ("upper", "lower", "vehicle")
Text = Annotated[str, Field(max_length=400)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _time(value: str) -> str:
    parse_rfc3339(value)
    return value


Time = Annotated[str, Field(max_length=40), AfterValidator(_time)]


class Message(BaseModel):
    """Base of all messages."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class ClockState(Message):
    """How far the camera's clock was from the gateway's, and whether the gateway's own was synchronised."""

    offset_ms: float | None = None
    synced: bool | None = None


class MediaRef(Message):
    """A picture or clip that belongs to an event or a track; `bytes` stay at the edge until `sent` or asked for."""

    id: Id
    kind: MediaKindName
    type: Text
    bytes: Annotated[int, Field(ge=0)]
    width: int | None = None
    height: int | None = None


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
    """

    id: Id
    camera: Id
    final: bool
    label: Text
    kind: Text | None = None
    score: Share
    start: Time
    end: Time
    path: Annotated[list[PathPoint], Field(max_length=2000)] = []
    contour: Annotated[list[tuple[Share, Share]], Field(max_length=64)] = []
    colours: Annotated[dict[str, list[tuple[str, Share]]], Field(max_length=16)] = {}
    lab: Annotated[dict[str, tuple[float, float, float]], Field(max_length=16)] = {}
    colour_confidence: Annotated[dict[str, Share], Field(max_length=16)] = {}
    attributes: Annotated[dict[str, Any], Field(max_length=64)] = {}
    speed: float | None = None
    speed_unit: Literal["m/s", "heights/s"] | None = None
    direction: Text | None = None
    bearing: Annotated[float, Field(ge=0, le=360)] | None = None
    size: Share | None = None
    size_m: tuple[float, float] | None = None
    dwell_s: Annotated[float, Field(ge=0)] = 0.0
    dwell: Annotated[dict[str, float], Field(max_length=64)] = {}
    zones: Annotated[list[Text], Field(max_length=64)] = []
    plate: Text | None = None
    media: Annotated[list[MediaRef], Field(max_length=16)] = []
    position: Text | None = None
    clock: ClockState = ClockState()


class RecordingSpan(Message):
    """A closed segment: footage exists at the edge from `start` to `end`. `reason` is why it was closed.

    `number` and `link` are its place in the camera's chain: whoever has heard of it knows the head of that moment. The
    times are `shift_ms` later than those in the file when the gateway's clock was wrong; it is told again then.
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


STILL_KINDS = frozenset({"object_left", "object_removed", "static_change", "vehicle_stopped"})
"""Kinds of events that tell of something that lies, or lay, there."""

DurableClass = Literal["event", "track", "recording"]
RECORD_TYPES: dict[str, type[Message]] = {"event": Event, "track": TrackSummary, "recording": RecordingSpan}


class Envelope(Message):
    """What a durable message travels in. `seq` runs per outbox and class without holes, except those in `dropped`."""

    v: Literal[1] = 1
    site: Id
    gateway: Id
    outbox: Id
    kind: Annotated[DurableClass, Field(alias="class")]
    seq: Annotated[int, Field(ge=1)]
    dropped: Annotated[list[tuple[int, int]], Field(max_length=256)] = []
    records: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=500)]


class Ack(Message):
    """The centre has stored these messages of an outbox; `now` is the centre's clock."""

    v: Literal[1] = 1
    outbox: Id
    seqs: Annotated[list[int], Field(max_length=10_000)]
    now: Time


class MediaAck(Message):
    """What the centre makes of a medium: wants these pieces (first, last), has all and the hash fits, or refuses."""

    v: Literal[1] = 1
    id: Id
    state: Literal["want", "done", "refused"]
    missing: Annotated[list[tuple[int, int]], Field(max_length=10_000)] = []
    reason: Text = ""
    now: Time


class Status(Message):
    """Retained; the Will says offline with the same session. `key`: the public key that signs footage (raw, hex)."""

    v: Literal[1] = 1
    state: Literal["online", "offline"]
    session: Id
    since: Time
    version: Text
    key: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""


class CameraHealth(Message):
    """A camera in the health message; counts are since the gateway's start.

    `packets_not_wanted` came while the schedule said `off`; `analysis_lag_ms` is how old its latest picture was when it
    was looked at.
    """

    id: Id
    online: bool
    recording: bool
    analysing: bool
    error: Text = ""
    packets_in: int = 0
    packets_recorded: int = 0
    packets_lost: int = 0
    packets_not_wanted: int = 0
    frames_decoded: int = 0
    frames_analysed: int = 0
    analysis_lag_ms: float = 0
    packets_not_analysed: int = 0
    tracks: int = 0
    events: int = 0
    reconnects: int = 0


class Disk(Message):
    """Of the recording folder, bytes."""

    total: int
    free: int
    recordings: int


class OutboxDepth(Message):
    """What waits for the centre."""

    messages: int
    media: int
    media_bytes: int
    sent: dict[str, int] = {}
    acknowledged: dict[str, int] = {}
    dropped: dict[str, int] = {}


class WorkerHealth(Message):
    """A thread of the gateway."""

    name: Text
    state: Text
    restarts: int
    error: Text = ""


class AuditResult(Message):
    """What the last self-audit found: of a sample of segments `checked`, how many `failed`, and why."""

    time: Time
    checked: Annotated[int, Field(ge=0)]
    failed: Annotated[int, Field(ge=0)]
    problems: Annotated[list[Text], Field(max_length=8)] = []


class Health(Message):
    """Retained, every ten seconds."""

    v: Literal[1] = 1
    time: Time
    uptime_s: float
    cameras: Annotated[list[CameraHealth], Field(max_length=64)]
    disk: Disk | None = None
    clock: ClockState = ClockState()
    temperature_c: float | None = None
    outbox: OutboxDepth
    shed: Text = "none"
    analysis: Text = ""
    workers: Annotated[list[WorkerHealth], Field(max_length=256)] = []
    audit: AuditResult | None = None
    problems: Annotated[list[Text], Field(max_length=64)] = []


class StreamState(Message):
    """One stream of a camera as it is now."""

    stream: Literal["main", "sub"]
    codec: Text
    width: int
    height: int
    fps: float | None = None


class NamedShape(Message):
    """A zone or line, for drawing it over the picture."""

    name: Id
    kind: Literal["zone", "line"]
    points: Annotated[list[tuple[Share, Share]], Field(max_length=64)]


class CameraInfo(Message):
    """Retained: what a camera is."""

    v: Literal[1] = 1
    camera: Id
    name: Text
    streams: list[StreamState] = []
    shapes: Annotated[list[NamedShape], Field(max_length=64)] = []
    latitude: float | None = None
    longitude: float | None = None
    bearing: float | None = None
    abilities: list[Text] = []


class CameraState(Message):
    """Retained: how a camera is."""

    v: Literal[1] = 1
    camera: Id
    online: bool
    recording: bool
    analysing: bool
    fps: float | None = None
    since: Time
    error: Text = ""
    clock: ClockState = ClockState()


class BoxNow(Message):
    """One object in the picture now."""

    track: Id
    label: Text
    score: Share
    box: Corners


class FrameBoxes(Message):
    """What stands in the picture at `time`; sent only while somebody watches."""

    v: Literal[1] = 1
    camera: Id
    time: Time
    boxes: Annotated[list[BoxNow], Field(max_length=300)]


class MediaManifest(Message):
    """Announces a medium: whole and per-piece SHA-256, pieces of `chunk_bytes`, the last one shorter."""

    v: Literal[1] = 1
    id: Id
    camera: Id
    kind: MediaKindName
    type: Text
    bytes: Annotated[int, Field(ge=1, le=4 << 30)]
    chunk_bytes: Annotated[int, Field(ge=1024, le=CHUNK_BYTES)]
    sha256: Sha256
    chunks: Annotated[list[Sha256], Field(min_length=1, max_length=50_000)]
    start: Time
    end: Time
    codecs: Text = ""
    event: Id | None = None
    track: Id | None = None


class Command(Message):
    """The centre asks; `signature` (Ed25519, hex) covers all other fields in canonical JSON."""

    v: Literal[1] = 1
    id: Id
    verb: Literal["live", "live_stop", "clip", "watch", "belongs"]
    site: Id
    gateway: Id
    issued: Time
    expires: Time
    args: dict[str, Any]
    signature: str = ""

    def signed_part(self) -> dict[str, Any]:
        """The document that the signature covers."""
        return self.model_dump(mode="json", exclude={"signature"})


class LiveArgs(Message):
    """Start or renew a lease: pieces of that stream go to `live/<lease>` until it runs out."""

    camera: Id
    stream: Literal["main", "sub"] = "sub"
    lease: Id
    seconds: Annotated[int, Field(ge=1, le=120)] = 20


class LiveStopArgs(Message):
    """End a lease before its time."""

    lease: Id


class ClipArgs(Message):
    """Cut a clip of the main stream and send it as a medium; the reply names its id."""

    camera: Id
    start: Time
    end: Time


class WatchArgs(Message):
    """Send boxes of a camera for that long."""

    camera: Id
    seconds: Annotated[int, Field(ge=0, le=120)] = 20


class BelongsArgs(Message):
    """What an event of a thing left or taken tells of belongs there: the event ends, its place is background at once.

    `by` is the person who said so.
    """

    camera: Id
    event: Id
    by: Text


class Reply(Message):
    """The answer to a command. `error` is one clear line when `ok` is false."""

    v: Literal[1] = 1
    id: Id
    ok: bool
    error: Text = ""
    result: dict[str, Any] = {}


ALL: tuple[type[Message], ...] = (
    Envelope, Event, TrackSummary, RecordingSpan, Ack, MediaAck, Status, Health, CameraInfo, CameraState, FrameBoxes,
    MediaManifest, Command, LiveArgs, LiveStopArgs, ClipArgs, WatchArgs, BelongsArgs, Reply,
)  # fmt: skip

M = TypeVar("M", bound=Message)


def decode(model: type[M], payload: bytes) -> M:
    """Read a message from outside.

    Raises:
        WireError: too large, not JSON, or not of this shape.
    """
    if len(payload) > MAX_JSON_BYTES:
        raise WireError(f"{model.__name__}: {len(payload)} bytes are more than {MAX_JSON_BYTES}")
    try:
        return model.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise WireError(f"{model.__name__}: {where + ': ' if where else ''}{first['msg']}") from error


def validate(model: type[M], document: dict[str, Any]) -> M:
    """Like `decode`, for a document already parsed."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise WireError(f"{model.__name__}: {where + ': ' if where else ''}{first['msg']}") from error


def encode(message: Message) -> bytes:
    """The message as JSON (UTF-8), without what is None."""
    return message.model_dump_json(exclude_none=True, by_alias=True).encode()
