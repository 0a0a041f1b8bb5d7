"""Asking gateways for clips and for sheets of previews, and keeping track of what became of each request."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from typing import Any, Literal

import sqlalchemy as sa

from agent.central.commands import Commander, CommandFailed
from agent.central.news import Item, News
from agent.central.store.database import Database
from agent.central.store.finds import Finds
from agent.central.store.pack import Document
from agent.central.store.people import Person
from agent.central.store.schema import clip, gateway, media
from agent.core.clock import NS, Clock, parse_rfc3339, rfc3339
from agent.core.errors import LamppostError, StorageError
from agent.core.ids import new_id
from agent.core.stop import StopToken
from agent.wire.messages import ClipArgs, Command, ExportArgs, PreviewsArgs

log = logging.getLogger(__name__)

MOST_S = 600
_AROUND_NS = 5 * NS
_MOST_OF_EVENT_NS = 60 * NS
_LONGEST_OF_EVENT_NS = 120 * NS
"""Of what was fetched for something else: who shares an event's clip shows no ten minutes of the street."""
_AHEAD_NS = 10 * NS  # the gateway waits for footage that is still being recorded, twice as long as this
_ANSWER_NS = 120 * NS  # a proxy takes a slow gateway about as long as it lasts
_ASKING = 0x6C616D75
"""Of PostgreSQL's advisory locks: who holds it looks for a clip, and asks for it when there is none."""
_UNDER_WAY = frozenset({"requested", "sending"})
_ALIVE = _UNDER_WAY | {"ready"}
_SILENT_NS = 3600 * NS
_LONGEST_NS = 2 * 86_400 * NS
"""Where every byte is paid for a clip may wait for its turn for long. One that was given up and comes is taken."""
_EVERY = 60
"""Seconds between two looks at those that are being sent."""

Wanted = Literal["auto", "proxy", "full"]

PREVIEWS = 24
"""Small pictures on a sheet. Sheets begin at whole multiples of their length: who looks at a time shares them."""
MOST_SHEETS = 12
"""That one gateway may be asked for at the same time."""
_SETTLED_NS = 15 * NS
"""After its end all of a span can be read at the gateway."""
_SAME_AGAIN_NS = 20 * NS
"""A sheet of what is still being recorded is good for so long, or for one of its steps."""


class TooManySheets(LamppostError):
    """A gateway is drawing as many as it may."""


