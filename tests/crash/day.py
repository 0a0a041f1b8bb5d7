"""A gateway on simulated clocks, for tests that live through a day: two cameras, what happens to them, who notes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from agent.core.clock import NS
from agent.core.media import Packet, StreamInfo
from agent.edge.chronicle import Chronicle, Condition
from agent.record.clock_watch import ClockWatch
from agent.record.intake import Closed
from agent.record.journal import Journal
from agent.record.limits import TierLimits
from agent.record.recorder import Recorder
from agent.record.retention import Retention
from agent.record.store import SegmentStore
from tests.fixtures.clock import FakeClock

FPS = 2
FRAME_NS = NS // FPS


class Camera:
    """Sends a clip over and over. Its timestamps are its own; `offset` ticks is what they are off by now."""

    def __init__(self, name: str, info: StreamInfo, packets: list[Packet]) -> None:
        self.name, self._packets = name, packets
        self._info = replace(info, camera=name)
        self._sent, self._sessions = 0, 0
        self.offset = 0
        self.online, self.since_ns, self.error = False, 0, ""

    def session(self, now_ns: int) -> StreamInfo:
        """Connects: a new epoch, which begins with a keyframe."""
        self._sessions += 1
        self._sent += -self._sent % len(self._packets)
        self.online, self.since_ns, self.error = True, now_ns, ""
        return replace(self._info, epoch=f"{self.name}-{self._sessions}-{now_ns // NS}", opened_wall_ns=now_ns)

    def lost(self, now_ns: int, error: str) -> None:
        """The connection is gone."""
        self.online, self.since_ns, self.error = False, now_ns, error

    def next(self, clock: FakeClock) -> Packet:
        """The picture of this moment."""
        packet = self._packets[self._sent % len(self._packets)]
        ticks = self._sent * int(1 / (FPS * self._info.video.time_base)) + self.offset
        self._sent += 1
        wall_ns, mono_ns = clock.wall_ns(), clock.mono_ns()
        return replace(packet, pts=ticks, dts=ticks, wall_ns=wall_ns, arrived_wall_ns=wall_ns, arrived_mono_ns=mono_ns)

    def skip(self) -> None:
        """A picture that nobody gets."""
        self._sent += 1


class Gateway:
    """One run of the gateway's recording side, driven from the test's thread."""

    def __init__(self, root: Path, clock: FakeClock, cameras: list[Camera], *, keep_hours: float) -> None:
        self._clock, self.cameras = clock, cameras
        self.store = SegmentStore(root, clock)
        self.store.prepare()
        journal = Journal(self.store)
        last = journal.last()
        self._watch = ClockWatch(journal, self.store.catalogue, clock, last=last, on_corrected=lambda _: None)
        self._watch.look()
        journal.begin("test", last)
        self._journal = journal
        self._chronicle = Chronicle(journal, lambda: list(self._conditions()), clock)
        self._retention = Retention(self.store, clock, [TierLimits(keep_hours / 24, None, 0)], {})
        self.recorders = {
            camera.name: Recorder(camera.name, self.store, clock, sync_interval_s=60, on_segment=lambda _: None)
            for camera in cameras
        }

    def opened(self, camera: Camera) -> None:
        """The camera answers."""
        self.recorders[camera.name]._take(camera.session(self._clock.wall_ns()))

    def packet(self, camera: Camera) -> None:
        """A picture comes."""
        self.recorders[camera.name]._take(camera.next(self._clock))

    def closed(self, camera: Camera, reason: str, error: str = "") -> None:
        """The stream ends."""
        self.recorders[camera.name]._take(Closed(reason))
        camera.lost(self._clock.wall_ns(), error)

    def look(self) -> None:
        """What the workers do once a second."""
        self._watch.look()
        self._chronicle.look()

    def sweep(self) -> None:
        """What retention does."""
        self._retention.sweep()
        assert self._retention.error == ""

    def stop(self) -> None:
        """An orderly end."""
        for camera in self.cameras:
            self.closed(camera, "stop")
        self._journal.end()
        self.store.close()

    def die(self) -> None:
        """The power goes; what the kernel had is on the disk."""
        for camera in self.cameras:
            writer = self.recorders[camera.name]._recording._writer
            if writer is not None:
                writer.abandon()
            camera.lost(self._clock.wall_ns(), "")
        self.store.close()

    def _conditions(self) -> Iterator[Condition]:
        for camera in self.cameras:
            trouble = self.recorders[camera.name].stats().error
            yield Condition(camera.name, camera.online, camera.since_ns, camera.error, trouble, "continuous")
