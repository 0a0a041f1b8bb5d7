"""A video file as a packet source: at the pace of its own clock, or as fast as it can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import av
import av.container

from agent.capture.demux import finish, from_keyframe, raws, read
from agent.capture.epochs import Epochs
from agent.capture.stamps import Raw, Stamp, Stamper
from agent.capture.timeline import Placed, ticks_ns
from agent.capture.tracks import Streams, Tracks, choose, describe
from agent.capture.turns import always
from agent.core.clock import NS, Clock
from agent.core.errors import SourceBroken, SourceNotVideo, SourceUnreachable
from agent.core.ids import new_id
from agent.core.media import Packet, StreamInfo, TimeSource
from agent.core.stop import StopToken

_SHORT_S, _SHORT_SHARE = 1.0, 0.02
"""A file that ends this much before its declared end was cut."""


class FileOpener:
    """Plays a file as a camera would.

    `realtime` holds each packet back to its time; `loop` begins again at the end, in the same epoch with timestamps
    that go on, so that neither recording nor analysis sees a seam but in the picture. `start_wall_ns` is the wall
    time of the first frame, by default the moment of opening.
    """

    def __init__(
        self,
        camera: str,
        stream: str,
        path: str | Path,
        clock: Clock,
        *,
        realtime: bool,
        loop: bool,
        start_wall_ns: int | None = None,
    ) -> None:
        self._camera, self._stream, self._clock = camera, stream, clock
        self._path = file_path(path)
        self._realtime, self._loop, self._start_wall_ns = realtime, loop, start_wall_ns
        self.place = str(self._path)

    def open(self, stop: StopToken) -> FileSource:  # noqa: ARG002 - the port has it; a file opens at once
        """See `core.ports.SourceOpener.open`."""
        container = open_file(self._path)
        try:
            choice = choose(container, self.place)
            tracks = describe(choice, _first_key(self._path, choice.streams), self.place)
        except BaseException:
            container.close()
            raise
        now_ns = self._clock.wall_ns()
        start_ns = now_ns if self._start_wall_ns is None else self._start_wall_ns
        info = StreamInfo(
            self._camera,
            self._stream,
            new_id(now_ns),
            tracks.infos,
            tracks.init,
            start_ns,
            left_out=tracks.left_out,
        )
        return FileSource(info, container, tracks, self._path, self._clock, realtime=self._realtime, loop=self._loop)


class FileSource:
    """One playing of a file, or an endless one: an epoch, and another wherever its parameters change."""

    def __init__(
        self,
        info: StreamInfo,
        container: av.container.InputContainer,
        tracks: Tracks,
        path: Path,
        clock: Clock,
        *,
        realtime: bool,
        loop: bool,
    ) -> None:
        self._epochs = Epochs(info, tracks, str(path))
        self._begin_wall_ns = info.opened_wall_ns
        self._container, self._path, self._clock = container, path, clock
        self._realtime, self._loop = realtime, loop
        self._first_ns: int | None = None
        self._began_mono_ns = 0

    @property
    def info(self) -> StreamInfo:
        """See `core.ports.PacketSource.info`."""
        return self._epochs.info

    def packets(self, stop: StopToken, hurried: Callable[[], bool] = always) -> Iterator[Packet]:  # noqa: ARG002
        """See `core.ports.PacketSource.packets`.

        Raises:
            SourceBroken: the file ends before its end; all that could be read has been given.
        """
        shift_ns = 0
        while not stop.is_set():
            tracks = self._epochs.tracks
            turn = _Turn(self._container, tracks, self._path, self._clock)
            for raw, stamp in turn.stamped():
                packet = self._placed(raw, _shifted(stamp, shift_ns, raw.track, tracks))
                if self._held_back(packet, stop):
                    return
                yield packet
            turn.check_whole()
            if not self._loop:
                return
            shift_ns += turn.length_ns
            self._reopen()

    def close(self) -> None:
        """See `core.ports.PacketSource.close`."""
        self._container.close()

    def _reopen(self) -> None:
        self._container.close()
        self._container = open_file(self._path)
        streams = choose(self._container, str(self._path)).streams
        self._epochs.tracks = replace(self._epochs.tracks, streams=streams)

    def _placed(self, raw: Raw, stamp: Stamp) -> Packet:
        self._epochs.turns(raw)
        tracks = self._epochs.tracks
        media_ns = ticks_ns(stamp.pts, tracks.infos[raw.track].time_base)
        if self._first_ns is None:
            self._first_ns, self._began_mono_ns = media_ns, self._clock.mono_ns()
        wall_ns = self._begin_wall_ns + media_ns - self._first_ns
        return finish(raw, stamp, Placed(wall_ns, TimeSource.FILE, None), tracks)

    def _held_back(self, packet: Packet, stop: StopToken) -> bool:
        """Wait for the packet's time; true when the end was asked for."""
        if not self._realtime or self._first_ns is None:
            return stop.is_set()
        media_ns = ticks_ns(packet.dts, self._epochs.tracks.infos[packet.track].time_base)
        due_ns = self._began_mono_ns + media_ns - self._first_ns
        return stop.wait(max(0, due_ns - self._clock.mono_ns()) / NS)


