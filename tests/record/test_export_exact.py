"""Exact to the picture at both ends, and whole for every decoder: ours, and Debian's ffmpeg."""

import shutil
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.clock import NS
from agent.core.errors import StorageError
from agent.record.clip import cut_clip
from agent.record.export.exact import _must_be_cuttable
from agent.record.export.exact_plan import Picture, Role, make_plan
from agent.record.export.parameter_sets import free_id, with_sets
from agent.record.store import SegmentStore
from tests.fixtures.clips import ALONE, make_clip
from tests.record.exporting import asked, make_export, verify
from tests.record.helpers import START_NS, Recording, new_store, read_all

Frames = list[tuple[Fraction, np.ndarray]]


def frames(path: Path) -> Frames:
    with av.open(str(path)) as container:
        return [
            (frame.pts * frame.time_base, frame.to_ndarray(format="gray"))
            for frame in container.decode(video=0)
            if frame.pts is not None and frame.time_base is not None
        ]


def likeness_db(a: np.ndarray, b: np.ndarray) -> float:
    error = float(np.mean((a.astype(float) - b) ** 2))
    return 99.0 if error == 0 else 10 * np.log10(255**2 / error)


def noisy(codec: str, options: dict[str, str]) -> Callable[[Path], Path]:
    """12 s at 10 fps in which no two pictures are alike."""

    def make(path: Path) -> Path:
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=10, options=options)
            stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
            stream.codec_context.time_base = Fraction(1, 10)
            for number in range(120):
                picture = np.full((180, 320, 3), 90, np.uint8)
                picture[90:120, 2 * number : 2 * number + 40] = (230, 230, 40)
                picture[:20] = np.random.default_rng(number).integers(0, 255, (20, 320, 3))
                frame = av.VideoFrame.from_ndarray(picture, "rgb24")
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return make


X265 = f"{ALONE}:bframes=4:keyint=30:min-keyint=30:scenecut=0:log-level=none"
FILMS: dict[str, Callable[[Path], Path]] = {
    "h264": lambda path: make_clip(path, seconds=12),
    "h264-b-frames": noisy("libx264", {"g": "30", "bf": "3", "sc_threshold": "0"}),
    "h264-open-gop": noisy("libx264", {"g": "30", "bf": "3", "x264-params": "open-gop=1"}),
    "h265": lambda path: make_clip(path, seconds=12, codec="libx265", gop=20),
    "h265-b-frames": noisy("libx265", {"x265-params": X265 + ":open-gop=0"}),
    "h265-open-gop": noisy("libx265", {"x265-params": X265 + ":open-gop=1"}),
}
SPANS = [(0.34, 7.41), (4.77, 9.89), (0.0, 5.95), (2.38, 16.9)]


def recorded(root: Path, film: Path) -> tuple[SegmentStore, Frames]:
    """A store that holds the film, and what its pictures are."""
    store = new_store(root / "store")
    info, packets = read_all(film)
    with Recording(store) as recording:
        recording.feed(info, packets)
    whole = cut_clip(store, "cam", START_NS, START_NS + 600 * NS, root / "whole.mp4")
    return store, frames(whole.path)


