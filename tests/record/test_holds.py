"""Holds: nothing but their end lets go of footage, and a kill anywhere leaves them as their files say."""

import json
from pathlib import Path

import pytest

from agent.cli import main
from agent.core.clock import NS, SystemClock
from agent.core.errors import StorageError
from agent.record import holds as holds_module
from agent.record.catalogue import Catalogue
from agent.record.holds import FOLDER, Holds
from agent.record.store import SegmentStore
from agent.record.verify_holds import HoldVerification
from tests.fixtures.clock import FakeClock
from tests.record.helpers import START_NS, Killed, after, hold, new_store, record, segment


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock):
    made = new_store(tmp_path / "store", clock)
    for number in range(10):
        for camera in ("cam", "other"):
            made.catalogue.add(segment(number, camera))
    yield made
    made.close()


def free(store: SegmentStore, camera: str = "cam") -> list[int]:
    return [one.number - 1 for one in store.catalogue.free_in_chain(camera, 0, 0, 99)]


def faults(store: SegmentStore) -> list[str]:
    return [str(problem) for problem in HoldVerification(store).run()]


def shift(store: SegmentStore, name: str, seconds: int) -> None:
    """As a correction does."""
    with store.catalogue.transaction() as db:
        db.execute(
            "UPDATE segment SET shift_ns = ?, start_ns = start_ns + ?, end_ns = end_ns + ? WHERE id = ?",
            (*(seconds * NS,) * 3, name),
        )


def test_a_hold_covers_what_overlaps_it_of_its_cameras(store: SegmentStore) -> None:
    store.holds.add(hold(("cam",), 15, 40), store.signer)
    assert free(store) == [0, 4, 5, 6, 7, 8, 9]
    assert free(store, "other") == list(range(10))
    assert faults(store) == []


def test_what_is_recorded_later_is_held_too(store: SegmentStore) -> None:
    store.holds.add(hold(("cam", "other"), 95, 120), store.signer)
    for number in range(10, 14):
        store.catalogue.add(segment(number))
    assert free(store) == [*range(9), 12, 13]


def test_a_time_that_is_corrected_later_comes_under_the_hold(store: SegmentStore) -> None:
    store.holds.add(hold(("cam",), 500, 600), store.signer)
    shift(store, "cam-3", 500)
    assert free(store) == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_what_was_held_by_a_wrong_time_is_free_after_the_release(store: SegmentStore) -> None:
    first = store.holds.add(hold(("cam",), 15, 40), store.signer)
    second = store.holds.add(hold(("cam",), 10, 20), store.signer)
    shift(store, "cam-3", 500)
    shift(store, "cam-2", 5)
    assert free(store) == [0, 4, 5, 6, 7, 8, 9]
    store.holds.release(first.id, "Judge Ito", "case closed", START_NS, store.signer)
    assert free(store) == [0, *range(2, 10)]
    store.holds.release(second.id, "Judge Ito", "case closed", START_NS, store.signer)
    assert free(store) == list(range(10))
    assert faults(store) == []


def test_what_a_hold_got_by_a_wrong_time_it_keeps_while_others_end(store: SegmentStore) -> None:
    store.holds.add(hold(("cam",), 10, 30), store.signer)
    other = store.holds.add(hold(("cam",), 15, 40), store.signer)
    shift(store, "cam-2", 500)
    store.holds.release(other.id, "Judge Ito", "case closed", START_NS, store.signer)
    assert free(store) == [0, 3, 4, 5, 6, 7, 8, 9]


def test_where_two_holds_overlap_the_other_keeps_its_part(store: SegmentStore) -> None:
    first = store.holds.add(hold(("cam",), 0, 50), store.signer)
    second = store.holds.add(hold(("cam",), 30, 70), store.signer)
    done = store.holds.release(first.id, "Judge Ito", "case closed", START_NS, store.signer)
    assert free(store) == [0, 1, 2, 7, 8, 9]
    assert done.release is not None
    assert (done.release.owner, done.release.link) == ("Judge Ito", first.digest())
    with pytest.raises(StorageError, match="was released before, by Judge Ito"):
        store.holds.release(first.id, "x", "x", START_NS, store.signer)
    store.holds.release(second.id, "Judge Ito", "case closed", START_NS, store.signer)
    assert free(store) == list(range(10))
    assert faults(store) == []


