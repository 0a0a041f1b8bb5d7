"""Clips out of real footage into the outbox: as recorded, or small with what must be hidden."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import av
import pytest

from agent.core.clock import NS, rfc3339
from agent.core.errors import NotRecorded, StorageError
from agent.core.stop import StopToken
from agent.edge.cutter import Cutter, Wanted
from agent.edge.evidence import EvidenceDesk, Policy
from agent.publish.outbox import Outbox
from agent.publish.spool import ASKED_FULL, ASKED_PROXY, PROXY
from agent.publish.wishes import Wish, Wishes
from agent.record.export import verify as verifier
from agent.record.export.export import Issuer, Request
from tests.fixtures.clips import make_clip
from tests.fixtures.clock import FakeClock
from tests.record.helpers import START_NS, new_store, record


class Rig:
    def __init__(self, path: Path, clock: FakeClock, masks: list[list[tuple[float, float]]], codec: str) -> None:
        self.store = new_store(path / "store", clock)
        record(self.store, make_clip(path / "film.mp4", codec=codec, seconds=12, fps=15, gop=15, size=(1280, 720)))
        self.outbox, self.work = Outbox(path / "outbox.db", clock), path / "work"
        self.cutter = Cutter(
            self.store, self.outbox, self.work, StopToken(), proxy_rate=10_000, masks={"cam": masks},
            issuer=Issuer("town", "pole", self.store.signer),
        )  # fmt: skip

    def make(self, name: str, quality: str, *, asked: bool = True, start_s: float = 2, end_s: float = 8):
        start_ns, end_ns = START_NS + int(start_s * NS), START_NS + int(end_s * NS)
        return self.cutter.make(Wanted(name, "cam", start_ns, end_ns, quality, "e1", asked))  # type: ignore[arg-type]

    def frames(self, name: str, to: Path):
        manifest = self.outbox.media.manifest(name)
        pieces = [self.outbox.media.chunk(manifest, n) or b"" for n in range(manifest.pieces)]
        to.write_bytes(b"".join(pieces))
        with av.open(str(to)) as video:
            return list(video.decode(video=0))


@pytest.fixture
def make(tmp_path: Path, clock: FakeClock):
    made = []

    def make(masks: list[list[tuple[float, float]]], codec: str = "libx264") -> Rig:
        made.append(Rig(tmp_path, clock, masks, codec))
        return made[-1]

    yield make
    for rig in made:
        rig.outbox.close()
        rig.store.close()


def test_full_and_small_clips_of_the_same_footage(make, tmp_path: Path):
    rig = make([])
    full, small = rig.make("full", "full"), rig.make("small", "proxy")
    rig.make("policy", "proxy", asked=False)
    assert (full.quality, small.quality, small.event) == ("full", "proxy", "e1")
    assert (full.start, full.end) == (small.start, small.end)
    assert small.bytes < full.bytes
    for name, shown in (("full", (1280, 90)), ("small", (640, 48))):
        frames = rig.frames(name, tmp_path / name)
        assert (frames[0].width, len(frames)) == shown
    assert {one.id: one.rank for one in rig.outbox.media.waiting(9)} == {
        "full": ASKED_FULL, "small": ASKED_PROXY, "policy": PROXY,
    }  # fmt: skip
    assert list(rig.work.iterdir()) == []


def test_masks_are_hidden_in_small_clips_and_without_an_encoder_nothing_of_them_leaves(
    make, tmp_path: Path, monkeypatch
):
    rig = make([[(0, 0), (1, 0), (1, 1), (0, 1)]])
    rig.make("small", "proxy")
    assert all(frame.to_ndarray(format="gray").max() < 40 for frame in rig.frames("small", tmp_path / "s"))
    monkeypatch.setattr("agent.edge.cutter.make_proxy", _cannot)
    with pytest.raises(StorageError, match="no encoder"):
        rig.make("none", "proxy")
    assert rig.outbox.media.manifest("none") is None


def test_without_an_encoder_the_clip_goes_as_it_was_recorded(make, monkeypatch):
    rig = make([])
    monkeypatch.setattr("agent.edge.cutter.make_proxy", _cannot)
    assert rig.make("clip", "proxy").quality == "full"


def test_a_gateway_that_ends_meanwhile_makes_it_another_time(make):
    """Nothing is wrong with the encoder, so the whole clip is no answer: it is a hundred times as large."""
    rig = make([])
    rig.cutter._stop.set()
    with pytest.raises(StorageError, match="ended without a result"):
        rig.make("clip", "proxy")
    assert rig.outbox.media.manifest("clip") is None


@pytest.mark.parametrize(("codec", "quality"), [("libx264", "full"), ("libx265", "proxy")])
def test_one_that_is_no_smaller_goes_as_recorded_unless_few_browsers_play_that(make, monkeypatch, codec, quality):
    rig = make([], codec)
    monkeypatch.setattr("agent.edge.cutter.make_proxy", _large)
    assert rig.make("clip", "proxy").quality == quality


def test_previews_are_a_small_medium_that_somebody_waits_for(make):
    rig = make([])
    made = rig.cutter.previews("sheet", "cam", [START_NS + n * NS for n in range(12)])
    assert (made.kind, made.type, made.start) == ("previews", "image/jpeg", rfc3339(START_NS))
    assert made.bytes <= 200_000
    assert [(one.id, one.rank) for one in rig.outbox.media.waiting(9)] == [("sheet", ASKED_PROXY)]
    assert list(rig.work.iterdir()) == []
    with pytest.raises(StorageError, match="nothing is recorded"):
        rig.cutter.previews("none", "cam", [START_NS + 900 * NS])


def test_an_export_is_a_medium_that_proves_itself(make, tmp_path: Path):
    rig = make([])
    request = Request(("cam",), START_NS + 2 * NS, START_NS + 8 * NS, by="ann", reason="incident 4711", as_zip=True)
    made = rig.cutter.export("proof", request)
    assert (made.kind, made.type, made.start) == ("export", "application/zip", rfc3339(START_NS + 2 * NS))
    pieces = [rig.outbox.media.chunk(made, n) or b"" for n in range(made.pieces)]
    (tmp_path / "proof.zip").write_bytes(b"".join(pieces))
    with zipfile.ZipFile(tmp_path / "proof.zip") as packed:
        stated = json.loads(packed.read("manifest.json"))
        assert sorted(packed.namelist()) == ["cam.mp4", "manifest.json", "verify.py"]
    assert (stated["by"], stated["reason"], stated["gateway"]) == ("ann", "incident 4711", "pole")
    key = stated["keys"][stated["key"]]
    fingerprint = hashlib.sha256(bytes.fromhex(key)).hexdigest()
    verify = [sys.executable, str(verifier.__file__), str(tmp_path / "proof.zip"), "--key", fingerprint]
    assert "All is as it was exported." in subprocess.run(verify, capture_output=True, text=True, check=True).stdout
    assert list(rig.work.iterdir()) == []


def test_where_nothing_is_recorded_nothing_is_queued_and_nothing_left(make):
    rig = make([])
    with pytest.raises(NotRecorded, match="nothing is recorded"):
        rig.make("none", "full", start_s=900, end_s=910)
    assert rig.outbox.media.waiting(9) == []
    assert list(rig.work.iterdir()) == []


def test_while_the_work_folder_takes_nothing_clips_wait_and_only_what_is_not_recorded_is_given_up(
    make, clock: FakeClock
):
    rig = make([])
    wishes = Wishes(rig.outbox.database, clock)
    for name, start_s in (("there", 2), ("never", 900)):
        start_ns = START_NS + start_s * NS
        wishes.put(Wish(name, "cam", start_ns, start_ns + 6 * NS, "full", urgent=True, due_ns=start_ns + 9 * NS))
    desk = EvidenceDesk(
        {"cam": Policy("full", "full")}, wishes, rig.cutter, rig.outbox, clock,
        may_send=lambda: True, doomed_before_ns=lambda _: 0,
    )  # fmt: skip
    rig.work.write_bytes(b"")  # no folder, so nothing can be made in it
    for _ in range(200):
        clock.advance(10)
        desk.turn([])
    assert (rig.outbox.media.waiting(9), wishes.number()) == ([], 2)
    rig.work.unlink()
    for _ in range(100):
        clock.advance(10)
        desk.turn([])
    assert {one.id: one.gone for one in rig.outbox.media.waiting(9)} == {"there-full": False, "never-full": True}
    assert wishes.number() == 0


def test_what_a_kill_left_in_the_work_folder_goes_at_the_next_start(make, tmp_path: Path):
    (tmp_path / "work/half").mkdir(parents=True)
    (tmp_path / "work/half/clip.mp4.part").write_bytes(b"x")
    make([])
    assert not (tmp_path / "work/half").exists()


def _large(source: Path, target: Path, *_: object) -> str:
    target.write_bytes(source.read_bytes() + bytes(1000))
    return "avc1.64001F"


def _cannot(*_: object, **__: object) -> str:
    raise StorageError("no encoder")
