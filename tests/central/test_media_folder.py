"""The folder of media: the same bytes once, and room that is promised to nobody twice."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.central.media_kept import Medium
from agent.central.media_store import Incoming, media_at
from agent.wire import messages as wire
from tests.central.helpers import GATEWAY, SITE, manifest, pieces
from tests.central.test_fuzz import ROOT, Rig
from tests.central.test_media_kept import BODY, bring, folder_at, keeps_its_word, medium_of, read


def _files(root: Path) -> dict[str, int]:
    """By name, with how many names each has."""
    return {path.name: path.stat().st_nlink for path in root.glob("??/*")}


def test_the_folder_has_the_same_bytes_once_under_their_hash_until_the_last_who_has_them_leaves(tmp_path: Path) -> None:
    root = tmp_path / "media"
    folder = folder_at(root)
    one, two = bring(folder, tmp_path, "m1"), bring(folder, tmp_path, "m2")
    assert _files(root) == dict.fromkeys((one.sha256, f"{one.sha256}-m1", f"{one.sha256}-m2"), 3)
    for path in folder.whole():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name[:64]
    assert [media_at(path) for path in sorted(folder.whole())] == ["m1", "m2"]
    folder.remove(one)
    assert read(folder, two, 0, len(BODY) - 1) == BODY
    folder.remove(two)
    assert _files(root) == {}


def test_who_keeps_bytes_while_the_last_who_had_them_leaves_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process's keeper, between the look at how many have them and their leaving."""
    folder, other = folder_at(tmp_path / "media"), folder_at(tmp_path / "media")
    one, unlink, came = bring(folder, tmp_path, "m1"), Path.unlink, list[Medium]()

    def meanwhile(path: Path, *, missing_ok: bool = False) -> None:
        if not came and path.name == one.sha256:
            came.append(medium_of("m2"))
            bring(other, tmp_path, "m2")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", meanwhile)
    folder.remove(one)
    monkeypatch.undo()
    assert read(folder, one, 0, 9) is None
    assert read(folder, came[0], 0, len(BODY) - 1) == BODY
    three = bring(folder, tmp_path, "m3")
    folder.remove(came[0])
    assert read(folder, three, 0, len(BODY) - 1) == BODY
    folder.remove(three)
    assert _files(tmp_path / "media") == {}


def test_bytes_that_the_disk_spoilt_are_shared_with_nobody(tmp_path: Path) -> None:
    folder = folder_at(tmp_path / "media")
    spoilt = bring(folder, tmp_path, "m1")
    folder.path(spoilt).write_bytes(BODY[::-1])
    good = bring(folder, tmp_path, "m2")
    assert read(folder, good, 0, len(BODY) - 1) == BODY
    for medium in (spoilt, good):
        folder.remove(medium)
    assert _files(tmp_path / "media") == {}


