"""How a gateway and its cameras were over a span of time: what charts are drawn from. `Health` is of this moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

from pydantic import Field

from agent.wire.messages.base import Id, Message, Share, Text, Time

MOST_COUNT, MOST_CAMERAS, MOST_S = (1 << 53) - 1, 64, 7 * 86_400.0
Count = Annotated[int, Field(ge=0, le=MOST_COUNT)]
SpanSeconds = Annotated[float, Field(gt=0, le=MOST_S)]
Offset = Annotated[float, Field(ge=-1e13, le=1e13)]
"""Milliseconds: a clock that stands in 1970 is 2e12 behind."""


class CameraSample(Message):
    """A camera over the span. Counts are of the span alone; `fps` is the middle, `analysis_lag_ms` the worst.

    `online` is the share of the looks at which it was. Of its packets so many were `recorded`, `lost`, and
    `not_analysed`. `clock_offset_ms` is how far its clock was from the gateway's, at worst.
    """

    id: Id
    online: Share
    fps: Annotated[float, Field(ge=0, le=1000)] | None = None
    recorded: Count = 0
    lost: Count = 0
    not_analysed: Count = 0
    analysis_lag_ms: Annotated[float, Field(ge=0, le=1e12)] = 0.0
    reconnects: Count = 0
    clock_offset_ms: Offset | None = None


class GatewaySample(Message):
    """A gateway over `span_s` seconds from `time` on: at its worst, but for `load`, which is the middle.

    `clock_offset_ms` is how far its clock was ahead of the centre's. `load` is of the machine (1-minute average),
    `temperature_c` its highest; `disk_free` the least. `shed_level` counts the steps that analysis went down, and
    `shed` names the lowest. `uplink_bytes` went out within the span.
    """

    time: Time
    span_s: SpanSeconds
    clock_offset_ms: Offset | None = None
    disk_free: Count | None = None
    disk_total: Count | None = None
    temperature_c: Annotated[float, Field(ge=-300, le=3000)] | None = None
    load: Annotated[float, Field(ge=0, le=1e6)] | None = None
    outbox_messages: Count = 0
    outbox_media: Count = 0
    outbox_bytes: Count = 0
    shed: Text = "none"
    shed_level: Annotated[int, Field(ge=0, le=16)] = 0
    uplink_bytes: Count = 0


class HealthSample(GatewaySample):
    """A durable record, of one minute where it was made at the gateway."""

    cameras: Annotated[list[CameraSample], Field(max_length=MOST_CAMERAS)] = []


Weighed = tuple[float, Any]
"""Seconds, and what was so long."""
Rule = Callable[[Sequence[Weighed]], Any]


def _middle(values: Sequence[Weighed]) -> Any:
    known = [(seconds, value) for seconds, value in values if value is not None]
    total = sum(seconds for seconds, _ in known)
    return round(sum(seconds * value for seconds, value in known) / total, 4) if known else None


def _pick(best: Callable[[Iterable[Any]], Any]) -> Rule:
    def pick(values: Sequence[Weighed]) -> Any:
        known = [value for _, value in values if value is not None]
        return best(known) if known else None

    return pick


def _sum(values: Sequence[Weighed]) -> Any:
    return min(MOST_COUNT, sum(value for _, value in values))


def _furthest(values: Iterable[float]) -> float:
    return max(values, key=abs)


def _last(values: Iterable[Any]) -> Any:
    return list(values)[-1]


_GATEWAY: dict[str, Rule] = {
    "clock_offset_ms": _pick(_furthest), "disk_free": _pick(min), "disk_total": _pick(_last),
    "temperature_c": _pick(max), "load": _middle, "outbox_messages": _pick(max), "outbox_media": _pick(max),
    "outbox_bytes": _pick(max), "shed_level": _pick(max), "uplink_bytes": _sum,
}  # fmt: skip
_CAMERA: dict[str, Rule] = {
    "online": _middle, "fps": _middle, "recorded": _sum, "lost": _sum, "not_analysed": _sum,
    "analysis_lag_ms": _pick(max), "reconnects": _sum, "clock_offset_ms": _pick(_furthest),
}  # fmt: skip


def gateway_over(samples: Sequence[GatewaySample]) -> GatewaySample:
    """Several spans as one, from the first on; there is one at least."""
    worst = max(samples, key=lambda one: one.shed_level)
    found = _together(_GATEWAY, [(one.span_s, one) for one in samples])
    return GatewaySample(time=samples[0].time, span_s=_seconds(samples), shed=worst.shed, **found)


def camera_over(samples: Sequence[tuple[float, CameraSample]]) -> CameraSample:
    """The same of one camera, each with its seconds."""
    return CameraSample(id=samples[0][1].id, **_together(_CAMERA, samples))


def sample_over(samples: Sequence[HealthSample]) -> HealthSample:
    """The same with all cameras."""
    cameras: defaultdict[str, list[tuple[float, CameraSample]]] = defaultdict(list)
    for one in samples:
        for camera in one.cameras:
            cameras[camera.id].append((one.span_s, camera))
    whole = gateway_over(samples).model_dump()
    return HealthSample(**whole, cameras=[camera_over(several) for several in cameras.values()][:MOST_CAMERAS])


def _together(rules: dict[str, Rule], samples: Sequence[Weighed]) -> dict[str, Any]:
    return {name: rule([(seconds, getattr(one, name)) for seconds, one in samples]) for name, rule in rules.items()}


def _seconds(samples: Sequence[GatewaySample]) -> float:
    return min(MOST_S, round(sum(one.span_s for one in samples), 3))
