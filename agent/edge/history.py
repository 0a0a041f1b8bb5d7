"""From the health of moments to samples of a minute, for the outbox: what charts at the centre are drawn from."""

from __future__ import annotations

from collections.abc import Callable

from agent.wire.messages import CameraHealth, CameraSample, Health, HealthSample, sample_over

SAMPLE_S = 60.0


class History:
    """Is told every health message, and gives `keep` a sample for each minute of them."""

    def __init__(self, keep: Callable[[HealthSample], None]) -> None:
        self._keep = keep
        self._before: Health | None = None
        self._looks: list[HealthSample] = []

    def hear(self, health: Health) -> None:
        """What came since the last one is part of the present minute."""
        before, self._before = self._before, health
        if before is None or health.uptime_s <= before.uptime_s:
            return
        self._looks.append(_between(before, health))
        if sum(look.span_s for look in self._looks) >= SAMPLE_S:
            self.flush()

    def flush(self) -> None:
        """Give what there is of the present minute."""
        if self._looks:
            looks, self._looks = self._looks, []
            self._keep(sample_over(looks))


def _between(before: Health, now: Health) -> HealthSample:
    """Counters run since the start: what was added between two looks."""
    earlier = {camera.id: camera for camera in before.cameras}
    return HealthSample(
        time=before.time,
        span_s=round(now.uptime_s - before.uptime_s, 3),
        clock_offset_ms=now.clock.offset_ms,
        disk_free=now.disk.free if now.disk else None,
        disk_total=now.disk.total if now.disk else None,
        temperature_c=now.temperature_c,
        load=now.load,
        outbox_messages=now.outbox.messages,
        outbox_media=now.outbox.media,
        outbox_bytes=now.outbox.media_bytes,
        shed=now.shed,
        shed_level=now.shed_level,
        uplink_bytes=_grown(_spent(before), _spent(now)),
        cameras=[_camera(earlier[one.id], one) for one in now.cameras if one.id in earlier],
    )


def _camera(before: CameraHealth, now: CameraHealth) -> CameraSample:
    return CameraSample(
        id=now.id,
        online=1.0 if now.online else 0.0,
        fps=now.fps,
        recorded=_grown(before.packets_recorded, now.packets_recorded),
        lost=_grown(before.packets_lost, now.packets_lost),
        not_analysed=_grown(before.packets_not_analysed, now.packets_not_analysed),
        analysis_lag_ms=max(0.0, now.analysis_lag_ms),
        reconnects=_grown(before.reconnects, now.reconnects),
        clock_offset_ms=now.clock_offset_ms,
    )


def _spent(health: Health) -> int:
    return health.uplink.month + health.uplink.cheap_bytes if health.uplink else 0


def _grown(before: int, now: int) -> int:
    """A counter that is less than before began anew: the month turned."""
    return now - before if now >= before else now
