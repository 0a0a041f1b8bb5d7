"""Bytes from outside: whatever comes, it is read or refused with a WireError, nothing else."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.core.clock import SystemClock
from agent.core.errors import WireError
from agent.publish.commands import CommandDesk
from agent.publish.outbox import Outbox
from agent.publish.uplink import Heard, Uplink
from agent.wire import framing, topics
from agent.wire.live import LivePiece
from agent.wire.messages import ALL, Ack, Message, decode
from agent.wire.mqtt import LinkSettings

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=6),
    max_leaves=12,
)
names = sorted({name for model in ALL for name in model.model_json_schema().get("properties", {})})
likely = st.dictionaries(st.sampled_from(names), documents, max_size=12).map(lambda found: json.dumps(found).encode())
payloads = st.binary(max_size=300) | likely
mqtt_topics = st.text(max_size=80) | st.lists(
    st.sampled_from(
        ["lamppost", "v1", "town", "pole", "ack", "event", "media", "command", "live", "", "+", "#", "a\0"]
    ),
    max_size=8,
).map("/".join)


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda rest: b"LPL1" + rest))
def test_a_live_piece_is_read_or_refused(payload: bytes):
    with suppress(WireError):
        piece = LivePiece.decode(payload)
        assert LivePiece.decode(piece.encode()) == piece


@given(st.booleans(), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.binary(max_size=100))
def test_a_live_piece_comes_back_as_it_went(init: bool, number: int, wall_ns: int, data: bytes):
    piece = LivePiece(init, not init, number, wall_ns, 'video/mp4; codecs="avc1.64001F"' if init else "", data)
    assert LivePiece.decode(piece.encode()) == piece


@given(mqtt_topics)
def test_a_topic_is_read_or_refused(topic: str):
    with suppress(WireError):
        address = topics.parse(topic)
        assert topics.ROOT + "/" + "/".join([address.site, address.gateway, *address.path]) == topic


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_frames_from_noise_are_read_or_refused(pieces: list[bytes]):
    decoder = framing.Decoder()
    with suppress(WireError):
        for piece in pieces:
            decoder.feed(piece)


@given(st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=200)), max_size=5), st.data())
def test_frames_cut_anywhere_come_out_whole(messages: list[tuple[str, bytes]], data: st.DataObject):
    whole = b"".join(framing.encode({"type": kind}, body) for kind, body in messages)
    decoder, found = framing.Decoder(), []
    while whole:
        cut = data.draw(st.integers(1, len(whole)))
        found += decoder.feed(whole[:cut])
        whole = whole[cut:]
    assert [(frame.header["type"], frame.payload) for frame in found] == messages


@given(st.sampled_from(ALL), payloads)
def test_a_message_is_read_or_refused(model: type[Message], payload: bytes):
    with suppress(WireError):
        assert isinstance(decode(model, payload), model)


def test_a_message_beyond_the_limit_is_refused_unread():
    with pytest.raises(WireError, match="are more than"):
        decode(Ack, b" " * (2 << 20))


@pytest.fixture
def uplink(tmp_path: Path):
    clock = SystemClock()
    outbox = Outbox(tmp_path / "outbox.db", clock)
    desk = CommandDesk("town", "pole", None, clock, {})
    yield Uplink("town", "pole", outbox, LinkSettings("mqtt://127.0.0.1:1", ""), clock, commands=desk, version="1")
    outbox.close()


acks = st.sampled_from(["event", "track", "recording", "media", "x"]).map(
    lambda kind: f"lamppost/v1/town/pole/ack/{kind}"
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(mqtt_topics | acks, payloads, st.booleans()), max_size=10))
def test_the_uplink_bears_whatever_the_broker_hands_it(uplink: Uplink, said: list[tuple[str, bytes, bool]]):
    for one in said:
        assert uplink.on_message(*one) is True
        assert uplink.media.on_message(*one) is True
    uplink._hear([])
    uplink.media._hear([])
    assert len(uplink._inbox) == len(uplink.media._inbox) == 0


ranges = st.lists(st.tuples(st.integers(), st.integers()) | st.tuples(st.integers(-5, 99), st.integers(-5, 2**70)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from(["want", "unknown", "done", "refused", "cancelled"]), ranges, st.lists(st.integers(), max_size=20)
)
def test_wild_numbers_in_acknowledgements_do_no_harm(
    uplink: Uplink, state: str, missing: list[tuple[int, int]], seqs: list[int]
):
    now = "2026-01-01T00:00:00.000Z"
    uplink._outbox.put_media(
        id="m", camera="c", kind="clip", type="video/mp4", start=now, end=now, source=b"x" * 300_000
    )
    uplink.media._sender.look_again()
    uplink.media._sender.step()
    media = {"v": 1, "id": "m", "state": state, "missing": missing, "now": now}
    event = {"v": 1, "outbox": uplink._outbox.id, "seqs": seqs, "now": now}
    root = "lamppost/v1/town/pole/ack"
    uplink._hear([Heard(f"{root}/event", json.dumps(event).encode())])
    uplink.media._hear([Heard(f"{root}/media", json.dumps(media).encode())])
    transfers = uplink.media._sender._transfers.values()
    assert all(len(transfer.wanted) <= transfer.manifest.pieces for transfer in transfers if transfer.manifest)
