"""amqtt's plug-ins of ours: who may connect, and who may write and read what."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Any

from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from agent.central.amqtt_broker import may


class Users(BaseAuthPlugin):  # type: ignore[misc] # amqtt carries no types
    """Name and password must fit."""

    async def authenticate(self, *, session: Session) -> bool:
        """See amqtt."""
        expected = self.config.users.get(session.username or "")
        return expected is not None and hmac.compare_digest(expected.encode(), (session.password or "").encode())

    @dataclass
    class Config:
        """User name -> password."""

        users: dict[str, str] = field(default_factory=dict)


class Rules(BaseTopicPlugin):  # type: ignore[misc]
    """Publishing by `writes`; subscribing and being sent by `reads`."""

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        """See amqtt."""
        rules: dict[str, Any] = self.config.writes if action == Action.PUBLISH else self.config.reads
        return may(rules, session.username if session else None, topic)

    @dataclass
    class Config:
        """User name -> topic filters."""

        writes: dict[str, list[str]] = field(default_factory=dict)
        reads: dict[str, list[str]] = field(default_factory=dict)
