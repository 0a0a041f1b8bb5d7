"""What a disk may hold when the power goes: the log of `powercut.c` played up to any point.

A file has the bytes of its last fsync, a folder the names of its last fsync; of what came later, nothing, all, or any
part may be there: `Keep` decides for each piece of each change. Nothing is promised by order, by time, or by the sync
of another file; that is less than any file system gives, and all that one may build on.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path, PurePosixPath

_HEAD = struct.Struct("<qqqiiII")

Keep = Callable[[int, int], bool]
"""Did this piece of the change at this position reach the disk before its sync did?"""


class Kind(IntEnum):
    """As in powercut.c."""

    OPEN = 1
    WRITE = 2
    SIZE = 3
    GROW = 4
    RENAME = 5
    LINK = 6
    UNLINK = 7
    MKDIR = 8
    RMDIR = 9
    SYNC = 10


@dataclass(frozen=True)
class Record:
    """One line of the log; what `a` and `b` mean depends on the kind."""

    kind: Kind
    fd: int = -1
    a: int = 0
    b: int = 0
    path: str = ""
    data: bytes = b""
    mono_ns: int = 0


def read_log(path: Path) -> list[Record]:
    """The records of one process; the last may be cut off."""
    content, at, found = path.read_bytes(), 0, []
    while at + _HEAD.size <= len(content):
        a, b, mono_ns, kind, fd, first, second = _HEAD.unpack_from(content, at)
        begin = at + _HEAD.size
        at = begin + first + second
        if at <= len(content):
            name = content[begin : begin + first].decode()
            found.append(Record(Kind(kind), fd, a, b, name, content[begin + first : at], mono_ns))
    return found


def nothing(_position: int, _piece: int) -> bool:
    """Only what was synced survives."""
    return False


def everything(_position: int, _piece: int) -> bool:
    """As after a kill: the system wrote it all."""
    return True


def part(seed: int, share: float) -> Keep:
    """About this share of the pieces, each on its own."""
    return lambda position, piece: random.Random(hash((seed, position, piece))).random() < share


def up_to(limit: int) -> Keep:
    """The system wrote everything up to this position, of its own accord."""
    return lambda position, _piece: position < limit


@dataclass
class File:
    """Bytes that are safe, and the changes since."""

    safe: bytearray = field(default_factory=bytearray)
    later: list[tuple[int, Record]] = field(default_factory=list)

    def sync(self, before: int) -> None:
        """All changes before this position are safe now."""
        for position, record in self.later:
            if position < before:
                _change(self.safe, record, position, everything, 1)
        self.later = [change for change in self.later if change[0] >= before]

    def content(self, keep: Keep, piece_bytes: int) -> bytes:
        """What the disk holds of it."""
        found = bytearray(self.safe)
        for position, record in self.later:
            _change(found, record, position, keep, piece_bytes)
        return bytes(found)


@dataclass
class Folder:
    """Names that are safe, the changes since, and the names as programs see them."""

    safe: dict[str, Node] = field(default_factory=dict)
    later: list[tuple[int, dict[str, Node | None]]] = field(default_factory=list)
    now: dict[str, Node] = field(default_factory=dict)

    def change(self, position: int, names: dict[str, Node | None]) -> None:
        """Names that come (a node) or go (None), all at once."""
        _rename(self.now, names)
        self.later.append((position, names))

    def sync(self, before: int) -> None:
        """All changes before this position are safe now."""
        for position, names in self.later:
            if position < before:
                _rename(self.safe, names)
        self.later = [change for change in self.later if change[0] >= before]

    def names(self, keep: Keep) -> dict[str, Node]:
        """What the disk holds of it."""
        found = dict(self.safe)
        for position, names in self.later:
            if keep(position, 0):
                _rename(found, names)
        return found


Node = File | Folder


class Disk:
    """A folder that existed before, empty and safe, and what processes did below it, one after another."""

    def __init__(self, root: str) -> None:
        self._root, self._top = PurePosixPath(root), Folder()
        self._open: dict[int, Node] = {}
        self._position, self._began = 0, 0

    def begin_process(self) -> None:
        """What is open belongs to a process, and so does the count in its syncs."""
        self._open, self._began = {}, self._position

    def play(self, record: Record) -> None:
        """The next change."""
        match record.kind:
            case Kind.OPEN:
                self._opened(record)
            case Kind.WRITE | Kind.SIZE | Kind.GROW:
                self._file(record.fd).later.append((self._position, record))
            case Kind.SYNC:
                self._open[record.fd].sync(self._began + record.a)
            case _:
                self._named(record)
        self._position += 1

    def tree(self, keep: Keep, piece_bytes: int = 512) -> dict[str, bytes | None]:
        """Relative paths and contents, None for folders, as the next start finds them."""
        return dict(_walk(self._top, "", keep, piece_bytes))

    def _opened(self, record: Record) -> None:
        folder, name = self._place(record.path)
        node = folder.now.get(name) if name else folder
        if node is None:
            assert record.a, f"{record.path} was opened and was not there"
            node = File()
            folder.change(self._position, {name: node})
        elif record.b and isinstance(node, File):
            node.later.append((self._position, Record(Kind.SIZE)))
        self._open[record.fd] = node

    def _named(self, record: Record) -> None:
        folder, name = self._place(record.path)
        if record.kind is Kind.MKDIR:
            folder.change(self._position, {name: Folder()})
        elif record.kind in {Kind.UNLINK, Kind.RMDIR}:
            folder.change(self._position, {name: None})
        else:
            self._second_name(record, folder, name)

    def _second_name(self, record: Record, folder: Folder, name: str) -> None:
        target, new = self._place(record.data.decode())
        node = folder.now[name]
        old: dict[str, Node | None] = {name: None} if record.kind is Kind.RENAME else {}
        if target is folder:
            folder.change(self._position, {**old, new: node})
            return
        target.change(self._position, {new: node})
        if old:
            folder.change(self._position, old)

    def _place(self, path: str) -> tuple[Folder, str]:
        """The folder that holds a path, and its name there; no name for the root itself."""
        parts = PurePosixPath(path).relative_to(self._root).parts
        folder = self._top
        for part_ in parts[:-1]:
            inner = folder.now[part_]
            assert isinstance(inner, Folder)
            folder = inner
        return folder, parts[-1] if parts else ""

    def _file(self, fd: int) -> File:
        node = self._open[fd]
        assert isinstance(node, File)
        return node


def lay_out(tree: dict[str, bytes | None], root: Path) -> None:
    """Make it real; what is zero at the end of a file is a hole there."""
    root.mkdir(parents=True)
    for name, content in tree.items():
        path = root / name
        if content is None:
            path.mkdir()
            continue
        path.write_bytes(content.rstrip(b"\0"))
        with path.open("r+b") as file:
            file.truncate(len(content))


def read_tree(root: Path, leave_out: Iterable[str] = ("-shm",)) -> dict[str, bytes | None]:
    """What lies there."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
        if not path.name.endswith(tuple(leave_out))
    }