class _Turn:
    """One reading of the file from its beginning, and what it came to."""

    def __init__(self, container: av.container.InputContainer, tracks: Tracks, path: Path, clock: Clock) -> None:
        self._container, self._tracks, self._path, self._clock = container, tracks, path, clock
        self._declared_s = _declared_s(container, tracks)
        self._begin_ns: int | None = None
        self._end_ns = 0
        self._damaged, self._error = False, ""

    @property
    def length_ns(self) -> int:
        """From the first packet to the end of the last."""
        return self._end_ns - (self._begin_ns or 0)

    def stamped(self) -> Iterator[tuple[Raw, Stamp]]:
        """Every whole packet from the first keyframe on."""
        for raw, stamp in Stamper(self._tracks.usual_ticks).stamped(from_keyframe(self._whole())):
            time_base = self._tracks.infos[raw.track].time_base
            if self._begin_ns is None:
                self._begin_ns = ticks_ns(stamp.dts, time_base)
            self._end_ns = max(self._end_ns, ticks_ns(stamp.dts + stamp.duration, time_base))
            yield raw, stamp

    def check_whole(self) -> None:
        """Raises: SourceBroken when the reading ended before the file's declared end."""
        at_s = self.length_ns / NS
        missing_s = self._declared_s - at_s
        cut = missing_s > max(_SHORT_S, _SHORT_SHARE * self._declared_s) or self._ends_inside_a_box()
        if self._begin_ns is None:
            raise SourceBroken(f"{self._path}: no keyframe in it; nothing of it can be shown")
        if self._error or self._damaged or cut:
            why = self._error or "the file is cut off or damaged there"
            raise SourceBroken(f"{self._path}: broke off at {at_s:.1f} s ({why}); what came before is good")

    def _ends_inside_a_box(self) -> bool:
        """A fragmented MP4 declares no length; one that was cut ends in the middle of a box (ISO 14496-12)."""
        if "mp4" not in self._container.format.name:
            return False
        with self._path.open("rb") as file:
            total, at = file.seek(0, 2), 0
            while at < total:
                file.seek(at)
                header = file.read(16)
                size = int.from_bytes(header[:4], "big")
                size = int.from_bytes(header[8:], "big") if size == 1 else size or total - at
                at += max(size, 8)
        return at > total

    def _whole(self) -> Iterator[Raw]:
        try:
            streams = self._tracks.streams
            for raw, damaged in raws(read(self._container, streams, self._clock), streams):
                self._damaged = damaged
                if not damaged:
                    yield raw
        except (av.FFmpegError, ValueError) as error:
            self._error = getattr(error, "strerror", None) or type(error).__name__


def file_path(text: str | Path) -> Path:
    """A path, or a file: address, as a path."""
    if isinstance(text, Path) or not text.startswith("file:"):
        return Path(text)
    return Path(unquote(urlsplit(text).path))


def open_file(path: Path) -> av.container.InputContainer:
    """The file, opened.

    Raises:
        SourceUnreachable: there is no such file, or it may not be read.
        SourceNotVideo: it is not a video that we can read.
    """
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise SourceUnreachable(f"{path}: {error.strerror}; check the path") from None
    try:
        return av.open(str(path.absolute()))
    except (av.FFmpegError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise SourceNotVideo(f"{path}: not a video we can read, or its index is cut off ({why})") from None


def _first_key(path: Path, streams: Streams) -> bytes:
    """The first keyframe, where parameter sets may lie that the container does not announce."""
    if streams[0].codec_context.extradata:
        return b""
    with open_file(path) as container:
        for packet in container.demux(container.streams[streams[0].index]):
            if packet.is_keyframe and packet.size:
                return bytes(packet)
    return b""


def _declared_s(container: av.container.InputContainer, tracks: Tracks) -> float:
    video = tracks.streams[0]
    if video.duration is not None and video.time_base is not None:
        return float(video.duration * video.time_base)
    return (container.duration or 0) / av.time_base


def _shifted(stamp: Stamp, shift_ns: int, track: int, tracks: Tracks) -> Stamp:
    if not shift_ns:
        return stamp
    time_base = tracks.infos[track].time_base
    ticks = shift_ns * time_base.denominator // (time_base.numerator * NS)
    return Stamp(stamp.pts + ticks, stamp.dts + ticks, stamp.duration)
