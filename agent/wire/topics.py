"""The MQTT topics, made and read in one place. Root: `lamppost/v1/<site>/<gateway>/`.

| below the root | direction | content |
|---|---|---|
| `status` | gateway -> centre | `Status`, retained, Will |
| `health` | gateway -> centre | `Health`, retained |
| `health/history` | gateway -> centre | `Envelope` of `HealthSample` |
| `camera/<cam>/info`, `camera/<cam>/state` | gateway -> centre | `CameraInfo`, `CameraState`, retained |
| `camera/<cam>/event`, `/track`, `/recording` | gateway -> centre | `Envelope` of each |
| `camera/<cam>/frame` | gateway -> centre | `FrameBoxes`, QoS 0 |
| `media/<id>/manifest`, `media/<id>/chunk/<n>` | gateway -> centre | `MediaManifest`; raw bytes |
| `media/<id>/gone` | gateway -> centre | `MediaGone` |
| `live/<lease>` | gateway -> centre | live pieces, QoS 0 |
| `reply/<id>` | gateway -> centre | `Reply` |
| `command/<verb>` | centre -> gateway | `Command` |
| `ack/<class>` | centre -> gateway | `Ack`, `MediaAck` |
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from agent.core.errors import WireError
from agent.core.ids import is_id

ROOT = "lamppost/v1"
_MOST = 512


class GatewayTopics:
    """The topics of one gateway."""

    def __init__(self, site: str, gateway: str) -> None:
        self.root = f"{ROOT}/{site}/{gateway}"
        self.status = f"{self.root}/status"
        self.health = f"{self.root}/health"
        self.history = f"{self.root}/health/history"
        self.commands = f"{self.root}/command/+"

    def camera(self, camera: str, leaf: str) -> str:
        """`leaf` is one of info, state, event, track, recording, frame."""
        return f"{self.root}/camera/{camera}/{leaf}"

    def manifest(self, media: str) -> str:
        """Where a medium is announced."""
        return f"{self.root}/media/{media}/manifest"

    def chunk(self, media: str, number: int) -> str:
        """Where piece `number` (from 0) of a medium goes."""
        return f"{self.root}/media/{media}/chunk/{number}"

    def gone(self, media: str) -> str:
        """Where it is said that a medium will never come."""
        return f"{self.root}/media/{media}/gone"

    def live(self, lease: str) -> str:
        """Where the pieces of a live lease go."""
        return f"{self.root}/live/{lease}"

    def reply(self, command: str) -> str:
        """Where the answer to a command goes."""
        return f"{self.root}/reply/{command}"

    def command(self, verb: str) -> str:
        """Where the centre asks for something."""
        return f"{self.root}/command/{verb}"

    def ack(self, kind: str) -> str:
        """Where the centre says what it has stored; `kind` is a class of the outbox, or media."""
        return f"{self.root}/ack/{kind}"


class Address(NamedTuple):
    """A topic of some gateway, taken apart."""

    site: str
    gateway: str
    path: tuple[str, ...]


def parse(topic: str) -> Address:
    """Take a topic from outside apart.

    Raises:
        WireError: not one of ours, or with a level that is no id.
    """
    if len(topic) > _MOST:
        raise WireError(f"not a topic of ours: {topic[:120]!r}")
    return _parsed(topic)


@lru_cache(maxsize=1 << 13)  # a city's cameras speak on the same few thousand, again and again
def _parsed(topic: str) -> Address:
    levels = topic.split("/")
    if len(levels) < 5 or "/".join(levels[:2]) != ROOT or not all(map(is_id, levels[2:])):
        raise WireError(f"not a topic of ours: {topic[:120]!r}")
    return Address(levels[2], levels[3], tuple(levels[4:]))
