"""RTSP over TCP (and TLS) through PyAV: the camera as a packet source."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from itertools import chain
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.container

from agent.capture.demux import finish, from_keyframe, raws, read
from agent.capture.epochs import Epochs
from agent.capture.foreign import at_open, while_reading
from agent.capture.stall import with_pictures
from agent.capture.stamps import Raw, Stamp, Stamper
from agent.capture.timeline import Timeline, ticks_ns
from agent.capture.tracks import Streams, Tracks, choose, describe
from agent.capture.turns import always, in_turns
from agent.core.clock import NS, Clock
from agent.core.errors import SourceBroken, SourceNotVideo, SourceUnreachable
from agent.core.ids import new_id
from agent.core.media import Packet, StreamInfo
from agent.core.stop import StopToken

_WAITED_NS = 3_000_000
"""A packet that took this long to read was waited for: it did not lie in a buffer."""

_AHEAD = 512
"""Most packets read ahead at the opening."""

_PORT = 554
_ASK_S = 1.0

OPEN_TIMEOUT_S, READ_TIMEOUT_S = 6.0, 8.0
"""FFmpeg cannot be woken while it waits, and an opening may wait for both: whoever asks for an end has it in 15 s."""

_KEYFRAME_NS = 60 * NS
"""Axis Zipstream stretches groups of pictures to many seconds, but not so far."""

_OPTIONS = {"rtsp_transport": "tcp", "analyzeduration": "2000000", "allowed_media_types": "video+audio"}


def without_secrets(url: str) -> str:
    """The address as messages show it: no user name, no password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class RtspOpener:
    """Opens one stream of one camera over RTSP/TCP, within time limits. The password never leaves `open`."""

    def __init__(
        self,
        camera: str,
        stream: str,
        url: str,
        username: str | None,
        password: str | None,
        clock: Clock,
        *,
        open_timeout_s: float = OPEN_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        self._camera, self._stream, self._url, self._clock = camera, stream, url, clock
        self._username, self._password = username, password
        self._timeout_s = (open_timeout_s, read_timeout_s)
        self.place = without_secrets(url)

    def open(self, stop: StopToken) -> RtspSource:
        """See `core.ports.SourceOpener.open`; reads up to the first packet that had to be waited for."""
        with at_open(self.place, lambda: not stop.is_set() and says_nothing(self.place)):
            container = av.open(self._with_secrets(), options=_OPTIONS, timeout=self._timeout_s)
        try:
            if stop.is_set():
                raise SourceBroken(f"{self.place}: the end was asked for while it was being opened")
            choice = choose(container, self.place)
            with while_reading(self.place):
                ahead = _read_ahead(container, choice.streams, self._clock, stop, self.place)
            tracks = describe(choice, ahead[0].data, self.place)
        except BaseException:
            container.close()
            raise
        now_ns = self._clock.wall_ns()
        info = StreamInfo(
            self._camera,
            self._stream,
            new_id(now_ns),
            tracks.infos,
            tracks.init,
            now_ns,
            left_out=tracks.left_out,
        )
        return RtspSource(info, container, tracks, ahead, self._clock, self.place)

    def _with_secrets(self) -> str:
        if self._username is None:
            return self._url
        parts = urlsplit(self._url)
        login = quote(self._username, safe="") + ":" + quote(self._password or "", safe="")
        return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}"))


def says_nothing(url: str) -> bool:
    """Ask for the server's options; true when no byte comes back within a second."""
    parts = urlsplit(url)
    if parts.scheme != "rtsp":
        return False
    question = f"OPTIONS {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode("ascii", "replace")
    try:
        with socket.create_connection((parts.hostname or "", parts.port or _PORT), _ASK_S) as talk:
            talk.sendall(question)
            return not talk.recv(1)
    except OSError:
        return True