DO = {
    "add": lambda store: store.holds.add(hold(("cam",), 0, 50, name="h"), store.signer),
    "release": lambda store: store.holds.release("h", "a", "b", START_NS, store.signer),
}


@pytest.mark.parametrize("verb", ["add", "release"])
@pytest.mark.parametrize("step", ["replace_file", "rows"])
def test_a_kill_between_file_and_rows_is_mended(
    store: SegmentStore, monkeypatch: pytest.MonkeyPatch, verb: str, step: str
) -> None:
    if verb == "release":
        store.holds.add(hold(("cam",), 0, 50, name="h"), store.signer)
    with monkeypatch.context() as patched:
        if step == "replace_file":
            patched.setattr(holds_module, "replace_file", after(holds_module.replace_file))
        else:
            patched.setattr(Holds, "_hold" if verb == "add" else "_let_go", after(lambda *_: None))
        with pytest.raises(Killed):
            DO[verb](store)
    store.close()
    assert store.prepare() == []
    assert free(store) == ([5, 6, 7, 8, 9] if verb == "add" else list(range(10)))
    assert faults(store) == []


def test_a_catalogue_made_anew_has_the_holds_before_the_segments(clip_h264: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    record(store, clip_h264)
    store.holds.add(hold(("cam",), 0, 2), store.signer)
    over = store.holds.add(hold(("cam",), 0, 3), store.signer)
    store.holds.release(over.id, "a", "b", START_NS, store.signer)
    store.close()
    store.catalogue.path.unlink()
    again = new_store(tmp_path / "store")
    assert again.catalogue.totals().segments == 1
    assert free(again) == []
    assert [row.id for row in again.holds.rows()] == ["h-0-2"]
    assert faults(again) == []
    again.close()


def tampered(path: Path, part: str, key: str, value: object) -> None:
    said = json.loads(path.read_bytes())
    said[part][key] = value
    path.write_text(json.dumps(said))


def test_a_release_that_nobody_signed_lets_go_of_nothing(store: SegmentStore) -> None:
    store.holds.add(hold(("cam",), 0, 50, name="h"), store.signer)
    path = store.root / FOLDER / "h.json"
    before = path.read_bytes()
    store.holds.release("h", "a", "b", START_NS, store.signer)
    forged = json.loads(path.read_bytes())
    forged["release"]["owner"] = "somebody else"
    path.write_bytes(before)
    store.holds.mend()
    path.write_text(json.dumps(forged))
    with store.catalogue.transaction() as db:  # as it was before the release
        db.execute("INSERT OR IGNORE INTO hold VALUES ('h', 'cam', ?, ?, NULL)", (START_NS, START_NS + 50 * NS))
        db.execute("UPDATE segment SET held = 1 WHERE camera = 'cam' AND number < 6")
    store.holds.mend()
    assert "signature of its release does not fit" in store.holds.problem
    assert free(store) == [5, 6, 7, 8, 9]


def test_a_hold_whose_file_was_removed_or_spoilt_still_holds_and_is_told(store: SegmentStore) -> None:
    for name in ("gone", "spoilt"):
        store.holds.add(hold(("cam",), 0, 50, name=name), store.signer)
    (store.root / FOLDER / "gone.json").unlink()
    (store.root / FOLDER / "spoilt.json").write_text("{")
    store.holds.mend()
    assert "gone.json is gone; what it held stays held" in store.holds.problem
    assert "spoilt.json cannot be read" in store.holds.problem
    assert free(store) == [5, 6, 7, 8, 9]
    assert sorted(faults(store)) == [
        "holds: holds/gone.json: the file is missing",
        "holds: holds/spoilt.json: cannot be read, or is no hold",
    ]


def test_verify_finds_what_was_done_to_a_hold(store: SegmentStore) -> None:
    store.holds.add(hold(("cam",), 0, 50, name="h"), store.signer)
    path = store.root / FOLDER / "h.json"
    with store.catalogue.transaction() as db:
        db.execute("UPDATE segment SET held = 0 WHERE id = 'cam-2'")
    assert faults(store) == ["cam: holds/h.json: 1 segments that it covers are not held"]
    tampered(path, "hold", "end_ns", START_NS + 30 * NS)
    assert "its signature does not fit" in faults(store)[0]
    assert "the catalogue does not say the same" in faults(store)[1]


@pytest.fixture
def config(tmp_path: Path, clip_h264: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(
        f'[gateway]\nid = "g"\nsite = "s"\n[storage]\npath = "{tmp_path}"\n'
        f'[[camera]]\nid = "cam"\nurl = "file:{clip_h264}"\n'
    )
    return path


def test_the_command_works_beside_a_gateway(config: Path, tmp_path: Path, clip_h264: Path, capsys) -> None:
    store = new_store(tmp_path / "recordings", SystemClock())  # keeps the folder's lock, as a gateway does
    record(store, clip_h264)
    span = ["--from", "2026-05-28T20:00:00Z", "--to", "2026-05-28T21:00:00Z"]
    who = ["--reason", "case 26-1041", "--by", "Sgt. Lee"]
    base = ["archive", "hold"]
    assert main([*base, "add", "--config", str(config), "--camera", "cam", *span, *who, "--days", "3650"]) == 0
    made = capsys.readouterr().out.split()[0]
    assert free(store) == []
    assert store.delete(store.catalogue.oldest(9), "age") == []
    assert main(["archive", "verify", "--config", str(config)]) == 0
    assert main([*base, "list", "--config", str(config)]) == 0
    assert "by Sgt. Lee: case 26-1041" in capsys.readouterr().out
    assert main([*base, "release", made, "--config", str(config), "--by", "Judge", "--reason", "closed"]) == 0
    assert free(store) == [0]
    capsys.readouterr()
    assert main([*base, "list", "--config", str(config)]) == 0
    assert capsys.readouterr().out == ""
    assert main([*base, "list", "--config", str(config), "--released"]) == 0
    assert "released" in capsys.readouterr().out
    store.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--camera", "nobody", "--from", "2026-05-28T20:00:00Z", "--to", "2026-05-28T21:00:00Z"],
            "no camera is called",
        ),
        (
            ["--camera", "cam", "--from", "2026-05-28T20:00:00Z", "--to", "2026-05-28T21:00:00Z", "--days", "100000"],
            "leave --days out",
        ),
        (["--camera", "cam", "--from", "2026-05-28T21:00:00Z", "--to", "2026-05-28T20:00:00Z"], "before it begins"),
        (
            [
                "--camera",
                "cam",
                "--from",
                "2020-05-28T20:00:00Z",
                "--to",
                "2020-05-28T21:00:00Z",
                "--until",
                "2020-01-01T00:00:00Z",
            ],
            "is over already",
        ),
    ],
)
def test_a_hold_that_makes_no_sense_is_refused(config: Path, tmp_path: Path, capsys, words, said: str) -> None:
    new_store(tmp_path / "recordings").close()
    assert main(["archive", "hold", "add", "--config", str(config), *words, "--reason", "r", "--by", "b"]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nothing", "../../gateway-key"])
def test_a_hold_that_is_not_there_cannot_be_released(config: Path, tmp_path: Path, capsys, name: str) -> None:
    new_store(tmp_path / "recordings").close()
    words = ["archive", "hold", "release", name, "--config", str(config), "--by", "b", "--reason", "r"]
    assert main(words) == 1
    assert "there is no hold" in capsys.readouterr().err


def test_the_catalogue_is_told_before_a_hold_is_confirmed(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Catalogue, "transaction", lambda _: (_ for _ in ()).throw(StorageError("full")))
    with pytest.raises(StorageError, match="full"):
        store.holds.add(hold(("cam",), 0, 50, name="h"), store.signer)
    monkeypatch.undo()
    store.holds.mend()  # the file stands, so the hold does
    assert free(store) == [5, 6, 7, 8, 9]