class Clips:
    """Requests."""

    def __init__(
        self, database: Database, finds: Finds, commander: Commander, clock: Clock, news: News, *,
        is_limited: Callable[[str, str], bool], cancel: Callable[[str, str, str], None],
    ) -> None:  # fmt: skip
        """`is_limited(site, gateway)`: does every byte count on its uplink? `cancel(site, gateway, media)`."""
        self._database, self._finds, self._commander = database, finds, commander
        self._clock, self._news = clock, news
        self._is_limited, self._cancel = is_limited, cancel

    def limited(self, finds: Finds) -> Clips:
        """The same, for somebody who sees no more than what these find: other clips do not exist."""
        same = copy.copy(self)
        same._finds = finds  # noqa: SLF001 - its own
        return same

    def _write_down(
        self, connection: sa.Connection, place: tuple[str, str, str], start_ns: int, end_ns: int, event: str | None,
        quality: Wanted | Literal["previews"], by: str,
    ) -> Command:  # fmt: skip
        """The row, and the command to send once it is committed: the reply, which ingest stores, looks for the row."""
        site, gateway, camera = place
        start, end = rfc3339(start_ns), rfc3339(end_ns)
        chosen = quality if quality == "previews" else self._chosen(place, quality)
        if chosen == "previews":
            self._admit(connection, site, gateway)
            args = PreviewsArgs(camera=camera, start=start, end=end, count=PREVIEWS)
            command = self._commander.prepared(site, gateway, "previews", args)
        else:
            clip_args = ClipArgs(camera=camera, start=start, end=end, quality=chosen, event=event)
            command = self._commander.prepared(site, gateway, "clip", clip_args)
        self._keep(connection, command.id, place, (start_ns, end_ns), event, chosen, wished=[by])
        return command

    def _chosen(self, place: tuple[str, str, str], quality: Wanted) -> Literal["proxy", "full"]:
        """What is asked of that gateway for it."""
        return quality if quality != "auto" else "proxy" if self._is_limited(*place[:2]) else "full"

    def _keep(
        self, connection: sa.Connection, command: str, place: tuple[str, str, str], span: tuple[int, int],
        event: str | None, quality: str, **more: Any,
    ) -> str:  # fmt: skip
        now_ns = self._clock.wall_ns()
        row = {
            "id": new_id(now_ns), "command": command, **dict(zip(("site", "gateway", "camera"), place, strict=True)),
            "event": event, "quality": quality, "start_ns": span[0], "end_ns": span[1], "state": "requested",
            "error": "", "media": None, "created_ns": now_ns, "deadline_ns": now_ns + _ANSWER_NS,
        }  # fmt: skip
        connection.execute(sa.insert(clip).values(row | more))
        return str(row["id"])

    def _admit(self, connection: sa.Connection, site: str, gateway: str) -> None:
        """One of the sheets that a gateway may draw at a time."""
        drawing = (
            clip.c.site == site, clip.c.gateway == gateway, clip.c.quality == "previews",
            clip.c.state == "requested", clip.c.deadline_ns > self._clock.wall_ns(),
        )  # fmt: skip
        if (connection.scalar(sa.select(sa.func.count()).where(*drawing)) or 0) >= MOST_SHEETS:
            raise TooManySheets(
                f"gateway {gateway} at {site} draws {MOST_SHEETS} sheets already; ask again in a moment"
            )

    def _ask(self, command: Command) -> Document:
        """Send it; what could not be sent was never asked for."""
        try:
            self._commander.dispatch(command)
        except CommandFailed:
            with self._database.write() as connection:
                connection.execute(sa.delete(clip).where(clip.c.command == command.id))
            raise
        with self._database.read() as connection:
            key = connection.scalar(sa.select(clip.c.id).where(clip.c.command == command.id))
        return self._told(str(key))

    def _told(self, key: str) -> Document:
        """A clip that there was not before."""
        found = self._finds.clip(key)
        if found is None:
            raise StorageError("the clip's row is gone")
        self._news.tell(Item("clip", (key,)))
        return found

    def _shared(
        self, held: Callable[[], list[Document]], place: tuple[str, str, str], span: tuple[int, int],
        event: str | None, quality: Wanted | Literal["previews"], by: str,
    ) -> tuple[Document, bool]:  # fmt: skip
        """One that is there or on its way, else one that is asked for now; of all web workers one asks at a time."""
        with self._database.write() as connection:
            self._database.alone(connection, _ASKING)
            does = (one for one in held() if one["state"] in _ALIVE and quality in {"auto", one["quality"]})
            if (one := next(does, None)) is None:
                command = self._write_down(connection, place, *span, event, quality, by)
            else:
                self._wish(connection, one, by)
                own = self._lent(connection, one, place, span, event)
        if one is None:
            return self._ask(command), True
        return (one if own is None else self._told(own)), False

    def _wish(self, connection: sa.Connection, one: Document, by: str) -> None:
        """Who asks for what is on its way waits for it, too."""
        if one["state"] not in _UNDER_WAY:
            return
        mine = clip.c.id == one["id"]
        wished = connection.scalar(sa.select(clip.c.wished).where(mine).with_for_update()) or []
        if by not in wished:
            connection.execute(sa.update(clip).where(mine).values(wished=[*wished, by]))

    def _lent(
        self, connection: sa.Connection, one: Document, place: tuple[str, str, str], span: tuple[int, int],
        event: str | None,
    ) -> str | None:  # fmt: skip
        """What is there of another event, or of none, becomes this event's, too: the id of the row that says so."""
        if event is None or one["event"] == event or one["state"] != "ready":
            return None
        # its row held fast: whoever has it leave just now comes before all this, or finds the new row, too
        there = sa.select(media.c.id).where(media.c.id == one["media"], media.c.state == "ready")
        if connection.scalar(there.with_for_update(read=True)) is None:
            return None
        unasked = new_id(self._clock.wall_ns())  # a command that nobody answers
        more = {"media": one["media"], "state": "ready"}
        return self._keep(connection, unasked, place, span, event, one["quality"], **more)

    def _good(
        self, place: tuple[str, str, str], span: tuple[int, int], quality: Wanted, longest_ns: int
    ) -> list[Document]:  # fmt: skip
        """Clips that do as well as the one that would be asked for, none longer than that.

        A gateway sends those of one quality in the order in which they were asked for, and small ones first: one of
        the same quality that is on its way comes no later than a shorter one, a full one later than a small one.
        """
        chosen = self._chosen(place, quality)
        return [
            one for one in self._finds.clips_over(place, *span, longest_ns)
            if one["quality"] == chosen or (quality == "auto" and (one["quality"], one["state"]) == ("full", "ready"))
        ]  # fmt: skip

    def of_span(
        self, place: tuple[str, str, str], start_ns: int, end_ns: int, quality: Wanted = "auto", *, by: str,
        exact: bool = False,
    ) -> tuple[Document, bool]:  # fmt: skip
        """A clip for somebody with the footage between two times, and whether it was asked for just now.

        Who plays the same shares it: it may be one of a longer time, unless it must be `exact`.

        Raises:
            CommandFailed: the gateway is away.
        """
        span, longest_ns = (start_ns, end_ns), end_ns - start_ns if exact else MOST_S * NS
        return self._shared(lambda: self._good(place, span, quality, longest_ns), place, span, None, quality, by)

    def of_event(self, event: Document, quality: Wanted = "auto", *, by: str) -> tuple[Document, bool]:
        """The event's clip, five seconds more on either side, and whether it was asked for just now.

        With `auto` the best there is or that is on its way. What was fetched of that time for others does as well.

        Raises:
            CommandFailed: the gateway is away.
        """
        place, span = (event["site"], event["gateway"], event["camera"]), self._around(event)

        def held() -> list[Document]:
            """Two people who open one event get one clip."""
            own = self._finds.clips_of_event(event["id"])
            return [*own, *self._good(place, span, quality, _LONGEST_OF_EVENT_NS)]

        return self._shared(held, place, span, event["id"], quality, by)

    def export(self, place: tuple[str, str, str], start_ns: int, end_ns: int, by: Person, reason: str) -> Document:
        """The footage between two times as evidence: cut anew for each who takes it out, whose name it bears.

        Raises:
            CommandFailed: the gateway is away.
        """
        args = ExportArgs(camera=place[2], start=rfc3339(start_ns), end=rfc3339(end_ns), by=by.name, reason=reason)
        command = self._commander.prepared(*place[:2], "export", args)
        with self._database.write() as connection:
            self._keep(connection, command.id, place, (start_ns, end_ns), None, "export", wished=[by.signature])
        return self._ask(command)

    def sheet(self, place: tuple[str, str, str], at_ns: int, step_s: int, by: str) -> tuple[Document, bool]:
        """The sheet of small pictures, one for each `step_s`, that has this moment, and whether it was just asked for.

        Raises:
            CommandFailed: the gateway is away.
            TooManySheets: it draws as many as it may.
        """
        length_ns = PREVIEWS * step_s * NS
        start_ns = at_ns // length_ns * length_ns
        end_ns = start_ns + length_ns
        held = lambda: [  # noqa: E731
            one for one in self._finds.sheets_of_span(place, start_ns, end_ns) if self._is_good(one, end_ns, step_s)
        ]
        return self._shared(held, place, (start_ns, end_ns), None, "previews", by)

    def _is_good(self, sheet: Document, end_ns: int, step_s: int) -> bool:
        """Was it drawn after all of its time was recorded, or a moment ago?"""
        drawn_ns = parse_rfc3339(sheet["created"])
        fresh = self._clock.wall_ns() - drawn_ns < max(step_s * NS, _SAME_AGAIN_NS)
        return drawn_ns > end_ns + _SETTLED_NS or fresh

    def call_off(self, key: str, by: str) -> Document | None:
        """Somebody wants it no more: it comes for those who do, or not at all. What is ready stays.

        None: no such clip.
        """
        while (found := self._finds.clip(key)) is not None and found["state"] in _UNDER_WAY:
            waiting = self._without(found, by)
            if waiting:
                return found
            if waiting is not None:
                if found["media"] is not None:
                    self._cancel(found["site"], found["gateway"], found["media"])
                self._news.tell(Item("clip", (key,)))
        return found

    def _without(self, found: Document, by: str) -> list[str] | None:
        """Who still waits for it; with nobody left it is called off. None: it is not as it was found, perhaps ready."""
        mine, off = clip.c.id == found["id"], {"state": "cancelled", "error": "called off"}
        with self._database.write() as connection:
            self._database.alone(connection, _ASKING)  # who asks for the same just now is among them, or asks anew
            row = connection.execute(sa.select(clip.c.state, clip.c.wished).where(mine).with_for_update()).first()
            if row is None or row.state != found["state"]:
                return None
            waiting = [one for one in row.wished or [] if one != by]
            more = {} if waiting else off
            connection.execute(sa.update(clip).where(mine).values(wished=waiting, **more))
        return waiting

    def _around(self, event: Document) -> tuple[int, int]:
        start_ns = parse_rfc3339(event["start"])
        end_ns = parse_rfc3339(event.get("end") or event["time"])
        first_ns = start_ns - _AROUND_NS
        last_ns = min(
            max(end_ns, start_ns) + _AROUND_NS, first_ns + _MOST_OF_EVENT_NS, self._clock.wall_ns() + _AHEAD_NS
        )
        return first_ns, max(last_ns, first_ns + NS)