class RtspSource:
    """One RTSP session: an epoch, and another wherever parameters change or the gateway's clock stepped."""

    def __init__(
        self,
        info: StreamInfo,
        container: av.container.InputContainer,
        tracks: Tracks,
        ahead: list[Raw],
        clock: Clock,
        place: str,
    ) -> None:
        self._epochs = Epochs(info, tracks, place)
        self._container, self._ahead = container, ahead
        self._clock, self._place = clock, place
        self._timeline: Timeline | None = None

    @property
    def info(self) -> StreamInfo:
        """See `core.ports.PacketSource.info`."""
        return self._epochs.info

    def packets(self, stop: StopToken, hurried: Callable[[], bool] = always) -> Iterator[Packet]:
        """See `core.ports.PacketSource.packets`."""
        stamper = Stamper(self._epochs.tracks.usual_ticks)
        with while_reading(self._place):
            came = with_pictures(chain(self._ahead, self._live(stop, hurried)), self._place)
            for raw, stamp in stamper.stamped(came):
                yield self._placed(raw, stamp)
        if not stop.is_set():
            raise SourceBroken(f"{self._place}: the camera ended the stream; trying again")

    def close(self) -> None:
        """See `core.ports.PacketSource.close`."""
        self._container.close()

    def _live(self, stop: StopToken, hurried: Callable[[], bool]) -> Iterator[Raw]:
        streams = self._epochs.tracks.streams
        reads = in_turns(read(self._container, streams, self._clock, stop), hurried, stop.wait)
        return (raw for raw, _ in raws(reads, streams))

    def _placed(self, raw: Raw, stamp: Stamp) -> Packet:
        media_ns = ticks_ns(stamp.pts, self._epochs.tracks.infos[raw.track].time_base)
        timeline = self._timeline
        if timeline is None:
            timeline = Timeline(media_ns + self._behind_ns(raw, stamp), self._ahead[-1].arrival)
        stepped = timeline.stepped(raw.arrival)
        if self._epochs.turns(raw, stepped=stepped) and stepped:
            timeline = Timeline(media_ns, raw.arrival)
        self._timeline = timeline
        placed = timeline.place(media_ns, raw.arrival, leads=raw.track == 0)
        return finish(raw, stamp, placed, self._epochs.tracks)

    def _behind_ns(self, first: Raw, stamp: Stamp) -> int:
        """Stream time from the first packet to the one that was waited for."""
        live = self._ahead[-1]
        if live.pts is None or first.track != 0:
            return 0
        live_ns = ticks_ns(live.pts, self._epochs.tracks.infos[live.track].time_base)
        return live_ns - ticks_ns(stamp.pts, self._epochs.tracks.infos[0].time_base)


def _with_keyframe(packets: Iterator[Raw], deadline_ns: int, place: str) -> Iterator[Raw]:
    """The packets; an error when none of them was a keyframe by `deadline_ns`."""
    awaited = True
    for raw in packets:
        awaited = awaited and not (raw.key and raw.track == 0)
        if awaited and raw.arrival.mono_ns > deadline_ns:
            raise SourceNotVideo(f"{place}: no keyframe in {_KEYFRAME_NS // NS} s; set a shorter GOP in the camera")
        yield raw


def _read_ahead(
    container: av.container.InputContainer, streams: Streams, clock: Clock, stop: StopToken, place: str
) -> list[Raw]:
    """From the first keyframe to the first packet that was waited for: what lay in buffers is older than it looks."""
    ahead: list[Raw] = []
    before_ns = clock.mono_ns()
    came = (raw for raw, _ in raws(read(container, streams, clock, stop), streams))
    live = _with_keyframe(came, before_ns + _KEYFRAME_NS, place)
    for raw in from_keyframe(live):
        ahead.append(raw)
        waited = raw.arrival.mono_ns - before_ns > _WAITED_NS
        if (waited and raw.pts is not None and len(ahead) > 1) or len(ahead) >= _AHEAD:
            return ahead
        before_ns = clock.mono_ns()
    if not ahead:
        raise SourceUnreachable(f"{place}: the camera sent no keyframe; check its stream settings")
    return ahead
