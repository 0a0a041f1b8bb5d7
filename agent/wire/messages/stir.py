"""How much moved in a camera's picture, second by second: what a recorded span carries along.

A byte for each second of the clock that the span touches, by the gateway's clock as it was when it recorded: 0 when
nothing moved, up to 100, 255 when nobody looked. It is ten times the square root of the share in percent, so that a
person who walks by far away is seen beside a lorry: 1 % of the picture is 10, a quarter of it 50, all of it 100.
"""

from __future__ import annotations

import base64
import binascii
import math
from typing import Annotated

from pydantic import AfterValidator, Field

MOST_MOTION_S = 600
"""Ten times as long as a segment becomes."""
MOST_LEVEL = 100
UNSEEN = 255
"""Nobody looked in that second."""


def level_of(share: float) -> int:
    """The level of a share (0..1) of the picture; what moves at all is never 0."""
    return max(1, min(MOST_LEVEL, round(MOST_LEVEL * math.sqrt(share)))) if share > 0 else 0


def pack_motion(levels: bytes) -> str | None:
    """Levels as they travel; None where nobody looked at all. What is beyond `MOST_MOTION_S` stays behind."""
    kept = levels[:MOST_MOTION_S]
    return base64.b64encode(kept).decode() if any(level != UNSEEN for level in kept) else None


def unpack_motion(text: str) -> bytes:
    """The levels again.

    Raises:
        ValueError: it is no base64, or a byte in it is no level.
    """
    try:
        levels = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("motion: no base64") from error
    if any(MOST_LEVEL < level < UNSEEN for level in levels):
        raise ValueError(f"motion: a level is 0..{MOST_LEVEL}, or {UNSEEN} where nobody looked")
    return levels


def _fits(text: str) -> str:
    unpack_motion(text)
    return text


MotionText = Annotated[
    str,
    Field(min_length=4, max_length=4 * -(-MOST_MOTION_S // 3), pattern=r"^[A-Za-z0-9+/]+={0,2}$"),
    AfterValidator(_fits),
]
