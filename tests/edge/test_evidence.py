"""What the policy sends by itself: made when due, when the link is free, or before its footage goes; else reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.core.clock import NS, rfc3339
from agent.core.errors import LamppostError, NotRecorded, StorageError, WireError
from agent.edge.cutter import Wanted
from agent.edge.evidence import EvidenceDesk, Policy
from agent.publish.outbox import Outbox
from agent.publish.wishes import KEEP_S, Wishes
from agent.wire.messages import Event
from tests.fixtures.clock import FakeClock


class FakeCutter:
    """Makes clips of nothing, or says what is wrong."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox, self.made, self.size = outbox, list[Wanted](), 1000
        self.errors: dict[str, LamppostError] = {}
        self.tried: list[str] = []

    def make(self, wanted: Wanted) -> Any:
        self.tried.append(wanted.event or "")
        if error := self.errors.get(wanted.event or "", self.errors.get("all")):
            raise error
        self.made.append(wanted)
        return self.outbox.put_media(
            id=wanted.id, camera=wanted.camera, kind="clip", type="video/mp4", source=b"x" * self.size,
            quality=wanted.quality,
            start=rfc3339(wanted.start_ns), end=rfc3339(wanted.end_ns), event=wanted.event, asked=wanted.asked,
        )  # fmt: skip


class Rig:
    def __init__(self, path: Path, clock: FakeClock) -> None:
        self.clock, self.free, self.doomed_ns = clock, True, 0
        self.outbox = Outbox(path / "outbox.db", clock)
        self.cutter = FakeCutter(self.outbox)
        self.wishes = Wishes(self.outbox.database, clock)
        policies = {"park": Policy("full", "proxy"), "gate": Policy("pictures", "pictures")}
        self.desk = EvidenceDesk(
            policies, self.wishes, self.cutter, self.outbox, clock, may_send=lambda: self.free,  # type: ignore[arg-type]
            doomed_before_ns=lambda _: self.doomed_ns,
        )  # fmt: skip

    def event(self, key: str, phase: Any, after_s: float = 0, camera: str = "park", severity: Any = "info") -> None:
        start_ns = 1_780_000_000 * NS
        now = rfc3339(start_ns + int(after_s * NS))
        self.desk.hear(
            Event(
                id=key, camera=camera, kind="motion", phase=phase, time=now, start=rfc3339(start_ns), severity=severity,
                end=now if phase == "end" else None,
            )
        )  # fmt: skip
        self.turn()

    def turn(self, after_s: float = 0) -> None:
        self.clock.advance(after_s)
        self.desk.turn([])

    def notices(self) -> dict[str, str]:
        found = [self.outbox.media.notice(one.id) for one in self.outbox.media.waiting(99) if one.gone]
        return {notice.event or "": notice.reason for notice in found if notice}


@pytest.fixture
def rig(tmp_path: Path, clock: FakeClock):
    made = Rig(tmp_path, clock)
    yield made
    made.outbox.close()


def test_a_proxy_is_made_once_the_footage_is_whole(rig: Rig):
    rig.event("e1", "start")
    rig.event("e1", "update", 1)
    rig.event("e1", "end", 4)
    assert rig.cutter.made == []
    rig.turn(11)
    assert rig.cutter.made == []
    rig.turn(2)
    (made,) = rig.cutter.made
    assert (made.id, made.event, made.quality, made.asked) == ("e1-proxy", "e1", "proxy", False)
    assert (made.end_ns - made.start_ns) / NS == pytest.approx(14)
    rig.turn(100)
    assert len(rig.cutter.made) == 1
    assert rig.wishes.number() == 0


def test_an_event_that_never_ends_gets_its_first_minute(rig: Rig):
    rig.event("e1", "start")
    rig.turn(70)
    (made,) = rig.cutter.made
    assert (made.end_ns - made.start_ns) / NS == 60


def test_an_event_that_ends_when_its_clip_is_made_costs_no_second_one(rig: Rig):
    """Things left and vehicles that stand go on for longer than a clip may be."""
    rig.event("e1", "start")
    rig.turn(70)
    rig.event("e1", "end", 120)
    rig.turn(100)
    assert [one.id for one in rig.cutter.made] == ["e1-proxy"]
    rig.event("e1", "end", 130, severity="alarm")
    rig.turn(100)
    assert [one.id for one in rig.cutter.made] == ["e1-proxy", "e1-full"]


def test_a_full_clip_waits_for_the_link_and_its_footage_is_needed_so_long(rig: Rig):
    rig.free = False
    rig.event("e1", "end", 4, severity="alarm")
    rig.turn(60)
    assert rig.cutter.made == []

    class Piece:
        camera, start_ns, end_ns = "park", 1_780_000_000 * NS, 1_780_000_001 * NS

    assert rig.desk.waits(Piece)  # type: ignore[arg-type]
    Piece.camera = "gate"
    assert not rig.desk.waits(Piece)  # type: ignore[arg-type]
    rig.free = True
    rig.turn(1)
    assert [made.quality for made in rig.cutter.made] == ["full"]
    rig.turn(6)
    Piece.camera = "park"
    assert not rig.desk.waits(Piece)  # type: ignore[arg-type]


