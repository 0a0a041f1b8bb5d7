"""Parts that only need to be told what stands in the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from agent.config.gateway import Camera, GatewayConfig, RecordMode
from agent.config.hours import Calendar
from agent.core.clock import Clock
from agent.core.stop import StopToken
from agent.edge.cutter import Cutter, Polygons
from agent.edge.evidence import Policy
from agent.publish.budget import Budget
from agent.publish.cheap import cheap_link
from agent.publish.outbox import Outbox
from agent.record.export.export import Issuer
from agent.record.ring import Roll
from agent.record.store import SegmentStore


def cutter_of(config: GatewayConfig, store: SegmentStore, outbox: Outbox, stop: StopToken) -> Cutter:
    """Cuts clips, small ones with the cameras' privacy masks."""
    masks = {camera.id: masks_of(camera) for camera in config.camera}
    work = config.storage.path / "clips-in-work"
    issuer = Issuer(config.gateway.site, config.gateway.id, store.signer)
    return Cutter(store, outbox, work, stop, proxy_rate=config.uplink.proxy_rate, masks=masks, issuer=issuer)


def masks_of(camera: Camera) -> Polygons:
    """The areas that no picture made here may show."""
    return [mask.polygon for mask in camera.mask]


def calendar_of(timezone: str | None, camera: Camera) -> Calendar:
    """By which a camera's hours go: the gateway's time zone, and the sun where the camera hangs."""
    place = None if camera.place is None else (camera.place.latitude, camera.place.longitude)
    return Calendar(ZoneInfo(timezone) if timezone else None, place)


def machine_timezone(link: Path = Path("/etc/localtime")) -> str:
    """The machine's time zone by its IANA name, as `/etc/localtime` links to it (localtime(5)); else empty."""
    name = str(link.resolve()).partition("/zoneinfo/")[2]
    return name if name in available_timezones() else ""


def policies_of(config: GatewayConfig) -> dict[str, Policy]:
    """Of the cameras of which anything is recorded."""
    uplink = config.uplink
    return {
        camera.id: Policy(camera.send_alarms or uplink.send_alarms, camera.send_events or uplink.send_events)
        for camera in config.camera
        if _modes(camera) != {RecordMode.OFF}
    }


def rolls_of(cameras: Sequence[Camera]) -> dict[str, Roll]:
    """The cameras that keep events only, at some hour at least."""
    return {
        camera.id: Roll(camera.pre_s, camera.post_s, camera.ring_s)
        for camera in cameras
        if RecordMode.EVENTS in _modes(camera)
    }


def budget_of(config: GatewayConfig, outbox: Outbox, clock: Clock) -> Budget:
    """What the link may cost."""
    wanted, timezone = config.uplink, config.gateway.timezone
    return Budget(
        outbox.database,
        clock,
        rate_limit=wanted.rate_limit,
        bytes_per_hour=wanted.bytes_per_hour,
        bytes_per_month=wanted.bytes_per_month,
        metered=wanted.metered,
        quiet_hours=wanted.quiet_hours,
        zone=ZoneInfo(timezone) if timezone else None,
        is_cheap=cheap_link(wanted.cheap_interfaces),
    )


def _modes(camera: Camera) -> set[RecordMode]:
    """All that apply to a camera at some hour."""
    return {camera.record, *(hours.record for hours in camera.schedule)}
