"""Why footage is missing: every gap has a reason from evidence, or says honestly that nothing tells."""

from __future__ import annotations

import pytest

from agent.core.clock import NS
from agent.record.gaps import Gap, Recorded, between, causes_of, gaps
from agent.record.journal_file import Entry
from agent.record.tombstone_file import Tombstone

T0_S = 1_780_000_000
BOOT, LATER = "b" * 32, "c" * 32


def footage(start_s: float, end_s: float, number: int | None, reason: str = "length", boot: str = BOOT) -> Recorded:
    return Recorded(at(start_s), at(end_s), number, reason, boot)


def at(seconds: float) -> int:
    return T0_S * NS + int(seconds * NS)


def entry(kind: str, at_s: float, boot: str = BOOT, **more: object) -> Entry:
    said = {"kind": kind, "at_ns": at(at_s), "mono_ns": int((1000 + at_s) * NS), "boot": boot, "synced": True}
    return Entry.model_validate({**said, **more})


def offline(at_s: float, text: str = "no route to host", **more: object) -> Entry:
    return entry("offline", at_s, camera="cam", text=text, **more)


def online(at_s: float) -> Entry:
    return entry("online", at_s, camera="cam")


def stone(first: int, last: int, start_s: float, end_s: float, closed: str = "length", **reasons: int) -> Tombstone:
    return Tombstone(
        camera="cam", first=first, last=last, previous="0" * 64, link="1" * 64, start_ns=at(start_s), end_ns=at(end_s),
        bytes=5, reasons=reasons, at_ns=at(9000), closed=closed,
    )  # fmt: skip


def explained(
    parts: list[Recorded],
    entries: list[Entry],
    stones: list[Tombstone] | None = None,
    *,
    end_s: float,
    runs: bool = True,
) -> list[tuple[float, float, str]]:
    """The gaps from T0 on."""
    causes = causes_of("cam", entries, runs=runs, now_ns=at(end_s))
    found = between(gaps(parts, stones or [], causes, at(end_s)), at(0), at(end_s))
    return [((gap.start_ns - at(0)) / NS, (gap.end_ns - at(0)) / NS, gap.why) for gap in found]


A, START = footage(0, 10, 1), entry("start", -5, ended="first", version="1")

TABLE: dict[str, tuple[list[Recorded], list[Entry], list[tuple[float, float, str]]]] = {
    "none": ([A, footage(10, 20, 2)], [START], []),
    "too short": ([A, footage(12, 20, 2)], [START], []),
    "overlap": ([footage(0, 20, 1), footage(5, 10, 2), footage(19, 30, 3)], [START], []),
    "nothing tells": ([A, footage(15, 20, 2)], [START], [(10, 15, "unknown")]),
    "before the first": ([footage(5, 10, 1)], [START], [(0, 5, "before")]),
    "the stream broke off": ([footage(0, 10, 1, "lost"), footage(15, 20, 2)], [START], [(10, 15, "offline")]),
    "overflow": ([footage(0, 10, 1, "overflow"), footage(15, 20, 2)], [START], [(10, 15, "trouble")]),
    "offline, noticed late": (
        [A, footage(200, 210, 2)],
        [START, offline(43, since_ns=at(40)), online(195)],
        [(10, 200, "offline")],
    ),
    "offline of another camera": (
        [A, footage(200, 210, 2)],
        [START, entry("offline", 12, camera="other"), entry("online", 190, camera="other")],
        [(10, 200, "unknown")],
    ),
    "offline of an earlier gap": (
        [A, footage(100, 110, 2), footage(300, 310, 3)],
        [START, offline(12), online(99)],
        [(10, 100, "offline"), (110, 300, "unknown")],
    ),
    "stopped": (
        [footage(0, 10, 1, "stop"), footage(500, 510, 2)],
        [START, entry("stop", 10.2), entry("start", 495, ended="orderly")],
        [(10, 500, "stopped")],
    ),
    "killed": (
        [footage(0, 10, 1, "recovered"), footage(500, 510, 2)],
        [START, entry("start", 495, ended="killed")],
        [(10, 500, "killed")],
    ),
    "killed without a journal": (
        [footage(0, 10, 1, "recovered"), footage(500, 510, 2)],
        [],
        [(10, 500, "killed")],
    ),
    "restarted": (
        [A, footage(500, 510, 2, boot=LATER)],
        [START, entry("start", 495, LATER, ended="restarted")],
        [(10, 500, "restarted")],
    ),
    "restarted without a journal": ([A, footage(500, 510, 2, boot=LATER)], [], [(10, 500, "restarted")]),
    "a kill does not explain what was before it": (
        [A, footage(100, 110, 2), footage(500, 510, 3)],
        [START, entry("start", 495, ended="killed")],
        [(10, 100, "unknown"), (110, 500, "killed")],
    ),
    "offline, and then restarted": (
        [A, footage(500, 510, 2, boot=LATER)],
        [START, offline(13, since_ns=at(11)), entry("start", 400, LATER, ended="restarted"), offline(420), online(499)],
        [(10, 500, "offline")],
    ),
    "stopped in the middle of offline": (
        [A, footage(500, 510, 2)],
        [START, offline(13), entry("stop", 200), entry("start", 300, ended="orderly"), offline(304), online(499)],
        [(10, 200, "offline"), (200, 300, "stopped"), (300, 500, "offline")],
    ),
    "trouble": (
        [A, footage(90, 99, 2)],
        [START, entry("trouble", 11, camera="cam", text="disk full"), entry("well", 89, camera="cam")],
        [(10, 90, "trouble")],
    ),
    "trouble was the last that was noted before a kill": (
        [A, footage(500, 510, 2)],
        [START, entry("trouble", 11, camera="cam", text="disk full"), entry("start", 495, ended="killed")],
        [(10, 500, "trouble")],
    ),
    "off by the schedule": (
        [A, footage(3600, 3610, 2)],
        [START, entry("mode", 10, camera="cam", text="off"), entry("mode", 3600, camera="cam", text="continuous")],
        [(10, 3600, "off")],
    ),
    "the clock stepped": (
        [A, footage(110, 120, 2)],
        [START, entry("clock", 110, before_ns=at(10), after_ns=at(110), was_synced=True)],
        [(10, 110, "clock")],
    ),
    "a corrected step leaves no gap": (
        [A, footage(10, 20, 2)],
        [START, entry("clock", 10, before_ns=at(-90), after_ns=at(10), was_synced=False)],
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "entries", "wanted"), TABLE.values(), ids=TABLE)
def test_each_gap_has_its_reason(parts: list[Recorded], entries: list[Entry], wanted: list) -> None:
    end_s = max(part.end_ns for part in parts) / NS - T0_S
    assert explained(parts, entries, end_s=end_s) == wanted