class Overdue:
    """A worker that gives up on what no gateway answers, or sends. What comes all the same is taken."""

    name = "clips"

    def __init__(self, database: Database, clock: Clock, news: News) -> None:
        self._database, self._clock, self._news = database, clock, news

    def run(self, stop: StopToken) -> None:
        """Look every second for answers that did not come, every minute for media."""
        seconds = 0
        while not stop.wait(1.0):
            seconds += 1  # so the gateways of a centre that has just started have a minute
            self.look(sending=seconds % _EVERY == 0)

    def look(self, *, sending: bool) -> None:
        """Fail the requests that nobody answered, and with `sending` those whose medium is not coming."""
        now_ns = self._clock.wall_ns()
        unanswered = (clip.c.state == "requested", clip.c.deadline_ns < now_ns)
        late = self._fail(f"the gateway did not answer within {_ANSWER_NS // NS} s", *unanswered)
        if sending:
            late += self._fail("its gateway was not heard of for an hour; ask again when it is back", *_silent(now_ns))
            late += self._fail(f"it did not come within {_LONGEST_NS // NS // 3600} hours; ask again", *_slow(now_ns))
        self._news.tell(*(Item("clip", (key,)) for key in late))

    def _fail(self, error: str, *where: sa.ColumnElement[bool]) -> list[str]:
        with self._database.read() as connection:
            late = list(connection.scalars(sa.select(clip.c.id).where(*where)))
        if late:
            query = sa.update(clip).where(clip.c.id.in_(late), *where)
            with self._database.write() as connection:
                connection.execute(query.values(state="failed", error=error))
        return late


def _silent(now_ns: int) -> tuple[sa.ColumnElement[bool], ...]:
    same = (gateway.c.site == clip.c.site, gateway.c.gateway == clip.c.gateway)
    heard = sa.exists().where(*same, gateway.c.seen_ns >= now_ns - _SILENT_NS)
    return (*_sending(), clip.c.created_ns < now_ns - _SILENT_NS, ~heard)


def _slow(now_ns: int) -> tuple[sa.ColumnElement[bool], ...]:
    begun = sa.exists().where(media.c.id == clip.c.media, media.c.created_ns >= now_ns - _LONGEST_NS)
    return (*_sending(), clip.c.created_ns < now_ns - _LONGEST_NS, ~begun)


def _sending() -> tuple[sa.ColumnElement[bool], ...]:
    """A medium may be whole before its clip's row says so."""
    return clip.c.state == "sending", ~sa.exists().where(media.c.id == clip.c.media, media.c.state == "ready")
