"""The outbox against real SQLite files."""

from __future__ import annotations

import hashlib
import resource
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent.core.clock import SystemClock, rfc3339
from agent.core.errors import StorageError, WireError
from agent.publish.outbox import Outbox
from agent.wire.messages import Event, HealthSample, TrackSummary
from tests.fixtures.clock import FakeClock

NOW = rfc3339(1_780_000_000_000_000_000)


def event(number: int = 0, *, phase: str = "start", severity: str = "info") -> Event:
    return Event(id=f"e{number}", camera="cam", kind="motion", phase=phase, time=NOW, start=NOW, severity=severity)


def track(number: int = 0, *, final: bool = True) -> TrackSummary:
    return TrackSummary(id=f"t{number}", camera="cam", final=final, label="person", score=0.5, start=NOW, end=NOW)


@pytest.fixture
def outbox(tmp_path: Path, clock: FakeClock):
    found = Outbox(tmp_path / "outbox.db", clock)
    yield found
    found.close()


def put_media(outbox: Outbox, media: str, source: bytes | Path, kind: str = "snapshot"):
    return outbox.put_media(
        id=media, camera="cam", kind=kind, type="image/jpeg", start=NOW, end=NOW, source=source, event="e1"
    )


def test_numbers_run_without_holes_per_class_and_through_restarts(tmp_path: Path, clock: FakeClock):
    first = Outbox(tmp_path / "outbox.db", clock)
    assert [first.put("event", "cam", event(n)) for n in range(3)] == [1, 2, 3]
    assert first.put("track", "cam", track()) == 1
    name = first.id
    first.acknowledge("event", [1, 2, 3])
    first.close()
    second = Outbox(tmp_path / "outbox.db", clock)
    assert (second.id, second.put("event", "cam", event(3)), second.put("track", "cam", track(1))) == (name, 4, 2)
    assert [(row.kind, row.seq) for row in second.waiting(10)] == [("event", 4), ("track", 1), ("track", 2)]
    second.close()


def test_what_began_goes_on_until_its_end_is_put_and_through_restarts(tmp_path: Path, clock: FakeClock):
    first = Outbox(tmp_path / "outbox.db", clock)
    alarm = event(2, severity="alarm")
    for record in (event(1), alarm, event(3), event(1, phase="update"), event(3, phase="end")):
        first.put("event", "cam", record)
    first.put("track", "cam", track(4, final=False))
    first.put("track", "cam", track(5))
    first.acknowledge("event", [1, 2, 3])
    first.close()
    second = Outbox(tmp_path / "outbox.db", clock)
    assert second.going() == [alarm, event(1, phase="update"), track(4, final=False)]
    second.put("track", "cam", track(4))
    assert second.going() == [alarm, event(1, phase="update")]
    second.close()


