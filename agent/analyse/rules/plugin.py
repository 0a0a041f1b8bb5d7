"""Rules that other packages bring: the entry point `lamppost.rules`, whose name is the rule's kind."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from agent.analyse.observe import Observation, Seen
from agent.analyse.rules.port import Happening, Rule
from agent.analyse.tell import event_of
from agent.config.gateway import Camera
from agent.config.rules import ENTRY_POINTS, Plugin
from agent.core.errors import ConfigError
from agent.wire.messages import ClockState

log = logging.getLogger(__name__)

Make = Callable[[Plugin, Camera], Rule]
"""What an entry point names: from the rule's table and the camera's to the rule. ValueError: the options are wrong."""
MOST_SAID = 256
"""Of one picture; a rule that says more is out of its mind."""
MOST_FACTS = 8192
"""Characters of JSON."""


class Foreign:
    """A rule of others: what it raises, and nonsense it says, sets it aside for good and is told in `trouble`."""

    def __init__(self, table: Plugin, rule: Rule | None, trouble: str = "") -> None:
        self._table, self._rule, self.trouble = table, rule, trouble

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`; nothing once it is set aside."""
        if self._rule is None:
            return []
        try:
            return _checked(self._rule.step(observation), self._table, observation.wall_ns)
        except Exception as error:  # foreign code, called blindly
            self.trouble = f"rule {self._table.title} is set aside: {type(error).__name__}: {error}"[:200]
            log.exception("rule %s is set aside", self._table.title)
            self._rule = None
            return []


def foreign(wanted: Plugin, camera: Camera) -> Foreign:
    """The rule of that table; one that cannot be made does nothing, and says why."""
    try:
        return Foreign(wanted, make(wanted, camera))
    except ConfigError as error:
        log.warning("camera %s: %s", camera.id, error)
        return Foreign(wanted, None, str(error)[:200])


def make(wanted: Plugin, camera: Camera) -> Rule:
    """Import the package that brings the kind and have it make the rule.

    Raises:
        ConfigError: it is not installed, cannot be imported, or refuses its options.
    """
    point = next(iter(entry_points(group=ENTRY_POINTS, name=wanted.kind)), None)
    if point is None:
        raise ConfigError(f"rule {wanted.title}: no installed package brings the kind {wanted.kind!r}")
    try:
        maker: Any = point.load()
        rule: Rule = maker(wanted, camera)
    except Exception as error:  # foreign code, called blindly
        raise ConfigError(f"rule {wanted.title}: {point.value} says: {type(error).__name__}: {error}") from error
    if not callable(getattr(rule, "step", None)):
        raise ConfigError(f"rule {wanted.title}: {point.value} made something without a method step")
    return rule


def _checked(said: Any, table: Plugin, wall_ns: int) -> list[Happening]:
    """What was said, once it is clear that it can be told."""
    found = list(said)
    if len(found) > MOST_SAID:
        raise ValueError(f"{len(found)} happenings at once")
    for one in found:
        if not isinstance(one, Happening) or not isinstance(one.seen, Seen | None) or not isinstance(one.key, str):
            raise TypeError(f"said {one!r:.80}, which is no Happening")
        if len(json.dumps(one.facts, allow_nan=False)) > MOST_FACTS:
            raise ValueError("facts that are too long")
        event_of(one, None, "e", table, "c", wall_ns, ClockState(), [], dict(one.facts), None)
    return found
