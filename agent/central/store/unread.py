"""Messages of a version that this centre does not speak yet: kept as they came, and read once a newer centre does.

Records count as stored: their gateway may forget them. Of what tells how things stand the newest is kept. What one
gateway may leave here is bounded.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import Any, NamedTuple

import sqlalchemy as sa

from agent.central.counts import Refused
from agent.central.store.schema import unread
from agent.wire.messages import CLASSES_OF_LEAF
from agent.wire.topics import Address

MOST, MOST_BYTES = 20_000, 64 << 20
"""Of one gateway."""
_RECORDS = frozenset({*CLASSES_OF_LEAF, "history"})
READING = 0x6C616D76
"""Of `Database.alone`: who reads again."""


class Unread(NamedTuple):
    """A message, from where, and of which version."""

    address: Address
    version: int
    payload: bytes

    @property
    def key(self) -> str:
        """The same for the same message, which may come twice, and for all that say how the same thing stands."""
        site, gateway, path = self.address
        said = self.payload if path[-1] in _RECORDS else f"{site}/{gateway}".encode()
        return blake2b("/".join(path).encode() + b"\0" + said, digest_size=16).hexdigest()

    def row(self, now_ns: int) -> dict[str, Any]:
        """As it rests."""
        names = {"site": self.address.site, "gateway": self.address.gateway, "path": "/".join(self.address.path)}
        return {"key": self.key, **names, "version": self.version, "received_ns": now_ns, "payload": self.payload}


def check_room(main: sa.Connection, fresh: Sequence[Unread]) -> None:
    """May these, of one gateway, be kept?

    Raises:
        Refused: too much of it waits already.
    """
    site, gateway, _ = fresh[0].address
    size = sa.func.coalesce(sa.func.sum(sa.func.length(unread.c.payload)), 0)
    query = sa.select(sa.func.count(), size).where(unread.c.site == site, unread.c.gateway == gateway)
    count, held = main.execute(query).one()
    if count + len(fresh) > MOST or held + sum(len(one.payload) for one in fresh) > MOST_BYTES:
        raise Refused("unread_full", f"{site}/{gateway}: too many messages of a later version wait already")


def known(main: sa.Connection, version: int, most: int, most_bytes: int) -> list[tuple[str, Unread]]:
    """Some of those that can be read now, the oldest first, by their keys; one at least, if there is any."""
    order = unread.c.received_ns, unread.c.key
    sizes = sa.select(unread.c.key, sa.func.length(unread.c.payload)).where(unread.c.version <= version)
    sized = main.execute(sizes.order_by(*order).limit(most)).all()
    summed = accumulate(size for _, size in sized)
    keys = [
        key
        for number, ((key, _), size) in enumerate(zip(sized, summed, strict=True))
        if not number or size <= most_bytes
    ]
    return [
        (row.key, Unread(Address(row.site, row.gateway, tuple(row.path.split("/"))), row.version, row.payload))
        for row in main.execute(sa.select(unread).where(unread.c.key.in_(keys)).order_by(*order))
    ]


def forget(main: sa.Connection, keys: Collection[str]) -> None:
    """They have been read."""
    main.execute(sa.delete(unread).where(unread.c.key.in_(keys)))
