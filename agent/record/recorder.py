"""Records one camera: packets in, segments on disk, rows in the catalogue. Knows nothing of anybody else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from agent.config.gateway import RecordMode
from agent.core.clock import Clock
from agent.core.media import Packet, StreamInfo
from agent.core.memory import Budget
from agent.core.stop import StopToken
from agent.record.codecs import RECORDABLE
from agent.record.intake import Closed, Intake, Item
from agent.record.joiner import Joiner
from agent.record.recording import Recording
from agent.record.segment import Segment
from agent.record.store import SegmentStore

log = logging.getLogger(__name__)

LOOK_S = 0.9
"""The thread looks so often and makes a fragment of what came; that is what a kill costs. Were it woken by each packet,
the threads of all cameras would change places all the time, which costs more than the writing does."""
_LOOKS_A_SYNC = 0.45
"""Where syncs are to be closer together than usual, the looks are, too."""
_GRACE_TICKS, _GRACE_S = 8, 0.2
"""After the stop, so many empty waits for the capture's own farewell."""


@dataclass(frozen=True, slots=True)
class RecorderStats:
    """Counts since the recorder was made: in = recorded + lost + not wanted + what is on its way.

    Not wanted is what came while the schedule said `off`. No `error`: all is well. `waiting_s` is for how long the
    recorder's thread has taken nothing while something waits for it.
    """

    packets_in: int
    packets_recorded: int
    packets_lost: int
    packets_not_wanted: int
    recording: bool
    error: str
    waiting_s: float


class Recorder:
    """A `PacketSink` for the capture's thread, and a `Worker` with a thread of its own that does all the writing.

    `on_segment` is called from that thread for each new row; `mode` tells it what to keep at a wall time, `refusal` is
    asked at every keyframe: while it gives a reason, nothing is recorded. `budget` is for what waits in all recorders.
    """

    def __init__(
        self,
        camera: str,
        store: SegmentStore,
        clock: Clock,
        *,
        sync_interval_s: float,
        on_segment: Callable[[Segment], None],
        look_s: float | None = None,
        mode: Callable[[int], RecordMode] = lambda _: RecordMode.CONTINUOUS,
        refusal: Callable[[], str] = lambda: "",
        budget: Budget | None = None,
    ) -> None:
        self._look_s = look_s or min(LOOK_S, _LOOKS_A_SYNC * sync_interval_s)
        self.name = f"record-{camera}"
        self._camera = camera
        self._intake = Intake(clock, budget)
        self._recording = Recording(camera, store, clock, sync_interval_s, on_segment, mode, refusal)
        self._epoch: StreamInfo | None = None
        self._joiner: Joiner | None = None
        self._refused, self._refusal = 0, ""

    @property
    def hurried(self) -> bool:
        """Only where little may be lost by a power cut: what counts is what lies on the disk."""
        return self._look_s < LOOK_S

    def opened(self, info: StreamInfo) -> None:
        """See `core.ports.PacketSink.opened`."""
        self._intake.opened(info)

    def packet(self, packet: Packet) -> None:
        """See `core.ports.PacketSink.packet`."""
        self._intake.packet(packet)

    def closed(self, reason: str) -> None:
        """See `core.ports.PacketSink.closed`."""
        self._intake.closed(reason)

    def stats(self) -> RecorderStats:
        """How it goes, from any thread."""
        recording = self._recording
        return RecorderStats(
            packets_in=self._intake.packets_in,
            packets_recorded=recording.recorded,
            packets_lost=self._intake.lost + recording.lost + self._refused,
            packets_not_wanted=recording.not_wanted,
            recording=recording.active,
            error=self._refusal or recording.error or self._intake.error,
            waiting_s=self._intake.waiting_s(),
        )

    def run(self, stop: StopToken) -> None:
        """See `core.ports.Worker.run`; at the stop, what is queued is written and the segment closed.

        After a fall it goes on at the next keyframe; what was queued before is lost.
        """
        self._intake.begin()
        grace = _GRACE_TICKS
        try:
            while not stop.is_set() or (grace > 0 and (self._epoch is not None or len(self._intake))):
                item = self._intake.take(_GRACE_S if stop.is_set() else 0)
                if item is None:
                    grace -= stop.is_set()
                    self._recording.pause()
                    stop.wait(self._look_s)
                else:
                    self._take(item)
        finally:
            if stop.is_set():
                self._intake.end()
            self._close_epoch("stop" if stop.is_set() else "fell")

    def _take(self, item: Item) -> None:
        match item:
            case Packet():
                self._push(item)
            case StreamInfo():
                same = self._epoch is not None and self._epoch.epoch == item.epoch
                self._close_epoch("overflow" if same else "lost")
                self._open_epoch(item)
            case Closed(reason):
                self._close_epoch(reason)

    def _open_epoch(self, info: StreamInfo) -> None:
        self._epoch, self._refusal = info, ""
        if info.video.codec in RECORDABLE and info.init:
            self._joiner = Joiner(info)
            self._recording.begin(info)
            return
        self._refusal = f"{self._camera}: cannot record {info.video.codec}; set the camera to H.264, H.265 or AV1"
        log.error("%s", self._refusal)

    def _close_epoch(self, reason: str) -> None:
        joiner, self._joiner, self._epoch = self._joiner, None, None
        for sample in joiner.flush() if joiner else ():
            self._recording.place(sample)
        self._recording.finish(reason)

    def _push(self, packet: Packet) -> None:
        if self._joiner is None or not packet.data:
            self._refused += 1
            return
        for sample in self._joiner.push(packet):
            self._recording.place(sample)
