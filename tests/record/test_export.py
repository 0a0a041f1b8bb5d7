"""Footage taken out as evidence: the right pictures, a manifest that says what they are, and nothing left half done."""

import hashlib
import json
import os
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import pytest

from agent import cli
from agent.core.clock import NS, SystemClock, rfc3339
from agent.core.errors import ConfigError, StorageError
from agent.record.cipher import Keys
from agent.record.export.export import Issuer, Request, export
from agent.record.footage import footage_between
from agent.record.store import SegmentStore
from tests.fixtures.clips import make_clip
from tests.record.exporting import asked, make_export, manifest_of, verify
from tests.record.helpers import START_NS, Recording, new_store, read_all, record


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("film") / "film.mp4", seconds=25)


@pytest.fixture
def store(film: Path, tmp_path: Path) -> Iterator[SegmentStore]:
    """Three segments: 10, 10 and 5 s."""
    found = new_store(tmp_path / "site" / "recordings")
    record(found, film)
    yield found
    found.close()


def count(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_an_export_holds_the_clip_the_manifest_and_a_verifier(store: SegmentStore, tmp_path: Path) -> None:
    done = make_export(store, tmp_path / "out", asked(3.4, 14.3))
    assert sorted(path.name for path in done.place.iterdir()) == ["cam.mp4", "manifest.json", "verify.py"]
    assert count(done.place / "cam.mp4") == 113  # from the keyframe at 3 s
    content = (done.place / "cam.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    said = manifest_of(done.place)
    [camera] = said["cameras"]
    [clip] = camera["clips"]
    assert clip["sha256"] == hashlib.sha256(content).hexdigest()
    assert (clip["bytes"], clip["reencoded"]) == (len(content), [])
    assert (clip["start"], clip["end"]) == (rfc3339(START_NS + 3 * NS), rfc3339(START_NS + 14_300_000_000))
    assert clip["clocks"]["sources"] == ["file"]
    assert [one["tail"]["number"] for one in camera["segments"]] == [1, 2]
    assert clip["segments"] == [one["head"]["id"] for one in camera["segments"]]
    assert (said["site"], said["gateway"], said["by"], said["reason"]) == (
        "hartford", "pole-17", "D. Ito", "incident 4711",
    )  # fmt: skip
    assert camera["gaps"] == []
    assert verify(done.place)[0] == 0


def test_a_change_of_parameters_begins_a_new_file(film: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    info, packets = read_all(film)
    other_info, other = read_all(make_clip(tmp_path / "other.mp4", size=(640, 360)), START_NS + 9 * NS)
    with Recording(store) as recording:
        recording.feed(info, packets[:40], "changed")
        recording.feed(other_info, other)
    done = make_export(store, tmp_path / "out", asked(0, 13))
    assert sorted(path.name for path in done.place.glob("*.mp4")) == ["cam-1.mp4", "cam-2.mp4"]
    assert [count(done.place / f"cam-{n}.mp4") for n in (1, 2)] == [40, 40]
    [camera] = done.manifest.cameras
    [gap] = camera.gaps
    assert (gap.start_ns, gap.end_ns) == (START_NS + 4 * NS, START_NS + 9 * NS)
    assert (gap.why, gap.text) == ("offline", "the camera's stream changed")
    assert verify(done.place)[0] == 0
    store.close()


def test_deleted_footage_is_a_gap_and_its_tombstone_bridges_the_chain(store: SegmentStore, tmp_path: Path) -> None:
    store.delete([store.catalogue.in_chain("cam", 1, 1)[0]], "age")
    done = make_export(store, tmp_path / "out", asked(0, 25))
    [camera] = done.manifest.cameras
    assert [(gap.start_ns, gap.end_ns, gap.why) for gap in camera.gaps] == [
        (START_NS + 10 * NS, START_NS + 20 * NS, "deleted")
    ]
    assert [one.tail.number for one in camera.segments if one.tail] == [1, 3]
    assert [(stone.first, stone.last) for stone in camera.tombstones] == [(2, 2)]
    code, said = verify(done.place)
    assert code == 0, said
    assert "over deletions that are signed too" in said
    with av.open(str(done.place / "cam.mp4")) as clip:
        assert max(one.pts * one.time_base for one in clip.demux(video=0) if one.size) > 24  # a hole stays a hole


def test_the_span_before_and_after_the_footage_is_a_gap(store: SegmentStore, tmp_path: Path) -> None:
    done = make_export(store, tmp_path / "out", asked(-5, 40))
    [camera] = done.manifest.cameras
    assert [(gap.start_ns - START_NS, gap.end_ns - START_NS, gap.why) for gap in camera.gaps] == [
        (-5 * NS, 0, "before"),
        (25 * NS, 40 * NS, "offline"),
    ]


def test_numbers_between_stand_in_the_manifest_though_nothing_of_them_is_shown(film: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    for number, late_s in enumerate((0, 3600, 25)):  # the clock was an hour ahead for a while
        info, packets = read_all(film, START_NS + late_s * NS)
        with Recording(store) as recording:
            recording.feed(replace(info, epoch=f"e{number}"), packets)
    done = make_export(store, tmp_path / "out", asked(0, 50))
    [camera] = done.manifest.cameras
    assert [(one.tail.number, one.used) for one in camera.segments if one.tail] == [
        *((n, True) for n in (1, 2, 3)), *((n, False) for n in (4, 5, 6)), *((n, True) for n in (7, 8, 9)),
    ]  # fmt: skip
    assert verify(done.place)[0] == 0
    store.close()


def test_originals_are_as_stored_and_match_what_was_signed(store: SegmentStore, tmp_path: Path) -> None:
    done = make_export(store, tmp_path / "out", asked(3, 14, originals=True))
    stored = {path.name: path.read_bytes() for path in store.root.glob("cam/*/*/*.mp4")}
    copied = {path.name: path.read_bytes() for path in (done.place / "originals").iterdir()}
    assert len(copied) == 2
    assert copied.items() <= stored.items()
    assert verify(done.place)[0] == 0
    first = min((done.place / "originals").iterdir())
    content = bytearray(first.read_bytes())
    content[-1] ^= 1
    first.write_bytes(content)
    assert verify(done.place)[0] == 1


def test_encrypted_footage_is_exported_plain_and_its_originals_as_they_are(film: Path, tmp_path: Path) -> None:
    store = SegmentStore(tmp_path / "store", SystemClock(), keys=Keys([b"k" * 32]))
    store.prepare()
    record(store, film)
    done = make_export(store, tmp_path / "out", asked(3, 14, originals=True))
    assert count(done.place / "cam.mp4") == 110
    assert [one.original.encrypted for one in done.manifest.cameras[0].segments if one.original] == [True, True]
    code, said = verify(done.place)
    assert code == 0, said
    store.close()
    keyless = SegmentStore(tmp_path / "store", SystemClock(), read_only=True)
    with pytest.raises(StorageError, match="encryption_key_file"):
        export(keyless, Issuer("s", "g", store.signer), asked(3, 14), tmp_path / "none", lambda _: None)
    assert not list(tmp_path.glob("none*"))
    keyless.close()


def test_it_reaches_into_the_segment_that_is_being_written(film: Path, tmp_path: Path) -> None:
    info, packets = read_all(film)
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, packets[:175], reason=None)
        done = make_export(store, tmp_path / "out", asked(5, 17, originals=True))
    [camera] = done.manifest.cameras
    assert [one.tail is None for one in camera.segments] == [False, True]
    assert done.manifest.cameras[0].clips[0].end_ns >= START_NS + 16 * NS
    code, said = verify(done.place)
    assert code == 0, said
    assert "still being written" in said
    store.close()


def test_a_segment_that_is_closed_meanwhile_is_still_found(film: Path, tmp_path: Path) -> None:
    info, packets = read_all(film)
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, packets[:80], reason=None)
        [part] = footage_between(store, "cam", START_NS, START_NS + 5 * NS)
    assert not part.path.exists()
    with part.opened() as container:
        assert sum(1 for one in container.demux() if one.size) >= 60
    store.close()


def test_several_cameras_and_names_that_could_clash(film: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    record(store, film)
    done = make_export(store, tmp_path / "out", asked(0, 5, cameras=("cam", "Cam")))
    assert [len(camera.clips) for camera in done.manifest.cameras] == [1, 0]
    assert [gap.why for gap in done.manifest.cameras[1].gaps] == ["before"]
    assert verify(done.place)[0] == 0
    store.close()


def test_a_zip_file_holds_the_same_and_is_verified_as_it_is(store: SegmentStore, tmp_path: Path) -> None:
    done = make_export(store, tmp_path / "out", asked(0, 5, as_zip=True, originals=True))
    assert done.place == tmp_path / "out.zip"
    assert [path.name for path in tmp_path.glob("out*")] == ["out.zip"]
    with zipfile.ZipFile(done.place) as packed:
        assert {one.compress_type for one in packed.infolist()} == {zipfile.ZIP_STORED}
        assert packed.namelist() == sorted(packed.namelist())
        packed.extractall(tmp_path / "unpacked")
    assert verify(done.place)[0] == verify(tmp_path / "unpacked")[0] == 0
    own = subprocess.run([sys.executable, "-I", "-S", str(tmp_path / "unpacked" / "verify.py")], check=False)
    assert own.returncode == 0


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        (asked(100, 110), StorageError, "no footage between .*; choose another time"),
        (asked(10, 10), ConfigError, "before it begins"),
        (asked(0, 5, by=" "), ConfigError, "--by is empty"),
        (asked(0, 5, reason=""), ConfigError, "--reason is empty"),
    ],
)
def test_what_makes_no_sense_is_one_clear_line_and_leaves_nothing(
    store: SegmentStore, tmp_path: Path, request_: Request, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as said:
        make_export(store, tmp_path / "out", request_)
    assert "\n" not in str(said.value)
    assert not list(tmp_path.glob("out*"))


def test_nothing_is_written_over(store: SegmentStore, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    make_export(store, tmp_path / "out", asked(0, 5))  # empty: good
    with pytest.raises(ConfigError, match="is there already and not empty"):
        make_export(store, tmp_path / "out", asked(0, 5))
    (tmp_path / "other.part").mkdir()
    with pytest.raises(ConfigError, match="another export is under way, or was killed"):
        make_export(store, tmp_path / "other", asked(0, 5))
    assert (tmp_path / "other.part").is_dir()


@pytest.mark.parametrize("as_zip", [False, True])
def test_a_mount_point_is_refused_before_anything_is_made(
    store: SegmentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_zip: bool
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (tmp_path / "link").symlink_to(stick)
    monkeypatch.setattr(Path, "is_mount", lambda path: path == stick)
    for target in (stick, tmp_path / "link"):
        with pytest.raises(ConfigError, match=r"is a mount point.*; name a folder on it"):
            make_export(store, target, replace(asked(0, 5), as_zip=as_zip))
    assert not list(tmp_path.glob("*.part")) + list(stick.iterdir())
    monkeypatch.undo()
    with pytest.raises(ConfigError, match="/ is a mount point"):
        make_export(store, Path("/"), replace(asked(0, 5), as_zip=as_zip))


def test_the_folder_one_stands_in_and_a_link_to_an_empty_one_will_do(
    store: SegmentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    monkeypatch.chdir(tmp_path / "here")
    make_export(store, Path(), asked(0, 5))  # another folder stands there then
    make_export(store, tmp_path / "link", asked(0, 5))
    monkeypatch.chdir(tmp_path / "here")
    make_export(store, Path(), replace(asked(0, 5), as_zip=True))
    assert (tmp_path / "here" / "cam.mp4").exists()
    assert (tmp_path / "there" / "cam.mp4").exists()
    assert (tmp_path / "here.zip").exists()


def site(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(
        f'[gateway]\nid = "pole-17"\nsite = "hartford"\n[storage]\npath = "{tmp_path}/site"\n'
        '[[camera]]\nid = "cam"\nurl = "rtsp://192.0.2.1/x"\n'
    )
    return path


def command(tmp_path: Path, *more: str, camera: str = "cam") -> list[str]:
    return [
        "archive", "export", "--config", str(site(tmp_path)), "--camera", camera, "--from", rfc3339(START_NS),
        "--to", rfc3339(START_NS + 5 * NS), "--out", str(tmp_path / "out"), "--reason", "why", "--by", "who", *more,
    ]  # fmt: skip


def test_the_command_beside_a_gateway(store: SegmentStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(command(tmp_path)) == 0  # the store is open and locked by its gateway
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "cam.mp4: 2026-05-28T20:26:40.000Z to 2026-05-28T20:26:45.000Z"
    fingerprint = said[-1].rpartition(" ")[2]
    assert verify(tmp_path / "out", "--key", fingerprint)[0] == 0
    assert cli.main(command(tmp_path)) == 2
    assert cli.main(command(tmp_path, camera="gate")) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "nothing is recorded of 'gate'; recorded are cam"


def test_without_the_gateways_key_nothing_is_exported(
    store: SegmentStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site" / "gateway-key.pem").unlink()
    assert cli.main(command(tmp_path)) == 2
    assert "the gateway's key cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "site" / "gateway-key.pem").exists()
    assert not list(tmp_path.glob("out*"))


def test_a_disk_that_is_full_leaves_nothing_behind(store: SegmentStore, tmp_path: Path) -> None:
    limit = 3000  # bytes a file may have

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "agent.cli", *command(tmp_path)],
        preexec_fn=small, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "the export could not be made" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("out*"))


def test_the_manifest_is_plain_json_that_says_when(store: SegmentStore, tmp_path: Path) -> None:
    done = make_export(store, tmp_path / "out", asked(0, 5))
    text = (done.place / "manifest.json").read_text()
    assert json.loads(text)["start"] == "2026-05-28T20:26:40.000Z"
    assert json.loads(text)["synced"] in {True, False, None}
