"""Killed anywhere, the store finds its way back: at most the last fragment is missing."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from agent.core.clock import SystemClock
from agent.core.errors import StorageMissing
from agent.core.media import StreamInfo
from agent.record import adoption, disk
from agent.record import writer as writer_module
from agent.record.boxes import walk
from agent.record.catalogue import Catalogue
from agent.record.joiner import Joiner, Sample
from agent.record.segment import OPEN_SUFFIX
from agent.record.sink import FragmentFile
from agent.record.store import SegmentStore
from agent.record.tiers import MARKER
from agent.record.tombstones import Graveyard
from agent.record.writer import SegmentWriter
from tests.fixtures.clips import make_clip
from tests.record.helpers import Killed, after, drop_row, new_store, read_all, record, units_of_files, units_of_packets

SCRIPT = Path(__file__).parents[1] / "servers" / "recording.py"
REPOSITORY = Path(__file__).parents[2]


def test_kill_9_costs_at_most_the_last_fragment(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "film.mp4", fps=25, gop=50, seconds=4)
    command = [sys.executable, str(SCRIPT), str(tmp_path / "store"), str(film)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    fed = next(count for count in map(int, process.stdout) if count >= 85)
    process.kill()
    fed = max([fed, *map(int, process.stdout.read().split())])
    process.communicate()
    store = SegmentStore(tmp_path / "store", SystemClock())
    [segment] = store.prepare()
    assert segment.reason == "recovered"
    assert fed - 27 <= segment.packets <= fed  # 25 of a fragment, one held back, one on its way
    _, packets = read_all(film)
    assert units_of_files([store.root / segment.path]) == units_of_packets(packets[: segment.packets])
    assert_sound(store)
    store.close()


def half_written(store: SegmentStore, film: Path) -> tuple[SegmentWriter, StreamInfo, list[Sample]]:
    info, packets = read_all(film)
    joiner = Joiner(info)
    samples = [sample for packet in packets for sample in joiner.push(packet)] + joiner.flush()
    writer = SegmentWriter(store, info, packets[0], "a-segment", 0)
    for sample in samples:
        writer.write(sample)
    return writer, info, samples


def kill(*_: object, **__: object) -> None:
    raise Killed


@pytest.mark.parametrize(
    ("owner", "name", "replacement", "whole"),
    [
        (FragmentFile, "finish", kill, True),
        (FragmentFile, "finish", after(FragmentFile.finish), True),
        (Path, "rename", after(Path.rename), True),
        (writer_module, "sync_folder", after(disk.sync_folder), True),
        (Catalogue, "add", after(Catalogue.add), True),
        (SegmentWriter, "close", kill, False),
    ],
)
def test_a_kill_between_any_two_steps_of_closing_is_mended(
    clip_h264: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    owner: object, name: str, replacement: Callable[..., object], whole: bool,
) -> None:  # fmt: skip
    store = new_store(tmp_path / "store")
    writer, _, samples = half_written(store, clip_h264)
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, replacement)
        with pytest.raises(Killed):
            writer.close("length")
    writer.abandon()
    store.close()
    again = SegmentStore(store.root, SystemClock())
    adopted = again.prepare()
    [segment] = again.catalogue.oldest(9)
    assert adopted == [] if owner is Catalogue else adopted == [segment]
    assert segment.id == "a-segment"
    assert segment.packets == len(samples) if whole else segment.packets >= len(samples) - 11
    assert segment.key
    assert_sound(again)
    assert again.prepare() == []
    again.close()


@pytest.mark.parametrize("step", ["cut_and_close", "sync_folder", "describe"])
def test_a_kill_in_the_middle_of_recovery_is_mended_by_the_next(
    clip_h264: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store = new_store(tmp_path / "store")
    writer, _, _ = half_written(store, clip_h264)
    writer._file.abandon()
    writer.abandon()
    with monkeypatch.context() as patched:
        patched.setattr(adoption, step, after(getattr(adoption, step)))
        with pytest.raises(Killed):
            store.prepare()
    [segment] = store.prepare()
    assert segment.reason == "recovered"
    assert segment.packets >= 29
    assert_sound(store)
    store.close()


@pytest.mark.parametrize("step", ["bury", "write", "unlink", "forget"])
def test_a_kill_between_any_two_steps_of_deleting_is_mended(
    clip_h264: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store = new_store(tmp_path / "store")
    segments, _, _ = record(store, clip_h264)
    owner = {"unlink": Path, "forget": Catalogue}.get(step, Graveyard)
    with monkeypatch.context() as patched:
        patched.setattr(owner, step, after(getattr(owner, step)))
        with pytest.raises(Killed):
            store.delete(segments, "age")
    store.close()
    again = SegmentStore(store.root, SystemClock())
    assert again.prepare() == []
    assert again.catalogue.totals() == (0, 0)
    assert again.catalogue.garbage() == []
    assert list(store.root.rglob("*.mp4")) == []
    again.close()


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.77, 0.999])
def test_a_file_cut_anywhere_is_adopted_or_removed(clip_h264: Path, tmp_path: Path, share: float) -> None:
    store = new_store(tmp_path / "store")
    [segment], packets, _ = record(store, clip_h264)
    path = store.root / segment.path
    content = path.read_bytes()
    drop_row(store, segment)
    path.unlink()
    left = path.with_name(path.name + OPEN_SUFFIX)
    left.write_bytes(content[: int(len(content) * share)])
    adopted = store.prepare()
    assert not left.exists()
    for found in adopted:
        assert units_of_files([store.root / found.path]) == units_of_packets(packets[: found.packets])
        assert found.start_ns == segment.start_ns
        assert found.end_ns <= segment.end_ns
    assert len(adopted) == (share > 0.3)
    assert_sound(store)
    store.close()


def test_a_lost_catalogue_is_made_again_from_the_files(data: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    segments, _, _ = record(store, data / "video" / "easycampus.mp4")
    store.close()
    for path in store.root.glob("catalogue.sqlite*"):
        path.unlink()
    again = SegmentStore(store.root, SystemClock())
    assert again.prepare() == []
    assert again.catalogue.oldest(99) == segments
    assert again.catalogue.head("cam").number == len(segments)
    again.close()


def test_a_used_folder_without_the_marker_is_left_alone(clip_h264: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    record(store, clip_h264)
    store.close()
    (store.root / MARKER).unlink()
    before = sorted(store.root.rglob("*"))
    again = SegmentStore(store.root, SystemClock())
    with pytest.raises(StorageMissing, match="mount the right disk, or name an empty folder"):
        again.prepare()
    with pytest.raises(StorageMissing, match="is the disk mounted"):
        again.check()
    assert sorted(store.root.rglob("*")) == before


def test_a_new_or_empty_folder_is_made_ours(tmp_path: Path) -> None:
    (tmp_path / "disk" / "lost+found").mkdir(parents=True)
    (tmp_path / "disk" / f"{MARKER}.new").write_bytes(b"")  # a first start was killed here
    for root in (tmp_path / "disk", tmp_path / "new" / "deeper"):
        store = new_store(root)
        assert (root / MARKER).is_file()
        assert store.prepare() == []
        store.close()


def tail_at(path: Path) -> int:
    with path.open("rb") as file:
        return list(walk(file))[-1].at


def assert_sound(store: SegmentStore) -> None:
    """The invariants: every row has its file, whole and hashed; every file has its row; nothing is left open."""
    segments = store.catalogue.oldest(1000)
    for segment in segments:
        content = (store.root / segment.path).read_bytes()
        assert len(content) == segment.bytes
        assert hashlib.sha256(content[: tail_at(store.root / segment.path)]).hexdigest() == segment.sha256
        with av.open(str(store.root / segment.path)) as container:
            assert sum(1 for packet in container.demux() if packet.size) == segment.packets
    files = {str(path.relative_to(store.root)) for path in store.root.rglob("*.mp4")}
    assert files == {segment.path for segment in segments}
    assert list(store.root.rglob("*" + OPEN_SUFFIX)) == []
