"""Which way up a video is shown: what its display matrix says (ISO 14496-12 sections 6.2.2 and 8.3.2).

A telephone held upright stores its pictures lying on their side, and has players turn them by that matrix.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

MATRIX = struct.Struct("9i")
"""As FFmpeg keeps it: rows of three, in the machine's own order of bytes."""
_BOXED = struct.Struct(">9i")
_BEFORE = (40, 52)
"""Bytes of a `tkhd` box between its name and its matrix, in its versions 0 and 1."""


def rotation_of(init: bytes) -> int:
    """Degrees counter-clockwise (0, 90, 180, 270) by which players turn the first track of this init segment.

    Only a container tells it; its muxer carries the matrix over from whatever container the source has.
    """
    at = init.find(b"tkhd") + 4
    start = at + _BEFORE[init[at] & 1] if 4 <= at < len(init) else len(init)
    return rotation(_BOXED.unpack_from(init, start)) if start + _BOXED.size <= len(init) else 0


def rotation(matrix: Sequence[int]) -> int:
    """The same, of a matrix: to the nearest quarter. What it mirrors, too, is stood upright and stays mirrored."""
    a, b, _, c, d = matrix[:5]
    right = -a if a * d < b * c else a
    return round(math.degrees(math.atan2(-b, right)) / 90) % 4 * 90
