"""The gateway's file: DESIGN section 9 of the project's design, each key with its default."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from agent.config.addresses import BrokerUrl, CameraUrl
from agent.config.base import Id, Listen, Misfits, Point, Section, Size
from agent.config.ground import Ground
from agent.config.hours import Hours
from agent.config.rules import About, Rule
from agent.config.uplink import Evidence, Uplink


class RecordMode(StrEnum):
    """What of a camera's stream is kept."""

    CONTINUOUS = "continuous"
    EVENTS = "events"
    OFF = "off"


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError("not a time zone; write it as Europe/Vienna or America/New_York") from None
    return value


Provider = Literal["tensorrt", "cuda", "openvino", "coreml", "xnnpack", "cpu", "tflite", "edgetpu"]

Days = Annotated[float, Field(gt=0, le=36_500)]


class Gateway(Section):
    """Who this gateway is."""

    id: Id
    site: Id
    status_listen: Listen = "127.0.0.1:9480"
    timezone: Annotated[str, AfterValidator(_timezone)] | None = None


class StorageArchive(Section):
    """A second folder, on another disk, for footage that has grown old."""

    path: Path
    after_days: Days = 7
    keep_days: Days | None = None
    max_bytes: Size | None = None
    min_free: Size = 1_000_000_000


class Storage(Section):
    """Where recordings, catalogue and outbox lie, and for how long."""

    path: Path = Path("/var/lib/lamppost")
    keep_days: Days = 30
    max_bytes: Size | None = None
    min_free: Size = 1_000_000_000
    sync_interval_s: Annotated[float, Field(gt=0, le=60)] = 2
    encryption_key_file: Path | None = None
    archive: StorageArchive | None = None


