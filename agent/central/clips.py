"""Asking gateways for clips, and keeping track of what became of each request."""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable
from typing import Literal

import sqlalchemy as sa

from agent.central.commands import Commander
from agent.central.news import Item, News
from agent.central.store.database import Database
from agent.central.store.finds import Finds
from agent.central.store.pack import Document
from agent.central.store.reach import Reach
from agent.central.store.schema import clip
from agent.core.clock import NS, Clock, parse_rfc3339, rfc3339
from agent.core.errors import StorageError
from agent.core.ids import new_id
from agent.core.stop import StopToken
from agent.wire.messages import ClipArgs, ClipQuality

log = logging.getLogger(__name__)

MOST_S = 600
_AROUND_NS = 5 * NS
_MOST_OF_EVENT_NS = 60 * NS
_AHEAD_NS = 10 * NS  # the gateway waits for footage that is still being recorded, twice as long as this
_ANSWER_NS = 120 * NS  # a proxy takes a slow gateway about as long as it lasts
_ALIVE = frozenset({"requested", "sending", "ready"})

Wanted = Literal["auto", "proxy", "full"]


class Clips:
    """Requests, and a worker to give up on those that no gateway answered."""

    name = "clips"

    def __init__(
        self, database: Database, finds: Finds, commander: Commander, clock: Clock, news: News, *,
        is_limited: Callable[[str, str], bool], cancel: Callable[[str, str, str], None],
    ) -> None:  # fmt: skip
        """`is_limited(site, gateway)`: does every byte count on its uplink? `cancel(site, gateway, media)`."""
        self._database, self._finds, self._commander = database, finds, commander
        self._clock, self._news = clock, news
        self._is_limited, self._cancel = is_limited, cancel
        self._asking = threading.Lock()

    def limited(self, reach: Reach) -> Clips:
        """The same, for somebody who sees no more than that: clips of other cameras do not exist."""
        same = copy.copy(self)
        same._finds = self._finds.limited(reach)  # noqa: SLF001 - its own
        return same

    def request(
        self, place: tuple[str, str, str], start_ns: int, end_ns: int, event: str | None = None,
        quality: Wanted = "auto",
    ) -> Document:  # fmt: skip
        """Ask the gateway to cut and send; the clip is `requested` then.

        `auto` is a proxy where the uplink is limited, else the clip as it was recorded.

        Raises:
            CommandFailed: the gateway is away.
        """
        site, gateway, camera = place
        chosen: ClipQuality = quality if quality != "auto" else "proxy" if self._is_limited(site, gateway) else "full"
        args = ClipArgs(camera=camera, start=rfc3339(start_ns), end=rfc3339(end_ns), quality=chosen, event=event)
        now_ns = self._clock.wall_ns()
        with self._database.write() as connection:
            # inside the transaction, so that the reply, which the writer stores, cannot come before the row
            command = self._commander.send(site, gateway, "clip", args)
            row = {
                "id": new_id(now_ns),
                "command": command,
                "site": site,
                "gateway": gateway,
                "camera": camera,
                "event": event,
                "quality": chosen,
                "start_ns": start_ns,
                "end_ns": end_ns,
                "state": "requested",
                "error": "",
                "media": None,
                "created_ns": now_ns,
                "deadline_ns": now_ns + _ANSWER_NS,
            }
            connection.execute(sa.insert(clip).values(row))
        found = self._finds.clip(str(row["id"]))
        if found is None:
            raise StorageError("the clip's row is gone")
        self._news.tell(Item("clip", (found["id"],)))
        return found

    def of_span(
        self, place: tuple[str, str, str], start_ns: int, end_ns: int, quality: Wanted = "auto"
    ) -> tuple[Document, bool]:
        """The clip between two times, and whether it was asked for just now: who plays the same footage shares it.

        Raises:
            CommandFailed: the gateway is away.
        """
        with self._asking:
            for held in self._finds.clips_of_span(place, start_ns, end_ns):
                if held["state"] in _ALIVE and quality in {"auto", held["quality"]}:
                    return held, False
            return self.request(place, start_ns, end_ns, quality=quality), True

    def of_event(self, event: Document, quality: Wanted = "auto") -> tuple[Document, bool]:
        """The event's clip, five seconds more on either side, and whether it was asked for just now.

        With `auto` the best there is or that is on its way.

        Raises:
            CommandFailed: the gateway is away.
        """
        with self._asking:  # two people who open one event get one clip
            for held in self._finds.clips_of_event(event["id"]):
                if held["state"] in _ALIVE and quality in {"auto", held["quality"]}:
                    return held, False
            return self._request_around(event, quality), True

    def call_off(self, key: str) -> Document | None:
        """Nobody wants it any more; what is ready stays. None: no such clip."""
        found = self._finds.clip(key)
        if found is None or found["state"] not in {"requested", "sending"}:
            return found
        with self._database.write() as connection:
            off = {"state": "cancelled", "error": "called off"}
            connection.execute(sa.update(clip).where(clip.c.id == key).values(**off))
        if found["media"] is not None:
            self._cancel(found["site"], found["gateway"], found["media"])
        self._news.tell(Item("clip", (key,)))
        return self._finds.clip(key)

    def _request_around(self, event: Document, quality: Wanted) -> Document:
        start_ns = parse_rfc3339(event["start"])
        end_ns = parse_rfc3339(event.get("end") or event["time"])
        first_ns = start_ns - _AROUND_NS
        last_ns = min(
            max(end_ns, start_ns) + _AROUND_NS, first_ns + _MOST_OF_EVENT_NS, self._clock.wall_ns() + _AHEAD_NS
        )
        place = (event["site"], event["gateway"], event["camera"])
        return self.request(place, first_ns, max(last_ns, first_ns + NS), event["id"], quality)

    def run(self, stop: StopToken) -> None:
        """Fail the requests that nobody answered."""
        while not stop.wait(1.0):
            late = self._give_up()
            self._news.tell(*(Item("clip", (key,)) for key in late))

    def _give_up(self) -> list[str]:
        where = (clip.c.state == "requested", clip.c.deadline_ns < self._clock.wall_ns())
        with self._database.read() as connection:
            late = list(connection.scalars(sa.select(clip.c.id).where(*where)))
        if late:
            failed = {"state": "failed", "error": f"the gateway did not answer within {_ANSWER_NS // NS} s"}
            with self._database.write() as connection:
                connection.execute(sa.update(clip).where(clip.c.id.in_(late), *where).values(**failed))
        return late
