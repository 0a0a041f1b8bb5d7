"""Names of things: new ids, and what an id from outside may look like."""

from __future__ import annotations

import re
import secrets

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_ID = re.compile(ID_PATTERN.replace("$", r"\Z"))


def is_id(text: str) -> bool:
    """1..64 ASCII letters, digits, `.`, `_`, `-`, not starting with a mark: safe as topic level and file name."""
    return _ID.match(text) is not None


def new_id(wall_ns: int) -> str:
    """A UUID version 7 (RFC 9562 section 5.7) in 32 hex digits: unique, and sorted by the time it was made."""
    value = (wall_ns // 1_000_000 & (1 << 48) - 1) << 80 | 0x7 << 76
    value |= secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return f"{value:032x}"
