"""Webhooks, and the queue of what they are to be told: in the database, so that nothing is forgotten at a restart."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from agent.central.sealing import Sealer, Unsealable, webhook_place
from agent.central.store.database import Database
from agent.central.store.pack import Document
from agent.central.store.places import Place
from agent.central.store.reach import Reach
from agent.central.store.schema import webhook, webhook_delivery
from agent.core.clock import NS, Clock, rfc3339
from agent.core.ids import new_id
from agent.wire.messages import Event

MOST_HOOKS = 32
MOST_WAITING = 10_000
"""Of one webhook: a receiver that is away for long loses the newest, and is told how many those were."""
KEEP_NS = 7 * 86_400 * NS
_COUNT_NS = 5 * NS
_LEASE_NS = 60 * NS
_WENT_OFF = "the webhook was switched off before this was told"
_IS_OFF = "the webhook is switched off: switch it on, then send this again"


class Delivery(NamedTuple):
    """Something to tell somebody; `secret` of None: the key that sealed it is lost."""

    id: str
    hook: str
    url: str
    secret: str | None
    body: str
    attempts: int


class Hooks:
    """The webhooks and their queue. `put` is of the thread that ingests."""

    def __init__(self, database: Database, clock: Clock, sealer: Sealer) -> None:
        self._database, self._clock, self._sealer = database, clock, sealer
        self._full: set[str] = set()
        self._counted_ns: int | None = None

    def make(self, name: str, url: str, **wanted: Any) -> tuple[str, str]:
        """Make a webhook; returns its id, and the secret that signs what it is sent."""
        now_ns, secret = self._clock.wall_ns(), _fresh_secret()
        row = {"id": new_id(now_ns), "name": name, "url": url, "enabled": True, "dropped": 0}
        row["secret"] = self._sealer.seal(secret, webhook_place(str(row["id"])))
        with self._database.write() as connection:
            connection.execute(sa.insert(webhook).values(**row, **wanted, created_ns=now_ns))
        return str(row["id"]), secret

    def all(self) -> list[Document]:
        """All webhooks, with how many deliveries wait."""
        query = sa.select(webhook).order_by(sa.func.lower(webhook.c.name), webhook.c.id)
        with self._database.read() as connection:
            waiting = _waiting(connection)
            return [_shown(row, waiting) for row in connection.execute(query).mappings()]

    def one(self, key: str) -> Document | None:
        """One webhook."""
        return next((hook for hook in self.all() if hook["id"] == key), None)

    def change(self, key: str, **changes: Any) -> None:
        """Something else of a webhook. Switched off or on, what waits is given up: it would be told out of its time."""
        with self._database.write() as connection:
            switched = "enabled" in changes and changes["enabled"] != _is_on(connection, key)
            connection.execute(sa.update(webhook).where(webhook.c.id == key).values(**changes))
            if switched:
                _give_up(connection, webhook_delivery.c.webhook == key)

    def new_secret(self, key: str) -> str:
        """Another secret; the old one is void."""
        secret = _fresh_secret()
        self.change(key, secret=self._sealer.seal(secret, webhook_place(key)))
        return secret

    def remove(self, key: str) -> None:
        """It goes, with all that waits for it."""
        with self._database.write() as connection:
            connection.execute(sa.delete(webhook).where(webhook.c.id == key))
            connection.execute(sa.delete(webhook_delivery).where(webhook_delivery.c.webhook == key))

    def put(self, main: sa.Connection, events: Iterable[tuple[Place, Event]]) -> None:
        """Queue what the webhooks want of these events, in the transaction that keeps them. The same is queued once.

        The webhooks are read each time: one that another process has just made is told of everything from then on.
        """
        rows: dict[str, Document] = {}
        dropped = Counter[str]()
        hooks = self._enabled(main) if (events := list(events)) else []
        for place, event in events:
            for hook in hooks:
                if not _wants(hook, place, event):
                    continue
                if hook["id"] in self._full:
                    dropped[hook["id"]] += 1
                    continue
                key = event.id if event.phase != "update" else f"{event.id}/{event.time}"
                row = self._row(hook["id"], f"event.{event.phase}", key, _told(place, event)) | {"event": event.id}
                rows[row["id"]] = row
        self._insert(main, list(rows.values()))
        for key, count in sorted(dropped.items()):  # in one order, in whatever process
            more = webhook.c.dropped + count
            main.execute(sa.update(webhook).where(webhook.c.id == key).values(dropped=more))

    def test(self, key: str) -> str:
        """Queue a delivery that tells of nothing; returns its id. Of one that is switched off it fails at once."""
        row = self._row(key, "test", secrets.token_hex(8), {"message": "This is a test."})
        with self._database.write() as connection:
            if not _is_on(connection, key):
                row |= {"state": "failed", "error": _IS_OFF}
            self._insert(connection, [row])
        return str(row["id"])

    def waiting(self) -> list[str]:
        """The enabled webhooks for which something is due."""
        table, now_ns = webhook_delivery, self._clock.wall_ns()
        due = sa.exists().where(table.c.webhook == webhook.c.id, table.c.state == "waiting", table.c.next_ns <= now_ns)
        with self._database.read() as connection:
            return list(connection.scalars(sa.select(webhook.c.id).where(webhook.c.enabled, due)))

    def next_of(self, key: str) -> Delivery | None:
        """What is due first for that webhook, leased for a minute to who asks."""
        table, now_ns = webhook_delivery, self._clock.wall_ns()
        joined = table.join(webhook, webhook.c.id == table.c.webhook)
        query = sa.select(table, webhook.c.url, webhook.c.secret).select_from(joined)
        where = (table.c.webhook == key, webhook.c.enabled, table.c.state == "waiting", table.c.next_ns <= now_ns)
        with self._database.read() as connection:
            first = query.where(*where).order_by(table.c.next_ns, table.c.created_ns, table.c.id).limit(1)
            row = connection.execute(first).mappings().first()
        return self._delivery(row) if row is not None and self._lease(row, now_ns) else None

    def _delivery(self, row: Any) -> Delivery:
        try:
            secret: str | None = self._sealer.open(row["secret"], webhook_place(row["webhook"]))
        except Unsealable:
            secret = None
        return Delivery(row["id"], row["webhook"], row["url"], secret, row["body"], row["attempts"])

    def settle(self, delivery: Delivery, state: str, status: int | None, error: str, next_ns: int) -> None:
        """How an attempt went: `delivered`, `failed` for good, or `waiting` for another at `next_ns`.

        What was given up meanwhile is not tried again, but what did arrive is said to have arrived.
        """
        table = webhook_delivery
        tried = {"status": status, "tried_ns": self._clock.wall_ns(), "attempts": delivery.attempts + 1}
        values: Document = {"state": state, "error": error[:400], "next_ns": next_ns}
        if state == "delivered":
            values["body"] = ""  # it tells of people, and nobody needs it any more
        mine = table.c.id == delivery.id
        still = [table.c.state == "waiting"] if state == "waiting" else []
        with self._database.write() as connection:
            connection.execute(sa.update(table).where(mine).values(**tried))
            connection.execute(sa.update(table).where(mine, *still).values(**values))

    def deliveries(self, key: str, state: str | None, limit: int, before: str | None) -> Document:
        """What was and is to be told, the newest first."""
        table = webhook_delivery
        query = sa.select(table).where(table.c.webhook == key)
        query = query.where(table.c.state == state) if state else query
        if before is not None:
            at_ns, _, last = before.partition("-")
            here = sa.tuple_(sa.literal(int(at_ns), sa.BigInteger), sa.literal(last))
            query = query.where(sa.tuple_(table.c.created_ns, table.c.id) < here)
        query = query.order_by(table.c.created_ns.desc(), table.c.id.desc()).limit(limit + 1)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        last_row = rows[limit - 1] if len(rows) > limit else None
        after = None if last_row is None else f"{last_row['created_ns']}-{last_row['id']}"
        return {"items": [_delivery_shown(row) for row in rows[:limit]], "next": after}

    def again(self, key: str, delivery: str) -> bool:
        """Try a failed one anew, at once, where its webhook is on; False when there is none that failed."""
        table = webhook_delivery
        where = (table.c.webhook == key, table.c.id == delivery, table.c.state == "failed")
        anew: Document = {"state": "waiting", "attempts": 0, "status": None, "error": ""}
        with self._database.write() as connection:
            fresh = anew | {"next_ns": self._clock.wall_ns()} if _is_on(connection, key) else {"error": _IS_OFF}
            return bool(connection.execute(sa.update(table).where(*where).values(**fresh)).rowcount)

    def sweep(self) -> None:
        """The log is kept for a week. What was queued in the moment its webhook was switched off is given up."""
        table = webhook_delivery
        where = (table.c.state != "waiting", table.c.created_ns < self._clock.wall_ns() - KEEP_NS)
        with self._database.write() as connection:
            _give_up(connection, table.c.webhook.not_in(sa.select(webhook.c.id).where(webhook.c.enabled)))
            connection.execute(sa.delete(table).where(*where))

    def _enabled(self, main: sa.Connection) -> list[Any]:
        now_ns = self._clock.mono_ns()
        if self._counted_ns is None or now_ns - self._counted_ns >= _COUNT_NS:
            self._counted_ns = now_ns
            self._full = {key for key, count in _waiting(main).items() if count >= MOST_WAITING}
        return list(main.execute(sa.select(webhook).where(webhook.c.enabled)).mappings())

    def _row(self, hook: str, kind: str, about: str, data: Document) -> Document:
        now_ns = self._clock.wall_ns()
        body = {"type": kind, "timestamp": rfc3339(now_ns), "data": data}
        waiting: Document = {"state": "waiting", "attempts": 0, "error": "", "created_ns": now_ns, "next_ns": now_ns}
        key = blake2b(f"{hook}/{about}/{kind}".encode(), digest_size=16).hexdigest()
        text = json.dumps(body, separators=(",", ":"))
        return {"id": key, "webhook": hook, "type": kind, "event": None, "body": text, **waiting}

    def _insert(self, main: sa.Connection, rows: list[Document]) -> None:
        if rows:
            insert: Any = (sqlite.insert if self._database.kind == "sqlite" else postgresql.insert)(webhook_delivery)
            main.execute(insert.on_conflict_do_nothing(index_elements=["id"]), rows)

    def _lease(self, row: Any, now_ns: int) -> bool:
        """Several web workers look at one queue: who moves a delivery's time has it."""
        table = webhook_delivery
        where = (table.c.id == row["id"], table.c.state == "waiting", table.c.next_ns == row["next_ns"])
        with self._database.write() as connection:
            leased = sa.update(table).where(*where).values(next_ns=now_ns + _LEASE_NS)
            return bool(connection.execute(leased).rowcount)


