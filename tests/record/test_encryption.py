"""Footage encrypted on the disk: nothing of it in the clear, and everything but looking works without the key."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.clock import NS, SystemClock
from agent.core.errors import ConfigError, StorageError
from agent.core.stop import StopToken
from agent.record.boxes import read_head_note, walk
from agent.record.cipher import Keys, key_id
from agent.record.clip import cut_clip
from agent.record.footage import footage_between
from agent.record.fragment import Fragment
from agent.record.pace import Pace
from agent.record.readers import Bounded, Decrypted
from agent.record.rebuild import Rebuild
from agent.record.recovery import measure_file
from agent.record.segment import Segment, parse_head
from agent.record.sink import FragmentFile
from agent.record.store import SegmentStore
from agent.record.verify import Level, Verification
from tests.fixtures.clips import make_clip
from tests.record.helpers import START_NS, Recording, read_all, record, units_of_files, units_of_packets

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


def encrypting(root: Path, *keys: bytes) -> SegmentStore:
    store = SegmentStore(root, SystemClock(), keys=Keys(keys))
    store.prepare()
    return store


def faults(root: Path) -> list[str]:
    store = SegmentStore(root, SystemClock(), read_only=True)
    try:
        return [
            str(fault) for camera in store.camera_folders() for fault in Verification(store, Level.HASHES).run(camera)
        ]
    finally:
        store.close()


def clip_units(store: SegmentStore, folder: Path) -> list[bytes]:
    clip = cut_clip(store, "cam", START_NS, START_NS + 600 * NS, folder / "clip.mp4")
    return units_of_files([clip.path])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SegmentStore]:
    found = encrypting(tmp_path / "store", NEW)
    yield found
    found.close()


def films(folder: Path) -> Iterator[Path]:
    yield make_clip(folder / "b.mp4", seconds=12, b_frames=2, size=(640, 360))
    yield make_clip(folder / "265.mp4", seconds=3, codec="libx265", size=(640, 360))
    yield make_clip(folder / "long.mp4", seconds=65, fps=5, gop=1000, size=(640, 360))


def assert_hidden(store: SegmentStore, segments: list[Segment], pieces: list[bytes]) -> None:
    stored = b"".join((store.root / segment.path).read_bytes() for segment in segments)
    long_enough = [piece for piece in pieces if len(piece) >= 48]
    assert long_enough
    assert not [piece for piece in long_enough if piece[8:40] in stored]


def test_no_picture_of_the_source_is_in_the_files_and_all_come_back(tmp_path: Path) -> None:
    for number, film in enumerate(films(tmp_path)):
        store = encrypting(tmp_path / f"store-{number}", NEW)
        segments, packets, _ = record(store, film)
        sent = units_of_packets(packets)
        slices = [unit for unit in sent if len(unit) >= 48 and b"x26" not in unit]  # not the encoder's own banner
        assert_hidden(store, segments, slices)
        assert clip_units(store, tmp_path) == sent
        assert faults(store.root) == []
        store.close()


@pytest.mark.parametrize(
    "name", ["video/mohamed_parking.mp4", "axis/signed_test_h265.mp4", "axis/signed_test_h264.mp4"]
)
def test_sound_and_signed_video_too(data: Path, store: SegmentStore, tmp_path: Path, name: str) -> None:
    segments, packets, _ = record(store, data / name)
    assert_hidden(store, segments, [packet.data for packet in packets if packet.key or packet.track])
    assert clip_units(store, tmp_path) == units_of_packets(packets)
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        found = [bytes(packet) for packet in clip.demux() if packet.size and packet.stream_index]
    sound = [packet.data for packet in packets if packet.track]
    assert found == sound[len(sound) - len(found) :]
    assert len(sound) - len(found) <= 2  # of the time before the first picture


def test_pcm_too(store: SegmentStore, tmp_path: Path) -> None:
    segments, packets, _ = record(store, with_noise(tmp_path / "film.mp4"))
    sound = b"".join(packet.data for packet in packets if packet.track)
    assert len(sound) > 30_000
    stored = b"".join((store.root / segment.path).read_bytes() for segment in segments)
    assert not [at for at in range(0, len(sound) - 32, 400) if sound[at : at + 32] in stored]
    clip = cut_clip(store, "cam", START_NS, START_NS + 60 * NS, tmp_path / "clip.mp4")
    with av.open(str(clip.path)) as container:
        assert b"".join(bytes(packet) for packet in container.demux(audio=0) if packet.size) == sound


def with_noise(path: Path) -> Path:
    """Two seconds of video with PCM in which no two parts are alike."""
    noise = hashlib.shake_128(b"noise").digest(32_000)
    with av.open(str(make_clip(path.with_name("silent.mp4"), seconds=2))) as source, av.open(str(path), "w") as target:
        video = target.add_stream_from_template(source.streams.video[0])
        audio = target.add_stream("pcm_s16le", rate=8000, layout="mono")
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                target.mux(packet)
        for at in range(0, 16_000, 800):
            frame = av.AudioFrame(format="s16", layout="mono", samples=800)
            frame.planes[0].update(noise[2 * at : 2 * at + 1600])
            frame.sample_rate, frame.pts = 8000, at
            target.mux(audio.encode(frame))
    return path


def test_counting_packets_needs_no_key(store: SegmentStore, clip_h264: Path) -> None:
    [segment], _, _ = record(store, clip_h264)
    with (store.root / segment.path).open("rb") as file:
        assert measure_file(file, "") == (segment.packets, segment.media_ns)


def test_what_a_kill_left_is_closed_without_the_key_and_plays_with_it(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "film.mp4", seconds=6, size=(640, 360))
    info, packets = read_all(film)
    store = encrypting(tmp_path / "store", NEW)
    with Recording(store) as recording:
        recording.feed(info, packets, reason=None)
        open_file = next(iter(store.open_files("cam")))
        left = open_file.read_bytes()
    [done] = store.catalogue.oldest(9)
    with store.catalogue.transaction() as db:
        db.execute("DELETE FROM segment")
        db.execute("DELETE FROM chain")
    (store.root / done.path).unlink()
    open_file.write_bytes(left[: len(left) - 100])  # in the middle of a fragment
    store.close()

    keyless = SegmentStore(store.root, SystemClock())
    [recovered] = keyless.prepare()
    keyless.close()
    assert recovered.reason == "recovered"
    assert 30 <= recovered.packets < 60
    assert faults(store.root) == []
    again = encrypting(store.root, NEW)
    assert clip_units(again, tmp_path) == units_of_packets(packets[: recovered.packets])
    again.close()


def test_the_open_segment_can_be_cut_from(store: SegmentStore, tmp_path: Path) -> None:
    info, packets = read_all(make_clip(tmp_path / "film.mp4", seconds=6))
    with Recording(store) as recording:
        recording.feed(info, packets, reason=None)
        found = clip_units(store, tmp_path)
    assert found == units_of_packets(packets)[: len(found)]
    assert len(found) >= 40


def test_plain_segments_old_and_new_keys_stand_side_by_side(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "film.mp4", seconds=3, size=(640, 360))
    sent, noted = [], []
    for number, keys in enumerate(([], [OLD], [NEW, OLD])):
        store = encrypting(tmp_path / "store", *keys)
        info, packets = read_all(film, START_NS + number * 3 * NS)
        with Recording(store) as recording:
            recording.feed(replace(info, epoch=f"e{number}"), packets)
        sent += units_of_packets(packets)
        with (store.root / recording.segments[0].path).open("rb") as file:
            head = parse_head(read_head_note(file))
        assert head is not None
        noted.append(head.cipher and head.cipher.key_id)
        store.close()
    assert noted == [None, key_id(OLD), key_id(NEW)]
    again = encrypting(tmp_path / "store", NEW, OLD)
    assert clip_units(again, tmp_path) == sent
    again.close()
    assert faults(tmp_path / "store") == []


def test_without_the_right_key_one_line_says_what_to_set(tmp_path: Path, clip_h264: Path) -> None:
    store = encrypting(tmp_path / "store", NEW)
    record(store, clip_h264)
    store.close()
    for keys in ((), (OLD,)):
        other = encrypting(tmp_path / "store", *keys)
        with pytest.raises(StorageError, match=f"encrypted with the key {key_id(NEW)}, .* encryption_key_file") as said:
            cut_clip(other, "cam", START_NS, START_NS + NS, tmp_path / "clip.mp4")
        assert "\n" not in str(said.value)
        other.close()
    assert not (tmp_path / "clip.mp4").exists()


def test_a_damaged_wrapped_key_is_noticed(tmp_path: Path) -> None:
    fresh = Keys([NEW]).fresh()
    assert fresh is not None
    damaged = fresh.note.model_copy(update={"wrapped": f"{int(fresh.note.wrapped, 16) ^ 1:080x}"})
    with pytest.raises(StorageError, match="head note is damaged"):
        Keys([NEW]).unwrap(damaged, "a file")
    assert Keys([OLD, NEW]).unwrap(fresh.note, "a file") == fresh.key


def test_the_catalogue_is_made_again_without_the_key(tmp_path: Path, clip_h264: Path) -> None:
    store = encrypting(tmp_path / "store", NEW)
    segments, _, _ = record(store, clip_h264)
    store.close()
    keyless = SegmentStore(store.root, SystemClock())
    keyless.set_aside()
    keyless.prepare()
    list(Rebuild(keyless.tiers, keyless.catalogue).rest("cam", StopToken()))
    assert keyless.catalogue.oldest(9) == segments
    keyless.close()


def test_the_key_file(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"{NEW.hex()}\n\n{OLD.hex().upper()}\n")
    fresh = Keys.read(path).fresh()
    assert fresh is not None
    assert fresh.note.key_id == key_id(NEW) == hashlib.sha256(NEW).hexdigest()[:16]
    assert Keys.read(None).fresh() is None
    path.write_text(f"{NEW.hex()}\nsecret\n")
    with pytest.raises(ConfigError, match="line 2 is no key; write 64 hex digits") as said:
        Keys.read(path)
    assert "secret" not in str(said.value)
    many = [bytes([n] * 32).hex() for n in range(200)]
    path.write_text("\ufeff" + "\r\n".join(many))
    assert len(Keys.read(path)._known) == 200
    path.write_text("")
    with pytest.raises(ConfigError, match="is empty"):
        Keys.read(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        Keys.read(tmp_path / "other")


def test_footage_names_its_segment(store: SegmentStore, clip_h264: Path) -> None:
    [segment], _, _ = record(store, clip_h264)
    assert [part.id for part in footage_between(store, "cam", START_NS, START_NS + NS)] == [segment.id]


@given(st.lists(st.lists(st.binary(max_size=90), min_size=1, max_size=5), max_size=6), st.data())
def test_fragments_are_encrypted_and_any_part_can_be_read(groups: list[list[bytes]], data: st.DataObject) -> None:
    stored = stored_in(groups)
    whole = Decrypted(BytesIO(stored), len(stored), NEW).read()
    boxes = [whole[box.at + box.header : box.at + box.bytes] for box in walk(BytesIO(whole)) if box.kind == b"mdat"]
    assert boxes == [b"".join(samples) for samples in groups]
    assert not any(len(plain) > 15 and plain in stored for plain in boxes)
    reader = Decrypted(BytesIO(stored), len(stored), NEW)
    at, size = data.draw(st.integers(0, len(stored))), data.draw(st.integers(0, 200))
    reader.seek(at)
    assert reader.read(size) == whole[at : at + size]
    assert Bounded(BytesIO(stored), len(stored)).read() == stored


def stored_in(groups: list[list[bytes]]) -> bytes:
    """What lies on the disk when these are the samples of its fragments."""
    with TemporaryDirectory() as folder:
        file = FragmentFile(Path(folder) / "file", SystemClock(), 2, Pace(SystemClock()), NEW)
        for samples in groups:
            size = sum(map(len, samples)) + 8
            file.add(
                Fragment((16).to_bytes(4, "big") + b"moof" + bytes(8) + size.to_bytes(4, "big") + b"mdat", samples)
            )
        file.finish()
        return (Path(folder) / "file").read_bytes()


def test_the_marks_of_a_reader(tmp_path: Path) -> None:
    reader = Bounded(BytesIO(b"0123456789"), 6)
    assert reader.readable()
    assert reader.seekable()
    assert reader.seek(-2, os.SEEK_END) == 4
    assert (reader.read(), reader.tell()) == (b"45", 6)