def test_of_endless_beginnings_the_oldest_is_forgotten(outbox: Outbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("agent.publish.going.MOST", 3)
    for number in range(5):
        outbox.put("event", "cam", event(number))
    assert [record.id for record in outbox.going()] == ["e2", "e3", "e4"]


def test_alarms_go_first(outbox: Outbox):
    outbox.put("track", "cam", track())
    outbox.put("event", "cam", event(1))
    outbox.put("event", "cam", event(2, severity="alarm"))
    assert [(row.kind, row.seq, bool(row.urgent)) for row in outbox.waiting(10)] == [
        ("alarm", 1, True),
        ("event", 1, False),
        ("track", 1, False),
    ]


def test_many_threads_put_at_once(outbox: Outbox):
    threads = [
        threading.Thread(target=lambda: [outbox.put("event", "cam", event(n)) for n in range(100)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.seq for row in outbox.waiting(1000)] == list(range(1, 401))
    assert outbox.depth().messages == 400


def test_what_was_put_survives_a_killed_process(tmp_path: Path):
    code = (
        "import os,sys; from pathlib import Path; from agent.core.clock import SystemClock\n"
        "from agent.publish.outbox import Outbox; from agent.wire.messages import Event\n"
        f"o=Outbox(Path({str(tmp_path / 'outbox.db')!r}), SystemClock())\n"
        f"e=Event(id='a',camera='c',kind='motion',phase='start',time={NOW!r},start={NOW!r})\n"
        "for n in range(50): o.put('event','c',e)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    outbox = Outbox(tmp_path / "outbox.db", SystemClock())
    assert [row.seq for row in outbox.waiting(100)] == list(range(1, 51))
    outbox.close()


def test_under_pressure_updates_go_first_then_media_and_starts_last(tmp_path: Path, clock: FakeClock):
    outbox = Outbox(tmp_path / "outbox.db", clock, max_rows=100)
    put_media(outbox, "m1", b"x" * 2000)
    outbox.put("event", "cam", event(0, severity="alarm"))
    for n in range(1, 60):
        outbox.put("event", "cam", event(n, phase="start" if n % 2 else "update"))
    for n in range(45):
        outbox.put("track", "cam", track(n, final=n % 2 == 0))
    rows = outbox.waiting(200)
    starts = {row.seq for row in rows if row.kind == "event"}
    assert len(rows) <= 100
    assert rows[0].kind == "alarm"
    assert set(range(1, 60, 2)) <= starts  # every start is still there
    assert outbox.depth().media == 1  # rows were short, not before updates ran out
    dropped = [n for first, last in outbox.gaps("event") for n in range(first, last + 1)]
    assert sorted(starts | set(dropped)) == list(range(1, 60))
    assert outbox.depth().dropped["event"] == len(dropped) > 0
    outbox.close()


def test_when_bytes_are_short_media_go_before_starts(tmp_path: Path, clock: FakeClock):
    outbox = Outbox(tmp_path / "outbox.db", clock, max_bytes=300_000)
    put_media(outbox, "old", b"a" * 150_000)
    put_media(outbox, "new", b"b" * 140_000)
    for n in range(100):
        outbox.put("event", "cam", event(n))
    assert [(one.id, one.gone) for one in outbox.media.waiting(10)] == [("old", True), ("new", False)]
    assert outbox.media.notice("old").reason == "the outbox is full"
    assert outbox.depth().messages == 100
    assert outbox.depth().dropped == {"media": 1}
    outbox.close()


def test_starts_go_when_nothing_else_is_left(tmp_path: Path, clock: FakeClock):
    outbox = Outbox(tmp_path / "outbox.db", clock, max_rows=50)
    for n in range(80):
        outbox.put("event", "cam", event(n, severity="alarm" if n == 0 else "info"))
    rows = outbox.waiting(200)
    assert len(rows) <= 50
    assert rows[0].kind == "alarm"  # though it is the oldest
    first, last = outbox.gaps("event")[0]
    assert (first, last + 1) == (1, rows[1].seq)
    outbox.close()


def test_when_bytes_are_short_much_goes_at_once_and_no_more_than_must(
    tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    outbox = Outbox(tmp_path / "outbox.db", clock, max_bytes=1_500_000)
    for n in range(2000):
        outbox.put("event", "cam", event(n, phase="update" if n % 4 else "start"))
    sizes = [len(row.record) for row in outbox.waiting(3000)]
    transactions, run = [], outbox.database.run
    monkeypatch.setattr(outbox.database, "run", lambda work, **urgent: transactions.append(1) or run(work, **urgent))
    picture = (1_500_000 - sum(sizes)) + 200_000
    put_media(outbox, "first", b"x" * (picture // 2))
    assert caplog.messages == []
    transactions.clear()
    put_media(outbox, "second", b"x" * (picture // 2))
    gone = [number for first, last in outbox.gaps("event", 3000) for number in range(first, last + 1)]
    assert gone == [number for number in range(1, 2001) if (number - 1) % 4][: len(gone)]  # updates, the oldest first
    freed = sum(sizes[number - 1] for number in gone)
    assert freed - sizes[gone[-1] - 1] < 215_000 <= freed  # a hundredth below the bound, and not a message more
    assert outbox.depth().dropped == {"event": len(gone)}
    assert caplog.messages == [f"the outbox is full: {len(gone)} messages are dropped (event {len(gone)})"]
    assert len(transactions) <= 2 + len(gone) // 500
    outbox.close()


def test_a_gap_is_announced_until_it_was_told_and_again_when_it_grew(outbox: Outbox):
    for n in range(6):
        outbox.put("event", "cam", event(n))
    outbox.drop("event", 2, "test")
    told = outbox.gaps("event")
    assert told == [(2, 2)]
    outbox.drop("event", 3, "test")
    outbox.acknowledge("event", [1], told)
    assert outbox.gaps("event") == [(2, 3)]
    outbox.acknowledge("event", [4], [(2, 3)])
    assert outbox.gaps("event") == []


def test_acknowledging_twice_or_unknown_numbers_changes_nothing(outbox: Outbox):
    outbox.put("event", "cam", event())
    assert outbox.acknowledge("event", [1, 1, 99, -5]) == 1
    assert outbox.acknowledge("event", [1]) == 0
    assert outbox.depth().acknowledged == {"event": 1}


@pytest.mark.parametrize("damage", ["header", "page"])
def test_a_broken_file_is_set_aside_and_work_goes_on(tmp_path: Path, clock: FakeClock, damage: str):
    path = tmp_path / "outbox.db"
    outbox = Outbox(path, clock)
    for n in range(2000):
        outbox.put("event", "cam", event(n))
    before = outbox.id
    outbox.close()
    with path.open("r+b") as file:
        if damage == "page":
            file.seek(4096)
        file.write(b"\xa5" * (100 if damage == "header" else 400_000))
    outbox = Outbox(path, clock)
    assert outbox.put("event", "cam", event()) == 1
    assert outbox.id != before
    assert "set aside" in outbox.problem
    assert list(tmp_path.glob("outbox.db.broken-*"))
    outbox.close()


def test_a_disk_that_refuses_is_one_clear_error(tmp_path: Path, clock: FakeClock):
    path = tmp_path / "outbox.db"
    outbox = Outbox(path, clock)
    outbox.put("event", "cam", event())
    outbox._db._open().execute("PRAGMA max_page_count = 1")
    with pytest.raises(StorageError, match="cannot be written: database or disk is full"):
        [outbox.put("event", "cam", event()) for _ in range(1000)]
    outbox._db._open().execute("PRAGMA max_page_count = 1000000")
    seq = outbox.put("event", "cam", event())
    assert [row.seq for row in outbox.waiting(2000)] == list(range(1, seq + 1))
    outbox.close()


def test_a_disk_that_is_full_at_the_first_opening_is_tried_again(outbox: Outbox):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, before[1]))
    try:
        with pytest.raises(StorageError, match="cannot be written"):
            outbox.put("event", "cam", event())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert outbox.put("event", "cam", event()) == 1
    assert outbox.database.problem == ""


@pytest.mark.parametrize("size", [1, 96 * 1024, 96 * 1024 + 1, 700_000])
def test_a_medium_comes_back_piece_by_piece(outbox: Outbox, size: int):
    body = bytes(n * 7 % 251 for n in range(size))
    manifest = put_media(outbox, "m1", body)
    pieces = [outbox.media.chunk(manifest, n) or b"" for n in range(len(manifest.chunks))]
    assert b"".join(pieces) == body
    assert [hashlib.sha256(piece).hexdigest() for piece in pieces] == manifest.chunks
    assert outbox.media.chunk(manifest, len(manifest.chunks)) is None
    assert put_media(outbox, "m1", b"other") == manifest  # an id is never taken twice


def test_a_file_moves_into_the_spool_and_is_freed(outbox: Outbox, tmp_path: Path):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"c" * 1_000_000)
    manifest = put_media(outbox, "clip1", clip, "clip")
    assert not clip.exists()
    assert len(manifest.chunks) == 11
    assert outbox.depth().media_bytes == 1_000_000
    assert outbox.media.remove("clip1", acknowledged=True)
    assert list((tmp_path / "outbox.db-media").iterdir()) == []
    assert outbox.media.size == 0


def test_strays_are_swept_and_what_waits_too_long_expires(outbox: Outbox, tmp_path: Path, clock: FakeClock):
    put_media(outbox, "kept", b"k" * 600_000)
    (tmp_path / "outbox.db-media" / "stray").write_bytes(b"s")
    outbox.media.sweep()
    assert [path.name for path in (tmp_path / "outbox.db-media").iterdir()] == ["kept"]
    clock.advance(8 * 86_400)
    assert outbox.media.expire() == 1
    assert outbox.depth().media == 0


def test_an_empty_medium_and_a_missing_file_are_refused(outbox: Outbox, tmp_path: Path):
    with pytest.raises(WireError):
        put_media(outbox, "m", b"")
    with pytest.raises(StorageError, match="cannot be read"):
        put_media(outbox, "m", tmp_path / "nothing")


def test_the_file_is_in_wal_mode_and_readable_beside_the_outbox(outbox: Outbox, tmp_path: Path):
    outbox.put("event", "cam", event())
    beside = sqlite3.connect(tmp_path / "outbox.db")
    assert beside.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert beside.execute("SELECT count(*) FROM message").fetchone() == (1,)
    beside.close()


def test_a_full_disk_refuses_and_once_there_is_room_the_numbers_go_on_without_a_hole(outbox: Outbox):
    outbox.put("event", "cam", event(0))
    outbox._db.run(lambda db: db.execute("PRAGMA max_page_count = 60"))
    kept = 1

    def fill() -> None:
        nonlocal kept
        while True:
            outbox.put("event", "cam", event(kept))
            kept += 1

    with pytest.raises(StorageError, match="cannot be written: database or disk is full"):
        fill()
    assert outbox.depth().messages == kept
    assert outbox.acknowledge("event", range(1, kept // 2)) > 0
    assert outbox.put("event", "cam", event(kept)) == kept + 1
    assert outbox.gaps("event") == []


def test_samples_of_health_go_after_media_and_before_what_was_seen(tmp_path: Path, clock: FakeClock):
    outbox, dropped = Outbox(tmp_path / "outbox.db", clock, max_bytes=60_000), list[set[str]]()
    put_media(outbox, "m", b"x" * 20_000)
    for _ in range(40):
        outbox.put("health", "", HealthSample(time=NOW, span_s=60))
    for number in range(500):
        outbox.put("track", "cam", track(number))
        dropped.append(set(outbox.depth().dropped))
    outbox.close()
    assert [now for now, before in zip(dropped, [None, *dropped], strict=False) if now != before] == [
        set(), {"media"}, {"media", "health"}, {"media", "health", "track"},
    ]  # fmt: skip


def test_a_folder_that_can_be_none_is_told_as_the_outbox_that_cannot_be_made(tmp_path: Path, clock: FakeClock):
    """As a file system that is read-only tells it: whoever puts tries again, and nobody falls."""
    (tmp_path / "outbox").write_text("a file is in the way")
    outbox = Outbox(tmp_path / "outbox" / "outbox.db", clock)
    with pytest.raises(StorageError, match=r"outbox\.db cannot be made: (Not a directory|File exists)"):
        outbox.depth()
