"""What lies in the ring, what an event takes out of it, and that nothing goes while nobody looks."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS
from agent.core.errors import StorageError
from agent.record.ring import Ring, Roll
from agent.record.segment import Segment
from agent.record.wanted import Wanted
from tests.fixtures.clock import FakeClock
from tests.record.helpers import START_NS, new_store, segment

ROLL = Roll(pre_s=10, post_s=10, ring_s=300)


class Sight:
    """An analysis that works, until told otherwise."""

    def __init__(self) -> None:
        self.life, self.why = 0, ""

    def blind(self, _: str) -> str:
        return self.why


class Bench:
    """A ring over a real store; a camera that gives a segment in ten seconds, when time goes on."""

    def __init__(self, root: Path, clock: FakeClock) -> None:
        self.store, self.clock, self.sight = new_store(root, clock), clock, Sight()
        self.told: list[str] = []
        self.written = 0
        self.ring = self.new_ring()

    def new_ring(self) -> Ring:
        return Ring(self.store, self.clock, {"cam": ROLL}, self.sight, lambda one: self.told.append(one.id))

    def run(self, seconds: int) -> None:
        """Time goes on; recorder and ring do their work."""
        for _ in range(seconds // 10):
            self.clock.advance(10)
            self.write(self.written)
            self.written += 1
            self.ring.step()

    def write(self, number: int, **more: object) -> None:
        one = replace(segment(number), wanted=False, boot=self.clock.boot, **more)  # type: ignore[arg-type]
        path = self.store.root / one.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        self.store.catalogue.add(one)
        self.ring.written(one)

    def hear(self, event: str, start_s: float, end_s: float | None, life: int = 0) -> None:
        end_ns = None if end_s is None else START_NS + int(end_s * NS)
        self.ring.hear(event, "cam", START_NS + int(start_s * NS), end_ns, life)
        self.ring.step()

    def left(self) -> list[int]:
        return [int(one.id.partition("-")[2]) for one in self.rows()]

    def wanted(self) -> list[int]:
        return [int(one.id.partition("-")[2]) for one in self.rows() if one.wanted]

    def rows(self) -> list[Segment]:
        return self.store.catalogue.oldest(10_000)

    def spans(self) -> list[tuple[str, int, int | None]]:
        with self.store.catalogue.transaction() as db:
            return db.execute("SELECT id, start_ns, end_ns FROM wanted ORDER BY id").fetchall()


@pytest.fixture
def bench(tmp_path: Path, clock: FakeClock):
    made = Bench(tmp_path / "store", clock)
    yield made
    made.store.close()


def test_what_no_event_wants_goes_after_its_time(bench: Bench) -> None:
    bench.run(1200)
    assert 30 <= len(bench.left()) <= 33  # 300 s of ten each, and what the next sweep takes
    assert bench.left() == list(range(120 - len(bench.left()), 120))
    assert bench.told == []
    [stone] = bench.store.graveyard.of("cam")
    assert (stone.first, stone.reasons) == (1, {"ring": stone.last})
    files = list((bench.store.root / "cam").rglob("*.mp4"))
    assert len(files) == len(bench.left())


def test_an_event_keeps_its_time_and_the_seconds_around_it(bench: Bench) -> None:
    bench.run(100)
    bench.hear("e", 72, None)
    bench.run(50)
    bench.hear("e", 72, 135)
    bench.run(900)
    # 62 to 145: from segment 6 to segment 14
    assert bench.wanted() == [*range(6, 15)]
    assert bench.left()[:9] == [*range(6, 15)]
    assert bench.told == [f"cam-{number}" for number in range(6, 15)]


def test_only_what_is_wanted_is_told_and_once(bench: Bench) -> None:
    bench.run(100)
    assert bench.told == []
    bench.hear("e", 50, None)
    assert bench.told == [f"cam-{number}" for number in range(4, 10)]
    bench.hear("e", 50, None)
    bench.run(10)
    assert bench.told == [f"cam-{number}" for number in range(4, 11)]


def test_what_is_said_of_an_event_counts_in_any_order_and_any_number_of_times(tmp_path: Path) -> None:
    said = [("e", 100, None), ("e", 100, None), ("e", 90, 130), ("e", 100, 140), ("f", 20, 30), ("f", 20, None)]
    for seed in range(12):
        bench = Bench(tmp_path / str(seed), FakeClock())
        for number in range(20):
            bench.write(number)
        for one in random.Random(seed).sample(said, len(said)):
            bench.hear(*one)
        assert {1, 2, 3, *range(8, 15)} <= set(bench.wanted())
        assert [(name, (start - START_NS) // NS, (end - START_NS) // NS) for name, start, end in bench.spans()] == [
            ("e", 80, 150),
            ("f", 10, 40),
        ]
        bench.store.close()


def test_a_segment_that_begins_without_a_keyframe_takes_those_it_needs_along(bench: Bench) -> None:
    for number in range(12):
        bench.write(number, key=number in {2, 5, 10})
    bench.hear("e", 96, 97)
    assert bench.wanted() == [5, 6, 7, 8, 9, 10]


def test_a_hold_keeps_what_no_event_wants(bench: Bench) -> None:
    bench.run(30)
    with bench.store.catalogue.transaction() as db:
        db.execute("UPDATE segment SET held = 1 WHERE id = 'cam-1'")
    bench.run(1000)
    assert bench.left()[0] == 1
    assert 0 not in bench.left()
    assert 2 not in bench.left()


def test_events_that_a_crash_cut_off_are_over_at_the_next_start(bench: Bench) -> None:
    bench.run(100)
    bench.hear("e", 95, None)
    bench.run(50)
    now_ns = bench.clock.wall_ns()
    bench.ring = bench.new_ring()
    bench.ring.step()
    assert bench.spans() == [("e", START_NS + 85 * NS, now_ns)]
    bench.run(1000)
    assert bench.wanted() == [*range(8, 15)]


def test_an_event_told_just_before_the_stop_is_written_down(bench: Bench) -> None:
    bench.run(20)
    bench.ring.hear("e", "cam", START_NS + 15 * NS, START_NS + 16 * NS, 0)
    bench.ring.flush()
    assert bench.wanted() == [0, 1]
    assert bench.told == ["cam-0", "cam-1"]


def test_events_of_a_child_that_fell_end_with_it_and_those_of_the_next_go_on(bench: Bench) -> None:
    bench.run(100)
    bench.hear("old", 95, None, life=0)
    bench.sight.life = 1
    bench.hear("new", 99, None, life=1)
    found = {name: end for name, _, end in bench.spans()}
    assert found == {"old": bench.clock.wall_ns() + 10 * NS, "new": None}


def test_everything_is_kept_while_nobody_looks(bench: Bench) -> None:
    bench.run(100)
    bench.sight.why = "the analysis is switched off"
    bench.run(1000)
    assert bench.ring.why_kept == {"cam": "the analysis is switched off"}
    bench.sight.why = ""
    bench.run(1000)
    assert bench.ring.why_kept == {}
    # blind from 110 s on, last seen well at 100 s: ten seconds before count as unseen, and pre_s before those
    assert bench.wanted() == [*range(8, 113)]
    assert set(bench.told) == {f"cam-{number}" for number in range(8, 113)}
    assert bench.left()[-1] == 209


def test_until_the_analysis_has_shown_life_everything_is_kept(tmp_path: Path, clock: FakeClock) -> None:
    bench = Bench(tmp_path / "store", clock)
    bench.sight.why = "none of its pictures is analysed"
    bench.run(1000)
    assert bench.left() == bench.wanted() == [*range(100)]
    [(span, _, end)] = bench.spans()
    assert span.startswith("failopen-cam-")
    assert end is None
    bench.store.close()


def test_spans_that_have_done_their_work_go(bench: Bench) -> None:
    bench.run(50)
    bench.hear("e", 40, 45)
    bench.run(300)
    assert len(bench.spans()) == 1
    bench.run(200)
    assert bench.spans() == []
    assert bench.wanted() == [3, 4, 5]


def test_a_clock_that_is_set_does_not_empty_the_ring(bench: Bench) -> None:
    bench.run(100)
    bench.clock.step_wall(3600)
    bench.run(100)
    assert len(bench.left()) == 20
    bench.clock.step_wall(-7200)
    bench.run(100)
    assert len(bench.left()) == 30


def test_an_event_that_ends_before_it_began_keeps_what_was_written_meanwhile(bench: Bench) -> None:
    """The clock was set back while it went on."""
    bench.run(100)
    bench.hear("e", 95, None)
    for number in range(10, 15):
        bench.write(number, start_ns=START_NS - 3600 * NS + number * 10 * NS, end_ns=START_NS - 3590 * NS)
    bench.hear("e", 95, -3450)
    assert bench.wanted() == [*range(10, 15), *range(10)]  # by their time: rather too much than too little


def test_a_ring_shorter_than_the_seconds_before_an_event_is_as_long_as_they_are() -> None:
    assert Roll(pre_s=600, post_s=0, ring_s=60).wait_ns == 660 * NS


def test_of_cameras_that_are_gone_the_rest_goes_too(bench: Bench) -> None:
    bench.run(50)
    bench.ring = Ring(bench.store, bench.clock, {}, bench.sight, lambda _: None)
    bench.clock.advance(600)
    bench.ring.step()
    assert bench.left() == []


def test_nothing_goes_while_the_disk_refuses_to_write_down_what_was_heard(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run(300)
    want = Wanted.want
    monkeypatch.setattr(Wanted, "want", _refuse)
    bench.ring.hear("e", "cam", START_NS + 5 * NS, START_NS + 20 * NS, 0)
    bench.clock.advance(600)
    for _ in range(3):
        with pytest.raises(StorageError):
            bench.ring.step()
    assert len(bench.left()) == 30
    monkeypatch.setattr(Wanted, "want", want)
    bench.ring.step()
    assert bench.left() == bench.wanted() == [0, 1, 2]


def _refuse(*_: object) -> list[str]:
    raise StorageError("disk full")


def test_more_events_than_can_be_written_down_keep_everything(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.ring._queue, "_max_items", 3)
    bench.run(300)
    for number in range(5):
        bench.ring.hear(f"e{number}", "cam", START_NS + 290 * NS, None, 0)
    bench.ring.step()
    assert bench.ring.why_kept == {"cam": "more events came than could be written down"}
    bench.run(10)
    assert bench.ring.why_kept == {}
    assert bench.wanted() == [28, 29, 30]


def test_without_the_marker_nothing_goes(bench: Bench) -> None:
    bench.run(100)
    (bench.store.root / ".lamppost-store").unlink()
    bench.clock.advance(1000)
    with pytest.raises(StorageError):
        bench.ring.step()
    assert len(bench.left()) == 10
