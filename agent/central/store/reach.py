"""Which cameras somebody may see: everything, or what lies at or below some places.

A place is one to three names: a site, a gateway of it, a camera of that. A camera that one may not see does not exist
for whoever asks: no list has it, no count counts it, and its id is answered like one that nobody ever gave out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from agent.core.ids import is_id

Grant = tuple[str, ...]
"""Site; site and gateway; or site, gateway and camera."""

MOST_GRANTS = 2000
_NAMES = ("site", "gateway", "camera")


@dataclass(frozen=True, slots=True)
class Reach:
    """`grants` of None: everything; empty: nothing at all."""

    grants: frozenset[Grant] | None = None

    @classmethod
    def of(cls, places: Iterable[str] | None) -> Reach:
        """From `site`, `site/gateway` or `site/gateway/camera`; None is everything.

        Raises:
            ValueError: one is no place, or they are too many.
        """
        if places is None:
            return cls()
        grants = frozenset(tuple(place.split("/")) for place in places)
        for grant in grants:
            if not 1 <= len(grant) <= len(_NAMES) or not all(is_id(name) for name in grant):
                raise ValueError(
                    f"{'/'.join(grant)[:80]!r} is no place; write site, site/gateway or site/gateway/camera"
                )
        if len(grants) > MOST_GRANTS:
            raise ValueError(f"at most {MOST_GRANTS} places; name whole sites instead")
        return cls(grants)

    @property
    def places(self) -> list[str] | None:
        """The opposite of `of`."""
        return None if self.grants is None else sorted("/".join(grant) for grant in self.grants)

    @property
    def everything(self) -> bool:
        """Is nothing hidden?"""
        return self.grants is None

    def sees(self, *place: str) -> bool:
        """Is all of this place within reach?"""
        return self.grants is None or any(place[:length] in self.grants for length in range(1, len(place) + 1))

    def touches(self, *place: str) -> bool:
        """Is this place, or something in it, within reach?"""
        return self.sees(*place) or any(grant[: len(place)] == place for grant in self.grants or ())

    def covers(self, other: Reach) -> bool:
        """Does nobody with `other` see more?"""
        return self.grants is None or (other.grants is not None and all(self.sees(*grant) for grant in other.grants))

    def shares_site(self, other: Reach) -> bool:
        """Is there a site of which both see something?"""
        if self.grants is None or other.grants is None:
            return self.grants != frozenset() and other.grants != frozenset()
        return not {grant[0] for grant in self.grants}.isdisjoint(grant[0] for grant in other.grants)

    def both(self, other: Reach) -> Reach:
        """What is within reach of both."""
        if self.grants is None or other.grants is None:
            return other if self.grants is None else self
        mine = {grant for grant in self.grants if other.sees(*grant)}
        return Reach(frozenset(mine | {grant for grant in other.grants if self.sees(*grant)}))

    def condition(self, table: Any, names: tuple[str, ...] = _NAMES) -> Any:
        """Of rows whose `names` say where they are from: those within reach; with fewer names those it touches."""
        if self.grants is None:
            return sa.true()
        columns = [table.c[name] for name in names]
        found: list[Any] = []
        for length in range(1, len(columns) + 1):
            exact = sorted(
                {g[:length] for g in self.grants if len(g) == length or (length == len(columns) and len(g) > length)}
            )
            if exact:
                found.append(_in(columns[:length], exact))
        return sa.or_(*found) if found else sa.false()


def _in(columns: list[Any], values: list[Grant]) -> Any:
    return sa.tuple_(*columns).in_(values) if len(columns) > 1 else columns[0].in_([value[0] for value in values])


EVERYTHING = Reach()
NOTHING = Reach(frozenset())