def check_exact(folder: Path, source: Frames, start_s: float, end_s: float, least_db: float) -> None:
    clip = folder / "cam.mp4"
    wanted = [one for one in source if start_s - 1e-6 <= one[0] < end_s - 1e-6]
    found = frames(clip)
    assert len(found) == len(wanted)
    assert [at for at, _ in found] == pytest.approx([float(at - wanted[0][0]) for at, _ in wanted], abs=1e-3)
    assert min(likeness_db(a, b) for (_, a), (_, b) in zip(found, wanted, strict=True)) > least_db
    if shutil.which("ffmpeg") is None:
        return  # the same bytes went through PyAV's decoder
    command = ["ffmpeg", "-v", "warning", "-i", str(clip), "-map", "0", "-f", "null", "-"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""


@pytest.mark.parametrize("name", FILMS)
def test_first_and_last_picture_are_those_asked_for(tmp_path: Path, name: str) -> None:
    store, source = recorded(tmp_path, FILMS[name](tmp_path / "film.mp4"))
    for number, (start_s, end_s) in enumerate(SPANS):
        done = make_export(store, tmp_path / str(number), asked(start_s, end_s, exact=True))
        check_exact(done.place, source, start_s, end_s, 40)
        [clip] = done.manifest.cameras[0].clips
        assert clip.start_ns >= START_NS + int(start_s * NS)
        assert clip.end_ns <= START_NS + int(min(end_s + 0.1, 12) * NS)
    store.close()


@pytest.mark.parametrize(
    "name", ["axis/signed_test_h265.mp4", "axis/signed_test_h264.mp4", "video/mohamed_parking.mp4"]
)
def test_real_cameras(data: Path, tmp_path: Path, name: str) -> None:
    store, source = recorded(tmp_path, data / name)
    done = make_export(store, tmp_path / "out", asked(0.34, 2.6, exact=True))
    check_exact(done.place, source, 0.34, 2.6, 40)
    store.close()


def test_sound_is_cut_at_the_same_times(data: Path, tmp_path: Path) -> None:
    store, _ = recorded(tmp_path, data / "video" / "mohamed_parking.mp4")
    done = make_export(store, tmp_path / "out", asked(0.5, 2.5, exact=True))
    with av.open(str(done.place / "cam.mp4")) as clip:
        sound = [frame.pts * frame.time_base for frame in clip.decode(audio=0)]
    assert 0 <= sound[0] < 0.05
    assert 1.9 < sound[-1] < 2.0
    store.close()


def test_the_manifest_says_what_was_re_encoded_and_the_rest_is_as_sent(tmp_path: Path) -> None:
    film = FILMS["h264-b-frames"](tmp_path / "film.mp4")
    store, _ = recorded(tmp_path, film)
    done = make_export(store, tmp_path / "out", asked(0.4, 7.4, exact=True))
    [clip] = done.manifest.cameras[0].clips
    [lead, tail] = clip.reencoded
    assert (lead.start_ns, lead.end_ns, lead.pictures) == (START_NS + 400_000_000, START_NS + 3 * NS, 26)
    assert tail.end_ns == START_NS + 7_400_000_000
    assert clip.keyframe_ns == START_NS
    sent = {packet.data for packet in read_all(film)[1]}
    with av.open(str(done.place / "cam.mp4")) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    assert sum(packet in sent for packet in packets) == len(packets) - lead.pictures - tail.pictures
    code, said = verify(done.place)
    assert code == 0
    assert (
        "in cam.mp4, 26 pictures of 2026-05-28 20:26:40.400 UTC to 2026-05-28 20:26:43.000 UTC were re-encoded" in said
    )
    store.close()


def test_where_both_ends_need_nothing_all_is_copied(tmp_path: Path) -> None:
    store, source = recorded(tmp_path, FILMS["h264"](tmp_path / "film.mp4"))
    done = make_export(store, tmp_path / "out", asked(2, 5, exact=True))
    check_exact(done.place, source, 2, 5, 98)
    assert done.manifest.cameras[0].clips[0].reencoded == ()
    store.close()


def test_a_long_gop_over_segments_without_keyframe(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "film.mp4", seconds=80, gop=1000, fps=5)
    store, source = recorded(tmp_path, film)
    done = make_export(store, tmp_path / "out", asked(65, 67, exact=True))
    check_exact(done.place, source, 65, 67, 40)
    store.close()


@pytest.mark.parametrize(("codec", "extradata"), [("av1", b"\x81" * 30), ("h264", b"\x01\x64\0\x1f\xfd" + bytes(9))])
def test_what_cannot_be_cut_exactly_says_so(codec: str, extradata: bytes) -> None:
    with pytest.raises(StorageError, match=f"{codec} of this kind cannot be cut exactly; leave --exact out"):
        _must_be_cuttable(codec, extradata)


def picture(number: int, reorder: int = 0, *, clean: bool = False, at: int | None = None) -> Picture:
    return Picture(number * NS, Fraction(number), Fraction(number if at is None else at) - reorder, clean)


def test_the_plan_with_b_frames() -> None:
    order = [0, 3, 1, 2, 6, 4, 5, 7, 10, 8, 9]  # as decoded; 0 and 7 are clean
    pictures = [picture(n, 2, clean=n in {0, 7}, at=place) for place, n in enumerate(order)]
    plan = make_plan(pictures, 2 * NS, 10 * NS)
    assert [order[at] for at in plan.places(Role.LEAD)] == [3, 2, 6, 4, 5]
    assert [order[at] for at in plan.places(Role.COPY)] == [7]
    assert [order[at] for at in plan.places(Role.TAIL)] == [8, 9]
    assert order[plan.tail_from] == 7


@given(st.data())
def test_any_plan_shows_each_picture_once_and_copies_only_what_can_be_decoded(data: st.DataObject) -> None:
    order: list[tuple[int, bool]] = []
    at = 0
    while at < 24:  # groups of a reference and the pictures before it that count on it
        size = data.draw(st.integers(1, 5))
        clean = not order or data.draw(st.booleans())
        order += [(at, True)] if clean else [(at + size - 1, False), *((n, False) for n in range(at, at + size - 1))]
        at += 1 if clean else size
    pictures = [picture(n, 9, clean=clean, at=place) for place, (n, clean) in enumerate(order)]
    start = data.draw(st.integers(0, 23))
    end = data.draw(st.integers(start + 1, 26))
    plan = make_plan(pictures, start * NS, end * NS)
    shown = {order[one][0] for one, role in enumerate(plan.roles) if role is not Role.DROP}
    assert shown == {n for n, _ in order if start <= n < end}
    copied = plan.places(Role.COPY)
    if copied:
        assert pictures[copied[0]].clean
        assert copied == list(range(copied[0], copied[-1] + 1))
        lead = [pictures[one].pts for one in plan.places(Role.LEAD)]
        tail = [pictures[one].pts for one in plan.places(Role.TAIL)]
        middle = [pictures[one].pts for one in copied]
        assert max([Fraction(-1), *lead]) < min(middle)
        assert max(middle) < min([Fraction(99), *tail])
    assert all(dts <= pts for pts, dts in plan.encoded_dts.items())


def test_parameter_sets_get_an_id_that_is_free(tmp_path: Path) -> None:
    with av.open(str(make_clip(tmp_path / "film.mp4", seconds=1))) as film:
        avcc = bytes(film.streams.video[0].codec_context.extradata or b"")
    assert free_id(avcc) == 31
    sets = b"\0\0\0\1" + bytes.fromhex("6764001f0820") + b"\0\0\1" + bytes.fromhex("680842")  # ids 31 (ue 00000100000)
    assert with_sets(avcc, sets).count(bytes.fromhex("6764001f0820")) == 1
    assert with_sets(avcc, sets)[5] & 0x1F == 2