class Mqtt(Section):
    """The broker. Without this table the gateway records and analyses all the same, and the outbox waits."""

    url: BrokerUrl
    fallback_urls: Annotated[tuple[BrokerUrl, ...], Field(max_length=8)] = ()
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    client_id: Id | None = None
    compress: bool = True
    command_key_file: Path | None = None

    @model_validator(mode="after")
    def _pairs_are_whole(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together: name both, or none")
        if self.password_file is not None and self.username is None:
            raise ValueError(
                "password_file without username: name the user, which is the gateway's id at our own broker"
            )
        return self


class Analysis(Section):
    """What all cameras share in the analysing process."""

    enabled: bool = True
    fps: Annotated[float, Field(gt=0, le=60)] = 5
    threads: Annotated[int, Field(ge=0, le=64)] = 0
    providers: tuple[Provider, ...] = ()
    edgetpu_library: Annotated[str, Field(min_length=1)] = "libedgetpu.so.1"
    models: Path | None = None


class Still(Section):
    """Things left behind or taken away; `owner_near` in sizes of the thing, `min_size` in picture heights.

    `owner_near_m`, in metres, goes before `owner_near` where the ground is measured.
    """

    enabled: bool = False
    after_s: Annotated[float, Field(ge=1, le=3600)] = 30
    belongs_after_s: Annotated[float, Field(ge=10, le=86_400)] = 900
    owner_near: Annotated[float, Field(ge=0, le=20)] = 2
    owner_near_m: Annotated[float, Field(ge=0, le=100)] | None = None
    min_size: Annotated[float, Field(gt=0, le=0.5)] = 0.02
    sensitivity: Annotated[float, Field(ge=0, le=1)] = 0.5
    detail_px: Annotated[int, Field(ge=160, le=1280)] = 320
    severity: Literal["info", "alarm"] = "alarm"
    zones: tuple[Id, ...] = ()
    hours: tuple[Hours, ...] = ()
    ignore: tuple[Annotated[tuple[Point, ...], Field(min_length=3, max_length=64)], ...] = ()


class Zone(Section):
    """A named area of the picture."""

    name: Id
    polygon: Annotated[tuple[Point, ...], Field(min_length=3, max_length=64)]


class Line(Section):
    """A named line across the picture."""

    name: Id
    points: Annotated[tuple[Point, ...], Field(min_length=2, max_length=16)]


class Mask(Section):
    """An area hidden from detection and from every picture made at the gateway."""

    polygon: Annotated[tuple[Point, ...], Field(min_length=3, max_length=64)]


class Place(Section):
    """Where the camera hangs: WGS 84 degrees, `bearing` clockwise from true north, `field_of_view` side to side."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    bearing: Annotated[float, Field(ge=0, lt=360)] | None = None
    field_of_view: Annotated[float, Field(gt=0, le=360)] | None = None


class Schedule(Hours):
    """Hours with a mode of recording of their own."""

    record: RecordMode


class Camera(Section):
    """One camera. `sub_url` is analysed and shown live, `url` is recorded; without `sub_url`, `url` is both."""

    id: Id
    name: str = ""
    url: CameraUrl
    sub_url: CameraUrl | None = None
    username: str | None = None
    password_file: Path | None = None
    record: RecordMode = RecordMode.CONTINUOUS
    pre_s: Annotated[float, Field(ge=0, le=600)] = 10
    post_s: Annotated[float, Field(ge=0, le=600)] = 10
    ring_s: Annotated[float, Field(ge=60, le=86_400)] = 300
    keep_days: Days | None = None
    max_bytes: Size | None = None
    priority: Literal["low", "normal", "high"] = "normal"
    model: str | None = None
    appearance: str | None = None
    sprites: bool = True
    send_alarms: Evidence | None = None
    send_events: Evidence | None = None
    place: Place | None = None
    ground: Ground | None = None
    still: Still = Still()
    zone: tuple[Zone, ...] = ()
    line: tuple[Line, ...] = ()
    rule: tuple[Rule, ...] = ()
    mask: tuple[Mask, ...] = ()
    schedule: tuple[Schedule, ...] = ()

    @model_validator(mode="after")
    def _password_has_its_user(self) -> Self:
        if self.password_file is not None and self.username is None:
            raise ValueError("password_file without username: name the user; one in the address does not count")
        return self

    @model_validator(mode="after")
    def _still_fits(self) -> Self:
        missing = set(self.still.zones) - {zone.name for zone in self.zone}
        if missing:
            raise ValueError(f"still names the zone {min(missing)!r}, which this camera does not have")
        modes = {self.record, *(hours.record for hours in self.schedule)}
        if self.still.enabled and RecordMode.EVENTS in modes and self.still.after_s + self.pre_s > self.ring_s:
            raise ValueError("still.after_s and pre_s together are longer than ring_s: what happened would be gone")
        return self

    @model_validator(mode="after")
    def _rules_and_hours_fit(self) -> Self:
        found = [*_twins(self), *_misfits(self), *_without_sun(self)]
        if found:
            raise Misfits(*found)
        return self


Found = Iterator[tuple[tuple[str | int, ...], str]]


def _misfits(camera: Camera) -> Found:
    """Rules that name what the camera does not have, or measure what nobody can measure."""
    names = {"zone": {zone.name for zone in camera.zone}, "line": {line.name for line in camera.line}}
    for number, rule in enumerate(camera.rule):
        for key, known in names.items():
            wanted = getattr(rule, key, None)
            if wanted is not None and wanted not in known:
                yield ("rule", number, key), f"names the {key} {wanted!r}, which this camera does not have"
        if camera.ground is None and isinstance(rule, About) and rule.metric:
            key = rule.metric
            yield (
                ("rule", number, key),
                f"{key} = {getattr(rule, key)} needs to know the ground: add [camera.ground], or use heights/s",
            )


def _twins(camera: Camera) -> Found:
    """Zones and lines with the name of one before: rules go by names, and one of the two would never count."""
    both: tuple[tuple[str, tuple[Zone | Line, ...]], ...] = (("zone", camera.zone), ("line", camera.line))
    for kind, many in both:
        names: set[str] = set()
        for number, one in enumerate(many):
            if one.name in names:
                yield (kind, number, "name"), f"another {kind} of this camera is called {one.name!r}; names must differ"
            names.add(one.name)


def _without_sun(camera: Camera) -> Found:
    """Hours by the sun of a camera of which nobody knows where it hangs."""
    if camera.place is not None:
        return
    hours = [(("schedule", number), one) for number, one in enumerate(camera.schedule)]
    many = [(("rule", n, "when", m), one) for n, rule in enumerate(camera.rule) for m, one in enumerate(rule.when)]
    lying = [(("still", "hours", number), one) for number, one in enumerate(camera.still.hours)]
    for where, one in (*hours, *many, *lying):
        if one.by_the_sun:
            yield where, "goes by the sun; it needs [camera.place] with latitude and longitude"


class GatewayConfig(Section):
    """The whole file. Only the composition root sees it; everybody else gets plain values or one table."""

    gateway: Gateway
    storage: Storage = Storage()
    mqtt: Mqtt | None = None
    uplink: Uplink = Uplink()
    analysis: Analysis = Analysis()
    camera: Annotated[tuple[Camera, ...], Field(min_length=1, max_length=64)]

    @model_validator(mode="after")
    def _camera_ids_differ(self) -> Self:
        seen: set[str] = set()
        for camera in self.camera:
            if camera.id in seen:
                raise ValueError(f"two cameras have the id {camera.id!r}; ids must differ")
            seen.add(camera.id)
        return self
