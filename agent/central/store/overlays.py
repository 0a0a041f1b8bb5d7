"""What the centre has set of the cameras of each gateway: every version, so that one can look back."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.schema import overlay

MOST_KEPT = 100
"""Versions of a gateway."""


class Version(NamedTuple):
    """One version: by camera the keys that are set. `error` says why the gateway refused it; empty when it did not."""

    site: str
    gateway: str
    version: int
    cameras: dict[str, dict[str, Any]]
    by: str
    time_ns: int
    error: str = ""


class Overlays:
    """Two who change the same gateway at once: one of them is told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, fresh: Version) -> bool:
        """Keep a version; False when there is one of that number already."""
        place = _place(fresh.site, fresh.gateway)
        with self._database.write() as connection:
            if connection.scalar(sa.select(overlay.c.version).where(*place, overlay.c.version == fresh.version)):
                return False
            connection.execute(sa.insert(overlay).values(fresh._asdict()))
            connection.execute(sa.delete(overlay).where(*place, overlay.c.version <= fresh.version - MOST_KEPT))
        return True

    def refuse(self, site: str, gateway: str, version: int, error: str) -> None:
        """The gateway does not take it."""
        with self._database.write() as connection:
            where = (*_place(site, gateway), overlay.c.version == version)
            connection.execute(sa.update(overlay).where(*where).values(error=error[:400]))

    def newest(self, site: str, gateway: str, *, refused: bool = True) -> Version | None:
        """The last one, or the last that was not refused."""
        query = sa.select(overlay).where(*_place(site, gateway)).order_by(overlay.c.version.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query if refused else query.where(overlay.c.error == "")).first()
        return None if row is None else Version(*row)

    def wanted(self) -> list[Version]:
        """Of each gateway the newest, where it was not refused."""
        last = sa.select(overlay.c.site, overlay.c.gateway, sa.func.max(overlay.c.version).label("version"))
        newest = last.group_by(overlay.c.site, overlay.c.gateway).subquery()
        same = [newest.c[name] == overlay.c[name] for name in ("site", "gateway", "version")]
        query = sa.select(overlay).join(newest, sa.and_(*same)).where(overlay.c.error == "")
        with self._database.read() as connection:
            return [Version(*row) for row in connection.execute(query)]


def _place(site: str, gateway: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return overlay.c.site == site, overlay.c.gateway == gateway
