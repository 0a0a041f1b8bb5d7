"""Who tries passwords waits longer and longer; who has signed in from a place before is not held up by it.

Wrong passwords are counted by name and by address; after the first few every further one doubles the wait, up to a
quarter of an hour. A name at an address from which it has signed in before has a count of its own: whoever hammers at
somebody's name from elsewhere cannot keep that person out. (OWASP Authentication Cheat Sheet; device cookies.)
"""

from __future__ import annotations

import math
from ipaddress import ip_address, ip_network

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.schema import attempt, familiar
from agent.core.clock import NS, Clock

_FREE = 8
_COUNTING = 0x6C616D73
"""Of PostgreSQL's advisory locks: who holds it counts, so that no attempt at another web worker is missed."""
_LONGEST_NS = 900 * NS
_FORGOTTEN_NS = 3600 * NS
_FAMILIAR_NS = 90 * 86_400 * NS


class Lockout:
    """Kept in the database: every web worker counts along."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def attempt(self, name: str | None, origin: str) -> int:
        """Count an attempt and return 0, or return how many seconds to wait; what comes too early is not counted.

        It counts as failed until it `succeeded`, so that many at once are no way around. Without a `name` (a one-time
        link) the address alone counts; with None, of who comes from a directory, a count of the address for that alone.
        """
        now_ns = self._clock.wall_ns()
        with self._database.write() as connection:
            self._database.alone(connection, _COUNTING)
            connection.execute(sa.delete(attempt).where(attempt.c.last_ns < now_ns - _FORGOTTEN_NS))
            keys = [_elsewhere(origin)] if name is None else self._keys(connection, name, origin, now_ns)
            query = sa.select(attempt).where(attempt.c.key.in_(keys)).with_for_update()
            held = {row.key: row for row in connection.execute(query)}
            until_ns = max((row.until_ns for row in held.values()), default=0)
            if until_ns > now_ns:
                return math.ceil((until_ns - now_ns) / NS)
            failures = {key: held[key].failures if key in held else 0 for key in keys}
            rows = [_row(key, count + 1, now_ns) for key, count in failures.items()]
            self._database.upsert(connection, attempt, rows)
        return 0

    def succeeded(self, name: str, origin: str) -> None:
        """It was the right one: this place is familiar from now on, and starts anew."""
        now_ns = self._clock.wall_ns()
        with self._database.write() as connection:
            keys = [*_strange(name, origin), _own(name, origin), _elsewhere(origin)]
            connection.execute(sa.delete(attempt).where(attempt.c.key.in_(keys)))
            connection.execute(sa.delete(familiar).where(familiar.c.last_ns < now_ns - _FAMILIAR_NS))
            row = {"user": name, "origin": network_of(origin), "last_ns": now_ns}
            self._database.upsert(connection, familiar, [row])

    def _keys(self, connection: sa.Connection, name: str, origin: str, now_ns: int) -> list[str]:
        where = (familiar.c.user == name, familiar.c.origin == network_of(origin))
        query = sa.select(familiar.c.user).where(*where, familiar.c.last_ns > now_ns - _FAMILIAR_NS)
        known = connection.execute(query).first() is not None
        return [_own(name, origin)] if known else _strange(name, origin)


def network_of(origin: str) -> str:
    """An address; of IPv6, where everybody has many, its network of 64 bits."""
    try:
        address = ip_address(origin)
    except ValueError:
        return origin[:64]
    return str(address if address.version == 4 else ip_network(f"{address}/64", strict=False))


def _strange(name: str, origin: str) -> list[str]:
    return [*([f"name {name[:64].lower()}"] if name else []), f"from {network_of(origin)}"]


def _own(name: str, origin: str) -> str:
    return f"name {name[:64].lower()} from {network_of(origin)}"


def _elsewhere(origin: str) -> str:
    return f"directory from {network_of(origin)}"


def _row(key: str, failures: int, now_ns: int) -> dict[str, int | str]:
    wait_ns = min(_LONGEST_NS, NS << min(failures - _FREE + 1, 20)) if failures >= _FREE else 0
    return {"key": key, "failures": failures, "last_ns": now_ns, "until_ns": now_ns + wait_ns}