def _walk(folder: Folder, place: str, keep: Keep, piece_bytes: int) -> Iterator[tuple[str, bytes | None]]:
    for name, node in folder.names(keep).items():
        if isinstance(node, File):
            yield place + name, node.content(keep, piece_bytes)
        else:
            yield place + name, None
            yield from _walk(node, f"{place}{name}/", keep, piece_bytes)


def _rename(names: dict[str, Node], changes: dict[str, Node | None]) -> None:
    for name, node in changes.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def _change(content: bytearray, record: Record, position: int, keep: Keep, piece_bytes: int) -> None:
    if record.kind is Kind.WRITE:
        for number, (at, piece) in enumerate(_pieces(record, piece_bytes)):
            if keep(position, number):
                content.extend(bytes(max(0, at - len(content))))
                content[at : at + len(piece)] = piece
    elif keep(position, 0):
        size = record.a if record.kind is Kind.SIZE else max(record.a, len(content))
        del content[size:]
        content.extend(bytes(size - len(content)))


def _pieces(record: Record, piece_bytes: int) -> Iterator[tuple[int, bytes]]:
    """A write, cut where the sectors or pages of the disk begin; 1 means whole."""
    if piece_bytes == 1:
        yield record.a, record.data
        return
    at = 0
    while at < len(record.data):
        step = piece_bytes - (record.a + at) % piece_bytes
        yield record.a + at, record.data[at : at + step]
        at += step
