"""What leaves in which envelope, without a broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.central.store.outboxes import Ledger
from agent.core.clock import rfc3339
from agent.publish.budget import Budget
from agent.publish.message_sender import MessageSender
from agent.publish.outbox import Outbox
from agent.wire.messages import Ack, Envelope, Event, HealthSample, decode
from tests.fixtures.clock import FakeClock

NOW = rfc3339(1_780_000_000_000_000_000)


class Wire:
    """A link that takes everything."""

    room = window = 1 << 20
    backlog = 0

    def __init__(self) -> None:
        self.sent: list[Envelope] = []
        self.topics: list[str] = []
        self.most = 1 << 20

    def max_payload(self, _topic: str) -> int:
        return self.most

    def publish(self, topic: str, payload: bytes, *, urgent: bool = False) -> bool:  # noqa: ARG002 - the link's signature
        self.topics.append(topic)
        self.sent.append(decode(Envelope, payload))
        return True


def event(number: int, phase: str = "start") -> Event:
    return Event(id=f"e{number}", camera="cam", kind="motion", phase=phase, time=NOW, start=NOW)


@pytest.fixture
def outbox(tmp_path: Path, clock: FakeClock) -> Iterator[Outbox]:
    outbox = Outbox(tmp_path / "outbox.db", clock)
    yield outbox
    outbox.close()


def test_thousands_of_gaps_are_told_before_they_are_too_many_for_the_centre(outbox: Outbox, clock: FakeClock):
    """Updates were dropped between starts, one by one: each is a hole until it is told."""
    for number in range(8_600):
        outbox.put("event", "cam", event(number))
    outbox._db.run(lambda db: outbox._drop_rows(db, [("event", seq) for seq in range(2, 8_601, 2)]))
    wire, ledger = Wire(), Ledger()
    sender = MessageSender("town", "pole", outbox, wire, clock)
    while outbox.depth().messages:
        sender.step()
        for envelope in wire.sent:
            ledger = ledger.with_messages(envelope.numbers, envelope.dropped)
            sender.acknowledged("event", [Ack(outbox=outbox.id, seqs=envelope.numbers, now=NOW)])
        wire.sent.clear()
    assert (ledger.lost, ledger.stored, ledger.dropped) == (0, 4300, 4300)


def test_gaps_that_were_told_in_vain_are_told_again(outbox: Outbox, clock: FakeClock):
    for number in range(3):
        outbox.put("event", "cam", event(number))
    outbox.drop("event", 2, "test")
    wire = Wire()
    sender = MessageSender("town", "pole", outbox, wire, clock, resend_s=1)
    sender.step()
    sender.step()
    assert [envelope.dropped for envelope in wire.sent] == [[(2, 2)]]
    clock.advance(2)
    sender.step()  # the first record of it, as a question
    assert (wire.sent[-1].dropped, wire.sent[-1].numbers) == ([(2, 2)], [1])


def test_an_envelope_that_others_overtook_goes_again_at_once(outbox: Outbox, clock: FakeClock):
    wire = Wire()
    sender = MessageSender("town", "pole", outbox, wire, clock)
    for number in range(12):
        outbox.put("event", "cam", event(number))
        sender.step()
    assert [envelope.numbers for envelope in wire.sent] == [[seq] for seq in range(1, 13)]
    sender.acknowledged("event", [Ack(outbox=outbox.id, seqs=list(range(2, 13)), now=NOW)])
    sender.step()
    assert wire.sent[-1].numbers == [1]


def test_a_record_that_the_broker_never_takes_becomes_a_gap_and_holds_nothing_up(outbox: Outbox, clock: FakeClock):
    wire = Wire()
    wire.most = 2000
    sender = MessageSender("town", "pole", outbox, wire, clock, compress=False)
    outbox.put("event", "cam", event(1).model_copy(update={"attributes": {"note": "n" * 3000}}))
    outbox.put("event", "cam", event(2))
    sender.step()
    assert [envelope.numbers for envelope in wire.sent] == [[2]]
    assert outbox.gaps("event") == [(1, 1)]


def test_an_outbox_that_began_anew_is_sent_from_its_beginning(outbox: Outbox, clock: FakeClock):
    wire = Wire()
    sender = MessageSender("town", "pole", outbox, wire, clock)
    for number in range(3):
        outbox.put("event", "cam", event(number))
    sender.step()
    outbox._db._set_aside(Exception("malformed"))
    outbox.put("event", "cam", event(9))
    sender.step()
    assert wire.sent[-1].outbox == outbox.id != wire.sent[0].outbox
    assert wire.sent[-1].numbers == [1]


def sample(minute: int) -> HealthSample:
    return HealthSample(time=f"2026-01-01T00:{minute:02}:00Z", span_s=60)


def test_where_every_byte_counts_samples_of_five_minutes_share_an_envelope(outbox: Outbox, clock: FakeClock):
    wire = Wire()
    sender = MessageSender("town", "pole", outbox, wire, clock, budget=Budget(outbox.database, clock, metered=True))
    for minute in range(11):
        outbox.put("health", "", sample(minute))
        sender.step()
        clock.advance(60)
        sender.acknowledged("health", [Ack(outbox=outbox.id, seqs=wire.sent[-1].numbers, now=NOW)])
    assert [envelope.numbers for envelope in wire.sent] == [[1], [2, 3, 4, 5, 6], [7, 8, 9, 10, 11]]
    assert {envelope.kind for envelope in wire.sent} == {"health"}


def test_where_bytes_are_free_a_sample_goes_at_once_and_after_a_break_all_together(outbox: Outbox, clock: FakeClock):
    wire = Wire()
    sender = MessageSender("town", "pole", outbox, wire, clock, budget=Budget(outbox.database, clock))
    for minute in range(3):
        outbox.put("health", "", sample(minute))
        sender.step()
        clock.advance(1)
    assert [envelope.numbers for envelope in wire.sent] == [[1], [2], [3]]
    assert set(wire.topics) == {"lamppost/v1/town/pole/health/history"}
