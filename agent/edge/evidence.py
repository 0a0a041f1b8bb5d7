"""What proves an event goes to the centre step by step: pictures always, a clip where the policy says so.

A proxy is made as soon as the event's footage is whole: it is small. A full clip is made only when the link has room
for it, or when retention is about to take its footage; what cannot be made any more is reported, never just missing.
Trouble that passes (a full disk, one that is not there, a process that fell) only puts a clip off.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from agent.config.uplink import Evidence
from agent.core.backoff import Backoff
from agent.core.clock import NS, Clock, parse_rfc3339, rfc3339
from agent.core.errors import LamppostError, NotRecorded, StorageError, WireError
from agent.core.queues import BoundedQueue
from agent.core.stop import StopToken
from agent.edge.cutter import Cutter, Wanted
from agent.publish.outbox import Outbox
from agent.publish.wishes import Wish, Wishes
from agent.record.segment import Segment
from agent.wire.messages import ClipQuality, Event, MediaGone

log = logging.getLogger(__name__)

AROUND_NS = 5 * NS
LONGEST_NS = 60 * NS
SETTLE_NS = 3 * NS
"""After its last second the footage can be read back."""
TURN_S = 0.5
MOST_PAUSE_S = 30.0
"""While not even the outbox takes anything: what was made for it is made again each time."""
LOOK_NS = 5 * NS
MOST_HEARD = 1000
FULL_AHEAD_BYTES = 64 << 20
"""Full clips that lie ready for the link; more only where their footage is about to go."""
PROXIES_AHEAD = 50


class Policy(NamedTuple):
    """Of one camera: what goes of alarms, and of other events."""

    alarms: Evidence
    events: Evidence

    def of(self, event: Event) -> Evidence:
        """What goes of this one."""
        return self.alarms if event.severity == "alarm" else self.events


class EvidenceDesk:
    """A worker. `may_send` says whether clips that nobody asked for may go now.

    `doomed_before_ns(camera)`: footage of that camera from before this time is about to be deleted.
    """

    name = "evidence"

    def __init__(
        self, policies: Mapping[str, Policy], wishes: Wishes, cutter: Cutter, outbox: Outbox, clock: Clock,
        *, may_send: Callable[[], bool], doomed_before_ns: Callable[[str], int],
    ) -> None:  # fmt: skip
        self._policies, self._wishes, self._cutter, self._outbox = policies, wishes, cutter, outbox
        self._clock, self._may_send, self._doomed_before_ns = clock, may_send, doomed_before_ns
        self._heard: BoundedQueue[Event] = BoundedQueue(MOST_HEARD)
        self._fresh: deque[Event] = deque(maxlen=MOST_HEARD)
        self._spans: list[tuple[str, int, int]] = []
        self._made: OrderedDict[str, tuple[int, ClipQuality]] = OrderedDict()
        """Of events the clip that was made, and up to when it goes: many go on when it is as long as it may be."""
        self._look_ns = 0
        self._trouble = ""

    def hear(self, event: Event) -> None:
        """An event was decided; returns at once."""
        policy = self._policies.get(event.camera)
        if policy is not None and policy.of(event) != "pictures" and event.phase != "update":
            self._heard.put(event)

    def waits(self, segment: Segment) -> bool:
        """Is this footage needed for a clip that was not made yet?"""
        return any(
            camera == segment.camera and start_ns < segment.end_ns and end_ns > segment.start_ns
            for camera, start_ns, end_ns in self._spans
        )

    def run(self, stop: StopToken) -> None:
        """Make what is due, one after the other, until `stop`."""
        pause = Backoff(TURN_S, MOST_PAUSE_S)
        while not stop.is_set():
            event = self._heard.get(timeout_s=TURN_S)
            try:
                self.turn([event] if event is not None else [])
                pause.reset()
            except LamppostError as error:
                self._say(f"evidence: {error}", str(error))  # the disk: what waits is tried again
                stop.wait(pause.next_s())

    def turn(self, heard: list[Event]) -> None:
        """One round."""
        self._fresh.extend([*heard, *self._heard.drain(MOST_HEARD)])
        self._remember()
        now_ns = self._clock.mono_ns()
        if heard or now_ns >= self._look_ns:
            self._look_ns = now_ns + LOOK_NS
            self._spans = self._wishes.spans()
            for late in self._wishes.old():
                self._give_up(late, "it waited for a week")
        wish = self._next()
        if wish is not None:
            self._make(wish)
            self._look_ns = 0

    def _remember(self) -> None:
        """Those that the disk does not take stay in memory until it does."""
        while self._fresh:
            event = self._fresh.popleft()
            try:
                self._want(event)
            except StorageError:
                self._fresh.appendleft(event)
                raise

    def _want(self, event: Event) -> None:
        quality = self._policies[event.camera].of(event)
        if quality == "pictures":
            return
        first_ns = parse_rfc3339(event.start) - AROUND_NS
        told_ns = parse_rfc3339(event.end or event.time)
        last_ns = first_ns + LONGEST_NS if event.phase == "start" else min(told_ns + AROUND_NS, first_ns + LONGEST_NS)
        if self._made.get(event.id) == (last_ns, quality):
            return
        wish = Wish(event.id, event.camera, first_ns, last_ns, quality, event.severity == "alarm", last_ns + SETTLE_NS)
        for surplus in self._wishes.put(wish):
            self._give_up(surplus, "too many clips wait")

    def _next(self) -> Wish | None:
        proxy, wish = self._wishes.due("proxy"), self._wishes.due("full")
        if proxy is None and wish is None:
            return None
        waiting = self._outbox.media.classes()
        if proxy is not None and waiting.get("proxy", (0, 0))[0] < PROXIES_AHEAD:
            return proxy
        if wish is None:
            return None
        doomed = wish.start_ns < self._doomed_before_ns(wish.camera)
        return wish if doomed or (waiting.get("clip", (0, 0))[1] < FULL_AHEAD_BYTES and self._may_send()) else None

    def _make(self, wish: Wish) -> None:
        name = f"{wish.event[:55]}-{wish.quality}"
        wanted = Wanted(name, wish.camera, wish.start_ns, wish.end_ns, wish.quality, wish.event, asked=False)
        try:
            self._cutter.make(wanted)
        except (NotRecorded, WireError) as error:  # no footage, or more than a medium may be: so it stays
            self._give_up(wish, str(error))
        except StorageError as error:
            self._wishes.put_off(wish)
            self._say(f"no clip of event {wish.event} yet: {error}; it is tried again", str(error))
        else:
            self._wishes.remove(wish.event)
            self._trouble = ""
            self._made[wish.event] = wish.end_ns, wish.quality
            while len(self._made) > MOST_HEARD:
                self._made.popitem(last=False)

    def _say(self, words: str, trouble: str) -> None:
        """The same trouble again is no news."""
        if trouble != self._trouble:
            log.warning("%s", words)
        self._trouble = trouble

    def _give_up(self, wish: Wish, reason: str) -> None:
        log.warning("no clip of event %s: %s", wish.event, reason)
        self._outbox.media.never(
            MediaGone(
                id=f"{wish.event[:55]}-{wish.quality}", camera=wish.camera, kind="clip", reason=reason[:400],
                start=rfc3339(wish.start_ns), end=rfc3339(wish.end_ns), event=wish.event, quality=wish.quality,
            )
        )  # fmt: skip
        self._wishes.remove(wish.event)
