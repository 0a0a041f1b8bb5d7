"""Number plates as they are searched: written in one way, and folded so that look-alikes are the same.

A reader takes O for 0 and B for 8. Folded, each group of look-alikes is one character: plates that differ in nothing
else fold to the same text, which an index finds at once. A plate with one character wrong, missing or too many still
begins or ends as the other does: one half of it is untouched, so two ranges of an index hold all that come near.
"""

from __future__ import annotations

import re
import unicodedata

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
