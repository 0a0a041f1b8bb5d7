"""Some messages becoming rows in one transaction: read what is there, merge in memory, write once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from agent.central.counts import Counts, Refused
from agent.central.news import Item
from agent.central.opening import later_head, later_version, open_envelope, spread
from agent.central.small_rows import MOST_KEYS, SmallRows, TooMany
from agent.central.store import schema
from agent.central.store.database import Database
from agent.central.store.days import Change
from agent.central.store.footage import Footage
from agent.central.store.health import sample_row
from agent.central.store.hooks import Hooks
from agent.central.store.keeper import LONGEST_DAYS, Age, Keeper
from agent.central.store.merge import document, wall_ns
from agent.central.store.outboxes import MOST_OUTBOXES, Ledger, TooManyHoles, fold
from agent.central.store.pack import Document
from agent.central.store.places import Place, number_of
from agent.central.store.unread import Unread, check_room
from agent.central.watching import Watcher
from agent.core.clock import Clock
from agent.core.errors import WireError
from agent.core.signing import id_of_raw
from agent.wire.messages import (
    CLASSES_OF_LEAF,
    RECORD_TYPES,
    VERSION,
    CameraInfo,
    CameraState,
    DurableClass,
    EnvelopeHead,
    Event,
    Health,
    HealthSample,
    LaterHead,
    Message,
    Opened,
    RecordingSpan,
    Reply,
    Status,
    TrackSummary,
    decode,
    validate,
)
from agent.wire.topics import Address

_MANY_DAYS = 16
_HISTORY: tuple[DurableClass, ...] = ("health",)


class AckKey(NamedTuple):
    """Whose messages an acknowledgement is about."""

    site: str
    gateway: str
    outbox: str
    kind: str


class Batch:
    """One transaction. `take` each message, then `write`; `acks`, `news` and `problems` may go out after the commit.

    With `again` the messages are those that were kept as they came: they were counted and answered then. What began
    earlier than `keep_days` ago would leave at once and is not taken.
    """

    def __init__(
        self, database: Database, change: Change, clock: Clock, counts: Counts, watcher: Watcher | None = None,
        hooks: Hooks | None = None, *, again: bool = False, keep_days: int = LONGEST_DAYS,
    ) -> None:  # fmt: skip
        self._hooks, self._again = hooks, again
        self._database, self._connection, self._counts = database, change.main, counts
        self._now_ns = clock.wall_ns()
        age = Age(self._now_ns, keep_days)
        self._change, self._footage = change, Footage(change, database.upsert, age, counts.rejected)
        self._keeper = Keeper(change, database.upsert, age, counts.rejected, watcher)
        self._rows = SmallRows(database, change.main)
        self._ledgers: dict[AckKey, Ledger] = {}
        self._fresh: set[tuple[str, str]] = set()
        self._waiting: list[tuple[Address, str, str, Opened]] = []
        self._dates: set[str] = set()
        self._unread: dict[tuple[str, str], list[tuple[LaterHead | None, Unread]]] = defaultdict(list)
        self._states: list[tuple[Address, Callable[[], None]]] = []
        self.acks: dict[AckKey, list[int]] = defaultdict(list)
        self.news: dict[Item, None] = {}
        self.raised: list[Event] = []
        self.problems: list[str] = []

    @property
    def is_full(self) -> bool:
        """Does it touch so many days that what else waits is better written after it?"""
        return len(self._dates) >= _MANY_DAYS

    def take(self, address: Address, payload: bytes) -> None:
        """Take one message along; what is durable is merged at the end, with all that is held read at once.

        Raises:
            WireError: it breaks its contract; nothing of it is kept.
        """
        match address.path:
            case ("status",):
                self._take_state(address, self._status, Status, payload)
            case ("health",):
                self._take_state(address, self._health, Health, payload)
            case ("camera", _, "info"):
                self._take_state(address, partial(self._camera, part="info"), CameraInfo, payload)
            case ("camera", _, "state"):
                self._take_state(address, partial(self._camera, part="state"), CameraState, payload)
            case ("camera", camera, leaf) if leaf in CLASSES_OF_LEAF:
                self._take_envelope(address, camera, leaf, CLASSES_OF_LEAF[leaf], payload)
            case ("health", "history"):
                self._take_envelope(address, "", "health", _HISTORY, payload)
            case ("reply", _):
                self._take_state(address, self._reply, Reply, payload)
            case _:
                raise Refused("unknown_topic", f"nobody expects {'/'.join(address.path)[:80]}")

    def _take_envelope(
        self, address: Address, camera: str, leaf: str, classes: Collection[DurableClass], payload: bytes
    ) -> None:
        try:
            opened, dates, left_out = spread(open_envelope(address, leaf, classes, payload))
        except Refused:
            raise
        except WireError as error:
            head = later_head(address, classes, payload)
            if head is None:
                raise error from None
            self._unread[address.site, address.gateway].append((head, Unread(address, head.v, payload)))
        else:
            self._dates |= dates
            for _ in range(left_out):
                self._counts.rejected("too_many_days")
            self._waiting.append((address, camera, leaf, opened))

    def _take_state(
        self, address: Address, apply: Callable[[Address, Any], None], kind: type[Message], payload: bytes
    ) -> None:
        try:
            message = decode(kind, payload)
        except WireError:
            version = later_version(payload)
            if version is None:
                raise
            if address.path[0] == "reply":  # who waits for it does not wait so long
                raise Refused("later_version", f"a reply of version {version}") from None
            self._unread[address.site, address.gateway].append((None, Unread(address, version, payload)))
        else:
            self._states.append((address, partial(apply, address, message)))

    def write(self) -> None:
        """Merge what was taken, and put it into the tables."""
        said = [*(address for address, _ in self._states), *(address for address, *_ in self._waiting)]
        heard = {(one.site, one.gateway) for one in said} | self._unread.keys()
        # before anything is read: another worker may be at the same gateways, in another order
        self._change.lock({number_of(Place(site, gateway, "")) for site, gateway in heard})
        for address, apply in self._states:
            try:
                apply()
            except TooMany as error:
                self._leave_out(error, 1)
            except WireError as error:
                leaf = address.path[-1 if address.path[0] == "camera" else 0]
                self._counts.rejected(error.reason if isinstance(error, Refused) else f"broken_{leaf}")
        self._merge_envelopes()
        self._keep_unread()
        self._write_footage()
        self.raised = self._keeper.write()
        if self._hooks is not None:
            self._hooks.put(self._connection, self._keeper.events)
        self.news |= {Item("event", (event.id,)): None for event in self.raised}
        self._rows.write()
        ledgers = [key._asdict() | ledger.row() for key, ledger in self._ledgers.items()]
        self._database.upsert(self._connection, schema.outbox_seq, ledgers)
        self._fold_outboxes()

    def _fold_outboxes(self) -> None:
        for site, gateway in sorted(self._fresh):
            if fold(self._connection, self._database.upsert, site, gateway):
                self.problems.append(
                    f"{site}/{gateway} has had {MOST_OUTBOXES} outboxes; of the oldest only sums are kept. It makes a "
                    "new one at each start where its [storage] path does not last: look at its disk"
                )

    def _status(self, address: Address, status: Status) -> None:
        document(status)
        row = self._rows.gateway(address)
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
        row = self._rows.load(table, (address.site, address.gateway, name))
        if row is None:
            self._rows.make_room(table, address, MOST_KEYS)
            row = {"site": address.site, "gateway": address.gateway, "key_id": name, "key": key}
            row["first_ns"] = self._now_ns
        self._rows.keep(table, (address.site, address.gateway, name), {**row, "last_ns": self._now_ns})

    def _health(self, address: Address, health: Health) -> None:
        self._rows.gateway(address).update(health=document(health), seen_ns=self._now_ns)
        self._tell_gateway(address)

    def _tell_gateway(self, address: Address) -> None:
        self.news[Item("gateway", (address.site, address.gateway))] = None

    def _camera(self, address: Address, message: CameraInfo | CameraState, *, part: str) -> None:
        camera = address.path[1]
        _must_fit(camera, message.camera)
        row = self._rows.camera(address, camera)
        row[part] = document(message)
        self._rows.gateway(address)["seen_ns"] = self._now_ns
        self.news[Item("camera", (address.site, address.gateway, camera))] = None

    def _merge_envelopes(self) -> None:
        heads = [opened.head for _, _, _, opened in self._waiting]
        self._rows.expect(schema.gateway, {(one.site, one.gateway) for one in heads})
        self._rows.expect(schema.outbox_seq, {AckKey(one.site, one.gateway, one.outbox, one.kind) for one in heads})
        self._rows.expect(
            schema.camera, {(at.site, at.gateway, camera) for at, camera, _, _ in self._waiting if camera}
        )
        for address, camera, leaf, opened in self._waiting:
            try:
                self._envelope(address, camera, opened)
            except TooManyHoles as error:  # unanswered, it comes again, when those that close the holes have come
                self._counts.rejected("too_many_holes")
                self.problems.append(f"{address.site}/{address.gateway}, class {opened.head.kind}: {error}")
            except WireError:
                self._counts.rejected(f"broken_{leaf}")

    def _envelope(self, address: Address, camera: str, opened: Opened) -> None:
        envelope = opened.head
        key = AckKey(address.site, address.gateway, envelope.outbox, envelope.kind)
        ledger = (
            self._ledger(key) if self._again else self._ledger(key).with_messages(envelope.numbers, envelope.dropped)
        )
        try:
            self._know(address, camera)
        except TooMany as error:
            self._leave_out(error, len(opened.records))
        else:
            for record in opened.records:
                self._record(address, camera, envelope.kind, record)
        if not self._again:
            self._answer(address, key, envelope, ledger)

    def _leave_out(self, error: TooMany, records: int) -> None:
        """Names leave rows for ever, so there is an end to them. It is answered: it would only come again."""
        for _ in range(records):
            self._counts.rejected(error.reason)
        self.problems.append(str(error))

    def _answer(self, address: Address, key: AckKey, head: EnvelopeHead, ledger: Ledger) -> None:
        self._ledgers[key] = ledger
        self.acks[key] += head.numbers
        self._rows.gateway(address)["seen_ns"] = self._now_ns

    def _keep_unread(self) -> None:
        """As it came, what a later version says; what a gateway has no room for is not answered and comes again."""
        for (site, gateway), several in self._unread.items():
            try:
                check_room(self._connection, [message for _, message in several])
                for head, message in several:
                    self._keep_one_unread(head, message)
            except WireError as error:
                self._counts.rejected(error.reason if isinstance(error, Refused) else "too_many_holes")
            self.problems.append(
                f"{site}/{gateway} speaks version {several[0][1].version} of the messages, this centre {VERSION}: they "
                "are kept as they came and read once the centre is newer"
            )

    def _keep_one_unread(self, head: LaterHead | None, message: Unread) -> None:
        """`head` of an envelope, whose numbers are answered."""
        address = message.address
        if head is not None:
            key = AckKey(address.site, address.gateway, head.outbox, head.kind)
            ledger = self._ledger(key).with_messages(head.numbers, head.dropped)
            self._answer(address, key, head, ledger)
        self._rows.gateway(address)["seen_ns"] = self._now_ns
        self._rows.keep(schema.unread, (message.key,), message.row(self._now_ns))
        self._counts.rejected("later_version")

    def _know(self, address: Address, camera: str) -> None:
        """What comes on a stick tells of cameras that never announced themselves: they are there all the same."""
        if camera and self._rows.load(schema.camera, (address.site, address.gateway, camera)) is None:
            self._rows.camera(address, camera)
            self.news[Item("camera", (address.site, address.gateway, camera))] = None

    def _record(self, address: Address, camera: str, kind: DurableClass, raw: Message | dict[str, Any]) -> None:
        """A broken record is counted and its neighbours are kept: to refuse the envelope would only bring it again."""
        try:
            self._merge(address, camera, validate(RECORD_TYPES[kind], raw) if isinstance(raw, dict) else raw)
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
                self._footage.put(Place(address.site, address.gateway, camera), record)
            case HealthSample():
                row = sample_row(address.site, address.gateway, record, self._now_ns)
                self._rows.keep(schema.health_sample, (address.site, address.gateway, str(row["time_ns"])), row)

    def _write_footage(self) -> None:
        for place, count in self._footage.write(self._database.days).items():
            row = self._rows.gateway(Address(place.site, place.gateway, ()))
            row["chain_breaks"] = (row["chain_breaks"] or 0) + count

    def _ledger(self, key: AckKey) -> Ledger:
        if key not in self._ledgers:
            row = self._rows.load(schema.outbox_seq, tuple(key))
            self._ledgers[key] = Ledger.of(row) if row else Ledger()
            if row is None:
                self._fresh.add((key.site, key.gateway))
        return self._ledgers[key]

    def _reply(self, address: Address, reply: Reply) -> None:
        command = address.path[1]
        _must_fit(command, reply.id)
        table = schema.clip
        where = (table.c.command == command, table.c.site == address.site, table.c.gateway == address.gateway)
        row = self._connection.execute(sa.select(table.c.id, table.c.state).where(*where)).first()
        if row is None or row.state not in {"requested", "cancelled"}:
            return
        change = _clip_change(reply)
        if row.state == "cancelled":  # its medium is on the way all the same, and must be known to be called off
            change = {"media": change.get("media")}
        # its medium may be quicker than the answer: then it was taken for one that nobody had asked for
        taken = (table.c.media == change.get("media"), table.c.command == table.c.media)
        self._connection.execute(sa.delete(table).where(*taken))
        if change.get("state") == "sending" and self._is_ready(change["media"]):
            change["state"] = "ready"
        self._connection.execute(sa.update(table).where(table.c.id == row.id).values(**change))
        self.news[Item("clip", (row.id,))] = None

    def _is_ready(self, medium: str) -> bool:
        query = sa.select(schema.media.c.state).where(schema.media.c.id == medium)
        return self._connection.scalar(query) == "ready"


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
