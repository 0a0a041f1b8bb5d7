"""How gateways and cameras are: retained, or (boxes) only of this moment."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from agent.wire.messages.base import ClockState, Corners, Id, Message, Share, Text, Time
from agent.wire.messages.settings import OverlayState


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

    `clock_offset_ms` is how far its clock is from the gateway's. `packets_not_wanted` came while the schedule said
    `off`; `analysis_lag_ms` is how old its latest picture was when it was looked at.
    """

    id: Id
    online: bool
    recording: bool
    analysing: bool
    fps: float | None = None
    clock_offset_ms: float | None = None
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


class WaitingClass(Message):
    """What of one class waits for the uplink, and why: empty when it is merely its turn that is awaited."""

    kind: Text
    number: Annotated[int, Field(ge=0)]
    bytes: Annotated[int, Field(ge=0)]
    reason: Text = ""


class UplinkState(Message):
    """What the link to the centre may cost and has cost: bytes of this hour and month, the month's by class.

    `broker` is where the gateway is connected, and how; `refused_commands` counts those that were not surely the
    centre's and meant for it, by reason. `limited`: every byte counts now; not so while the interface `cheap` is up,
    over which everything goes. `rate` is what media went at of late, bytes a second. `waiting` has every class of which
    something waits.
    """

    broker: Text = ""
    refused_commands: Annotated[dict[str, int], Field(max_length=32)] = {}
    limited: bool
    cheap: Text = ""
    metered: bool = False
    quiet: bool = False
    rate: float = 0.0
    rate_limit: int | None = None
    hour: int = 0
    hour_limit: int | None = None
    month: int = 0
    month_limit: int | None = None
    month_by_class: Annotated[dict[str, int], Field(max_length=32)] = {}
    cheap_bytes: int = 0
    live: Annotated[list[Text], Field(max_length=64)] = []
    waiting: Annotated[list[WaitingClass], Field(max_length=32)] = []


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
    """Retained, every ten seconds; every thirty where every byte counts.

    `clock.offset_ms` is how far the gateway's clock is ahead of the centre's. `load` is the machine's average of the
    last minute, `shed_level` how many steps analysis went down for it. `timezone` is the site's, by its IANA name, or
    empty where neither the configuration nor the machine says it.
    """

    v: Literal[1] = 1
    time: Time
    uptime_s: float
    cameras: Annotated[list[CameraHealth], Field(max_length=64)]
    disk: Disk | None = None
    clock: ClockState = ClockState()
    temperature_c: float | None = None
    load: Annotated[float, Field(ge=0)] | None = None
    outbox: OutboxDepth
    uplink: UplinkState | None = None
    shed: Text = "none"
    shed_level: Annotated[int, Field(ge=0, le=16)] = 0
    analysis: Text = ""
    timezone: Text = ""
    workers: Annotated[list[WorkerHealth], Field(max_length=256)] = []
    audit: AuditResult | None = None
    overlay: OverlayState = OverlayState()
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
    """Retained: what a camera is.

    `settings` is in force of what the centre may set, as the file would have it; `set_here` are the keys it has set.
    """

    v: Literal[1] = 1
    camera: Id
    name: Text
    streams: list[StreamState] = []
    shapes: Annotated[list[NamedShape], Field(max_length=64)] = []
    latitude: float | None = None
    longitude: float | None = None
    bearing: float | None = None
    field_of_view: float | None = None
    abilities: list[Text] = []
    settings: dict[str, Any] = {}
    set_here: Annotated[list[Text], Field(max_length=32)] = []


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
