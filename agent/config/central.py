"""The centre's file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from agent.config.base import Id, Listen, Section


class Central(Section):
    """Web side, store and broker. `service_token_file` holds a token with which programs may use the API."""

    listen: Listen = "127.0.0.1:8080"
    data: Path = Path("/var/lib/lamppost-centre")
    broker: str = Field(default="embedded", pattern=r"^(embedded|embedded-mosquitto|embedded-amqtt|mqtts?://.+)$")
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
    service_token_file: Path | None = None

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


class CentralConfig(Section):
    """The whole file."""

    central: Central = Central()
    people: Asked = Asked()
    gateway: tuple[KnownGateway, ...] = ()
