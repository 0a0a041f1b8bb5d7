"""The centre's file."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_serializer, model_validator

from agent.config.addresses import broker_url, without_password
from agent.config.base import Id, Listen, Section, Size
from agent.core.ids import is_id


def _place(value: str) -> str:
    names = value.split("/")
    if not 1 <= len(names) <= 3 or not all(is_id(name) for name in names):
        raise ValueError(f"{value!r} is no place; write site, site/gateway or site/gateway/camera")
    return value


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError as error:
        raise ValueError(f"{value!r} is no network; write 10.1.0.0/16 or 192.0.2.7") from error


def _broker(value: str) -> str:
    return value if value.startswith("embedded") else broker_url(value)


Broker = Annotated[
    str, Field(pattern=r"^(embedded|embedded-mosquitto|embedded-amqtt|mqtts?://.+)$"), AfterValidator(_broker)
]


class Central(Section):
    """Web side, store and broker. `service_token_file` holds a token with which programs may use the API."""

    listen: Listen = "127.0.0.1:8080"
    data: Path = Path("/var/lib/lamppost-centre")
    broker: Broker = "embedded"
    mqtt_listen: Listen = "127.0.0.1:18883"
    mqtt_username: str | None = None
    mqtt_password_file: Path | None = None
    mqtt_ca_file: Path | None = None
    mqtt_cert_file: Path | None = None
    mqtt_key_file: Path | None = None
    database: str = Field(default="sqlite", pattern=r"^(sqlite|postgresql://.+)$")
    database_password_file: Path | None = None
    keep_days: int = Field(default=30, ge=1, le=3650)
    tls_cert: Path | None = None
    tls_key: Path | None = None
    behind_proxy: bool = False
    proxies: tuple[Annotated[str, AfterValidator(_network)], ...] = ("127.0.0.1/32", "::1/128")
    service_token_file: Path | None = None
    secret_key_file: Path | None = None

    @field_serializer("database", when_used="json")
    def _database_is_shown(self, value: str) -> str:
        return without_password(value)

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> Self:
        if (self.mqtt_cert_file is None) != (self.mqtt_key_file is None):
            raise ValueError("mqtt_cert_file and mqtt_key_file belong together: name both, or none")
        return self

    @model_validator(mode="after")
    def _plain_http_stays_on_loopback(self) -> Self:
        host = self.listen.rpartition(":")[0].strip("[]")
        if host in {"127.0.0.1", "::1", "localhost"} or self.behind_proxy or self.tls_cert is not None:
            return self
        raise ValueError(
            f"listen = {self.listen!r} would speak plain HTTP off this machine; set tls_cert and tls_key, "
            "or behind_proxy = true"
        )


class Media(Section):
    """Where pictures and clips rest, and how much of them."""

    store: Literal["folder", "s3"] = "folder"
    bucket: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$")
    endpoint: str | None = Field(default=None, pattern=r"^https?://[^\s/?#@]+/?$")
    region: str | None = Field(default=None, pattern=r"^[a-z0-9-]{1,40}$")
    prefix: str = Field(default="", pattern=r"^([A-Za-z0-9._-]+/)*$", max_length=200)
    access_key_file: Path | None = None
    secret_key_file: Path | None = None
    ca_file: Path | None = None
    redirect: bool = False
    redirect_s: int = Field(default=300, ge=10, le=3600)
    max_bytes: Size | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.store == "s3" and not self.bucket:
            raise ValueError("store = 's3' needs a bucket")
        if (self.access_key_file is None) != (self.secret_key_file is None):
            raise ValueError("access_key_file and secret_key_file belong together: name both, or none")
        host = urlsplit(self.endpoint or "").hostname
        if (self.endpoint or "").startswith("http:") and host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError(f"endpoint = {self.endpoint!r} is without TLS; write https://")
        return self


class KnownGateway(Section):
    """A gateway that may join; its password is made under `data` at the first start."""

    site: Id
    id: Id


class Asked(Section):
    """Sessions of people, what they are asked, and how long is kept what they did."""

    session_idle_minutes: int = Field(default=720, ge=1, le=525_600)
    session_days: int = Field(default=30, ge=1, le=365)
    ask_reason: tuple[Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)?(\.[a-z-]+)?$")], ...] = ()
    audit_days: int = Field(default=365, ge=1, le=36_500)


class Webhooks(Section):
    """Where webhooks may go besides the internet."""

    allow: tuple[Annotated[str, AfterValidator(_network)], ...] = ()


class Grant(Section):
    """What somebody may do and see whose claim has this value; the first that fits counts."""

    value: str = Field(min_length=1, max_length=400)
    role: Literal["viewer", "operator", "investigator", "admin"]
    places: tuple[Annotated[str, AfterValidator(_place)], ...] | None = None


class Oidc(Section):
    """The directory of an organisation, through which its people sign in (OpenID Connect)."""

    issuer: str = Field(pattern=r"^https?://[^\s?#]+$")
    client_id: str = Field(min_length=1, max_length=400)
    client_secret_file: Path | None = None
    client_auth: Literal["client_secret_basic", "client_secret_post", "none"] = "client_secret_basic"
    scopes: tuple[str, ...] = ("openid", "profile")
    name_claim: str = "preferred_username"
    claim: str = "groups"
    grant: tuple[Grant, ...] = ()

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        host = urlsplit(self.issuer).hostname
        if self.issuer.startswith("http:") and host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError(f"issuer = {self.issuer!r} is without TLS; write https://")
        if "openid" not in self.scopes:
            raise ValueError("scopes must have openid")
        return self


def _tiles(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("not an address of tiles; write https://host/{z}/{x}/{y}.png")
    if not all(word in parts.path for word in ("{z}", "{x}", "{y}")):
        raise ValueError("the address of tiles has {z}, {x} and {y} in its path")
    return value


Corner = tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]


class Map(Section):
    """What lies under the cameras on the viewer's map."""

    streets: Path | None = None
    plan: Path | None = None
    plan_corners: tuple[Corner, Corner] | None = None
    tiles: Annotated[str, AfterValidator(_tiles)] | None = None
    attribution: str = Field(default="", max_length=400)

    @model_validator(mode="after")
    def _plan_has_its_corners(self) -> Self:
        if (self.plan is None) != (self.plan_corners is None):
            raise ValueError("plan and plan_corners belong together: name both, or none")
        return self


class CentralConfig(Section):
    """The whole file."""

    central: Central = Central()
    media: Media = Media()
    people: Asked = Asked()
    oidc: Oidc | None = None
    map: Map = Map()
    webhooks: Webhooks = Webhooks()
    gateway: tuple[KnownGateway, ...] = ()
