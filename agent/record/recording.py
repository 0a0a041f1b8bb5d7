"""The segments of one camera, one after another, whatever the disk does."""

from __future__ import annotations

import logging
from collections.abc import Callable

from agent.core.clock import NS, Clock
from agent.core.errors import StorageError
from agent.core.ids import new_id
from agent.core.media import Packet, StreamInfo
from agent.record.joiner import Sample
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.record.writer import SegmentWriter

log = logging.getLogger(__name__)

_RETRY_NS = 2 * NS


class Recording:
    """Turns samples into segments and counts them.

    When the disk fails, the open segment is left for recovery and what comes is counted as lost. From a keyframe two
    seconds later on it is tried again: what can be saved of the old segment is adopted, then a new one begins.
    """

    def __init__(
        self,
        camera: str,
        store: SegmentStore,
        clock: Clock,
        sync_interval_s: float,
        on_segment: Callable[[Segment], None],
        refusal: Callable[[], str],
    ) -> None:
        self._refusal = refusal
        self._camera, self._store, self._clock = camera, store, clock
        self._sync_interval_s, self._on_segment = sync_interval_s, on_segment
        self._info: StreamInfo | None = None
        self._writer: SegmentWriter | None = None
        self._goes_on = False
        self._retry_mono_ns = 0
        self._unsure: dict[str, int] = {}
        self.recorded, self.lost, self.error = 0, 0, ""

    @property
    def active(self) -> bool:
        """Is a segment open?"""
        return self._writer is not None

    def begin(self, info: StreamInfo) -> None:
        """A new epoch: what follows belongs to it."""
        self._info, self._goes_on = info, False

    def place(self, sample: Sample) -> None:
        """Write a sample into the segment it belongs to, or count it as lost."""
        try:
            self._turn(sample.packet)
            writer = self._writer or self._start(sample.packet)
            if writer is None:
                self.lost += sample.parts
                return
            writer.write(sample)
            self.recorded += sample.parts
        except (OSError, StorageError) as error:
            self.lost += sample.parts
            self._failed(error)

    def finish(self, reason: str) -> None:
        """Close the open segment, if any."""
        try:
            self._close(reason, None)
        except (OSError, StorageError) as error:
            self._failed(error)

    def idle(self) -> None:
        """Nothing comes: sync what waits for it."""
        if self._writer is None:
            return
        try:
            self._writer.sync_if_due()
        except OSError as error:
            self._failed(error)

    def _turn(self, packet: Packet) -> None:
        """Close the segment when this packet begins the next one."""
        reason = self._writer.span.due(packet, self._writer.bytes) if self._writer else ""
        if reason:
            self._close(reason, None if reason == "jump" else packet)
            self._goes_on = True
        if self._writer is not None and self._begins(packet) and self._refusal():
            self._close("room", packet)
            self._goes_on = False

    def _start(self, packet: Packet) -> SegmentWriter | None:
        """A new segment, if it may begin with this packet."""
        info = self._info
        if info is None or packet.track != info.video_index or not (packet.key or self._goes_on):
            return None
        if (refusal := self._refusal() if packet.key else "") or (self.error and not self._try_again()):
            self._say(refusal or self.error)
            return None
        self._store.check_room()
        segment_id = new_id(self._clock.wall_ns())
        self._writer = SegmentWriter(self._store, info, packet, segment_id, self._sync_interval_s)
        self._clear()
        return self._writer

    def _try_again(self) -> bool:
        """After a failure: is it time, and can the leftovers be saved?"""
        if self._clock.mono_ns() < self._retry_mono_ns:
            return False
        self._store.check_room()
        for segment in self._store.adopt(self._camera):
            self._unsure[segment.id] = self._unsure.get(segment.id, segment.packets) - segment.packets
            self._tell(segment)
        missing = max(0, sum(self._unsure.values()))
        self._unsure.clear()
        self.recorded, self.lost = self.recorded - missing, self.lost + missing
        return True

    def _close(self, reason: str, following: Packet | None) -> None:
        writer = self._writer
        if writer is None:
            return
        segment = writer.close(reason, following)
        self._writer = None
        if writer.mended:
            log.info("%s: %d timestamps mended in %s", self._camera, writer.mended, segment.path)
        self._tell(segment)

    def _tell(self, segment: Segment) -> None:
        try:
            self._on_segment(segment)
        except Exception:  # a border: whoever listens must not end the recording
            log.exception("%s: the listener for new segments failed", self._camera)

    def _failed(self, error: Exception) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            self._unsure[writer.id] = writer.samples
            writer.abandon()
        self._goes_on = False
        self._retry_mono_ns = self._clock.mono_ns() + _RETRY_NS
        text = (
            str(error) if isinstance(error, StorageError) else f"{self._store.root}: {_words(error)}; look at the disk"
        )
        self._say(text)

    def _begins(self, packet: Packet) -> bool:
        """Could a segment begin with this packet?"""
        return self._info is not None and packet.key and packet.track == self._info.video_index

    def _say(self, error: str) -> None:
        if error != self.error:
            log.error("%s: not recording: %s", self._camera, error)
        self.error = error

    def _clear(self) -> None:
        if self.error:
            log.info("%s: recording again", self._camera)
        self.error = ""


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
