"""The replayer itself: what it lets survive, and that it finds a wrong order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.replay import Disk, Keep, Kind, Record, everything, lay_out, nothing, part, read_tree, up_to

ROOT = "/disk"


class Script:
    """A program's calls, as records."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def make(self, name: str, fd: int = 3) -> Script:
        return self.add(Record(Kind.OPEN, fd, 1, path=f"{ROOT}/{name}"))

    def write(self, at: int, data: bytes, fd: int = 3) -> Script:
        return self.add(Record(Kind.WRITE, fd, at, data=data))

    def sync(self, fd: int = 3, before: int | None = None) -> Script:
        return self.add(Record(Kind.SYNC, fd, len(self.records) if before is None else before))

    def sync_folder(self, name: str = "") -> Script:
        return self.add(Record(Kind.OPEN, 9, path=f"{ROOT}/{name}".rstrip("/"))).sync(9)

    def name(self, kind: Kind, name: str, new: str = "") -> Script:
        return self.add(Record(kind, path=f"{ROOT}/{name}", data=f"{ROOT}/{new}".encode() if new else b""))

    def add(self, record: Record) -> Script:
        self.records.append(record)
        return self

    def tree(self, keep: Keep = nothing, cut: int | None = None, piece_bytes: int = 512) -> dict[str, bytes | None]:
        disk = Disk(ROOT)
        for record in self.records[:cut]:
            disk.play(record)
        return disk.tree(keep, piece_bytes)


def test_a_synced_file_without_a_synced_name_is_gone() -> None:
    script = Script().make("a").write(0, b"film").sync()
    assert script.tree() == {}
    assert script.tree(everything) == {"a": b"film"}
    assert script.sync_folder().tree() == {"a": b"film"}


def test_a_file_has_the_bytes_of_its_last_sync() -> None:
    script = Script().make("a").sync_folder().write(0, b"film").sync().write(4, b"more").write(1, b"I")
    assert script.tree() == {"a": b"film"}
    assert script.tree(everything) == {"a": b"fIlmmore"}


def test_a_sync_promises_only_what_was_written_before_it_began() -> None:
    script = Script().make("a").sync_folder().write(0, b"film").write(4, b"late").sync(before=4)
    assert script.tree() == {"a": b"film"}


def test_sizes_change_like_bytes() -> None:
    script = Script().make("a").sync_folder().write(0, b"film").sync()
    script.add(Record(Kind.SIZE, 3, 2))
    assert script.tree() == {"a": b"film"}
    assert script.sync().tree() == {"a": b"fi"}
    script.add(Record(Kind.GROW, 3, 4)).add(Record(Kind.GROW, 3, 3))
    assert script.tree(everything) == {"a": b"fi\0\0"}
    script.add(Record(Kind.OPEN, 4, 1, 1, path=f"{ROOT}/a"))
    assert script.tree(everything) == {"a": b""}


def test_names_change_when_their_folder_is_synced_and_at_once() -> None:
    script = Script().make("a").write(0, b"film").sync().sync_folder().name(Kind.RENAME, "a", "b")
    assert script.tree() == {"a": b"film"}
    assert {tuple(script.tree(part(seed, 0.5))) for seed in range(20)} == {("a",), ("b",)}
    assert script.sync_folder().tree() == {"b": b"film"}
    assert script.name(Kind.UNLINK, "b").tree() == {"b": b"film"}
    assert script.sync_folder().tree() == {}


def test_folders_are_names_too() -> None:
    script = Script().name(Kind.MKDIR, "x").make("x/a").write(0, b"film").sync().sync_folder("x")
    assert script.tree() == {}
    assert script.sync_folder().tree() == {"x": None, "x/a": b"film"}
    script.name(Kind.LINK, "x/a", "b").name(Kind.RENAME, "x/a", "c").sync_folder()
    assert script.tree() == {"x": None, "x/a": b"film", "b": b"film", "c": b"film"}
    assert script.name(Kind.RMDIR, "x").tree(everything) == {"b": b"film", "c": b"film"}


def test_a_file_that_takes_the_name_of_another_is_another() -> None:
    script = Script().make("a").write(0, b"old").sync().sync_folder()
    script.name(Kind.UNLINK, "a").make("a").write(0, b"new").sync()
    assert script.tree() == {"a": b"old"}
    assert script.sync_folder().tree() == {"a": b"new"}


def test_any_part_of_what_was_not_synced_may_be_there() -> None:
    script = Script().make("a").sync_folder().write(100, b"x" * 1000)
    found = {bytes(script.tree(part(seed, 0.5))["a"] or b"") for seed in range(200)}
    whole = bytes(100) + b"x" * 1000
    middle = bytes(512) + b"x" * 512
    assert found == {
        b"", whole[:512], middle, whole[:1024],
        bytes(1024) + whole[1024:], whole[:512] + bytes(512) + whole[1024:], middle + whole[1024:], whole,
    }  # fmt: skip
    assert {script.tree(part(seed, 0.5), piece_bytes=4096)["a"] for seed in range(20)} == {b"", whole}


def test_the_system_may_have_written_all_up_to_a_moment() -> None:
    script = Script().make("a").write(0, b"film").make("b").write(0, b"more")
    assert [script.tree(up_to(limit)) for limit in range(5)] == [
        {}, {"a": b""}, {"a": b"film"}, {"a": b"film", "b": b""}, {"a": b"film", "b": b"more"},
    ]  # fmt: skip


def test_a_disk_laid_out_is_the_tree(tmp_path: Path) -> None:
    tree = {"x": None, "x/a": b"film\0\0", "b": bytes(5000), "c": b""}
    lay_out(tree, tmp_path / "disk")
    assert read_tree(tmp_path / "disk") == tree


RIGHT = ["write", "sync", "rename", "sync_folder", "row"]


def recording(steps: list[str]) -> Script:
    """A recorder of one file, and a catalogue that is safe with each row."""
    script = Script().make("rows", fd=4).make("film.open").sync_folder()
    calls = {
        "write": lambda: script.write(0, b"film" * 300),
        "sync": script.sync,
        "rename": lambda: script.name(Kind.RENAME, "film.open", "film"),
        "sync_folder": script.sync_folder,
        "row": lambda: script.write(0, b"film: 1200 bytes", fd=4).sync(fd=4),
    }
    for step in steps:
        calls[step]()
    return script


def broken_promises(script: Script) -> int:
    """Cuts after which a row names what is not there, whole."""
    keeps = [nothing, everything, *(part(seed, 0.5) for seed in range(20))]
    trees = [script.tree(keep, cut) for cut in range(len(script.records) + 1) for keep in keeps]
    return sum(1 for tree in trees if tree.get("rows") == b"film: 1200 bytes" and tree.get("film") != b"film" * 300)


def test_the_right_order_keeps_its_promise_at_every_cut() -> None:
    assert broken_promises(recording(RIGHT)) == 0


@pytest.mark.parametrize(
    "steps",
    [
        ["row", "write", "sync", "rename", "sync_folder"],
        ["write", "rename", "sync_folder", "row", "sync"],
        ["write", "sync", "rename", "row", "sync_folder"],
        ["write", "sync", "row", "rename", "sync_folder"],
        ["write", "rename", "sync_folder", "row"],
        ["write", "sync", "rename", "row"],
    ],
    ids="-".join,
)
def test_a_wrong_order_is_found(steps: list[str]) -> None:
    assert broken_promises(recording(steps)) > 0
