"""Number plates as they are searched: written in one way, and folded so that look-alikes are the same.

A reader takes O for 0 and B for 8. Folded, each group of look-alikes is one character: plates that differ in nothing
else fold to the same text, which an index finds at once. A plate with one character wrong, missing or too many still
begins or ends as the other does: one half of it is untouched, so two ranges of an index hold all that come near.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

_LOOKALIKES = ("0OQD", "1IL", "2Z", "5S", "6G", "8B", "UV", "MN", "KX")
_FOLD = str.maketrans({character: group[0] for group in _LOOKALIKES for character in group})
_OTHER = re.compile(r"[^0-9A-Z]")
MOST = 16


def plain(text: str) -> str:
    """Capitals and digits alone: `hr-26 bk 8337` is `HR26BK8337`; accents fall off, other letters too."""
    spread = unicodedata.normalize("NFKD", text).upper()
    return _OTHER.sub("", spread)[:MOST]


def folded(text: str) -> str:
    """A plain plate with every look-alike as the first of its group."""
    return text.translate(_FOLD)


def halves(text: str) -> tuple[str, str]:
    """The beginning and the end, of which one is whole in every plate that is one character away."""
    middle = len(text) // 2
    return text[:middle], text[middle:]


def distance(one: str, other: str) -> int:
    """How many characters are wrong, missing or too many (Levenshtein); 2 for two and more."""
    if abs(len(one) - len(other)) > 1:
        return 2
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    first, second = one[at:], other[at:]
    if not first and not second:
        return 0
    return 1 if first[1:] == second[1:] or first[1:] == second or first == second[1:] else 2


Match = Literal["exact", "wildcard", "fuzzy"]


class Plate(NamedTuple):
    """A plate that is looked for: as it is, with `?` for one character and `*` for some, or whatever looks like it."""

    text: str
    match: Match

    @classmethod
    def read(cls, text: str, match: Match | None = None) -> Plate:
        """From what a person writes; wildcards are taken for such.

        Raises:
            ValueError: nothing to look for, or more than can be looked for.
        """
        pattern = _NOT_PATTERN.sub("", text.upper())
        match = match or ("wildcard" if set(pattern) & set("?*") else "exact")
        wanted = re.sub(r"\*+", "*", pattern) if match == "wildcard" else plain(text)
        if not wanted.strip("?*"):
            raise ValueError("a plate needs a letter or a digit")
        if wanted.count("*") > _MOST_STARS or len(wanted) > MOST + _MOST_STARS:
            raise ValueError(f"a plate has at most {MOST} characters, and a pattern at most {_MOST_STARS} stars")
        return cls(wanted, match)

    def conditions(self, table: sa.Table) -> list[Any]:
        """Which rows of `track_plate` its indexes bring near, each by one of them; `fits` has the last word."""
        match self.match:
            case "exact":
                return [sa.and_(table.c.folded == folded(self.text), table.c.plate == self.text)]
            case "wildcard":
                return [self._like(table)]
            case "fuzzy":
                return self._near(table)

    def fits(self, plate: str) -> float:
        """How well a plate of such a row fits: 1 the same, 0.9 look-alikes, 0.6 one character off, 0 not at all."""
        if self.match != "fuzzy" or plate == self.text:
            return 1.0
        return (0.9, 0.6, 0.0)[distance(folded(plate), folded(self.text))]

    def _like(self, table: sa.Table) -> Any:
        head, tail = re.split(r"[?*]", self.text)[0], re.split(r"[?*]", self.text)[-1]
        like = table.c.plate.like(self.text.replace("?", "_").replace("*", "%"))
        if head:
            return sa.and_(_begins(table.c.folded, folded(head)), like)
        return sa.and_(_begins(table.c.reversed, folded(tail)[::-1]), like) if tail else like

    def _near(self, table: sa.Table) -> list[Any]:
        text = folded(self.text)
        if len(text) < _SHORT:
            return [table.c.folded == text]
        head, tail = halves(text)
        long = sa.func.length(table.c.plate).between(len(text) - 1, len(text) + 1)
        return [sa.and_(near, long) for near in (_begins(table.c.folded, head), _begins(table.c.reversed, tail[::-1]))]


_NOT_PATTERN = re.compile(r"[^0-9A-Z?*]")
_MOST_STARS = 4
_SHORT = 4


def _begins(column: Any, text: str) -> Any:
    """A range of the index: `~` comes after every character of a plate."""
    return sa.and_(column >= text, column < text + "~")
