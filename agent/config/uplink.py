"""What the way to the centre may cost, and what goes over it unasked."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from agent.config.base import Misfits, Section, Size
from agent.config.hours import Hours

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_RATE = re.compile(r"^\s*(\d{1,12}(?:\.\d+)?)\s*([KMG]?)(bit|B)/s\s*$", re.IGNORECASE)


def _rate(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = _RATE.match(value)
    if found is None:
        raise ValueError(f"{value!r} is no rate; write it as 256kbit/s, 2Mbit/s or 32kB/s")
    bits = 1 if found[3].lower() == "bit" else 8
    return int(float(found[1]) * _UNITS[found[2].upper()] * bits / 8)


Rate = Annotated[int, BeforeValidator(_rate, json_schema_input_type=int | str), Field(ge=1000, le=1 << 60)]
"""Bytes a second; in the file a number or text like `256kbit/s` or `32kB/s`."""

Evidence = Literal["pictures", "proxy", "full"]
"""How much of what proves an event goes to the centre by itself."""

Interface = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:@-]{1,15}$")]


class Uplink(Section):
    """The link to the centre. Without limits everything goes at once, the most urgent first."""

    rate_limit: Rate | None = None
    bytes_per_hour: Annotated[Size, Field(ge=100_000)] | None = None
    bytes_per_month: Annotated[Size, Field(ge=1_000_000)] | None = None
    metered: bool = False
    quiet_hours: tuple[Hours, ...] = ()
    cheap_interfaces: tuple[Interface, ...] = ()
    send_alarms: Evidence = "pictures"
    send_events: Evidence = "pictures"
    proxy_rate: Annotated[Rate, Field(le=2_500_000)] = 25_000

    @model_validator(mode="after")
    def _by_the_clock(self) -> Self:
        found = [number for number, hours in enumerate(self.quiet_hours) if hours.by_the_sun]
        if found:
            raise Misfits((("quiet_hours", found[0]), "goes by the sun; hours of the uplink go by the clock"))
        return self
