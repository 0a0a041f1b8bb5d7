"""The segments of one camera, one after another, whatever the disk does."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from dataclasses import replace

from agent.config.gateway import RecordMode
from agent.core.clock import NS, Clock
from agent.core.errors import StorageError
from agent.core.ids import new_id
from agent.core.media import Packet, StreamInfo
from agent.record.joiner import Sample
from agent.record.segment import OPEN_SUFFIX, Segment, folder_of, name_of
from agent.record.store import SegmentStore
from agent.record.writer import SegmentWriter

log = logging.getLogger(__name__)

_RETRY_NS = 2 * NS
_BREAKS = frozenset({"jump", "clock", "gap", "no_video"})
"""What follows these does not begin where the segment ended."""

_TROUBLE = (OSError, StorageError, ValueError, OverflowError, struct.error)
"""The disk, and times that fit no file: whatever a camera sends, its recorder goes on."""


class Recording:
    """Turns samples into segments and counts them.

    When the disk fails, the open segment is left for recovery and what comes is counted as lost. From a keyframe two
    seconds later on it is tried again: what can be saved of the old segment is adopted, then a new one begins.

    `mode` says what applies at a wall time; it is asked at keyframes, so that nothing is cut that cannot be shown.
    """

    def __init__(
        self,
        camera: str,
        store: SegmentStore,
        clock: Clock,
        sync_interval_s: float,
        on_segment: Callable[[Segment], None],
        mode: Callable[[int], RecordMode],
        refusal: Callable[[], str],
    ) -> None:
        self._refusal = refusal
        self._camera, self._store, self._clock = camera, store, clock
        self._sync_interval_s, self._on_segment = sync_interval_s, on_segment
        self._mode_at, self._mode = mode, RecordMode.CONTINUOUS
        self._info: StreamInfo | None = None
        self._writer: SegmentWriter | None = None
        self._goes_on = False
        self._retry_mono_ns = 0
        self._unsure: dict[str, int] = {}
        self.recorded, self.lost, self.not_wanted, self.error = 0, 0, 0, ""

    @property
    def active(self) -> bool:
        """Is a segment open?"""
        return self._writer is not None

    def begin(self, info: StreamInfo) -> None:
        """A new epoch: what follows belongs to it."""
        self._info, self._goes_on = info, False

    def place(self, sample: Sample) -> None:
        """Write a sample into the segment it belongs to, or count it as lost, or as not wanted."""
        try:
            self._turn(sample.packet)
            if self._mode is RecordMode.OFF:
                self._heal()
                self.not_wanted += sample.parts
                return
            writer = self._writer or self._start(sample.packet)
            if writer is None:
                self.lost += sample.parts
                return
            writer.write(sample)
            self.recorded += sample.parts
        except _TROUBLE as error:
            self.lost += sample.parts
            self._failed(error)

    def finish(self, reason: str) -> None:
        """Close the open segment, if any."""
        try:
            self._close(reason, None)
        except _TROUBLE as error:
            self._failed(error)

    def pause(self) -> None:
        """All that came is placed: let the segment write it."""
        if self._writer is None:
            return
        try:
            self._writer.pause()
        except _TROUBLE as error:
            self._failed(error)

    def _turn(self, packet: Packet) -> None:
        """Close the segment when this packet begins the next one."""
        info, writer = self._info, self._writer
        if info is None:
            return
        reason = writer.span.due(packet, writer.bytes) if writer else ""
        if self._mode_changes(info, packet, due=bool(reason)) and writer:
            reason = reason or "schedule"
        if reason:
            self._close(reason, None if reason in _BREAKS else packet)
            self._goes_on = packet.track == info.video_index and self._mode is not RecordMode.OFF
        if self._writer is not None and self._begins(packet) and self._refusal():
            self._close("room", packet)
            self._goes_on = False

    def _mode_changes(self, info: StreamInfo, packet: Packet, *, due: bool) -> bool:
        """Follow the mode where a segment may begin, or ends anyway."""
        before = self._mode
        if packet.track == info.video_index and (packet.key or due):
            self._mode = self._mode_at(packet.wall_ns)
        return self._mode is not before

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
        first, wanted = self._with_own_name(info, packet), self._mode is not RecordMode.EVENTS
        self._writer = SegmentWriter(self._store, info, first, segment_id, self._sync_interval_s, wanted=wanted)
        self._clear()
        return self._writer

    def _with_own_name(self, info: StreamInfo, packet: Packet) -> Packet:
        """Where wall time repeats inside an epoch, a microsecond later for a name that is not taken."""
        start_ns = max(0, packet.wall_ns)  # a gateway that has just started in 1970 sees pictures from before
        while True:
            folder = self._store.root / folder_of(info.camera, start_ns)
            name = name_of(info.camera, info.epoch, start_ns)
            if not ((folder / name).exists() or (folder / (name + OPEN_SUFFIX)).exists()):
                return replace(packet, wall_ns=start_ns)
            start_ns += 1000

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

    def _heal(self) -> None:
        """Nothing is to be written now, but what a failure left behind is still to be saved."""
        try:
            if self.error and self._try_again():
                self._clear()
        except _TROUBLE as error:
            self._failed(error)

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
        self._say(self._words(error))

    def _begins(self, packet: Packet) -> bool:
        """Could a segment begin with this packet?"""
        return self._info is not None and packet.key and packet.track == self._info.video_index

    def _say(self, error: str) -> None:
        if error != self.error:
            log.error("%s: not recording: %s", self._camera, error)
        self.error = error

    def _words(self, error: Exception) -> str:
        if isinstance(error, StorageError):
            return str(error)
        if isinstance(error, OSError):
            return f"{self._store.root}: {error.strerror or type(error).__name__}; look at the disk"
        why = str(error).partition("\n")[0]
        return f"{self._camera}: what the camera sends fits no file ({why}); restart its stream"

    def _clear(self) -> None:
        if self.error:
            log.info("%s: can be recorded again", self._camera)
        self.error = ""
