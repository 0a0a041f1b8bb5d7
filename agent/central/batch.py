"""Some messages becoming rows in one transaction: read what is there, merge in memory, write once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from typing import Any, NamedTuple

import sqlalchemy as sa

from agent.central.counts import Counts, Refused
from agent.central.news import Item
from agent.central.store import schema
from agent.central.store.database import Database
from agent.central.store.days import Change
from agent.central.store.health import sample_row
from agent.central.store.hooks import Hooks
from agent.central.store.keeper import Keeper
from agent.central.store.merge import document, recording_row, wall_ns
from agent.central.store.outboxes import Ledger, TooManyHoles
from agent.central.store.pack import Document
from agent.central.store.places import Place
from agent.central.store.strays import parts
from agent.central.watching import Watcher
from agent.core.clock import Clock
from agent.core.errors import WireError
from agent.core.signing import id_of_raw
from agent.wire.messages import (
    CLASSES_OF_LEAF,
    RECORD_TYPES,
    CameraInfo,
    CameraState,
    DurableClass,
    Envelope,
    Event,
    Health,
    HealthSample,
    Message,
    RecordingSpan,
    Reply,
    Status,
    TrackSummary,
    decode,
    validate,
)
from agent.wire.topics import Address

_MOST_CAMERAS = 256
_MOST_KEYS = 64
_HISTORY: tuple[DurableClass, ...] = ("health",)


class AckKey(NamedTuple):
    """Whose messages an acknowledgement is about."""

    site: str
    gateway: str
    outbox: str
    kind: str


class Batch:
    """One transaction. `take` each message, then `write`; `acks`, `news` and `problems` may go out after the commit."""

    def __init__(
        self, database: Database, change: Change, clock: Clock, counts: Counts, watcher: Watcher | None = None,
        hooks: Hooks | None = None,
    ) -> None:  # fmt: skip
        self._hooks = hooks
        self._database, self._connection, self._counts = database, change.main, counts
        self._now_ns = clock.wall_ns()
        self._keeper = Keeper(change, database.upsert, self._now_ns, counts.rejected, watcher)
        self._rows: dict[str, dict[tuple[str, ...], Document]] = defaultdict(dict)
        self._ledgers: dict[AckKey, Ledger] = {}
        self._held: dict[tuple[str, ...], Document | None] = {}
        self._waiting: list[tuple[Address, str, str, Envelope]] = []
        self._links: dict[tuple[str, str, str, int], str] = {}
        self.acks: dict[AckKey, list[int]] = defaultdict(list)
        self.news: dict[Item, None] = {}
        self.raised: list[Event] = []
        self.problems: list[str] = []

    def take(self, address: Address, payload: bytes) -> None:
        """Take one message along; what is durable is merged at the end, with all that is held read at once.

        Raises:
            WireError: it breaks its contract; nothing of it is kept.
        """
        match address.path:
            case ("status",):
                self._status(address, decode(Status, payload))
            case ("health",):
                self._health(address, decode(Health, payload))
            case ("camera", camera, "info"):
                self._camera(address, camera, "info", decode(CameraInfo, payload))
            case ("camera", camera, "state"):
                self._camera(address, camera, "state", decode(CameraState, payload))
            case ("camera", camera, leaf) if leaf in CLASSES_OF_LEAF:
                self._waiting.append((address, camera, leaf, _envelope(address, CLASSES_OF_LEAF[leaf], payload)))
            case ("health", "history"):
                self._waiting.append((address, "", "health", _envelope(address, _HISTORY, payload)))
            case ("reply", command):
                self._reply(address, command, decode(Reply, payload))
            case _:
                raise Refused("unknown_topic", f"nobody expects {'/'.join(address.path)[:80]}")

    def write(self) -> None:
        """Merge what was taken, and put it into the tables."""
        self._merge_envelopes()
        self.raised = self._keeper.write()
        if self._hooks is not None:
            self._hooks.put(self._connection, self._keeper.events)
        self.news |= {Item("event", (event.id,)): None for event in self.raised}
        for name, rows in self._rows.items():
            self._database.upsert(self._connection, schema.metadata.tables[name], list(rows.values()))
        ledgers = [
            {
                **key._asdict(),
                "high": ledger.high,
                "received": ledger.received,
                "announced": ledger.announced,
                "stored": ledger.stored,
                "duplicates": ledger.duplicates,
                "dropped": ledger.dropped,
                "lost": ledger.lost,
            }
            for key, ledger in self._ledgers.items()
        ]
        self._database.upsert(self._connection, schema.outbox_seq, ledgers)

    def _status(self, address: Address, status: Status) -> None:
        document(status)
        row = self._gateway(address)
        since_ns = wall_ns(status.since)
        if status.state == "offline" and _is_of_older_session(row, status.session, since_ns):
            raise Refused("late_will", "the Will of an older session")
        if status.key:
            self._key(address, status.key)
        row.update(
            state=status.state, session=status.session, since_ns=since_ns, version=status.version, seen_ns=self._now_ns
        )
        self._tell_gateway(address)
        # whether its cameras are online depends on it
        self.news[Item("camera", (address.site, address.gateway))] = None

    def _key(self, address: Address, key: str) -> None:
        """Every key that ever signed footage here is kept; one that is new after the first is for a person to see."""
        table, name = schema.gateway_key, id_of_raw(bytes.fromhex(key))
        row = self._load(table, (address.site, address.gateway, name))
        if row is None:
            self._check_keys(address)
            row = {"site": address.site, "gateway": address.gateway, "key_id": name, "key": key}
            row["first_ns"] = self._now_ns
        self._set(table, (address.site, address.gateway, name), {**row, "last_ns": self._now_ns})

    def _check_keys(self, address: Address) -> None:
        table = schema.gateway_key
        where = (table.c.site == address.site, table.c.gateway == address.gateway)
        count = self._connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0
        fresh = sum(key[:2] == (address.site, address.gateway) for key in self._rows[table.name])
        if count + fresh >= _MOST_KEYS:
            raise Refused("too_many_keys", f"more than {_MOST_KEYS} keys of one gateway")

    def _health(self, address: Address, health: Health) -> None:
        self._gateway(address).update(health=document(health), seen_ns=self._now_ns)
        self._tell_gateway(address)

    def _tell_gateway(self, address: Address) -> None:
        self.news[Item("gateway", (address.site, address.gateway))] = None

    def _camera(self, address: Address, camera: str, part: str, message: CameraInfo | CameraState) -> None:
        _must_fit(camera, message.camera)
        row = self._camera_row(address, camera)
        row[part] = document(message)
        self._gateway(address)["seen_ns"] = self._now_ns
        self.news[Item("camera", (address.site, address.gateway, camera))] = None

    def _merge_envelopes(self) -> None:
        heads = [envelope for _, _, _, envelope in self._waiting]
        self._expect(schema.gateway, {(one.site, one.gateway) for one in heads})
        self._expect(schema.outbox_seq, {AckKey(one.site, one.gateway, one.outbox, one.kind) for one in heads})
        self._expect(schema.camera, {(at.site, at.gateway, camera) for at, camera, _, _ in self._waiting if camera})
        spans = [one for envelope in heads if envelope.kind == "recording" for one in envelope.records]
        self._expect(schema.recording, {(key,) for one in spans if isinstance(key := one.get("id"), str)})
        for address, camera, leaf, envelope in self._waiting:
            try:
                self._envelope(address, camera, envelope)
            except TooManyHoles as error:  # unanswered, it comes again, when those that close the holes have come
                self._counts.rejected("too_many_holes")
                self.problems.append(f"{address.site}/{address.gateway}, class {envelope.kind}: {error}")
            except WireError:
                self._counts.rejected(f"broken_{leaf}")

    def _envelope(self, address: Address, camera: str, envelope: Envelope) -> None:
        key = AckKey(address.site, address.gateway, envelope.outbox, envelope.kind)
        ledger = self._ledger(key).with_messages(envelope.numbers, envelope.dropped)
        self._know(address, camera)
        for record in envelope.records:
            self._record(address, camera, envelope.kind, record)
        self._ledgers[key] = ledger
        self.acks[key] += envelope.numbers
        self._gateway(address)["seen_ns"] = self._now_ns

    def _know(self, address: Address, camera: str) -> None:
        """What comes on a stick tells of cameras that never announced themselves: they are there all the same."""
        if camera and self._load(schema.camera, (address.site, address.gateway, camera)) is None:
            with suppress(Refused):  # too many on one gateway: what they saw is kept, and found by their names
                self._camera_row(address, camera)
                self.news[Item("camera", (address.site, address.gateway, camera))] = None

    def _record(self, address: Address, camera: str, kind: DurableClass, raw: dict[str, Any]) -> None:
        """A broken record is counted and its neighbours are kept: to refuse the envelope would only bring it again."""
        try:
            record = validate(RECORD_TYPES[kind], raw)
            self._merge(address, camera, record)
        except Refused as error:
            self._counts.rejected(error.reason)
        except WireError:
            self._counts.rejected(f"broken_{kind}")

    def _merge(self, address: Address, camera: str, record: Message) -> None:
        match record:
            case Event():
                _must_fit(camera, record.camera)
                self._keeper.put(Place(address.site, address.gateway, camera), record)
                self.news[Item("event", (record.id,))] = None
            case TrackSummary():
                _must_fit(camera, record.camera)
                self._keeper.put(Place(address.site, address.gateway, camera), record)
            case RecordingSpan():
                _must_fit(camera, record.camera)
                held = self._held_row(schema.recording, address, record.id, camera)
                self._chain(address, record, held)
                row = {**recording_row(held, record), "site": address.site, "gateway": address.gateway}
                self._set(schema.recording, (record.id,), row)
            case HealthSample():
                row = sample_row(address.site, address.gateway, record, self._now_ns)
                self._rows[schema.health_sample.name][address.site, address.gateway, str(row["time_ns"])] = row

    def _chain(self, address: Address, span: RecordingSpan, held: Document | None) -> None:
        """A number of a camera's chain is given once, with one link: else footage was replaced."""
        known = held["link"] if held else self._link(address, span)
        if known is not None and known != span.link:
            row = self._gateway(address)
            row["chain_breaks"] = (row["chain_breaks"] or 0) + 1
        self._links.setdefault((address.site, address.gateway, span.camera, span.number), span.link)

    def _link(self, address: Address, span: RecordingSpan) -> str | None:
        table, key = schema.recording, (address.site, address.gateway, span.camera, span.number)
        if key in self._links:
            return self._links[key]
        columns = (table.c.site, table.c.gateway, table.c.camera, table.c.number)
        where = [column == value for column, value in zip(columns, key, strict=True)]
        return self._connection.scalar(sa.select(table.c.link).where(*where).limit(1))

    def _set(self, table: sa.Table, key: tuple[str, ...], row: Document) -> None:
        self._rows[table.name][key] = row
        self._held[table.name, *key] = row

    def _held_row(self, table: sa.Table, address: Address, record: str, camera: str) -> Document | None:
        held = self._load(table, (record,))
        place = (address.site, address.gateway, camera)
        if held is not None and (held["site"], held["gateway"], held["camera"]) != place:
            raise Refused("foreign_id", "this id belongs to another camera")
        return held

    def _expect(self, table: sa.Table, keys: set[tuple[str, ...]]) -> None:
        """Read these rows at once instead of one by one."""
        columns = table.primary_key.columns.values()
        for part in parts(sorted(key for key in keys if (table.name, *key) not in self._held)):
            self._held |= {(table.name, *key): None for key in part}
            where = sa.tuple_(*columns).in_(part) if len(columns) > 1 else columns[0].in_([key[0] for key in part])
            for row in self._connection.execute(sa.select(table).where(where)).mappings():
                self._held[table.name, *(row[column.name] for column in columns)] = dict(row)

    def _load(self, table: sa.Table, key: tuple[str, ...]) -> Document | None:
        cached = (table.name, *key)
        if cached not in self._held:
            where = [column == value for column, value in zip(table.primary_key, key, strict=True)]
            row = self._connection.execute(sa.select(table).where(*where)).mappings().first()
            self._held[cached] = dict(row) if row else None
        return self._held[cached]

    def _gateway(self, address: Address) -> Document:
        key = (address.site, address.gateway)
        empty = {column.name: None for column in schema.gateway.columns}
        fresh = {**empty, "site": address.site, "gateway": address.gateway, "state": "offline"}
        row = self._load(schema.gateway, key) or fresh
        self._set(schema.gateway, key, row)
        return row

    def _camera_row(self, address: Address, camera: str) -> Document:
        key = (address.site, address.gateway, camera)
        row = self._load(schema.camera, key)
        if row is None:
            self._check_room(address)
            row = {"info": None, "state": None, "snapshot": None, "snapshot_ns": None}
            row |= {"site": address.site, "gateway": address.gateway, "camera": camera}
        self._set(schema.camera, key, row)
        return row

    def _check_room(self, address: Address) -> None:
        table = schema.camera
        where = (table.c.site == address.site, table.c.gateway == address.gateway)
        count = self._connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0
        fresh = sum(key[:2] == (address.site, address.gateway) for key in self._rows["camera"])
        if count + fresh >= _MOST_CAMERAS:
            raise Refused("too_many_cameras", f"more than {_MOST_CAMERAS} cameras on one gateway")

    def _ledger(self, key: AckKey) -> Ledger:
        if key not in self._ledgers:
            row = self._load(schema.outbox_seq, tuple(key))
            self._ledgers[key] = _ledger_of(row) if row else Ledger()
        return self._ledgers[key]

    def _reply(self, address: Address, command: str, reply: Reply) -> None:
        _must_fit(command, reply.id)
        table = schema.clip
        where = (table.c.command == command, table.c.site == address.site, table.c.gateway == address.gateway)
        row = self._connection.execute(sa.select(table.c.id, table.c.state).where(*where)).first()
        if row is None or row.state not in {"requested", "cancelled"}:
            return
        change = _clip_change(reply)
        if row.state == "cancelled":  # its medium is on the way all the same, and must be known to be called off
            change = {"media": change.get("media")}
        self._connection.execute(sa.update(table).where(table.c.id == row.id).values(**change))
        self.news[Item("clip", (row.id,))] = None


def _envelope(address: Address, classes: Collection[DurableClass], payload: bytes) -> Envelope:
    envelope = decode(Envelope, payload)
    sender = (envelope.site, envelope.gateway)
    if sender != (address.site, address.gateway) or envelope.kind not in classes:
        raise Refused("wrong_sender", "the envelope names another sender or class than its topic")
    return envelope


def _clip_change(reply: Reply) -> Document:
    media = reply.result.get("media")
    if reply.ok and isinstance(media, str) and 0 < len(media) <= 64:
        return {"state": "sending", "media": media}
    return {"state": "failed", "error": reply.error or "the gateway named no medium"}


def _must_fit(topic: str, body: str) -> None:
    if topic != body:
        raise Refused("wrong_sender", "the message names another thing than its topic")


def _is_of_older_session(row: Document, session: str, since_ns: int) -> bool:
    return row["session"] not in (None, session) and since_ns <= (row["since_ns"] or 0)


def _ledger_of(row: Document) -> Ledger:
    return Ledger(
        row["high"],
        tuple((first, last) for first, last in row["received"]),
        tuple((first, last) for first, last in row["announced"]),
        row["stored"],
        row["duplicates"],
        row["dropped"],
        row["lost"],
    )
