"""What lies between a rule and the world: its hours, its cool-down, and that every end has its start."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from agent.analyse.rules.port import Happening
from agent.core.clock import NS

UPDATE_NS = NS
"""Updates of one event are told no more often."""


class Gate:
    """Of one rule. What begins outside the hours or in the cool-down waits: it is told when it still goes on then."""

    def __init__(self, is_open: Callable[[int], bool], cooldown_s: float) -> None:
        self._is_open, self._cooldown_ns = is_open, round(cooldown_s * NS)
        self._going: dict[str, Happening] = {}
        self._told_ns: dict[str, int] = {}
        self._news: set[str] = set()
        self._waiting: dict[str, Happening] = {}
        self._quiet_until_ns: int | None = None
        self._was_open = True

    def step(self, said: Iterable[Happening], wall_ns: int) -> list[Happening]:
        """What is told now of what the rule says now, and of what it said before."""
        is_open = self._is_open(wall_ns)
        out = [] if is_open else self.end_all(wall_ns, waits=True)
        for one in said:
            out += self._hear(one, wall_ns, is_open=is_open)
        if is_open and (self._waiting or self._news):
            out += self._let_in(wall_ns)
            out += self._updates(wall_ns)
        self._was_open = is_open
        return out

    def end_all(self, wall_ns: int, *, waits: bool = False) -> list[Happening]:
        """End what goes on; `waits`: it goes on all the same, and begins again when the hours do."""
        ends = [replace(one, phase="end", end_ns=max(one.start_ns, wall_ns)) for one in self._going.values()]
        if waits:
            self._waiting |= self._going
        self._going.clear()
        self._told_ns.clear()
        self._news.clear()
        return ends

    def _hear(self, one: Happening, wall_ns: int, *, is_open: bool) -> list[Happening]:
        if one.key in self._going:
            return self._go_on(one, wall_ns)
        if one.phase == "start" and is_open and self._may_start(wall_ns):
            return [self._begin(one, wall_ns)]
        if one.phase == "end":
            self._waiting.pop(one.key, None)
        elif one.phase == "start" or one.key in self._waiting:
            self._waiting[one.key] = replace(one, phase="start")
        return []

    def _go_on(self, one: Happening, wall_ns: int) -> list[Happening]:
        begun = self._going[one.key]
        if one.phase == "end":
            del self._going[one.key]
            self._told_ns.pop(one.key, None)
            self._news.discard(one.key)
            return [replace(one, start_ns=begun.start_ns, end_ns=max(begun.start_ns, one.end_ns or wall_ns))]
        self._going[one.key] = replace(one, start_ns=begun.start_ns)
        self._news.add(one.key)
        return []

    def _begin(self, one: Happening, wall_ns: int) -> Happening:
        begun = self._going[one.key] = replace(one, phase="start", end_ns=None)
        self._told_ns[one.key] = wall_ns
        self._quiet_until_ns = wall_ns + self._cooldown_ns
        return begun

    def _may_start(self, wall_ns: int) -> bool:
        return not self._cooldown_ns or self._quiet_until_ns is None or wall_ns >= self._quiet_until_ns

    def _let_in(self, wall_ns: int) -> list[Happening]:
        """What waited and still goes on; when the hours have just begun, it begins with them."""
        out = []
        for key in list(self._waiting):
            if not self._may_start(wall_ns):
                break
            one = self._waiting.pop(key)
            out.append(self._begin(one if self._was_open else replace(one, start_ns=wall_ns), wall_ns))
        return out

    def _updates(self, wall_ns: int) -> list[Happening]:
        due = [key for key in self._news if wall_ns - self._told_ns[key] >= UPDATE_NS]
        self._news.difference_update(due)
        self._told_ns.update(dict.fromkeys(due, wall_ns))
        return [replace(self._going[key], phase="update") for key in sorted(due)]
