"""The rows of media and of the clips they are, written as media come, are given up, or are called off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from agent.central.store import media_sums
from agent.central.store.database import Database
from agent.central.store.merge import wall_ns
from agent.central.store.schema import camera, clip, media
from agent.core.clock import Clock
from agent.core.ids import new_id
from agent.wire.messages import MediaGone, MediaManifest
from agent.wire.topics import Address

ASKED_KINDS = frozenset({"clip", "previews", "export"})
"""Media that people ask for: each has a row in `clip`."""


_SENDING = {"state": "sending", "error": ""}


class MediaRows:
    """Of the tables `media` and `clip`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def incoming(self) -> Sequence[Any]:
        """Media on their way when the centre was last stopped."""
        with self._database.read() as connection:
            return connection.execute(sa.select(media).where(media.c.state == "incoming")).mappings().all()

    def is_incoming(self, key: str) -> bool:
        """Is it still on its way?"""
        row = self.get(key)
        return row is not None and row["state"] == "incoming"

    def get(self, key: str) -> Any:
        """The row of a medium, or None."""
        with self._database.read() as connection:
            return connection.execute(sa.select(media).where(media.c.id == key)).mappings().first()

    def begin(self, address: Address, manifest: MediaManifest) -> list[str]:
        """A medium is on its way; the ids of clips that it begins, or that were given up before."""
        kept = manifest.model_dump(mode="json")
        names = ("id", "camera", "kind", "type", "bytes", "sha256", "codecs", "event", "track", "quality")
        row = {name: kept[name] for name in names} | {"state": "incoming", "manifest": kept, "reason": ""}
        with self._database.write() as connection:
            media_sums.leaves(self._database, connection, [manifest.id])
            self._database.upsert(connection, media, [row | self._place(address, manifest)])
            again = self._taken_up(connection, manifest.id)
            if manifest.kind != "clip" or again:
                return again
            return self._unasked(connection, address, manifest, _SENDING)

    def goes_on(self, key: str) -> list[str]:
        """Its gateway speaks of it again: the ids of clips that were given up meanwhile."""
        with self._database.read() as connection:
            given_up = connection.scalar(sa.select(clip.c.id).where(*_given_up(key)))
        if given_up is None:
            return []
        with self._database.write() as connection:
            return self._taken_up(connection, key)

    def ready(self, address: Address, manifest: MediaManifest) -> None:
        """A medium is whole; a picture of an event may be its camera's newest, but none that shows one thing alone."""
        with self._database.write() as connection:
            media_sums.arrives(self._database, connection, manifest.id)
            connection.execute(sa.update(media).where(media.c.id == manifest.id).values(manifest=None))
            self._clips(connection, manifest.id, {"state": "ready", "error": ""})
            if manifest.kind == "snapshot" and manifest.event is not None and manifest.track is None:
                start_ns = wall_ns(manifest.start)
                where = (
                    camera.c.site == address.site,
                    camera.c.gateway == address.gateway,
                    camera.c.camera == manifest.camera,
                    sa.func.coalesce(camera.c.snapshot_ns, 0) <= start_ns,
                )
                newest = {"snapshot": manifest.id, "snapshot_ns": start_ns}
                connection.execute(sa.update(camera).where(*where).values(**newest))

    def gone(self, address: Address, notice: MediaGone) -> list[str]:
        """A medium will never come; the ids of the clips that wait for it in vain."""
        empty = {"type": "", "bytes": 0, "sha256": "", "codecs": "", "manifest": None}
        row = {name: getattr(notice, name) for name in ("id", "camera", "kind", "event", "track", "quality")}
        row |= {"state": "gone", "reason": notice.reason} | empty | self._place(address, notice)
        with self._database.write() as connection:
            media_sums.leaves(self._database, connection, [notice.id])
            self._database.upsert(connection, media, [row])
            if notice.kind not in ASKED_KINDS:
                return []
            lost = {"state": "failed", "error": notice.reason}
            return self._clips(connection, notice.id, lost) or self._unasked(connection, address, notice, lost)

    def forget(self, key: str, reason: str) -> list[str]:
        """A medium is not coming after all, and may come again; the ids of the clips that waited for it.

        One that another process has finished meanwhile stays.
        """
        with self._database.write() as connection:
            if not connection.execute(sa.delete(media).where(media.c.id == key, media.c.state == "incoming")).rowcount:
                return []
            return self._clips(connection, key, {"state": "failed", "error": reason})

    def is_called_off(self, key: str) -> bool:
        """Was it to be a clip that nobody wants any more?"""
        where = (clip.c.media == key, clip.c.state == "cancelled")
        with self._database.read() as connection:
            return connection.scalar(sa.select(clip.c.id).where(*where)) is not None

    def _taken_up(self, connection: sa.Connection, key: str) -> list[str]:
        found = list(connection.scalars(sa.select(clip.c.id).where(*_given_up(key))))
        connection.execute(sa.update(clip).where(*_given_up(key)).values(**_SENDING))
        return found

    def _clips(self, connection: sa.Connection, key: str, change: dict[str, str]) -> list[str]:
        where = (clip.c.media == key, clip.c.state != "cancelled")
        found = list(connection.scalars(sa.select(clip.c.id).where(*where)))
        connection.execute(sa.update(clip).where(*where).values(**change))
        return found

    def _unasked(
        self, connection: sa.Connection, address: Address, told: MediaManifest | MediaGone, state: dict[str, str]
    ) -> list[str]:
        """A clip that the gateway sends by itself, for an event; one that was asked for has its row."""
        known = connection.scalar(sa.select(clip.c.id).where(clip.c.media == told.id))
        if known is not None or told.event is None:
            return []
        now_ns = self._clock.wall_ns()
        row = {
            "id": new_id(now_ns), "command": told.id, "event": told.event, "media": told.id,
            "quality": told.quality or "full", "deadline_ns": now_ns, **state, **self._place(address, told),
        }  # fmt: skip
        connection.execute(sa.insert(clip).values(**row, camera=told.camera))
        return [str(row["id"])]

    def _place(self, address: Address, told: MediaManifest | MediaGone) -> dict[str, Any]:
        return {
            "site": address.site, "gateway": address.gateway, "start_ns": wall_ns(told.start),
            "end_ns": wall_ns(told.end), "created_ns": self._clock.wall_ns(),
        }  # fmt: skip


def _given_up(key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return clip.c.media == key, clip.c.state == "failed"
