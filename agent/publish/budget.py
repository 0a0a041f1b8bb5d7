"""What may go over the link now: token buckets, one for each group of classes; clips never eat up what events need.

Three limits may hold at the same time, each with its own buckets: a rate, bytes an hour, bytes a month. Tokens drip
into the bucket of the most urgent group first and flow over into the next; a group takes from its own and from those of
less urgent groups, never from a more urgent one's. Alarms go whatever the buckets say, and are counted: the rest then
waits longer. In any hour no more than `bytes_per_hour` goes (in any 31 days no more than `bytes_per_month`): a tenth
may go at once, nine tenths drip. What was spent is remembered over restarts.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from agent.config.hours import Calendar, Hours
from agent.core.clock import NS, Clock
from agent.core.errors import StorageError
from agent.publish.database import Database

log = logging.getLogger(__name__)

ALARMS, MESSAGES, ASKED, PICTURES, LIVE, CLIPS = range(6)
GROUPS = {
    "alarm": ALARMS, "state": ALARMS, "event": MESSAGES, "track": MESSAGES, "recording": MESSAGES, "health": MESSAGES,
    "asked": ASKED, "snapshot": PICTURES, "sprite": PICTURES, "live": LIVE, "proxy": CLIPS, "clip": CLIPS,
}  # fmt: skip
AT_ONCE = 0.1
"""The share of an hour's or a month's bytes that the buckets hold; the rest drips."""
HOUR_S, MONTH_S = 3600.0, 31 * 86_400.0
SAVE_EVERY_S = 1.0
LOOK_EVERY_S = 1.0


@dataclass(slots=True)
class Buckets:
    """Of one limit: `drip` bytes a second into buckets that hold `each`. A level below 0 is a debt."""

    name: str
    drip: float
    each: float
    levels: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.levels = self.levels or [self.each] * (CLIPS + 1)

    def fill(self, seconds: float) -> None:
        """The most urgent first; what is full flows over."""
        rest = self.drip * max(0.0, seconds)
        for group, level in enumerate(self.levels):
            taken = min(rest, self.each - level)
            self.levels[group] += taken
            rest -= taken

    def has(self, group: int) -> bool:
        """May that group send?"""
        return sum(max(0.0, level) for level in self.levels[group:]) > -sum(min(0.0, level) for level in self.levels)

    def take(self, group: int, size: int) -> None:
        """From its own, then from less urgent ones; what is missing is a debt of its own."""
        rest = float(size)
        for number in range(group, CLIPS + 1):
            taken = min(rest, max(0.0, self.levels[number]))
            self.levels[number] -= taken
            rest -= taken
        self.levels[group] -= rest


def _limits(rate: int | None, hour: int | None, month: int | None) -> list[Buckets]:
    groups, found = CLIPS + 1, []
    if rate is not None:
        found.append(Buckets("rate_limit", rate, rate / groups))
    for name, limit, seconds in (("bytes_per_hour", hour, HOUR_S), ("bytes_per_month", month, MONTH_S)):
        if limit is not None:
            found.append(Buckets(name, (1 - AT_ONCE) * limit / seconds, AT_ONCE * limit / groups))
    return found


@dataclass(frozen=True, slots=True)
class Spent:
    """Bytes of this hour and of this month by the calendar, and of the month by class; `cheap` went for nothing."""

    hour: int
    month: int
    classes: dict[str, int]
    cheap: int


class Budget:
    """Asked and told from any thread. `is_cheap` names the cheap link that is there now, or nothing."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        rate_limit: int | None = None,
        bytes_per_hour: int | None = None,
        bytes_per_month: int | None = None,
        metered: bool = False,
        quiet_hours: Sequence[Hours] = (),
        zone: tzinfo | None = None,
        is_cheap: Callable[[], str] = lambda: "",
    ) -> None:
        self._database, self._clock, self._is_cheap = database, clock, is_cheap
        self.metered, self._quiet_hours, self._zone = metered, tuple(quiet_hours), zone
        self._calendar = Calendar(zone)
        self._limits = _limits(rate_limit, bytes_per_hour, bytes_per_month)
        self.bytes_per_hour, self.bytes_per_month, self.rate_limit = bytes_per_hour, bytes_per_month, rate_limit
        self._lock = threading.Lock()
        self._hour, self._month = "", ""
        self._spent_hour = 0
        self._spent_month: Counter[str] = Counter()
        self._spent_cheap = 0
        self._filled_ns = clock.mono_ns()
        self._saved_ns = self._looked_ns = self._filled_ns
        self._dirty = False
        self._cheap = is_cheap()
        self._quiet = self._is_quiet()
        self._restore()

    @property
    def cheap(self) -> str:
        """The name of the cheap link that is there, or nothing."""
        return self._cheap

    @property
    def quiet(self) -> bool:
        """Is it one of the quiet hours?"""
        return self._quiet

    @property
    def limited(self) -> bool:
        """Does every byte count now?"""
        return not self._cheap and bool(self._limits or self.metered)

    def refusal(self, kind: str) -> str:
        """Why nothing of that class may go now; empty when it may."""
        group = GROUPS[kind]
        with self._lock:
            self._look()
            if self._cheap or group == ALARMS:
                return ""
            if self._quiet and group in {PICTURES, CLIPS}:
                return "quiet hours"
            if self.metered and kind == "clip":
                return "a metered link: it waits for a cheap one, or until somebody asks"
            return next((f"{limit.name}: used up for now" for limit in self._limits if not limit.has(group)), "")

    def spend(self, kind: str, size: int) -> None:
        """So many bytes of that class went."""
        with self._lock:
            self._look()
            self._turn_pages()
            self._dirty = True
            if self._cheap:
                self._spent_cheap += size
                return
            self._spent_hour += size
            self._spent_month[kind] += size
            for limit in self._limits:
                limit.take(GROUPS[kind], size)

    def spent(self) -> Spent:
        """Of this hour and this month."""
        with self._lock:
            self._turn_pages()
            return Spent(
                self._spent_hour, self._spent_month.total(), dict(sorted(self._spent_month.items())), self._spent_cheap
            )

    def save(self) -> None:
        """Remember what was spent; call it often, it writes once a second at most."""
        with self._lock:
            now_ns = self._clock.mono_ns()
            if not self._dirty or now_ns - self._saved_ns < SAVE_EVERY_S * NS:
                return
            self._saved_ns, self._dirty = now_ns, False
            text = json.dumps(self._document())
        change = "INSERT OR REPLACE INTO meta VALUES ('budget', ?)"
        try:
            self._database.run(lambda db: db.execute(change, (text,)))
        except StorageError as error:
            log.warning("what the uplink spent cannot be remembered: %s", error)

    # -- inside; the lock is held ---------------------------------------------------------------------------------

    def _look(self) -> None:
        now_ns = self._clock.mono_ns()
        for limit in self._limits:
            limit.fill((now_ns - self._filled_ns) / NS)
        self._filled_ns = now_ns
        if now_ns - self._looked_ns >= LOOK_EVERY_S * NS:
            self._looked_ns = now_ns
            self._cheap, self._quiet = self._is_cheap(), self._is_quiet()

    def _is_quiet(self) -> bool:
        now_ns = self._clock.wall_ns()
        known = bool(self._quiet_hours) and self._calendar.knows(now_ns)
        return known and self._calendar.any(self._quiet_hours, now_ns)

    def _turn_pages(self) -> None:
        moment = datetime.fromtimestamp(self._clock.wall_ns() // NS, UTC).astimezone(self._zone)
        hour, month = f"{moment:%Y-%m-%dT%H}", f"{moment:%Y-%m}"
        if hour != self._hour:
            self._hour, self._spent_hour = hour, 0
        if month != self._month:
            self._month, self._spent_cheap = month, 0
            self._spent_month.clear()

    def _document(self) -> dict[str, Any]:
        return {
            "at_ns": self._clock.wall_ns(),
            "levels": {limit.name: [limit.each, *limit.levels] for limit in self._limits},
            "hour": [self._hour, self._spent_hour],
            "month": [self._month, dict(self._spent_month), self._spent_cheap],
        }

    def _restore(self) -> None:
        """What was spent before; the time since then counts, as far as the clock says so believably."""

        def work(db: sqlite3.Connection) -> str | None:
            row = db.execute("SELECT value FROM meta WHERE key = 'budget'").fetchone()
            return None if row is None else str(row[0])

        try:
            text = self._database.read(work)
            if text is not None:
                self._take_over(json.loads(text))
        except (StorageError, ValueError, KeyError, TypeError) as error:
            log.warning("what the uplink spent before is not known: %s", error)

    def _take_over(self, kept: dict[str, Any]) -> None:
        self._hour, self._spent_hour = kept["hour"]
        self._month, classes, self._spent_cheap = kept["month"]
        self._spent_month = Counter({kind: int(size) for kind, size in classes.items() if kind in GROUPS})
        away_s = max(0.0, (self._clock.wall_ns() - int(kept["at_ns"])) / NS)
        for limit in self._limits:
            each, *levels = kept["levels"].get(limit.name, [0.0])
            if each == limit.each and len(levels) == len(limit.levels):
                limit.levels = [float(level) for level in levels]
                limit.fill(away_s)
