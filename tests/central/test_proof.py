"""What the centre remembers of a gateway's footage: its keys, places in its chains, times that were corrected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.central.batch import Batch
from agent.central.counts import Counts
from agent.central.store.database import Database
from agent.central.store.views import Views
from agent.core.signing import Signer, id_of_raw
from agent.wire import messages as wire
from agent.wire.topics import Address
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, span
from tests.fixtures.clock import FakeClock

HERE = ("camera", CAMERA, "recording")


class Store:
    """A database that messages are put into, each batch a transaction."""

    def __init__(self, folder: Path) -> None:
        self.database, self.clock, self.counts = Database.open("sqlite", folder), FakeClock(T0_NS), Counts()
        self.views = Views(self.database, self.clock)
        self.seq = 0

    def take(self, path: tuple[str, ...], *messages: wire.Message) -> None:
        with self.database.change() as change:
            batch = Batch(self.database, change, self.clock, self.counts)
            for message in messages:
                batch.take(Address(SITE, GATEWAY, path), wire.encode(message))
            batch.write()
        self.clock.advance(1)

    def spans(self, *spans: wire.RecordingSpan) -> None:
        self.take(HERE, *(self._envelope(one) for one in spans))

    def _envelope(self, one: wire.RecordingSpan) -> wire.Envelope:
        self.seq += 1
        return wire.Envelope(
            site=SITE,
            gateway=GATEWAY,
            outbox="o",
            kind="recording",
            seq=self.seq,
            records=[one.model_dump(mode="json")],
        )

    def status(self, key: str) -> None:
        self.take(
            ("status",), wire.Status(state="online", session="s", since="2026-01-01T00:00:00Z", version="1", key=key)
        )

    def cameras(self, *names: str) -> None:
        """Each announces itself, all in one batch."""
        with self.database.change() as change:
            batch = Batch(self.database, change, self.clock, self.counts)
            for name in names:
                info = wire.CameraInfo(camera=name, name=name, streams=[])
                batch.take(Address(SITE, GATEWAY, ("camera", name, "info")), wire.encode(info))
            batch.write()

    @property
    def gateway(self) -> dict[str, Any]:
        return self.views.gateways()[0]

    def segments(self) -> list[dict[str, Any]]:
        found = self.views.recordings((SITE, GATEWAY, CAMERA), 0, 1 << 62)["segments"]
        return list(found)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path)
    yield made
    made.database.close()


def test_places_in_the_chain_are_kept_and_hearing_twice_does_no_harm(store: Store) -> None:
    spans = [span("a", 0, 10, number=7), span("b", 10, 20, number=8)]
    store.spans(*spans)
    store.spans(*spans)
    assert [(one["number"], one["link"]) for one in store.segments()] == [(one.number, one.link) for one in spans]
    assert (store.gateway["chain_breaks"], store.gateway["problems"]) == (0, [])


@pytest.mark.parametrize("together", [True, False])
def test_a_number_that_is_given_again_is_seen(store: Store, together: bool) -> None:
    first, second = span("a", 0, 10, number=7), span("b", 10, 20, number=7)
    if together:
        store.spans(first, second)
    else:
        store.spans(first)
        store.spans(second)
    assert store.gateway["chain_breaks"] == 1
    assert store.gateway["problems"] == [
        "numbers of its chains of footage were given again, 1 times: footage was replaced"
    ]
    store.spans(first, second)
    assert store.gateway["chain_breaks"] == 1


def test_a_segment_told_again_with_another_link_is_seen_and_the_first_stands(store: Store) -> None:
    first = span("a", 0, 10, number=7)
    store.spans(first)
    store.spans(first.model_copy(update={"link": "1" * 64, "sha256": "2" * 64}))
    assert store.gateway["chain_breaks"] == 1
    assert [(one["link"], one["bytes"]) for one in store.segments()] == [(first.link, first.bytes)]


@pytest.mark.parametrize("late", [True, False])
def test_corrected_times_win_in_any_order(store: Store, late: bool) -> None:
    wrong, right = span("a", 0, 10), span("a", 3600, 3610, number=1, shift_ms=3_600_000)
    store.spans(*((right, wrong) if late else (wrong, right)))
    store.spans(wrong)
    (kept,) = store.segments()
    assert (kept["start"], kept["end"], kept["shift_ms"]) == (right.start, right.end, 3_600_000)
    assert store.gateway["chain_breaks"] == 0


def test_a_key_is_known_from_its_first_sight_on_and_a_second_one_is_trouble(store: Store, tmp_path: Path) -> None:
    signers = [Signer.load_or_make(tmp_path / f"{name}.pem") for name in "ab"]
    store.status(signers[0].public_hex)
    store.status("")
    store.status(signers[0].public_hex)
    (key,) = store.gateway["keys"]
    assert (key["id"], key["key"]) == (signers[0].key_id, signers[0].public_hex)
    assert key["id"] == id_of_raw(bytes.fromhex(key["key"]))
    assert key["first_seen"] < key["last_seen"]
    assert store.gateway["problems"] == []
    store.status(signers[1].public_hex)
    assert [one["id"] for one in store.gateway["keys"]] == [signers[1].key_id, signers[0].key_id]
    (problem,) = store.gateway["problems"]
    assert problem.startswith(f"2 keys have signed its footage; the newest, {signers[1].key_id}, since 2026")


def test_keys_without_end_are_refused(store: Store) -> None:
    for number in range(64):
        store.status(f"{number:064x}")
    store.status("f" * 64)
    assert store.counts.reasons() == {"too_many_keys": 1}
    assert len(store.gateway["keys"]) == 64


def test_cameras_without_end_are_refused_and_those_that_are_known_take_no_room_twice(store: Store) -> None:
    store.cameras(*(f"cam{number}" for number in range(200)))
    store.cameras(*(f"cam{number}" for number in range(257)))
    assert store.counts.reasons() == {"too_many_cameras": 1}
    assert len(store.views.cameras()) == 256


def test_cameras_that_come_together_are_counted_as_they_come(store: Store) -> None:
    store.cameras(*(f"cam{number}" for number in range(300)))
    assert store.counts.reasons() == {"too_many_cameras": 44}
