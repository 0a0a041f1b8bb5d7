"""The self-audit: it passes what is good, finds what is not, and decodes in a process of its own."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS, SystemClock
from agent.core.stop import StopToken
from agent.record.audit import SelfAudit, fault_of, is_plain, neighbours, sample
from agent.record.audit_decode import Decoded, decode
from agent.record.audit_process import decode_all
from agent.record.cipher import Keys
from agent.record.journal import Journal
from agent.record.journal_file import read_journal
from agent.record.store import SegmentStore
from tests.record.helpers import Recording, new_store, read_all, record, segment
from tests.record.test_verify import a_picture_changed, gone


@pytest.fixture
def made(tmp_path: Path, clip_h264: Path):
    store = new_store(tmp_path / "store")
    info, packets = read_all(clip_h264)
    with Recording(store) as recording:
        for number in range(4):
            later = [replace(packet, wall_ns=packet.wall_ns + number * 5 * NS) for packet in packets]
            recording.feed(replace(info, epoch=f"e{number}"), later)
    yield store, recording.segments
    store.close()


def audited(store: SegmentStore) -> tuple[SelfAudit, Journal]:
    journal = Journal(store)
    audit = SelfAudit(store, journal, SystemClock())
    audit.audit(StopToken())
    return audit, journal


def test_good_footage_passes_and_the_journal_says_so(made) -> None:
    store, _ = made
    audit, journal = audited(store)
    assert audit.report is not None
    assert (audit.report.checked, audit.report.failed, audit.report.problems, audit.problem) == (4, 0, (), "")
    assert [entry.text for entry in read_journal(journal.root)] == ["4 segments checked, 0 failed"]


def test_what_is_wrong_is_found_and_named(made) -> None:
    store, segments = made
    gone(store, segments[1])
    a_picture_changed(store, segments[2])
    audit, _ = audited(store)
    assert audit.report is not None
    assert (audit.report.checked, audit.report.failed) == (4, 2)
    assert sorted(text.rpartition(": ")[2] for text in audit.report.problems) == [
        "its bytes are not those that were recorded (SHA-256 differs)",
        "the file is missing",
    ]
    assert audit.problem.startswith("2 of 4 segments failed the self-audit: cam: cam/")


def test_a_segment_whose_decoder_falls_is_a_fault_and_the_others_are_looked_at(made, tmp_path: Path) -> None:
    store, segments = made
    paths = [store.path_of(segments[0]), tmp_path / "none.mp4", store.path_of(segments[1])]
    good, bad, other = decode_all(paths, StopToken())
    assert good == other
    assert good is not None
    assert (good.packets, good.frames, good.broken) == (segments[0].packets, good.pictures, 0)
    assert fault_of(segments[0], good) == ""
    assert bad is not None
    assert "cannot be read to its end (FileNotFoundError" in fault_of(segments[0], bad)


def test_a_decoder_that_says_nothing_is_ended_and_begun_again_behind_the_file(made, monkeypatch) -> None:
    store, segments = made
    deaf = (sys.executable, "-c", "import time; time.sleep(60)")
    monkeypatch.setattr("agent.record.audit_process.COMMAND", deaf)
    assert decode_all([store.path_of(one) for one in segments[:2]], StopToken(), limit_s=0.1) == [None, None]


def test_a_stop_ends_it_soon(made, monkeypatch) -> None:
    store, segments = made
    stop = StopToken()
    stop.set()
    assert decode_all([store.path_of(segments[0])], stop) == [None]
    assert SelfAudit(store, Journal(store), SystemClock()).audit(stop) is None


def test_the_decoding_process_has_the_lowest_priority_and_no_numpy(clip_h264: Path) -> None:
    check = (
        "import os, sys; from agent.record import audit_decode; audit_decode.main();"
        "print(os.nice(0), os.sched_getscheduler(0) == os.SCHED_IDLE, 'numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], input=f"{clip_h264}\n", capture_output=True, text=True, check=True
    )
    answer, state = done.stdout.splitlines()
    assert '"error": ""' in answer
    assert state.startswith("19 ")
    assert state.endswith(" False")


def test_broken_pictures_are_counted(clip_h264: Path, tmp_path: Path) -> None:
    content = bytearray(clip_h264.read_bytes())
    at = content.index(b"mdat") + 4
    for place in range(at + 50, len(content) - 2000, 97):
        content[place] ^= 0xFF
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    found, whole = decode(path), decode(clip_h264)
    assert whole.frames == whole.pictures > 0
    assert found.error or found.broken or found.frames < whole.frames


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "fell"),
        (Decoded(packets=99, pictures=99, frames=99), "99 packets are in it, recorded were 100"),
        (Decoded(packets=100, pictures=100, frames=100), ""),
        (Decoded(packets=100, pictures=90, frames=88), ""),
        (Decoded(packets=100, pictures=90, frames=60), "60 of 90 pictures"),
        (Decoded(packets=100, pictures=90, frames=90, broken=40), "40 of them are damaged"),
        (Decoded(packets=10, error="EOFError"), "EOFError"),
    ],
)
def test_what_counts_as_a_fault(found: Decoded | None, words: str) -> None:
    what = fault_of(segment(0), found)
    assert (words in what) if words else not what
    if found is not None and found.packets == 100:
        assert not fault_of(replace(segment(0), key=False), found)


def test_the_chain_must_go_through(made) -> None:
    store, segments = made
    assert [neighbours(store, one) for one in segments] == [[], [], [], []]
    store.delete([segments[1]], "age")
    assert [neighbours(store, one) for one in (segments[0], *segments[2:])] == [[], [], []]
    assert neighbours(store, segments[1]) == []
    wrong = replace(segments[2], previous="1" * 64, link="2" * 64)
    assert [problem.what for problem in neighbours(store, wrong)] == [
        "does not follow number 2 of the chain",
        "number 4 of the chain does not follow it",
    ]


def fill(store: SegmentStore, camera: str, count: int) -> None:
    for number in range(count):
        store.catalogue.add(segment(number, camera))


def test_the_sample_is_spread_over_cameras_and_age(tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    for camera, count in (("a", 1000), ("b", 1000), ("c", 3)):
        fill(store, camera, count)
    chosen = sample(store, 20, random.Random(7))
    by_camera = {camera: sorted(one.number for one in chosen if one.camera == camera) for camera in "abc"}
    assert {6, 7} >= {len(by_camera["a"]), len(by_camera["b"])}
    assert len(by_camera["c"]) == 3
    assert by_camera["a"][0] <= 200
    assert by_camera["a"][-1] > 800
    assert sample(store, 20, random.Random(7)) == chosen != sample(store, 20, random.Random(8))
    store.close()


def test_with_more_cameras_than_samples_chance_decides_whose(tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    for number in range(9):
        fill(store, f"cam{number}", 2)
    assert len(sample(store, 4, random.Random(1))) == 4
    assert len({one.camera for seed in range(20) for one in sample(store, 4, random.Random(seed))}) == 9
    store.close()


def test_what_is_encrypted_is_left_to_its_hash(tmp_path: Path, clip_h264: Path) -> None:
    store = SegmentStore(tmp_path / "store", SystemClock(), keys=Keys([b"k" * 32]))
    store.prepare()
    [one], _, _ = record(store, clip_h264)
    assert not is_plain(store, one)
    audit, _ = audited(store)
    assert audit.report is not None
    assert (audit.report.checked, audit.report.failed) == (1, 0)
    store.close()


def test_what_is_plain_is_decoded(made) -> None:
    store, segments = made
    assert is_plain(store, segments[0])
    store.path_of(segments[0]).unlink()
    assert not is_plain(store, segments[0])
