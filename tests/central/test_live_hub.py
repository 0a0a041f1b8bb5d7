"""The hub without a broker: when it asks again for a lease, and what it makes of pieces that do not fit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.central.commands import CommandFailed
from agent.central.live import Channel, LiveHub, LiveKey
from agent.central.live_viewer import Viewer
from agent.wire.live import LivePiece
from agent.wire.messages import LiveArgs, Reply
from agent.wire.topics import Address
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS
from tests.fixtures.clock import FakeClock

KEY = LiveKey(SITE, GATEWAY, CAMERA, "sub")


class Gateway:
    """Stands for the commander: keeps the leases that it was asked for."""

    def __init__(self) -> None:
        self.leases: list[str] = []
        self.away = False

    def send(self, _site: str, _gateway: str, verb: str, args: Any, on_reply: Any = None) -> str:
        if self.away:
            raise CommandFailed("gateway_offline", "the gateway is offline")
        if isinstance(args, LiveArgs):
            self.leases.append(args.lease)
            on_reply(Reply(id="r", ok=True))
        return verb


class Rig:
    """A hub with one viewer of one camera."""

    def __init__(self) -> None:
        self.clock, self.gateway = FakeClock(), Gateway()
        self.hub = LiveHub(self.gateway, self.clock)  # type: ignore[arg-type]
        self.viewer = Viewer(lambda: None, boxes=False)
        self.hub.join(KEY, self.viewer)

    @property
    def channel(self) -> Channel:
        return self.hub._channels[KEY]

    def piece(self, number: int, *, init: bool = False, key: bool = False) -> None:
        data = b"init" if init else b"%d" % number
        sent = LivePiece(init, key, number, T0_NS, "video/mp4" if init else "", data)
        self.hub.on_message(Address(SITE, GATEWAY, ("live", self.channel.lease)), sent.encode())

    def after(self, seconds: float) -> int:
        """How often the gateway has been asked once that time has gone by."""
        self.clock.advance(seconds)
        self.hub._renew(self.channel)
        return len(self.gateway.leases)

    def kinds(self) -> list[Any]:
        return [json.loads(item)["type"] if isinstance(item, str) else item for item in self.viewer.take()]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_lease_is_renewed_rarely_while_pieces_come_and_often_while_none_does(rig: Rig) -> None:
    rig.piece(0, init=True)
    rig.piece(0, key=True)
    assert rig.after(1) == 1
    rig.clock.advance(3)
    rig.piece(1)
    assert rig.after(0.1) == 1
    assert rig.after(2.1) == 2  # the gateway fell silent: perhaps it started anew and knows of no lease
    assert rig.after(2.1) == 3


def test_a_gateway_that_is_back_is_asked_within_seconds_and_its_viewers_stay(rig: Rig) -> None:
    rig.piece(0, init=True)
    rig.piece(0, key=True)
    rig.gateway.away = True
    assert rig.after(20) == 1
    rig.gateway.away = False
    assert rig.after(2.1) == 2
    assert rig.viewer.closed is None


def test_pieces_of_a_newer_stream_whose_init_was_lost_are_not_shown_with_the_old_one(rig: Rig) -> None:
    rig.piece(0, init=True)
    for number in range(3):
        rig.piece(number, key=number == 0)
    rig.kinds()
    lease = rig.channel.lease
    rig.clock.advance(1.5)
    rig.piece(0, key=True)  # counts from 0 again: the camera came back while the broker was away
    assert rig.kinds() == []
    assert rig.after(0) == 2
    assert rig.channel.lease == rig.gateway.leases[-1] != lease
    rig.piece(0, init=True)
    rig.piece(0, key=True)
    assert rig.kinds() == ["init", b"init", "key", b"0"]
