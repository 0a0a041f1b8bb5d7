"""On which line of a TOML text a key stands: `tomllib` gives values, a person mends lines."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_OPENERS = {'"""', "'''"}


class LineIndex:
    """Maps a value's path, as pydantic names it, to its line."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        self._read(text)

    def line(self, path: Path) -> int:
        """The line of the deepest known part of `path`, 1 when nothing of it is in the text."""
        for length in range(len(path), 0, -1):
            if (found := self._lines.get(path[:length])) is not None:
                return found
        return 1

    def _read(self, text: str) -> None:
        table: Path = ()
        depth, closer = 0, ""
        for number, line in enumerate(text.splitlines(), 1):
            if closer:
                closer = "" if closer in line else closer
                continue
            if depth <= 0:
                if header := _HEADER.match(line):
                    table = self._enter(header[2], array=header[1] == "[[")
                    self._lines.setdefault(table, number)
                    continue
                if key := _KEY.match(line):
                    path = (*table, *_split(key[1]))
                    for length in range(len(table) + 1, len(path) + 1):
                        self._lines.setdefault(path[:length], number)
                depth = 0
            depth += _brackets(line)
            closer = next((mark for mark in _OPENERS if line.count(mark) % 2), "")

    def _enter(self, name: str, *, array: bool) -> Path:
        path: Path = ()
        parts = _split(name)
        for part in parts[:-1]:
            path = (*path, part)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        path = (*path, parts[-1])
        if not array:
            return path
        index = self._counts.get(path, 0)
        self._counts[path] = index + 1
        return (*path, index)


def _split(name: str) -> list[str]:
    return [part.strip().strip("\"'") for part in re.findall(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""", name)]


def _brackets(line: str) -> int:
    bare = re.sub(r'"(?:\\.|[^"\\])*"|\'[^\']*\'', "", line).split("#")[0]
    value = bare.split("=", 1)[-1]
    return sum(value.count(mark) for mark in "[{") - sum(value.count(mark) for mark in "]}")
