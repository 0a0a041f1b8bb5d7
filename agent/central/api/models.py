"""What the API says, typed, so that its OpenAPI page is complete."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from agent.central.api.examples import BUSY, places, refusal, shown
from agent.central.api.examples import people as accounts
from agent.config.base import Id
from agent.core.clock import parse_rfc3339
from agent.core.ids import is_id
from agent.wire import messages as wire


def _moment(value: str) -> str:
    if not 0 <= parse_rfc3339(value) < 1 << 62:
        raise ValueError("a time beyond all reason")
    return value


NO_NUL = r"^[^\x00]*$"
"""PostgreSQL keeps none in text."""

Moment = Annotated[str, Field(max_length=40, examples=["2026-01-31T12:00:00.000Z"]), AfterValidator(_moment)]
"""RFC 3339 with an offset."""


def _camera(name: str) -> str:
    if name.count("/") != 2 or not all(is_id(part) for part in name.split("/")):
        raise ValueError("this is no camera; write site/gateway/camera")
    return name


CameraName = Annotated[str, Field(max_length=200), AfterValidator(_camera)]


class Body(BaseModel):
    """What a client sends; a key that nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ErrorBody(BaseModel):
    """Which error, for programs, and one line for people."""

    code: str
    message: str


class ErrorOut(BaseModel):
    """The one error shape."""

    error: ErrorBody


Password = Annotated[str, Field(max_length=1000, examples=["four unrelated words"])]
NewPassword = Annotated[str, Field(min_length=10, max_length=1000, examples=["four other words here"])]
LinkToken = Annotated[str, Field(max_length=200, examples=["what stands behind token= in the link"])]


class FirstIn(Body):
    """The token of the one-time link, and the account to make."""

    model_config = shown(accounts.FIRST)

    token: LinkToken
    username: Annotated[Id, Field(examples=["ann"])]
    password: NewPassword


class SignIn(Body):
    """Name and password, and the code of now (or a recovery code) where a second factor is on."""

    model_config = shown(accounts.SIGN_IN)

    username: Annotated[str, Field(max_length=200, pattern=NO_NUL, examples=["ann"])]
    password: Password
    code: Annotated[str | None, Field(max_length=40, examples=["123456"])] = None


class BrokerHealth(BaseModel):
    """`up`: the centre is connected and subscribed. `restarts`, `since` and `last_end` are of a broker of its own."""

    kind: Literal["mosquitto", "amqtt", "external"]
    up: bool
    error: str
    restarts: int
    since: str | None
    last_end: str


class DatabaseHealth(BaseModel):
    """Does it answer?"""

    kind: str
    ok: bool


class IngestHealth(BaseModel):
    """How far ingest is behind."""

    queued: int
    lag_s: float
    messages: int


class MediaHealth(BaseModel):
    """Where pictures and clips rest; `waiting` in the folder to be brought to a store elsewhere, `error` why.

    `full`: what is wrong when they have no room, because all that are left are held; else empty.
    """

    kind: Literal["folder", "s3"]
    waiting: int
    error: str
    full: str


class RoleHealth(BaseModel):
    """How many processes of a role there are, and how many of them are well."""

    running: int
    well: int


class HealthOut(BaseModel):
    """Of the centre itself; `first_start` while no account exists; `directory`: people may sign in through one.

    `roles`: the processes it is made of, by `whole` or `ingest` and `web`; `ingest` is all of those together.
    """

    model_config = shown(places.HEALTH)

    ok: bool
    version: str
    first_start: bool
    directory: bool
    broker: BrokerHealth
    database: DatabaseHealth
    ingest: IngestHealth
    media: MediaHealth
    roles: dict[str, RoleHealth]


class ProcessOut(BaseModel):
    """One process of the centre. `duties` is what it alone does now; `queued`, `lag_s` and `messages` of ingest."""

    id: str
    role: Literal["whole", "ingest", "web"]
    host: str
    pid: int
    since: str
    seen: str
    well: bool
    error: str
    duties: list[str]
    queued: int | None
    lag_s: float | None
    messages: int | None


class Processes(BaseModel):
    """All processes, by role and age."""

    model_config = shown(places.PROCESSES)

    items: list[ProcessOut]


class OutboxOut(BaseModel):
    """What waits at a gateway."""

    messages: int
    media: int
    media_bytes: int


class KeyOut(BaseModel):
    """A public key (Ed25519, raw, hex) that signed a gateway's footage; `id` names it in the files."""

    id: str
    key: str
    first_seen: str
    last_seen: str


