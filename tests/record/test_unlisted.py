"""Between its final name and its row a segment is found all the same: in clips, exports, gaps and previews."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import pytest

from agent.core.clock import NS
from agent.edge.archive_list import Wanted, list_gaps, was_recorded
from agent.record import footage
from agent.record.catalogue import Catalogue
from agent.record.clip import cut_clip
from agent.record.footage import footage_between, footage_near
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from tests.record.exporting import asked, make_export, verify
from tests.record.helpers import START_NS, Recording, drop_row, new_store, record, wait_for


class Closing:
    """A camera whose first segment (4 s) is listed, and whose second waits for its row until it is let go."""

    def __init__(self, store: SegmentStore, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store, self.gate = store, threading.Event()
        [self.first], packets, info = record(store, film)
        self.start_ns = self.first.end_ns
        real = store.catalogue.add

        def add(segment: Segment) -> bool:
            assert self.gate.wait(20)
            return real(segment)

        monkeypatch.setattr(store.catalogue, "add", add)
        self.recording = Recording(store)
        self.recording.__enter__()
        self.recording.recorder.opened(replace(info, epoch="second"))
        for packet in packets:
            self.recording.recorder.packet(replace(packet, wall_ns=packet.wall_ns + 4 * NS))
        self.recording.recorder.closed("end")
        wait_for(lambda: len(list(store.root.rglob("*.mp4"))) == 2)

    def end(self) -> None:
        self.gate.set()
        self.recording.__exit__()


@pytest.fixture
def closing(tmp_path: Path, clip_h264: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Closing]:
    store = new_store(tmp_path / "store")
    made = Closing(store, clip_h264, monkeypatch)
    yield made
    made.end()
    store.close()


def test_a_clip_has_what_was_closed_a_moment_ago(closing: Closing, tmp_path: Path) -> None:
    assert closing.store.catalogue.totals().segments == 1
    clip = cut_clip(closing.store, "cam", START_NS, START_NS + 8 * NS, tmp_path / "both.mp4")
    with av.open(str(clip.path)) as container:
        assert sum(1 for one in container.demux(video=0) if one.size) == 80
    clip = cut_clip(closing.store, "cam", START_NS + 5 * NS, START_NS + 7 * NS, tmp_path / "inside.mp4")
    assert clip.start_ns == START_NS + 5 * NS


def test_a_preview_has_it_too(closing: Closing) -> None:
    [part] = footage_near(closing.store, "cam", [START_NS + 7 * NS], NS)
    assert part.start_ns == START_NS + 4 * NS


def test_an_export_states_no_gap_there(closing: Closing, tmp_path: Path) -> None:
    done = make_export(closing.store, tmp_path / "out", asked(0, 8, originals=True))
    [camera] = done.manifest.cameras
    assert camera.gaps == ()
    assert [one.tail.number for one in camera.segments if one.tail is not None] == [1, 2]
    code, said = verify(done.place)
    assert code == 0, said


def test_the_list_says_that_it_was_recorded(closing: Closing) -> None:
    said: list[str] = []
    assert was_recorded(closing.store, "cam", START_NS + 6 * NS, said.append, as_json=False)
    span = Wanted(START_NS, START_NS + 8 * NS)
    list_gaps(closing.store, "cam", span, said.append, as_json=False)
    assert said == ["yes: cam: in a segment that is not listed yet"]


@pytest.mark.parametrize("look", ["current", "paths_among", "head", "find"])
def test_wherever_its_row_comes_between_two_looks_it_is_found_once(
    tmp_path: Path, clip_h264: Path, monkeypatch: pytest.MonkeyPatch, look: str
) -> None:
    store = new_store(tmp_path / "store")
    [one], _, _ = record(store, clip_h264)
    drop_row(store, one)
    owner = SegmentStore if look == "current" else Catalogue
    real = getattr(owner, look)

    def listed_first(*given: object, **named: object) -> object:
        store.catalogue.add(one)
        return real(*given, **named)

    monkeypatch.setattr(owner, look, listed_first)
    assert [part.id for part in footage_between(store, "cam", START_NS, START_NS + NS)] == [one.id]
    store.close()


def test_a_segment_that_is_closed_between_the_looks_is_found_once(
    tmp_path: Path, clip_h264: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store(tmp_path / "store")
    [one], _, _ = record(store, clip_h264)
    drop_row(store, one)
    path = store.path_of(one)
    path.rename(path.with_name(path.name + ".open"))
    real = footage._open_footage

    def closed_then(given: SegmentStore, opened: Path) -> footage.Footage | None:
        found = real(given, opened)
        opened.rename(path)
        return found

    monkeypatch.setattr(footage, "_open_footage", closed_then)
    [part] = footage_between(store, "cam", START_NS, START_NS + NS)
    assert (part.path, part.limit) == (path, one.bytes)
    store.close()


def test_what_is_not_the_next_of_the_chain_is_not_shown(tmp_path: Path, clip_h264: Path) -> None:
    store = new_store(tmp_path / "store")
    [one], _, _ = record(store, clip_h264)
    copy = store.path_of(one).read_bytes()
    store.delete([one], "age")
    store.path_of(one).parent.mkdir(parents=True, exist_ok=True)
    store.path_of(one).write_bytes(copy)
    assert footage_between(store, "cam", START_NS, START_NS + NS) == []
    store.close()