@pytest.mark.parametrize(
    ("entries", "runs", "why"),
    [
        ([START], True, "unknown"),
        ([START], False, "killed"),
        ([START, entry("stop", 10.5)], False, "stopped"),
        ([START, offline(14)], True, "offline"),
        ([START, entry("mode", 9, camera="cam", text="off")], True, "off"),
    ],
)
def test_what_is_missing_up_to_now(entries: list[Entry], runs: bool, why: str) -> None:
    assert explained([A], entries, end_s=1000, runs=runs) == [(10, 1000, why)]


def test_deleted_footage_is_told_apart_from_what_never_was() -> None:
    parts = [footage(0, 10, 1), footage(500, 510, 20)]
    entries = [START, offline(304), online(499)]
    found = explained(parts, entries, [stone(2, 19, 10, 300, ring=18)], end_s=510)
    assert found == [(10, 300, "deleted"), (300, 500, "offline")]


def test_the_oldest_went_first() -> None:
    parts = [footage(500, 510, 20)]
    assert explained(parts, [START], [stone(1, 19, 100, 500, age=19)], end_s=510) == [
        (0, 100, "before"),
        (100, 500, "deleted"),
    ]
    (_, gap) = gaps(parts, [stone(1, 19, 100, 500, age=18, room=1)], [], at(510))
    assert gap.text == "numbers 1 to 19 (18 for age, 1 for room), the last at 2026-05-28T22:56:40.000Z"


@pytest.mark.parametrize(("closed", "why"), [("gap", "offline"), ("jump", "clock"), ("length", "unknown")])
def test_what_a_deleted_segment_told_of_the_time_after_it_is_not_lost(closed: str, why: str) -> None:
    parts = [footage(500, 510, 20)]
    found = explained(parts, [START], [stone(1, 19, 0, 300, closed, age=19)], end_s=510)
    assert found == [(0, 300, "deleted"), (300, 500, why)]


def test_all_of_it_was_deleted() -> None:
    found = explained([], [START, entry("stop", 300)], [stone(1, 19, 100, 300, bytes=19)], end_s=400, runs=False)
    assert found == [(0, 100, "before"), (100, 300, "deleted"), (300, 400, "stopped")]


def test_what_the_journal_said_by_a_wrong_clock_is_corrected_like_the_footage() -> None:
    wrong = {"synced": False}
    year_s = -365 * 86_400
    entries = [
        entry("start", year_s, ended="first", mono_ns=NS, **wrong),
        entry("offline", year_s + 12, camera="cam", mono_ns=13 * NS, **wrong),
        entry("online", year_s + 90, camera="cam", mono_ns=91 * NS, **wrong),
        entry("clock", 100, mono_ns=101 * NS, before_ns=at(year_s + 100), after_ns=at(100), was_synced=False),
    ]
    assert explained([A, footage(95, 99, 2)], entries, end_s=99) == [(10, 95, "offline")]


def test_a_part_of_a_gap_keeps_its_reason() -> None:
    found = [Gap(at(0), at(10), "a", ""), Gap(at(10), at(20), "b", ""), Gap(at(30), at(40), "c", "")]
    assert [(one.start_ns, one.end_ns, one.why) for one in between(found, at(15), at(35))] == [
        (at(15), at(20), "b"),
        (at(30), at(35), "c"),
    ]