class GatewayOut(BaseModel):
    """A gateway; `lost` counts messages missing without an announcement, `dropped` those announced.

    `keys` are all that were ever seen, the present one first; `chain_breaks` counts recordings whose number in the
    camera's chain was given before, with another link. `timezone` is the site's, by its IANA name.
    """

    model_config = shown(places.GATEWAY)

    site: str
    gateway: str
    online: bool
    since: str | None
    last_seen: str | None
    version: str
    session: str | None
    health: wire.Health | None
    timezone: str | None
    outbox: OutboxOut | None
    problems: list[str]
    keys: list[KeyOut]
    chain_breaks: int
    cameras: int
    lost: int
    dropped: int


class Gateways(BaseModel):
    """All gateways."""

    model_config = shown(places.GATEWAYS)

    items: list[GatewayOut]


class SiteOut(BaseModel):
    """A site; `online` counts cameras."""

    site: str
    gateways: int
    cameras: int
    online: int


class Sites(BaseModel):
    """All sites."""

    model_config = shown(places.SITES)

    items: list[SiteOut]


class Snapshot(BaseModel):
    """The newest picture of a camera."""

    media: str
    url: str
    time: str


class CameraOut(BaseModel):
    """A camera. `online` needs its gateway online too."""

    model_config = shown(places.CAMERA)

    site: str
    gateway: str
    camera: str
    name: str
    online: bool
    gateway_online: bool
    recording: bool
    analysing: bool
    fps: float | None
    since: str | None
    error: str
    streams: list[wire.StreamState]
    shapes: list[wire.NamedShape]
    latitude: float | None
    longitude: float | None
    bearing: float | None
    field_of_view: float | None
    abilities: list[str]
    snapshot: Snapshot | None


class Cameras(BaseModel):
    """Cameras, sorted by site, gateway and id."""

    model_config = shown(places.CAMERAS)

    items: list[CameraOut]


class GatewayHealth(BaseModel):
    """How a gateway was, in spans of `step_s` seconds, oldest first; a span without a sample is left out."""

    model_config = shown(places.GATEWAY_HEALTH)

    step_s: int
    items: list[wire.GatewaySample]


class CameraPoint(wire.CameraSample):
    """A camera over `span_s` seconds from `time` on."""

    time: str
    span_s: float


class CameraHistory(BaseModel):
    """How a camera was, in spans of `step_s` seconds, oldest first; a span without a sample is left out."""

    model_config = shown(places.CAMERA_HISTORY)

    step_s: int
    items: list[CameraPoint]


class MessageCounts(BaseModel):
    """Since the centre started."""

    received: int
    rejected: int


class EnvelopeCounts(BaseModel):
    """Distinct records per class of the outbox."""

    alarm: int
    event: int
    track: int
    recording: int
    health: int


class StoredCounts(BaseModel):
    """Rows in the database."""

    event: int
    track: int
    recording: int
    media: int
    envelopes: EnvelopeCounts


class Stats(BaseModel):
    """Numbers for summaries: `lost` must be 0."""

    model_config = shown(places.STATS)

    messages: MessageCounts
    rejected: dict[str, int]
    stored: StoredCounts
    lost: int
    lost_by_class: EnvelopeCounts
    dropped: int
    duplicates: int
    media_bytes: int
    since: str


Responses = dict[int | str, dict[str, Any]]


def refused(status: int, description: str, code: str, message: str) -> Responses:
    """One error that a route may answer, with an example of it; for `responses`."""
    return {status: {"model": ErrorOut, "description": description, **refusal(code, message)}}


def not_there(what: str) -> Responses:
    """404, of this; for `responses`."""
    return refused(404, "not there", "not_found", f"there is no such {what}")


REFUSALS: Responses = {
    **refused(401, "not signed in", "not_signed_in", "sign in first"),
    **refused(403, "not allowed", "forbidden", "this needs the role operator; you are viewer"),
    **refused(413, "a request larger than 64 KiB", "too_large", "a request may have 65536 bytes"),
    **refused(422, "not understood", "invalid", "until: must be after since"),
    **refused(503, BUSY, "storage", BUSY),
}
"""What any route may answer."""
SLOWED = refused(429, "too many attempts of late", "too_many", "too many attempts; try again in 30 s")
SLOWED[429]["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
NO_GATEWAY = {
    **refused(502, "the gateway is offline or refuses", "gateway_offline", "gateway pole-17 at hartford is offline"),
    **refused(504, "the gateway does not answer", "gateway_silent", "gateway pole-17 at hartford did not answer"),
}
CANNOT = "as things stand it cannot be"
CONFLICT = refused(409, CANNOT, "too_many", "at most 100 layouts each; remove some")
OVER = refused(409, "it is over", "over", "the event is over, or tells of nothing that lies there")