def test_before_retention_takes_the_footage_the_clip_is_made_whatever_the_link_says(rig: Rig):
    rig.free = False
    rig.event("e1", "end", 4, severity="alarm")
    rig.doomed_ns = 1_780_000_100 * NS
    rig.turn(60)
    assert len(rig.cutter.made) == 1


def test_no_more_full_clips_lie_ready_than_the_link_takes_soon(rig: Rig, monkeypatch):
    monkeypatch.setattr("agent.edge.evidence.FULL_AHEAD_BYTES", 1500)
    for n in range(4):
        rig.event(f"e{n}", "end", 4, severity="alarm")
    for _ in range(6):
        rig.turn(60)
    assert len(rig.cutter.made) == 2
    rig.outbox.media.remove("e0-full", acknowledged=True)
    rig.turn(1)
    assert len(rig.cutter.made) == 3


NOTHING = "park: nothing is recorded between then and then; choose another time"


@pytest.mark.parametrize("error", [NotRecorded(NOTHING), WireError("media: too large")])
def test_what_can_never_be_made_is_reported_at_once(rig: Rig, error: LamppostError):
    rig.cutter.errors["all"] = error
    rig.event("e1", "end", 4)
    rig.turn(20)
    assert rig.notices() == {"e1": str(error)}
    assert rig.wishes.number() == 0


@pytest.mark.parametrize("severity", ["info", "alarm"])
def test_trouble_that_passes_costs_no_clip(rig: Rig, severity: str):
    rig.cutter.errors["all"] = StorageError("work: nothing can be cut there: No space left on device")
    for n in range(3):
        rig.event(f"e{n}", "end", 4, severity=severity)
    for _ in range(120):
        rig.turn(1)
    assert (rig.notices(), rig.cutter.made, rig.wishes.number()) == ({}, [], 3)
    rig.cutter.errors.clear()
    for _ in range(150):
        rig.turn(1)
    assert sorted(made.event or "" for made in rig.cutter.made) == ["e0", "e1", "e2"]
    assert (rig.notices(), rig.wishes.number()) == ({}, 0)


def test_trouble_that_lasts_is_looked_at_ever_more_seldom_and_ends_after_a_week(rig: Rig):
    rig.cutter.errors["all"] = StorageError("the clip could not be made smaller")
    rig.event("e1", "end", 4)
    for _ in range(3600):
        rig.turn(1)
    assert 8 < len(rig.cutter.tried) < 20
    before = len(rig.cutter.tried)
    for _ in range(3600):
        rig.turn(1)
    assert len(rig.cutter.tried) - before == pytest.approx(6, abs=1)
    rig.turn(KEEP_S)
    assert rig.notices() == {"e1": "it waited for a week"}


def test_a_clip_that_fails_for_ever_holds_up_no_other(rig: Rig):
    for n in range(9):
        rig.cutter.errors[f"e{n}"] = StorageError("the clip could not be made smaller: it took too long")
        rig.event(f"e{n}", "end", 4)
    for _ in range(9):
        rig.turn(300)  # each of them takes five minutes to fail
    rig.event("new", "end", 4)
    assert rig.cutter.tried[-1] == "new"
    rig.cutter.errors["passing"] = StorageError("No space left on device")
    rig.event("passing", "end", 4)
    rig.cutter.errors.pop("passing")
    for _ in range(12):
        rig.turn(300)
    assert [made.event for made in rig.cutter.made] == ["new", "passing"]


def test_events_that_the_outbox_does_not_take_are_remembered_until_it_does(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    def full(_: object) -> None:
        raise StorageError("the outbox cannot be written: database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(rig.wishes, "put", full)
        for n in range(3):
            with pytest.raises(StorageError):
                rig.event(f"e{n}", "end", 4)
    for _ in range(30):
        rig.turn(1)
    assert [made.event for made in rig.cutter.made] == ["e0", "e1", "e2"]


def test_the_disk_is_spoken_of_once(rig: Rig, caplog: pytest.LogCaptureFixture):
    rig.cutter.errors["all"] = StorageError("work: nothing can be cut there: No space left on device")
    for n in range(3):
        rig.event(f"e{n}", "end", 4)
    for _ in range(300):
        rig.turn(1)
    assert [one.getMessage() for one in caplog.records] == [
        "no clip of event e0 yet: work: nothing can be cut there: No space left on device; it is tried again"
    ]


def test_what_waits_for_a_week_or_is_too_many_is_reported(rig: Rig, monkeypatch):
    monkeypatch.setattr("agent.publish.wishes.MOST", 2)
    rig.free = False
    for n in range(3):
        rig.event(f"e{n}", "end", 4, severity="alarm")
        rig.clock.advance(1)
    assert rig.notices() == {"e0": "too many clips wait"}
    rig.turn(KEEP_S + 100)
    assert rig.notices() == {"e0": "too many clips wait", "e1": "it waited for a week", "e2": "it waited for a week"}


def test_where_pictures_are_enough_nothing_is_made(rig: Rig):
    rig.event("e1", "end", 4, camera="gate", severity="alarm")
    rig.event("e2", "end", 4, camera="nowhere")
    rig.turn(100)
    assert (rig.cutter.made, rig.wishes.number()) == ([], 0)
