"""The broker's walls, tried by what is delivered; and what it does when it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion

from agent.central.amqtt_broker import Amqtt, covers
from agent.central.broker import (
    CENTRE_USER,
    Account,
    BrokerProcess,
    Listener,
    _end_stale,
    _started_at,
    centre_account,
    find_mosquitto,
    free_port,
    gateway_account,
)
from agent.central.mosquitto import Mosquitto
from agent.core.errors import ConfigError, LinkError
from agent.core.stop import StopToken
from agent.wire.mqtt import LinkSettings, client_id
from tests.central.helpers import wait_for

ACCOUNTS = [centre_account("c"), gateway_account("a", "gw-1", "one"), gateway_account("a", "gw-2", "two")]


def _program(kind: str, folder: Path, listener: Listener, accounts: list[Account]) -> Any:
    if kind == "amqtt":
        return Amqtt(folder, listener, accounts)
    found = find_mosquitto()
    if found is None:
        pytest.skip("mosquitto is not installed")
    return Mosquitto(found, folder, [listener], accounts)


@contextmanager
def brokering(kind: str, folder: Path) -> Iterator[Listener]:
    """A broker for the length of a block."""
    folder.mkdir(exist_ok=True)
    listener, stop = Listener("127.0.0.1", free_port("127.0.0.1")), StopToken()
    broker = BrokerProcess(_program(kind, folder, listener, ACCOUNTS), listener, folder / "broker.pid")
    thread = threading.Thread(target=broker.run, args=(stop,), name="broker")
    thread.start()
    try:
        assert broker.wait_until_up(10)
        yield listener
    finally:
        stop.set()
        thread.join(15)


class Person:
    """A client that notes what it is sent."""

    def __init__(self, listener: Listener, name: str, password: str, *filters: str) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.refused = False
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{name}", protocol=4)
        self.client.username_pw_set(name, password)
        ready = threading.Event()

        def on_connect(client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
            self.refused = code.is_failure
            if not self.refused:
                client.subscribe([(one, 1) for one in filters])
            else:
                ready.set()

        self.client.on_connect = on_connect
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = lambda _c, _d, message: self.got.append((message.topic, message.payload))
        self.client.connect("127.0.0.1", listener.port, 20)
        self.client.loop_start()
        assert ready.wait(10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        self.client._reset_sockets()


@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_a_gateway_neither_reads_nor_writes_what_is_not_its_own(tmp_path: Path, kind: str) -> None:
    with brokering(kind, tmp_path / "broker") as listener:
        centre = Person(
            listener, CENTRE_USER, "c", "lamppost/v1/+/+/status", "lamppost/v1/+/+/camera/#", "lamppost/v1/+/+/health/#"
        )
        victim = Person(listener, "gw-1", "one", "lamppost/v1/a/gw-1/command/+", "lamppost/v1/a/gw-1/ack/+")
        spy = Person(listener, "gw-2", "two", "lamppost/v1/a/gw-1/command/+", "lamppost/v1/a/gw-1/status")
        everything = Person(listener, "gw-2", "wrong", "#")
        try:
            assert everything.refused
            victim.client.publish("lamppost/v1/a/gw-1/status", b"mine", 1)
            centre.client.publish("lamppost/v1/a/gw-1/command/live", b"obey", 1)
            wait_for(lambda: centre.got and victim.got)
            spy.client.publish("lamppost/v1/a/gw-1/status", b"forged", 1)
            wait_for(spy.client.is_connected)
            spy.client.publish("lamppost/v1/a/gw-1/command/live", b"forged", 1)
            wait_for(spy.client.is_connected)
            spy.client.publish("lamppost/v1/b/gw-2/status", b"forged", 1)
            wait_for(spy.client.is_connected)
            spy.client.publish("lamppost/v1/a/gw-1/health/history", b"forged", 1)
            wait_for(spy.client.is_connected)
            for leaf in ("health", "health/history"):
                spy.client.publish(f"lamppost/v1/a/gw-2/{leaf}", b"own", 1)
            spy.client.publish("lamppost/v1/a/gw-2/camera/x/event", b"own", 1)
            wait_for(lambda: ("lamppost/v1/a/gw-2/camera/x/event", b"own") in centre.got)
            assert {("lamppost/v1/a/gw-2/health", b"own"), ("lamppost/v1/a/gw-2/health/history", b"own")} <= {
                *centre.got
            }
            assert ("lamppost/v1/a/gw-1/status", b"mine") in centre.got
            assert not [payload for _, payload in (*centre.got, *victim.got) if payload == b"forged"]
            assert victim.got == [("lamppost/v1/a/gw-1/command/live", b"obey")]
            assert spy.got == []
        finally:
            for person in (centre, victim, spy, everything):
                person.close()


def test_nobody_can_guess_the_client_id_of_the_centre_or_of_another_gateway(tmp_path: Path) -> None:
    """Who takes an id throws its owner off; user names cannot be bound to ids, for a gateway has two connections."""
    settings = LinkSettings("mqtts://c", "", password="one")
    name = client_id("lamppost-a-gw-1", settings)
    assert name == client_id("lamppost-a-gw-1", settings)
    assert name != client_id("lamppost-a-gw-1", replace(settings, password="two"))
    assert name.startswith("lamppost-a-gw-1-")
    key = tmp_path / "key"
    key.write_bytes(b"private")
    assert client_id("x", LinkSettings("mqtts://c", "", key_file=key)) not in {"x", client_id("x", settings)}
    assert client_id("x", LinkSettings("mqtts://c", "", key_file=tmp_path / "none")) == "x"
    assert client_id("x", LinkSettings("mqtt://c", "")) == "x"  # nothing here is secret


def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    listener = Listener("127.0.0.1", free_port("127.0.0.1"))

    class Broken:
        kind = "mosquitto"

        def command(self) -> list[str]:
            return [sys.executable, "-c", "import sys; sys.exit('the disk is full')"]

    broker = BrokerProcess(Broken(), listener, tmp_path / "broker.pid")

    with pytest.raises(LinkError, match="does not start: the disk is full"):
        broker.run(StopToken())


def test_the_broker_dies_with_a_centre_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, threading; from pathlib import Path; from tests.central.test_broker import *\n"
        "with brokering('amqtt', Path(sys.argv[1])):\n"
        "    print((Path(sys.argv[1]) / 'broker.pid').read_text().split()[0], flush=True)\n"
        "    threading.Event().wait()\n"
    )
    centre = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "b")], stdout=subprocess.PIPE, text=True)
    assert centre.stdout is not None
    with centre.stdout:
        pid = int(centre.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        centre.send_signal(signal.SIGKILL)
        centre.wait()
    wait_for(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_port_that_is_taken_is_said_before_anything_starts(tmp_path: Path) -> None:

    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener("127.0.0.1", server.getsockname()[1])
        broker = BrokerProcess(Amqtt(tmp_path, listener, []), listener, tmp_path / "broker.pid")
        with pytest.raises(ConfigError, match="set \\[central\\] mqtt_listen"):
            broker.claim(listener, patience_s=0.2)


LEVELS = st.sampled_from(["a", "b", "+"])


@given(st.lists(LEVELS, min_size=1, max_size=4), st.booleans(), st.lists(st.sampled_from("ab"), min_size=1, max_size=4))
def test_a_filter_covers_exactly_the_topics_that_match_it(rule: list[str], rest: bool, topic: list[str]) -> None:
    allowed = "/".join([*rule, "#"] if rest else rule)
    expected = paho.topic_matches_sub(allowed, "/".join(topic))
    assert covers(allowed, "/".join(topic)) == expected


@pytest.mark.parametrize("asked", ["#", "lamppost/#", "lamppost/v1/a/gw-1/#", "lamppost/v1/+/+/command/x", "+/+"])
def test_a_filter_that_is_wider_than_the_rule_is_not_covered(asked: str) -> None:
    assert not covers("lamppost/v1/a/gw-1/command/#", asked)


def test_only_processes_of_ours_are_ended_as_left_behind(tmp_path: Path) -> None:

    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        pid_file = tmp_path / "broker.pid"
        pid_file.write_text(f"{stranger.pid} 12345\n")
        _end_stale(pid_file)
        assert stranger.poll() is None
        pid_file.write_text(f"{stranger.pid} {_started_at(stranger.pid)}\n")
        _end_stale(pid_file)
        assert stranger.wait(10) == -signal.SIGTERM
    finally:
        if stranger.poll() is None:
            os.kill(stranger.pid, signal.SIGKILL)
            stranger.wait()
