"""Records as compact bytes: JSON squeezed by zlib with a dictionary, paths as differences of whole numbers.

A path keeps a thousandth of a second and a ten-thousandth of the picture; what is finer is rounded off when it comes
in, so that packing what was unpacked gives the same bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic_core import from_json, to_json

from agent.central.store.words import DICTIONARY
from agent.core.errors import WireError
from agent.wire.messages import PathPoint

Document = dict[str, Any]
Points = npt.NDArray[np.int64]
"""n x 5: milliseconds since the start, then x1, y1, x2, y2 in ten-thousandths of the picture."""

_SCALE = np.array([1e3, 1e4, 1e4, 1e4, 1e4])
_MOST = float(1 << 53)
_SHORT = 1 << 15
_WIDTHS = {width: bytes((width,)) for width in (2, 4, 8)}
_FAST, _LEVEL = 1, 3
"""Levels of zlib, for paths and for records: what higher ones save is not worth their time."""


_EMPTY = zlib.compressobj(_LEVEL, zlib.DEFLATED, 12, 5, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
"""Copied for each record, which is quicker than making one. Records are short, and so is its window."""


def squeeze(text: bytes) -> bytes:
    """The opposite of `inflate`."""
    press = _EMPTY.copy()
    return press.compress(text) + press.flush()


def inflate(body: bytes) -> bytes:
    """What `squeeze` made small."""
    return zlib.decompressobj(zdict=DICTIONARY).decompress(body)


def pack(record: Document) -> bytes:
    """The opposite of `unpack`."""
    return squeeze(to_json(record))


def unpack(body: bytes) -> Document:
    """A record that `pack` made small."""
    record: Document = from_json(inflate(body))
    return record


class Packed(NamedTuple):
    """Many paths: each as bytes (nothing for no path, None for one with a time that is none), and all their points."""

    paths: list[bytes | None]
    points: Points


def pack_paths(paths: Sequence[Sequence[PathPoint]]) -> Packed:
    """All at once: what numpy takes for a call is more than what it takes for a path."""
    lengths = np.array([len(path) for path in paths], np.int64)
    flat = np.fromiter(chain.from_iterable(chain.from_iterable(paths)), np.float64, 5 * int(lengths.sum()))
    scaled = np.rint(flat.reshape(-1, 5) * _SCALE)
    sound = (np.abs(scaled) < _MOST).all(axis=1)  # NaN is not less
    points = np.where(sound[:, None], scaled, 0).astype(np.int64)
    packed: list[bytes | None] = [b""] * len(paths)
    filled = np.flatnonzero(lengths)
    if len(filled):
        ends = lengths.cumsum()[filled]
        for at, some in zip(filled.tolist(), _each(points, sound, ends - lengths[filled], ends), strict=True):
            packed[at] = some
    return Packed(packed, points)


def _each(points: Points, sound: npt.NDArray[np.bool_], starts: Points, ends: Points) -> Iterator[bytes | None]:
    """Path by path, from the points of all."""
    deltas = points.copy()
    deltas[1:] -= points[:-1]
    deltas[starts] = points[starts]
    reach = np.maximum.reduceat(np.abs(deltas).max(axis=1), starts).tolist()
    whole = np.logical_and.reduceat(sound, starts).tolist()
    small = deltas.astype("<i2")
    for first, last, most, is_whole in zip(starts.tolist(), ends.tolist(), reach, whole, strict=True):
        yield _squeezed((small if most < _SHORT else deltas)[first:last], most) if is_whole else None


def pack_path(path: Sequence[PathPoint]) -> bytes:
    """One path.

    Raises:
        WireError: a time that is none.
    """
    (packed,) = pack_paths([path]).paths
    if packed is None:
        raise WireError("a path with a time beyond all reason")
    return packed


def _squeezed(deltas: npt.NDArray[Any], most: int) -> bytes:
    """The numbers of each column behind each other, after a byte that tells how wide they are."""
    width = 2 if most < _SHORT else 4 if most < 1 << 31 else 8
    return _WIDTHS[width] + zlib.compress(deltas.T.astype(f"<i{width}", copy=False).tobytes(), _FAST)


def points_of(path: bytes) -> Points:
    """What `pack_path` packed, as whole numbers."""
    if not path:
        return np.empty((0, 5), np.int64)
    deltas = np.frombuffer(zlib.decompress(path[1:]), f"<i{path[0]}").reshape(5, -1)
    return deltas.T.cumsum(axis=0, dtype=np.int64)


def unpack_paths(paths: Sequence[bytes]) -> tuple[Points, npt.NDArray[np.int64]]:
    """The points of many paths behind each other, and how many each has."""
    deltas = [np.frombuffer(zlib.decompress(path[1:]), f"<i{path[0]}").reshape(5, -1) for path in paths if path]
    lengths = np.zeros(len(paths), np.int64)
    if not deltas:
        return np.empty((0, 5), np.int64), lengths
    lengths[[at for at, path in enumerate(paths) if path]] = own = np.array([one.shape[1] for one in deltas])
    sums = np.concatenate(deltas, axis=1, dtype=np.int64).cumsum(axis=1)
    before = np.insert(sums, 0, 0, axis=1)[:, own.cumsum() - own]
    return (sums - np.repeat(before, own, axis=1)).T, lengths


def unpack_path(path: bytes) -> list[list[float]]:
    """`[[seconds since start, x1, y1, x2, y2], ...]`, as the wire has it."""
    found: list[list[float]] = (points_of(path) / _SCALE).tolist()
    return found
