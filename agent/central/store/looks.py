"""Colours of a track or event as searched columns: eleven characters a part, and bits for what most people ask.

A part's text has a character for each basic colour, in the order of COLOURS: `0` plus the share in whole percent, so
that a share of at least so much is a comparison of one character. `colours` has a bit for each part and colour of
which there is a quarter at least; indexes carry it, so that a search looks at the rows that fit and no others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from agent.wire.messages import COLOURED_PARTS, COLOURS

Document = dict[str, Any]
Wanted = tuple[str | None, str]
"""A part, None for any, and a colour's name."""

USUAL_SHARE = 0.25
_PAIRS, _NUMBERS = (list, tuple), (int, float)
_ZERO = ord("0")
_USUAL = round(USUAL_SHARE * 100)
_NOTHING = b"0" * len(COLOURS)
_PLACES = {name: number for number, name in enumerate(COLOURS)}
_FIRST_BITS = {part: number * len(COLOURS) for number, part in enumerate(COLOURED_PARTS)}


def look_columns(said: Any) -> Document:
    """`colours`, `upper`, `lower`, `vehicle` of a message's `colours`; what is no colour is passed over."""
    found: Document = {"colours": 0, "upper": None, "lower": None, "vehicle": None}
    for part, shares in said.items() if isinstance(said, dict) else ():
        if part in _FIRST_BITS and (percents := _percents(shares)):
            text = bytearray(_NOTHING)
            for place, percent in percents.items():
                text[place] = _ZERO + percent
                if percent >= _USUAL:
                    found["colours"] |= 1 << _FIRST_BITS[part] + place
            found[part] = text.decode("latin-1")
    return found


def bit_of(part: str, name: str) -> int:
    """The number of the bit of a part and a colour."""
    return COLOURED_PARTS.index(part) * len(COLOURS) + _PLACES[name]


def named(bit: int) -> tuple[str, str]:
    """The opposite of `bit_of`."""
    part, name = divmod(bit, len(COLOURS))
    return COLOURED_PARTS[part], COLOURS[name]


def share_of(row: Any, part: str | None, name: str) -> float:
    """How much of a part (None: of any) of a row is of this colour."""
    texts = [row[one] for one in _parts(part) if row[one] is not None]
    return max(((ord(text[_PLACES[name]]) - _ZERO) / 100 for text in texts), default=0.0)


def shares_of(text: str | None) -> list[float]:
    """The shares of a part, in the order of COLOURS."""
    return [(ord(one) - _ZERO) / 100 for one in text or "0" * len(COLOURS)]


def wears(row: Any, wanted: Iterable[Wanted], least_share: float) -> bool:
    """The same question as `looks_like`, of a row that was read; for the usual share `colours` of it is enough."""
    if least_share == USUAL_SHARE:
        return all(row["colours"] & mask for mask in masks_of(tuple(wanted)))
    parts: dict[str | None, float] = defaultdict(float)
    for part, name in wanted:
        parts[part] = max(parts[part], share_of(row, part, name))
    return all(round(share * 100) >= max(1, _percent(least_share)) for share in parts.values())


def bits_in(colours: int) -> list[int]:
    """The numbers of the bits that are set."""
    found = []
    while colours:
        found.append((colours & -colours).bit_length() - 1)
        colours &= colours - 1
    return found


def looks_like(table: sa.Table, wanted: Iterable[Wanted], least_share: float) -> list[Any]:
    """Conditions on rows of `track` or `event`: of each part that is asked for at least one of its colours."""
    parts: dict[str | None, set[str]] = defaultdict(set)
    for part, name in wanted:
        parts[part].add(name)
    return [one for part, names in parts.items() for one in _has(table, part, sorted(names), least_share)]


def _has(table: sa.Table, part: str | None, names: list[str], least_share: float) -> list[Any]:
    places = [(one, name) for one in _parts(part) for name in names]
    mask = sum({1 << bit_of(*place) for place in places})
    bits = table.c.colours.op("&")(sa.literal(mask, sa.BigInteger)) != 0
    if least_share == USUAL_SHARE:
        return [bits]
    least = chr(_ZERO + max(1, _percent(least_share)))
    shares = sa.or_(*(sa.func.substr(table.c[one], _PLACES[name] + 1, 1) >= least for one, name in places))
    return [bits, shares] if least_share > USUAL_SHARE else [shares]


def _parts(part: str | None) -> Sequence[str]:
    return [part] if part else COLOURED_PARTS


@lru_cache
def masks_of(wanted: tuple[Wanted, ...]) -> list[int]:
    """The bits of the colours of each part, of which a row must have one."""
    parts: dict[str | None, int] = defaultdict(int)
    for part, name in wanted:
        for one in _parts(part):
            parts[part] |= 1 << bit_of(one, name)
    return list(parts.values())


def _percent(share: float) -> int:
    return round(min(1.0, max(0.0, share)) * 100)


def _percents(said: Any) -> dict[int, int]:
    """Whole percent by the colour's place; what is no pair of a known name and a number is passed over."""
    found = {}
    for pair in said if isinstance(said, list) else ():
        if isinstance(pair, _PAIRS) and len(pair) == 2:
            name, share = pair
            place = _PLACES.get(name) if isinstance(name, str) else None
            if place is not None and isinstance(share, _NUMBERS):
                found[place] = round(share * 100) if 0 <= share <= 1 else _percent(share)
    return found
