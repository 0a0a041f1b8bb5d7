"""The MQTT connection against real brokers: mosquitto for MQTT 5, amqtt and a stub for 3.1.1."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent.core.backoff import Backoff
from agent.core.clock import SystemClock
from agent.core.errors import LinkError
from agent.core.stop import StopToken
from agent.wire import mqtt_session
from agent.wire.mqtt import LinkSettings, MqttLink
from agent.wire.mqtt_settings import make_client
from tests.fixtures.mosquitto import free_port


def wait_for(condition: Callable[[], Any], timeout_s: float = 20) -> Any:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"did not come true in {timeout_s} s")


class End:
    """One end of a connection, with what it heard."""

    def __init__(self, **settings: Any) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self.ups: list[int] = []
        self.downs: list[str] = []
        self.take: Callable[[str, bytes], Any] = lambda _topic, _payload: True
        self.link = MqttLink(
            LinkSettings(**settings), on_message=self._message, on_up=lambda: self.ups.append(1),
            on_down=self.downs.append, clock=SystemClock(), backoff=Backoff(first_s=0.05, most_s=0.2),
        )  # fmt: skip
        self.stop = StopToken()
        self.thread = threading.Thread(target=self.link.run, args=(self.stop,))

    def _message(self, topic: str, payload: bytes, retained: bool) -> Any:
        taken = self.take(topic, payload)
        if taken is not False:
            self.heard.append((topic, payload, retained))
        return taken


@pytest.fixture
def end() -> Iterator[Callable[..., End]]:
    """Starts an end; stopped with the test."""
    ends: list[End] = []

    def start(url: str, client_id: str, *, up: bool = True, **settings: Any) -> End:
        ends.append(End(url=url, client_id=client_id, **settings))
        ends[-1].thread.start()
        if up:
            wait_for(lambda: ends[-1].link.connected)
        return ends[-1]

    yield start
    for one in ends:
        one.stop.set()
        one.thread.join(20)
        assert not one.thread.is_alive()


def publish(end: End, topic: str, payload: bytes, **options: Any) -> None:
    wait_for(lambda: end.link.publish(topic, payload, **options))


AMQTT = """
import asyncio, sys
from amqtt.broker import Broker
async def main():
    plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    broker = Broker({"listeners": {"default": {"type": "tcp", "bind": "127.0.0.1:" + sys.argv[1]}}, "plugins": plugins})
    await broker.start()
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
def amqtt_url() -> Iterator[str]:
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-c", AMQTT, str(port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as broker:
        assert broker.stdout is not None
        assert broker.stdout.readline() == b"ready\n"
        yield f"mqtt://127.0.0.1:{port}"
        broker.kill()


def test_mqtt_5_where_the_broker_speaks_it(mosquitto, end):
    broker = mosquitto()
    reader = end(broker.url, "reader", subscriptions=(("a/#", 1),))
    writer = end(broker.url, "writer")
    for n in range(500):
        publish(writer, f"a/{n}", b"x" * n, qos=n % 2)
    wait_for(lambda: len(reader.heard) == 500)
    assert {topic for topic, _, _ in reader.heard} == {f"a/{n}" for n in range(500)}
    assert (reader.link.protocol, reader.link.error, writer.downs) == (5, "", [])


def test_falls_back_to_3_1_1_with_the_embedded_broker(amqtt_url, end):
    reader = end(amqtt_url, "reader", subscriptions=(("a/#", 1),))
    writer = end(amqtt_url, "writer", will=("a/will", b"gone"), protocol=4)
    publish(writer, "a/b", b"hello")
    wait_for(lambda: reader.heard)
    assert (reader.link.protocol, writer.link.protocol) == (4, 4)
    writer.stop.set()
    wait_for(lambda: len(reader.heard) == 2)
    assert [body for _, body, _ in reader.heard] == [b"hello", b"gone"]


@pytest.mark.parametrize("answer", [b"\x20\x02\x00\x01", b"\x20\x03\x00\x84\x00", b""])
def test_asks_again_in_3_1_1_whatever_way_the_broker_refuses_5(mosquitto, end, answer: bytes):
    broker = mosquitto()
    versions: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_guard, args=(door, broker.port, answer, versions)).start()
        one = end(f"mqtt://127.0.0.1:{door.getsockname()[1]}", "one")
        assert (one.link.protocol, versions) == (4, [5, 4])
        one.stop.set()
        one.thread.join(10)


