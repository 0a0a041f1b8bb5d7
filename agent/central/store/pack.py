"""Records as compact bytes: JSON squeezed by zlib, paths as differences of whole numbers.

A path keeps a thousandth of a second and a ten-thousandth of the picture; what is finer is rounded off when it comes
in, so that packing what was unpacked gives the same bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic_core import from_json, to_json

from agent.core.errors import WireError
from agent.wire.messages import PathPoint

Document = dict[str, Any]
Points = npt.NDArray[np.int64]
"""n x 5: milliseconds since the start, then x1, y1, x2, y2 in ten-thousandths of the picture."""

_SCALE = np.array([[1e3], [1e4], [1e4], [1e4], [1e4]])
_MOST = float(1 << 53)
_FAST = 1
"""The level of zlib: what more would save is a tenth, what it would cost is twice the time."""


def pack(record: Document) -> bytes:
    """The opposite of `unpack`."""
    return zlib.compress(to_json(record), _FAST)


def unpack(body: bytes) -> Document:
    """A record that `pack` made small."""
    record: Document = from_json(zlib.decompress(body))
    return record


def pack_path(path: Sequence[PathPoint]) -> bytes:
    """Nothing for no path.

    Raises:
        WireError: a time that is none.
    """
    if not path:
        return b""
    scaled = np.rint(np.array(path, np.float64).T * _SCALE)
    if not np.abs(scaled).max() < _MOST:  # NaN is not less
        raise WireError("a path with a time beyond all reason")
    deltas = scaled.astype(np.int64)
    deltas[:, 1:] -= deltas[:, :-1].copy()
    reach = int(np.abs(deltas).max())
    width = 2 if reach < 1 << 15 else 4 if reach < 1 << 31 else 8
    return bytes((width,)) + zlib.compress(deltas.astype(f"<i{width}").tobytes(), _FAST)


def points_of(path: bytes) -> Points:
    """What `pack_path` packed, as whole numbers."""
    if not path:
        return np.empty((0, 5), np.int64)
    deltas = np.frombuffer(zlib.decompress(path[1:]), f"<i{path[0]}").reshape(5, -1)
    return deltas.T.cumsum(axis=0, dtype=np.int64)


def unpack_path(path: bytes) -> list[list[float]]:
    """`[[seconds since start, x1, y1, x2, y2], ...]`, as the wire has it."""
    found: list[list[float]] = (points_of(path) / _SCALE.T).tolist()
    return found
