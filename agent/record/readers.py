"""Files as a demuxer may see them: no further than it may read, and decrypted."""

from __future__ import annotations

import io
from bisect import bisect_right
from typing import BinaryIO

from agent.record.boxes import walk
from agent.record.cipher import crypt


class Bounded(io.RawIOBase):
    """The first `limit` bytes of a file, for a reader that must not see what is still being written."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file, self._limit, self._at = file, limit, 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes."""
        left = max(0, self._limit - self._at)
        self._file.seek(self._at)
        data = self._file.read(left if size < 0 else min(size, left))
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """As files do it."""
        start = {0: 0, 1: self._at, 2: self._limit}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at


class Decrypted(Bounded):
    """The same of an encrypted segment, with its pictures and sound in the clear."""

    def __init__(self, file: BinaryIO, limit: int, key: bytes) -> None:
        super().__init__(file, limit)
        self._key = key
        payloads = [(box.at + box.header, box.at + box.bytes) for box in walk(file) if box.kind == b"mdat"]
        self._begins, self._ends = [begin for begin, _ in payloads], [end for _, end in payloads]

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes."""
        at, data = self._at, bytearray(super().read(size))
        number = max(0, bisect_right(self._begins, at) - 1)
        while number < len(self._begins) and self._begins[number] < at + len(data):
            begin, end = max(at, self._begins[number]), min(at + len(data), self._ends[number])
            if begin < end:
                data[begin - at : end - at] = crypt(self._key, begin, bytes(data[begin - at : end - at]))
            number += 1
        return bytes(data)
