import json

import pytest

from agent.core.errors import WireError
from agent.wire import framing
from agent.wire.live import LivePiece
from agent.wire.messages import ALL, Envelope, Event, decode, encode
from agent.wire.topics import GatewayTopics, parse


def test_topics_are_read_as_they_are_made() -> None:
    topics = GatewayTopics("hartford", "pole-17")
    assert topics.camera("park", "event") == "lamppost/v1/hartford/pole-17/camera/park/event"
    assert parse(topics.chunk("m1", 3)) == ("hartford", "pole-17", ("media", "m1", "chunk", "3"))


@pytest.mark.parametrize(
    "topic", ["", "lamppost/v1/a/b", "lamppost/v2/a/b/status", "lamppost/v1/a/b/+", "lamppost/v1/a//status", "x" * 600]
)
def test_foreign_topics_are_refused(topic: str) -> None:
    with pytest.raises(WireError):
        parse(topic)


def test_a_newer_writer_is_understood() -> None:
    text = b'{"id":"e","camera":"c","kind":"motion","phase":"start","time":"2026-01-01T00:00:00Z","start":"2026-01-01T00:00:00Z","new":1}'  # noqa: E501
    assert decode(Event, text).kind == "motion"


@pytest.mark.parametrize("change", [{"phase": "middle"}, {"box": [0, 0, 2, 1]}, {"time": "yesterday"}, {"id": "a/b"}])
def test_an_event_that_breaks_its_contract_is_refused(change: dict) -> None:
    good = {
        "id": "e",
        "camera": "c",
        "kind": "motion",
        "phase": "end",
        "time": "2026-01-01T00:00:00Z",
        "start": "2026-01-01T00:00:00Z",
    }
    Event.model_validate(good)
    with pytest.raises(WireError, match="Event: "):
        decode(Event, json.dumps(good | change).encode())


def test_the_class_of_an_envelope_is_called_class_on_the_wire() -> None:
    envelope = Envelope(site="a", gateway="b", outbox="c", kind="event", seq=1, records=[{"x": 1}])
    assert b'"class":"event"' in encode(envelope)
    assert decode(Envelope, encode(envelope)) == envelope


def test_every_message_has_a_schema() -> None:
    assert all(model.model_json_schema()["type"] == "object" for model in ALL)


def test_live_piece_survives_the_wire() -> None:
    piece = LivePiece(False, True, 7, 1_700_000_000_000_000_000, "", b"moof")
    assert LivePiece.decode(piece.encode()) == piece
    init = LivePiece(True, False, 0, 1, 'video/mp4; codecs="avc1.4d401f"', b"ftyp")
    assert LivePiece.decode(init.encode()) == init


def test_frames_come_out_whole_however_they_are_cut() -> None:
    data = framing.encode({"type": "packet", "camera": "a"}, b"12345") + framing.encode({"type": "bye"})
    decoder = framing.Decoder()
    frames = [frame for at in range(len(data)) for frame in decoder.feed(data[at : at + 1])]
    assert [(frame.header["type"], frame.payload) for frame in frames] == [("packet", b"12345"), ("bye", b"")]


def test_a_frame_beyond_the_limits_is_refused() -> None:
    with pytest.raises(WireError, match="beyond the limits"):
        framing.Decoder().feed(b"\xff" * 8)


@pytest.mark.parametrize("header", [b"[" * 200_000, b'{"type":' * 100_000, b"\xff", b"[]", b"{}"])
def test_a_header_that_is_none_is_refused(header: bytes) -> None:
    with pytest.raises(WireError, match=r"frame whose header (has|is) no"):
        framing.Decoder().feed(len(header).to_bytes(4, "big") + bytes(4) + header)