def _is_on(connection: sa.Connection, key: str) -> bool:
    return bool(connection.scalar(sa.select(webhook.c.enabled).where(webhook.c.id == key)))


def _give_up(connection: sa.Connection, whose: sa.ColumnElement[bool]) -> None:
    table = webhook_delivery
    over = {"state": "failed", "error": _WENT_OFF}
    connection.execute(sa.update(table).where(whose, table.c.state == "waiting").values(**over))


def _wants(hook: Any, place: Place, event: Event) -> bool:
    return (
        (hook["kinds"] is None or event.kind in hook["kinds"])
        and (hook["severity"] is None or event.severity == hook["severity"])
        and (hook["phases"] is None or event.phase in hook["phases"])
        and Reach.of(hook["places"]).sees(*place)
    )


def _told(place: Place, event: Event) -> Document:
    return {"site": place.site, "gateway": place.gateway} | event.model_dump(mode="json", exclude_none=True)


def _fresh_secret() -> str:
    """As Standard Webhooks writes it: 24 to 64 random bytes."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


def _waiting(connection: sa.Connection) -> dict[str, int]:
    table = webhook_delivery
    query = sa.select(table.c.webhook, sa.func.count()).where(table.c.state == "waiting").group_by(table.c.webhook)
    return {key: int(count) for key, count in connection.execute(query)}


def _shown(row: Any, waiting: dict[str, int]) -> Document:
    names = ("id", "name", "url", "kinds", "severity", "phases", "places", "enabled", "dropped")
    shown = {name: row[name] for name in names}
    return shown | {"waiting": waiting.get(row["id"], 0), "created": rfc3339(row["created_ns"])}


def _delivery_shown(row: Any) -> Document:
    names = ("id", "type", "event", "state", "attempts", "status", "error")
    times = {"created": row["created_ns"], "tried": row["tried_ns"]}
    times["next"] = row["next_ns"] if row["state"] == "waiting" else None
    return {name: row[name] for name in names} | {
        name: None if at_ns is None else rfc3339(at_ns) for name, at_ns in times.items()
    }