def test_a_disk_without_hard_links_keeps_each_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(*_: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", cannot)
    keeps_its_word(folder_at(tmp_path / "media"), tmp_path)
    assert _files(tmp_path / "media") == {}


def test_what_is_taken_back_is_its_own_and_other_bytes_under_its_id_take_its_place(tmp_path: Path) -> None:
    """A process died after a medium was moved; two media had the same bytes."""
    rig, body = Rig(tmp_path), os.urandom(3000)
    folder, root = folder_at(tmp_path / "media"), tmp_path / "media"
    announced = [manifest(key, body) for key in ("m1", "m2")]
    for one in announced:
        rig.say(f"{ROOT}/media/{one.id}/manifest", wire.encode(one))
        bring(folder, tmp_path, one.id, body)
        rig.media._folder.sweep({one.id})
        rig.media._incoming.clear()
    held = folder.incoming(announced[0])
    held.recover()
    assert held.is_whole()
    assert (held.path.stat().st_nlink, set(_files(root).values())) == (1, {3})  # the others stay as they are
    rig.say(f"{ROOT}/media/m1/manifest", wire.encode(announced[0]))
    assert json.loads(rig.answers[-1][1])["state"] == "done"
    other = manifest("m2", body[::-1])
    rig.say(f"{ROOT}/media/m2/manifest", wire.encode(other))
    assert set(_files(root)) == {announced[0].sha256, f"{announced[0].sha256}-m1"}
    for number, part in enumerate(pieces(body[::-1])):
        rig.say(f"{ROOT}/media/m2/chunk/{number}", part)
    assert read(folder, medium_of("m2", body[::-1]), 0, 2999) == body[::-1]
    assert read(folder, medium_of("m1", body), 0, 2999) == body
    rig.database.close()


def test_who_starts_while_another_process_finishes_a_medium_takes_nothing_from_it(tmp_path: Path) -> None:
    """The rows are read once, and a start with many media on their way takes its time."""
    first, body = Rig(tmp_path), os.urandom(3000)
    announced = manifest("m1", body)
    first.say(f"{ROOT}/media/m1/manifest", wire.encode(announced))
    second = Rig(tmp_path)
    before = second.media._rows.incoming()
    assert [row["id"] for row in before] == ["m1"]
    for number, part in enumerate(pieces(body)):
        first.say(f"{ROOT}/media/m1/chunk/{number}", part)
    assert json.loads(first.answers[-1][1])["state"] == "done"
    second.media._rows.incoming = lambda: before  # type: ignore[method-assign]
    second.media._recover()
    assert second.media._incoming == {}
    folder = folder_at(tmp_path / "media")
    folder.incoming(announced)  # as who read its row a moment before it was finished
    assert read(folder, medium_of("m1", body), 0, 2999) == body
    assert second.media._rows.forget("m1", "nobody spoke of it") == []
    assert second.media._rows.get("m1")["state"] == "ready"
    for rig in (first, second):
        rig.database.close()


class Disk:
    """Of so many bytes, those that the files below have; two centres' processes take media in over it."""

    def __init__(self, folder: Path, size: int) -> None:
        self._files, self.size, self.body = folder / "media", size, os.urandom(4096)
        self.rigs = [Rig(folder) for _ in range(2)]

    def usage(self, _: Path) -> Any:
        files = {path.stat().st_ino: path.stat().st_size for path in self._files.rglob("*") if path.is_file()}
        return shutil._ntuple_diskusage(0, 0, self.size - sum(files.values()))

    def begins(self, key: str, size: int = 4096, at: int = 0) -> bool:
        rig = self.rigs[at]
        rig.answers.clear()
        rig.say(f"{ROOT}/media/{key}/manifest", wire.encode(manifest(key, self.body[:size])))
        return "want" in [json.loads(answer)["state"] for _, answer in rig.answers]

    def come(self, key: str, *numbers: int) -> None:
        for number in numbers:
            self.rigs[0].say(f"{ROOT}/media/{key}/chunk/{number}", pieces(self.body)[number])

    @property
    def reasons(self) -> list[dict[str, int]]:
        return [rig.counts.reasons() for rig in self.rigs]

    @property
    def lying(self) -> dict[str, int]:
        """The bytes that the disk gave to what is on its way."""
        return {path.name: 512 * path.stat().st_blocks for path in (self._files / "incoming").iterdir()}


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    made = Disk(tmp_path, 10_000)
    monkeypatch.setattr(shutil, "disk_usage", made.usage)
    yield made
    for rig in made.rigs:
        rig.database.close()


def test_room_that_is_promised_to_media_on_their_way_is_not_promised_again_by_whatever_process(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    assert [disk.begins("m1"), disk.begins("m2", at=1), disk.begins("m3", at=1)] == [True, True, False]
    assert "media of demo/gw-1 wait at their gateway: the disk of [central] data would be full" in caplog.text
    assert min(disk.lying.values()) >= 4096
    disk.come("m1", 0, 1, 1)
    assert not disk.begins("m3")
    assert disk.begins("small", 1800)
    disk.come("m1", 2, 3)
    assert not disk.begins("m3")
    disk.rigs[1].media.cancel(SITE, GATEWAY, "m2")
    disk.rigs[1].say(f"{ROOT}/status", b"{}")
    assert disk.begins("m4")  # what nobody wants any more needs no room
    assert [reasons["media_no_room"] for reasons in disk.reasons] == [2, 1]


def test_of_two_processes_that_promise_the_last_room_at_once_neither_takes_what_is_not_there(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def another_was_quicker(incoming: Incoming) -> None:
        disk.size = 4000
        reserve(incoming)

    reserve = Incoming.reserve
    with monkeypatch.context() as patched:
        patched.setattr(Incoming, "reserve", another_was_quicker)
        assert not disk.begins("m1")
    assert (disk.lying, disk.reasons[0]) == ({}, {"media_storage": 1})
    disk.size = 10_000
    assert disk.begins("m1")
    disk.size = 4000
    disk.come("m1", 0, 1)
    disk.rigs[0].media._incoming.clear()  # as after a start
    assert disk.begins("m1")  # its room is its own, however full the disk is
    assert json.loads(disk.rigs[0].answers[-1][1])["missing"] == [[2, 3]]
