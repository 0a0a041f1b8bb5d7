"""Brokers that go, rivals with our id, connections that look alive."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from agent.core.backoff import Backoff
from tests.publish.proxy import Proxy
from tests.wire.test_mqtt import End, end, publish, wait_for

__all__ = ["end"]


def test_another_broker_is_used_while_the_first_does_not_answer_and_left_when_it_does(
    mosquitto: Callable[..., Any], end: Callable[..., End]
) -> None:
    first, second = mosquitto(), mosquitto()
    one = end(first.url, "one", fallbacks=(second.url,), subscriptions=(("a", 1),))
    one.link._brokers._look = Backoff(0.2, 0.3)
    assert one.link.broker == f"127.0.0.1:{first.port}"
    first.kill()
    wait_for(lambda: one.link.connected and one.link.broker == f"127.0.0.1:{second.port}")
    publish(one, "a", b"by the other")
    wait_for(lambda: one.heard == [("a", b"by the other", False)])
    first.start()
    wait_for(lambda: one.link.connected and one.link.broker == f"127.0.0.1:{first.port}")
    assert one.link.error == ""


def test_a_rival_with_our_id_is_said_and_not_fought(mosquitto: Callable[..., Any], end: Callable[..., End]) -> None:
    broker = mosquitto()
    both = [end(broker.url, "same"), end(broker.url, "same", up=False)]
    for one in both:
        one.link._conflict._wait = Backoff(1.0, 1.0)
    said = "another machine connects with our id 'same' and throws us off the broker"
    loser = wait_for(lambda: [one for one in both if one.link._conflict.times])[0]
    other = both[1 - both.index(loser)]
    wait_for(lambda: other.link.connected)
    ups = len(other.ups)
    time.sleep(0.3)
    assert (other.link.connected, len(other.ups)) == (True, ups)  # left alone
    other.stop.set()
    wait_for(lambda: loser.link.connected)
    assert loser.link.error.startswith(said)


def test_a_half_open_connection_is_noticed(mosquitto: Callable[..., Any], end: Callable[..., End]) -> None:
    broker = mosquitto()
    with Proxy(broker.port) as link:
        one = end(link.url, "one", keepalive_s=1)
        link.freeze()
        wait_for(lambda: one.downs, 10)
        assert not one.link.connected
        link.thaw()
        link.cut()
        wait_for(lambda: one.link.connected)
        one.stop.set()
        one.thread.join(10)
