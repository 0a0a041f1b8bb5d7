"""Live pieces put together are video again; leases begin, are shared, and end."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import pytest

from agent.core.clock import NS
from agent.core.errors import SourceUnreachable
from agent.core.media import MediaKind, Packet, StreamInfo, TimeSource, TrackInfo
from agent.core.muxing import codec_name, copied_stream
from agent.publish.live import LiveRelay
from agent.publish.live_fit import Fit
from agent.publish.live_muxer import mime_of
from agent.wire.live import LivePiece
from agent.wire.messages import LiveArgs
from agent.wire.topics import GatewayTopics
from tests.fixtures.clips import make_clip
from tests.fixtures.clock import FakeClock
from tests.publish.centre import wait_for

TOPICS = GatewayTopics("town", "pole")


def read(path: Path, clock: FakeClock) -> tuple[StreamInfo, list[Packet]]:
    """What the capture room would hand over for this file."""
    packets = []
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        out = BytesIO()
        with av.open(out, "w", format="mp4", options={"movflags": "empty_moov+default_base_moof"}) as sink:
            copied_stream(sink, stream)
            sink.start_encoding()
            init = out.getvalue()
        info = StreamInfo(
            "cam", "sub", "e1",
            (TrackInfo(MediaKind.VIDEO, codec_name(stream), stream.time_base,
                       stream.codec_context.extradata or b"", stream.width, stream.height),),
            init, clock.wall_ns(),
        )  # fmt: skip
        for packet in source.demux(stream):
            if packet.dts is not None:
                wall_ns = clock.wall_ns() + int(packet.dts * stream.time_base * NS)
                packets.append(
                    Packet(0, bytes(packet), 9000 + packet.pts, 9000 + packet.dts, packet.duration, packet.is_keyframe,
                           wall_ns, TimeSource.ARRIVAL, wall_ns, 0)
                )  # fmt: skip
    return info, packets


class Ears:
    """Takes what is said; deaf on request."""

    def __init__(self) -> None:
        self.heard: dict[str, list[LivePiece]] = {}
        self.deaf = False

    def __call__(self, topic: str, payload: bytes) -> bool:
        if not self.deaf:
            self.heard.setdefault(topic.rsplit("/", 1)[1], []).append(LivePiece.decode(payload))
        return not self.deaf


def frames(pieces: list[LivePiece]) -> int:
    with av.open(BytesIO(b"".join(piece.data for piece in pieces))) as video:
        return sum(1 for _ in video.decode(video=0))


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def relay(ears: Ears, clock: FakeClock):
    found = LiveRelay(ears, TOPICS, clock)
    yield found
    for stream in found._streams.values():
        stream.close()


def feed(relay: LiveRelay, packets: list[Packet], *, turn: bool = True) -> None:
    for packet in packets:
        relay.sink("cam", "sub").packet(packet)
        if turn:
            relay.turn()


@pytest.mark.parametrize(
    ("codec", "suffix", "b_frames", "mime"),
    [
        ("libx264", "mp4", 0, 'video/mp4; codecs="avc1.'),
        ("libx264", "mp4", 2, 'video/mp4; codecs="avc1.'),
        ("libx264", "ts", 0, 'video/mp4; codecs="avc1.'),  # Annex B
        ("libx265", "mp4", 0, 'video/mp4; codecs="h'),
        ("libsvtav1", "mp4", 0, 'video/mp4; codecs="av01.'),
    ],
)
def test_pieces_put_together_decode(tmp_path: Path, clock, relay, ears, codec, suffix, b_frames, mime):
    info, packets = read(make_clip(tmp_path / f"a.{suffix}", codec=codec, b_frames=b_frames), clock)
    relay.sink("cam", "sub").opened(info)
    relay.start(LiveArgs(camera="cam", lease="l1"))
    feed(relay, packets)
    init, *media = ears.heard["l1"]
    assert (init.init, init.mime.startswith(mime)) == (True, True)
    assert [piece.number for piece in media] == list(range(len(packets) - 1))
    assert [piece.key for piece in media] == [packet.key for packet in packets[:-1]]
    assert [piece.wall_ns for piece in media] == [packet.wall_ns for packet in packets[:-1]]
    assert frames([init, *media]) == len(packets) - 1


def test_the_mime_type_is_that_of_the_stream(clip_h264: Path, clock: FakeClock):
    info, _ = read(clip_h264, clock)
    profile, compatibility, level = info.video.extradata[1:4]
    assert mime_of(info.init) == f'video/mp4; codecs="avc1.{profile:02X}{compatibility:02X}{level:02X}"'


def test_timestamps_begin_at_zero(clip_h264: Path, clock, relay, ears):
    info, packets = read(clip_h264, clock)
    relay.sink("cam", "sub").opened(info)
    relay.start(LiveArgs(camera="cam", lease="l1"))
    feed(relay, packets[3:])  # the capture room begins at a keyframe; this one does not
    init, *media = ears.heard["l1"]
    with av.open(BytesIO(b"".join(piece.data for piece in [init, *media]))) as video:
        times = [packet.pts * packet.time_base for packet in video.demux(video=0) if packet.pts is not None]
    assert times[:2] == [0, Fraction(1, 10)]
    assert media[0].key


def test_nothing_is_muxed_or_sent_without_a_lease_and_after_its_end(clip_h264: Path, clock, relay, ears):
    info, packets = read(clip_h264, clock)
    sink = relay.sink("cam", "sub")
    sink.opened(info)
    feed(relay, packets[:10])
    assert (ears.heard, sink._muxer) == ({}, None)
    relay.start(LiveArgs(camera="cam", lease="l1", seconds=20))
    feed(relay, packets[10:15])
    said = len(ears.heard["l1"])
    assert said > 1
    clock.advance(19)
    relay.start(LiveArgs(camera="cam", lease="l1", seconds=20))  # renewed
    clock.advance(19)
    feed(relay, packets[15:20])
    assert len(ears.heard["l1"]) == said + 5
    clock.advance(2)
    feed(relay, packets[20:])
    assert len(ears.heard["l1"]) == said + 5
    assert (relay.leases, sink._muxer) == (0, None)


def test_a_viewer_who_comes_in_the_middle_gets_the_group_from_its_beginning(clip_h264: Path, clock, relay, ears):
    info, packets = read(clip_h264, clock)
    relay.sink("cam", "sub").opened(info)
    feed(relay, packets[:15])
    relay.start(LiveArgs(camera="cam", lease="l1"))
    relay.turn()
    assert [piece.key for piece in ears.heard["l1"][1:]] == [True, False, False, False]
    relay.start(LiveArgs(camera="cam", lease="l2"))
    feed(relay, packets[15:])
    assert frames(ears.heard["l1"]) == frames(ears.heard["l2"]) == len(packets) - 11
    assert [piece.number for piece in ears.heard["l2"][1:]] == list(range(len(packets) - 11))
    assert relay.stop("l1") == {"ended": True}
    assert relay.stop("l1") == {"ended": False}
    assert relay.leases == 1


def test_a_new_epoch_begins_with_a_new_init(clip_h264: Path, clock, relay, ears):
    info, packets = read(clip_h264, clock)
    sink = relay.sink("cam", "sub")
    relay.start(LiveArgs(camera="cam", lease="l1"))
    for _ in range(2):
        sink.opened(info)
        feed(relay, packets[:20])
        sink.closed("lost")
        relay.turn()
    pieces = ears.heard["l1"]
    begins = [n for n, piece in enumerate(pieces) if piece.init]
    assert len(begins) == 2
    assert frames(pieces[begins[1] :]) == 19
    assert pieces[begins[1] + 1].number == 0


def test_under_pressure_pieces_are_dropped_up_to_the_next_keyframe(clip_h264: Path, clock, relay, ears):
    info, packets = read(clip_h264, clock)
    relay.sink("cam", "sub").opened(info)
    relay.start(LiveArgs(camera="cam", lease="l1"))
    feed(relay, packets[:5])
    ears.deaf = True
    feed(relay, packets[5:7])
    ears.deaf = False
    feed(relay, packets[7:])
    media = ears.heard["l1"][1:]
    assert [piece.key for piece in media[:5]] == [True, False, False, False, True]
    assert frames(ears.heard["l1"]) == len(packets) - 1 - 6


def test_an_unknown_camera_is_refused_and_main_stands_in_for_sub(relay):
    with pytest.raises(SourceUnreachable, match="no camera nowhere"):
        relay.start(LiveArgs(camera="nowhere", lease="l1"))
    relay.sink("park", "main")
    assert relay.start(LiveArgs(camera="park", lease="l1", stream="sub"))["stream"] == "main"
    for n in range(31):
        relay.start(LiveArgs(camera="park", lease=f"x{n}"))
    with pytest.raises(SourceUnreachable, match="32 live pictures"):
        relay.start(LiveArgs(camera="park", lease="one-more"))


def test_a_unit_without_a_picture_and_broken_bytes_do_no_harm(clip_h264: Path, clock, relay, ears):
    info, packets = read(clip_h264, clock)
    relay.sink("cam", "sub").opened(info)
    relay.start(LiveArgs(camera="cam", lease="l1"))
    last = packets[9]
    odd = Packet(0, b"\0\0\0\x02\x06\x05", last.pts, last.dts, 0, False, 0, TimeSource.ARRIVAL, 0, 0)
    noise = Packet(0, b"", last.pts + 1, last.dts + 1, 0, False, 0, TimeSource.ARRIVAL, 0, 0)
    feed(relay, [*packets[:10], odd, noise, *packets[10:]])
    assert sum(piece.key for piece in ears.heard["l1"]) == 4


def test_the_relay_as_a_worker_sends_while_packets_come(clip_h264: Path, clock, relay, ears, running):
    info, packets = read(clip_h264, clock)
    relay.sink("cam", "sub").opened(info)
    running(relay)
    relay.start(LiveArgs(camera="cam", lease="l1"))
    feed(relay, packets[:20], turn=False)
    wait_for(lambda: len(ears.heard.get("l1", [])) >= 10)  # the init and the last group but its newest frame


def open_both(relay: LiveRelay, clip: Path, clock: FakeClock) -> list[Packet]:
    info, packets = read(clip, clock)
    for stream in ("main", "sub"):
        relay.sink("cam", stream).opened(info)
    return packets


def refuse(relay: LiveRelay, ears: Ears, packets: list[Packet], clock: FakeClock, stream: str) -> None:
    """Two groups of pictures find no room."""
    ears.deaf = True
    for group in (packets[:10], packets[10:20]):
        for packet in group:
            relay.sink("cam", stream).packet(packet)
        relay.turn()
        clock.advance(1)
    ears.deaf = False
    relay.turn()


def test_a_link_that_bears_less_gets_the_small_stream_then_keyframes_and_all_again(clip_h264: Path, clock, relay, ears):
    packets = open_both(relay, clip_h264, clock)
    args = LiveArgs(camera="cam", lease="l1", stream="main", seconds=120)
    relay.start(args)
    relay.turn()
    refuse(relay, ears, packets, clock, "main")
    assert (relay.start(args)["stream"], relay.start(args)["keys"]) == ("sub", False)
    refuse(relay, ears, packets[20:] + packets, clock, "sub")
    assert (relay.start(args)["stream"], relay.start(args)["keys"]) == ("sub", True)
    assert relay.told() == ["cam sub, keyframes only"]
    ears.heard.clear()
    later = open_both(relay, clip_h264, clock)
    for packet in later:
        relay.sink("cam", "sub").packet(packet)
        relay.turn()
    assert [piece.key for piece in ears.heard["l1"] if not piece.init] == [True] * 4
    clock.advance(11)
    relay.turn()
    assert relay.start(args)["keys"] is False
    clock.advance(11)
    relay.turn()
    assert relay.told() == ["cam main"]


def test_each_try_that_fails_makes_the_next_one_later(clock):
    fit, waits = Fit(clock), []
    for _ in range(4):
        waited = 0
        while fit.step() != "up":
            clock.advance(1)
            waited += 1
        waits.append(waited)
        fit.refused()
        fit.refused()
        assert fit.step() == "down"
    assert waits == [11, 21, 41, 81]
    while fit.step() != "up":
        clock.advance(1)
    clock.advance(200)
    assert fit.step() in {"", "up"}


def test_a_lease_that_wants_another_stream_begins_anew(clip_h264: Path, clock, relay, ears):
    open_both(relay, clip_h264, clock)
    assert relay.start(LiveArgs(camera="cam", lease="l1", stream="sub"))["stream"] == "sub"
    assert relay.start(LiveArgs(camera="cam", lease="l1", stream="main"))["stream"] == "main"
    assert relay.leases == 1