def _guard(door: socket.socket, port: int, answer: bytes, versions: list[int]) -> None:
    """A door that turns away MQTT 5 with `answer` and lets 3.1.1 through to the broker."""
    while 4 not in versions:
        client, _ = door.accept()
        with client:
            connect = client.recv(1000)
            versions.append(connect[8])
            if connect[8] == 5:
                client.sendall(answer)
                continue
            with socket.create_connection(("127.0.0.1", port)) as broker:
                broker.sendall(connect)
                back = threading.Thread(target=_copy, args=(broker, client))
                back.start()
                _copy(client, broker)
                back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):  # whoever ends first takes the other along
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def test_comes_back_after_the_broker_and_says_so(mosquitto, end):
    broker = mosquitto()
    one = end(broker.url, "one", subscriptions=(("a", 1),))
    broker.kill()
    wait_for(lambda: one.downs)
    assert one.link.publish("a", b"lost") is False
    assert f"127.0.0.1:{broker.port}" in one.link.error
    broker.start()
    wait_for(lambda: len(one.ups) == 2)
    publish(one, "a", b"again")
    wait_for(lambda: one.heard == [("a", b"again", False)])
    assert (len(one.downs), one.link.error) == (1, "")


@pytest.mark.parametrize("protocol", [5, 4])
def test_a_wrong_password_is_a_clear_line_in_both_versions(mosquitto, end, protocol: int):
    broker = mosquitto(users={"pole": "right"})
    one = End(url=broker.url, client_id="one", username="pole", password="wrong", protocol=protocol)
    one.thread.start()
    wait_for(lambda: one.link.error)
    one.stop.set()
    one.thread.join(10)
    assert one.link.error == (
        f"the broker at 127.0.0.1:{broker.port} refuses user 'pole': check username and password_file"
    )
    assert "wrong" not in repr(one.link._settings)
    good = end(broker.url, "two", username="pole", password="right")
    assert good.link.connected


def test_messages_not_taken_wait_in_order_and_come_again_until_they_are(mosquitto, end):
    broker = mosquitto()
    reader = end(broker.url, "reader", subscriptions=(("a", 1),), clean=False, manual_ack=True)
    tries: list[bytes] = []
    reader.take = lambda _topic, payload: tries.append(payload) or False
    writer = end(broker.url, "writer")
    for n in range(300):
        publish(writer, "a", str(n).encode())
    wait_for(lambda: len(tries) >= 5)
    assert set(tries) == {b"0"}
    reader.take = lambda _topic, _payload: True
    wait_for(lambda: len(reader.heard) == 300)
    assert [int(body) for _, body, _ in reader.heard] == list(range(300))


def test_what_was_not_acknowledged_comes_again_to_the_next_process(mosquitto, end):
    broker = mosquitto()
    settings = {"subscriptions": (("a", 1),), "clean": False, "manual_ack": True}
    first = end(broker.url, "reader", **settings)
    first.take = lambda _topic, _payload: False
    writer = end(broker.url, "writer")
    publish(writer, "a", b"one")
    wait_for(lambda: writer.link.backlog == 0)
    time.sleep(0.2)
    first.stop.set()
    first.thread.join(10)
    publish(writer, "a", b"two")
    second = end(broker.url, "reader", **settings)
    wait_for(lambda: len(second.heard) == 2)
    assert [body for _, body, _ in second.heard] == [b"one", b"two"]


def test_live_pieces_pass_while_sure_messages_are_not_taken(mosquitto, end):
    broker = mosquitto()
    reader = end(broker.url, "reader", subscriptions=(("#", 1),), clean=False, manual_ack=True)
    reader.take = lambda topic, _payload: topic != "sure"
    writer = end(broker.url, "writer")
    publish(writer, "sure", b"x")
    publish(writer, "live", b"y", qos=0)
    wait_for(lambda: reader.heard == [("live", b"y", False)])


def test_a_callback_that_falls_harms_nothing(mosquitto, end):
    broker = mosquitto()
    one = end(broker.url, "one", subscriptions=(("a", 1),), manual_ack=True, clean=False)

    def fall(_topic: str, payload: bytes) -> None:
        if payload == b"bad":
            raise RuntimeError("a bug")

    one.take = fall
    publish(one, "a", b"bad")
    publish(one, "a", b"good")
    wait_for(lambda: [body for _, body, _ in one.heard] == [b"good"])
    assert one.link.connected


