"""One segment from its first packet to its row: the order of steps that a kill may interrupt anywhere.

1. The camera's `current` names the folder; `*.mp4.open` is made there, the folder synced; init segment and head note
   go in first.
2. Fragments follow, synced at most `sync_interval_s` apart.
3. Close: last fragment, signed tail note that follows the camera's chain, fsync.
4. Rename to `*.mp4`, folder synced.
5. Row in the catalogue, which is the new head of the chain.
"""

from __future__ import annotations

from pathlib import Path

from agent.core.clock import Clock
from agent.core.durable import sync_folder
from agent.core.media import Packet, StreamInfo
from agent.record.codecs import mime_codecs
from agent.record.disk import make_folders
from agent.record.fragment import FragmentMaker
from agent.record.joiner import Sample
from agent.record.segment import OPEN_SUFFIX, Anchors, Head, Segment, Tail, folder_of, make_segment, name_of
from agent.record.sink import FragmentFile
from agent.record.spans import Span
from agent.record.store import SegmentStore


class SegmentWriter:
    """Writes one segment. Every call but `__init__` may be the last: `abandon` leaves the file for recovery.

    Raises (all calls):
        OSError: the disk does not take it.
        StorageError: the catalogue refuses.
    """

    def __init__(
        self,
        store: SegmentStore,
        info: StreamInfo,
        first: Packet,
        segment_id: str,
        sync_interval_s: float,
        *,
        wanted: bool = True,
    ) -> None:
        self._store, self._info = store, info
        self.span = Span(info, first)
        key, cipher = store.keys.fresh() or (None, None)
        head = _head(info, first, segment_id, store.clock, wanted=wanted)
        self._head = head.model_copy(update={"cipher": cipher})
        folder = store.root / folder_of(info.camera, first.wall_ns)
        self.path = folder / name_of(info.camera, info.epoch, first.wall_ns)
        self._open_path = self.path.with_name(self.path.name + OPEN_SUFFIX)
        self._file = self._create(folder, sync_interval_s, key)
        self._fragment = FragmentMaker(info, self._head.base)
        try:
            sync_folder(folder)
            self._file.write(info.init + self._head.box())
        except BaseException:
            self._file.abandon()
            raise
        self.id = segment_id
        self.samples = 0

    def _create(self, folder: Path, sync_interval_s: float, key: bytes | None) -> FragmentFile:
        for last in (False, True):
            make_folders(self._store.root, folder)
            self._store.enter(self._info.camera, folder)
            try:
                return FragmentFile(self._open_path, self._store.clock, sync_interval_s, self._store.pace, key)
            except FileNotFoundError:
                if last:
                    raise
                # a deletion removed the folder as empty just then; now that it is named it stays
        raise AssertionError

    @property
    def bytes(self) -> int:
        """Written so far, and what waits to be."""
        return self._file.bytes + self._fragment.bytes

    @property
    def mended(self) -> int:
        """Timestamps that had to be moved."""
        return self._fragment.mended

    def write(self, sample: Sample) -> None:
        """Append one sample."""
        if self._fragment.full(sample.packet):
            self._cut()
        self._fragment.add(sample.packet)
        self.samples += 1
        self.span.add(sample.packet)

    def pause(self) -> None:
        """The recorder has looked: what came since it last did is a fragment."""
        if self._fragment:
            self._cut()
        self._file.sync_if_due()

    def close(self, reason: str, next_packet: Packet | None = None) -> Segment:
        """Steps 3 to 5; `next_packet` begins the segment that follows without a gap."""
        try:
            if self._fragment:
                self._cut()
            tail = self._tail(reason, next_packet).sealed(self._store.signer)
            self._file.write(tail.box())
            size = self._file.bytes
            self._file.finish()
        finally:
            self.abandon()
        self._open_path.rename(self.path)
        sync_folder(self.path.parent)
        path = str(self.path.relative_to(self._store.root))
        segment = make_segment(self._head, tail, tier=0, path=path, size=size)
        self._store.catalogue.add(segment)
        return segment

    def _cut(self) -> None:
        self._file.add(self._fragment.cut())

    def _tail(self, reason: str, next_packet: Packet | None) -> Tail:
        head, chain = self._head, self._store.catalogue.head(self._head.camera)
        end_ns, media_ns = self.span.end(next_packet)
        last = self.span.last
        return Tail(
            id=head.id,
            camera=head.camera,
            epoch=head.epoch,
            number=chain.number + 1,
            previous=chain.link,
            start_ns=head.start_ns,
            end_ns=end_ns,
            media_ns=media_ns,
            packets=self.samples,
            size=self._file.bytes,
            sha256=self._file.sha256(),
            reason=reason,
            clocks=Anchors(
                arrived_ns=max(0, last.arrived_wall_ns),
                mono_ns=last.arrived_mono_ns,
                offset_ns=last.offset_ns,
                synced=self._store.clock.synced(),
            ),
        )

    def abandon(self) -> None:
        """Let go of the file as it is; safe to call twice."""
        self._file.abandon()


def _head(info: StreamInfo, first: Packet, segment_id: str, clock: Clock, *, wanted: bool) -> Head:
    return Head(
        id=segment_id,
        camera=info.camera,
        stream=info.stream,
        epoch=info.epoch,
        start_ns=first.wall_ns,
        codecs=mime_codecs(info),
        key=first.key,
        base=first.dts,
        tick_num=info.video.time_base.numerator,
        tick_den=info.video.time_base.denominator,
        time_source=first.time_source,
        offset_ns=first.offset_ns,
        arrived_ns=max(0, first.arrived_wall_ns),  # a clock that is set may have stood before 1970
        boot=clock.boot,
        mono_ns=first.arrived_mono_ns,
        synced=clock.synced(),
        wanted=wanted,
    )
