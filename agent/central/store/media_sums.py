"""How many media are here and how large they are together, by gateway: kept with each change, so that nobody counts.

Media are tens of millions, and their sum is asked for every minute. A row per gateway, since only one process takes the
media of a gateway: two that change different ones do not wait for each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.schema import media, media_sum


class MediaSum(NamedTuple):
    """How many, and their bytes."""

    media: int
    bytes: int


def total(connection: sa.Connection) -> MediaSum:
    """Of all that are here."""
    sums = (sa.func.coalesce(sa.func.sum(media_sum.c[name]), 0) for name in ("media", "bytes"))
    return MediaSum(*map(int, connection.execute(sa.select(*sums)).one()))


def arrives(database: Database, connection: sa.Connection, key: str) -> None:
    """A medium is whole now."""
    _turn(database, connection, [key], "ready")


def leaves(database: Database, connection: sa.Connection, keys: Collection[str]) -> None:
    """These media, of which some are here, are not any more: nobody is given them from now on."""
    _turn(database, connection, keys, "gone")


def _turn(database: Database, connection: sa.Connection, keys: Collection[str], state: str) -> None:
    comes = state == "ready"
    changes = media.c.state != "ready" if comes else media.c.state == "ready"
    changed = sa.update(media).where(media.c.id.in_(keys), changes).values(state=state)
    sign, found = 1 if comes else -1, defaultdict[tuple[str, str], MediaSum](lambda: MediaSum(0, 0))
    for site, gateway, size in connection.execute(changed.returning(media.c.site, media.c.gateway, media.c.bytes)):
        had = found[site, gateway]
        found[site, gateway] = MediaSum(had.media + sign, had.bytes + sign * size)
    for (site, gateway), more in sorted(found.items()):  # two that want the same rows take them in one order
        mine = (media_sum.c.site == site, media_sum.c.gateway == gateway)
        sums = {name: media_sum.c[name] + value for name, value in more._asdict().items()}
        database.upsert(connection, media_sum, [{"site": site, "gateway": gateway}])
        connection.execute(sa.update(media_sum).where(*mine).values(**sums))