def test_nothing_larger_than_the_broker_takes_is_sent(mosquitto, end):
    broker = mosquitto(lines=["max_packet_size 2000"])
    one = end(broker.url, "one", subscriptions=(("a", 1),))
    assert one.link.fits("a", b"x" * 1900)
    assert not one.link.fits("a", b"x" * 2000)
    assert one.link.publish("a", b"x" * 5000) is False
    publish(one, "a", b"x" * 1900)
    wait_for(lambda: one.heard)
    assert (len(one.heard[0][1]), len(one.ups)) == (1900, 1)


def test_publish_is_bounded_and_never_waits(mosquitto, end, monkeypatch):
    monkeypatch.setattr(mqtt_session, "WINDOW", 0)  # as with a broker that confirms nothing
    broker = mosquitto()
    one = end(broker.url, "one")
    taken = sum(one.link.publish("a", b"x" * 10_000) for _ in range(3000))
    assert 800 <= taken <= 1024


def test_a_refused_subscription_is_seen(end):
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_refuse_subscription, args=(door,)).start()
        one = end(f"mqtt://127.0.0.1:{door.getsockname()[1]}", "one", up=False, subscriptions=(("secret/#", 1),))
        wait_for(lambda: "refuses the subscription 'secret/#'" in one.link.error)
        one.stop.set()
        one.thread.join(10)
    assert one.ups == []


def _refuse_subscription(door: socket.socket) -> None:
    client, _ = door.accept()
    with client:
        client.recv(1000)
        client.sendall(b"\x20\x03\x00\x00\x00")
        subscribe = client.recv(1000)
        client.sendall(b"\x90\x04" + subscribe[2:4] + b"\x00\x87")
        client.recv(1000)


def _certificates(folder: Path) -> dict[str, Path]:
    """An authority, and a certificate of it for 127.0.0.1 that serves both ends."""

    def issue(name: str, key: Any, issuer: str, signer: Any, *, authority: bool) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        name_of = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer)]
        builder = x509.CertificateBuilder().subject_name(name_of[0]).issuer_name(name_of[1])
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1))
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        return builder.sign(signer, hashes.SHA256())

    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    found = {
        "ca": issue("ca", keys[0], "ca", keys[0], authority=True).public_bytes(serialization.Encoding.PEM),
        "cert": issue("pole", keys[1], "ca", keys[0], authority=False).public_bytes(serialization.Encoding.PEM),
        "key": keys[1].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    }
    for name, body in found.items():
        (folder / name).write_bytes(body)
        (folder / name).chmod(0o600)
    return {name: folder / name for name in found}


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # paho forgets its socket when a handshake fails
def test_tls_with_a_client_certificate_and_its_refusals(mosquitto, end, tmp_path: Path):
    files = _certificates(tmp_path)
    broker = mosquitto(
        lines=[f"cafile {files['ca']}", f"certfile {files['cert']}", f"keyfile {files['key']}",
               "require_certificate true", "use_identity_as_username true"]
    )  # fmt: skip
    url = broker.url.replace("mqtt:", "mqtts:")
    good = end(url, "good", ca_file=files["ca"], cert_file=files["cert"], key_file=files["key"],
               subscriptions=(("a", 1),))  # fmt: skip
    publish(good, "a", b"x" * 200_000)
    wait_for(lambda: good.heard == [("a", b"x" * 200_000, False)])
    stranger = end(url, "stranger", up=False)
    wait_for(lambda: "TLS with the broker" in stranger.link.error)
    assert "check ca_file" in stranger.link.error
    with pytest.raises(LinkError, match="certificates for the broker cannot be read"):
        make_client(LinkSettings(url, "x", ca_file=tmp_path / "nothing"), 5)


def test_another_client_with_our_id_is_told(end):
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_take_over, args=(door,)).start()
        one = end(f"mqtt://127.0.0.1:{door.getsockname()[1]}", "same", up=False)
        wait_for(lambda: one.downs)
        one.stop.set()
        one.thread.join(10)
    assert one.downs == ["another client uses our id 'same': ids must differ"]


def _take_over(door: socket.socket) -> None:
    """What MQTT 5 brokers say to the elder of two clients with one id (section 3.14.2.1: 0x8E)."""
    client, _ = door.accept()
    with client:
        client.recv(1000)
        client.sendall(b"\x20\x03\x00\x00\x00\xe0\x02\x8e\x00")
        client.recv(1000)
