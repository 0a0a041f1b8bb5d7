"""Bytes from disk that may be anything: boxes, notes, NAL units, codec records."""

import hashlib
import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.clock import SystemClock
from agent.core.media import MediaKind, StreamInfo, TrackInfo
from agent.record.boxes import check_sum, children, note, read_layout, sound_bytes, walk
from agent.record.codecs import begins_picture, mime_codecs
from agent.record.fragment import Fragment
from agent.record.pace import Pace
from agent.record.segment import parse_head
from agent.record.sink import FragmentFile


def box(kind: bytes, body: bytes = b"") -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + kind + body


@given(st.binary(max_size=400))
def test_any_bytes_have_a_layout_within_the_file(data: bytes) -> None:
    layout = read_layout(io.BytesIO(data))
    assert 0 <= layout.whole_bytes <= len(data)
    assert parse_head(layout.head) is None


@given(st.lists(st.sampled_from([b"ftyp", b"moof", b"mdat", b"uuid", b"free"]), max_size=12), st.integers(0, 400))
def test_the_layout_ends_with_something_whole(kinds: list[bytes], cut: int) -> None:
    content = b"".join(box(kind, b"x" * 20) for kind in kinds)[:cut]
    layout = read_layout(io.BytesIO(content))
    whole = [one for one in walk(io.BytesIO(content)) if one.at < layout.whole_bytes]
    assert not whole or whole[-1].kind != b"moof"
    assert layout.fragments == sum(one.kind == b"mdat" for one in whole)


def test_large_boxes_and_notes_are_read() -> None:
    large = (1).to_bytes(4, "big") + b"mdat" + (30).to_bytes(8, "big") + b"y" * 14
    content = box(b"ftyp") + note("head", {"a": 1}) + box(b"moof") + large + note("tail", {"b": 2})
    layout = read_layout(io.BytesIO(content))
    assert layout.head == {"note": "head", "v": 1, "a": 1}
    assert layout.tail == {"note": "tail", "v": 1, "b": 2}
    assert (layout.whole_bytes, layout.fragments) == (len(content), 1)


@given(st.lists(st.lists(st.binary(max_size=60), min_size=1, max_size=9), max_size=5))
def test_a_file_that_grows_by_fragments_knows_what_is_whole(tmp_path_factory: object, groups: list[list[bytes]]):
    path = tmp_path_factory.mktemp("grow") / "file"
    file, expected = FragmentFile(path, SystemClock(), 3600, Pace(SystemClock())), box(b"ftyp", b"abcd")
    file.write(expected)
    for samples in groups:
        size = sum(map(len, samples))
        front = box(b"moof", b"m" * 9) + (size + 8).to_bytes(4, "big") + b"mdat"
        file.add(Fragment(front, samples))
        expected += front + b"".join(samples)
        expected += check_sum(hashlib.sha256(expected))
    file.write(box(b"uuid", b"n"))
    file.abandon()
    written = path.read_bytes()
    assert written == expected + box(b"uuid", b"n")
    assert file.sha256() == hashlib.sha256(written).hexdigest()
    assert file.whole_bytes == (len(expected) if groups else 0)
    assert sound_bytes(io.BytesIO(written)) == file.whole_bytes


@given(st.binary(max_size=300))
def test_any_bytes_have_children_within_them(body: bytes) -> None:
    assert sum(8 + len(inner) for _, inner in children(body)) <= len(body)


@given(st.integers(0, 10_000), st.integers(1, 512))
def test_what_a_disk_lost_in_the_middle_ends_what_is_sound(at: int, size: int) -> None:
    content, ends = box(b"ftyp", b"abcd"), [0]
    for number in range(4):
        content += box(b"moof", b"m" * 90) + box(b"mdat", bytes([number + 1]) * 700)
        content += check_sum(hashlib.sha256(content))
        ends.append(len(content))
    at %= len(content)
    damaged = content[:at] + bytes(len(content[at : at + size])) + content[at + size :]
    first = next((place for place in range(len(content)) if content[place] != damaged[place]), len(content))
    assert sound_bytes(io.BytesIO(damaged)) == max(end for end in ends if end <= first)


@given(st.sampled_from(["h264", "hevc"]), st.integers(1, 4), st.binary(max_size=80))
def test_any_access_unit_gets_an_answer(codec: str, prefix: int, data: bytes) -> None:
    assert begins_picture(codec, prefix, data) in {True, False}


@pytest.mark.parametrize(
    ("codec", "units", "begins"),
    [
        ("h264", ["0605ff", "6588"], True),
        ("h264", ["0605ff"], False),
        ("h264", ["6742", "68ce", "6542"], False),  # another slice of the same picture
        ("h264", ["419a00"], True),
        ("hevc", ["4e0105"], False),
        ("hevc", ["4001", "4201", "28018000"], True),
        ("hevc", ["02010000"], False),
        ("av1", ["12"], True),
    ],
)
def test_what_begins_a_picture(codec: str, units: list[str], begins: bool) -> None:
    data = b"".join(len(one := bytes.fromhex(unit)).to_bytes(4, "big") + one for unit in units)
    assert begins_picture(codec, 0 if codec == "av1" else 4, data) is begins


def stream(codec: str, extradata: str) -> StreamInfo:
    track = TrackInfo(MediaKind.VIDEO, codec, Fraction(1, 90_000), bytes.fromhex(extradata))
    return StreamInfo("cam", "main", "e", (track,), b"", 0)


@pytest.mark.parametrize(
    ("codec", "extradata", "mime"),
    [
        ("h264", "0164001fffe1", "avc1.64001f"),
        ("hevc", "0101600000009000000000005d" + "00" * 9, "hvc1.1.6.L93.90"),
        ("av1", "81084c000a0b", "av01.0.08M.10"),
        ("h264", "01", ""),
    ],
)
def test_mime_names(codec: str, extradata: str, mime: str) -> None:
    info = stream(codec, extradata)
    assert mime_codecs(info) == mime
    audio = TrackInfo(MediaKind.AUDIO, "aac", Fraction(1, 48_000), bytes.fromhex("1190"))
    assert mime_codecs(replace(info, tracks=(*info.tracks, audio))).endswith("mp4a.40.2")


def test_a_file_that_exists_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"footage")
    with pytest.raises(FileExistsError):
        FragmentFile(tmp_path / "file", SystemClock(), 0, Pace(SystemClock()))
