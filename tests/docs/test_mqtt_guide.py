"""The page on joining two machines is followed to the letter: its files, with certificates made for the test."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent.central.app import run_central
from agent.config.load import load_central, load_gateway
from agent.core.clock import SystemClock
from agent.core.stop import StopToken
from agent.publish.broker import command_verifier, link_settings
from agent.publish.commands import CommandDesk
from agent.publish.outbox import Outbox
from agent.publish.uplink import Uplink
from agent.wire.messages import Event
from tests.fixtures.mosquitto import BINARY, Mosquitto, free_port
from tests.publish.centre import wait_for

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "mqtt.md").read_text()
NOW = "2026-01-01T00:00:00Z"

pytestmark = pytest.mark.skipif(
    not Path(BINARY).exists(), reason="mosquitto is not installed (Debian package mosquitto)"
)


class Etc:
    """Every machine's /etc in one folder, with the page's files in it."""

    def __init__(self, folder: Path, chapter: str) -> None:
        self.folder, self.port = folder, free_port()
        self.text = re.split(r"^## ", PAGE.partition(f"## {chapter}")[2], maxsplit=1, flags=re.MULTILINE)[0]
        self._ca_key = ec.generate_private_key(ec.SECP256R1())
        self._ca = self._issue("Our cameras", self._ca_key.public_key(), authority=True)
        (folder / "ca.pem").write_bytes(self._ca.public_bytes(serialization.Encoding.PEM))

    def certificate(self, file: str, name: str) -> None:
        """`file`.pem and `file`.key of our authority for `name`."""
        key = ec.generate_private_key(ec.SECP256R1())
        body = self._issue(name, key.public_key(), authority=False).public_bytes(serialization.Encoding.PEM)
        (self.folder / f"{file}.pem").write_bytes(body)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.folder / f"{file}.key").write_bytes(pem)

    def block(self, kind: str, number: int = 0) -> str:
        """A code block of the chapter, with our paths, port and names."""
        found = re.findall(rf"```{kind}\n(.*?)```", self.text, re.DOTALL)[number]
        found = re.sub(r"/etc/(lamppost|mosquitto)", str(self.folder), found)
        return re.sub(r"(centre|broker)\.example", "localhost", found).replace("8883", str(self.port))

    def write(self, name: str, text: str) -> Path:
        (self.folder / name).write_text(text)
        return self.folder / name

    def _issue(self, name: str, key: Any, *, authority: bool) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, "Our cameras"))
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1))
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._ca_key, hashes.SHA256())


@contextmanager
def centre(etc: Etc, text: str) -> Iterator[Path]:
    """The centre of the page's file; gives its data folder."""
    data = etc.folder / "data"
    more = f'listen = "127.0.0.1:0"\ndata = {json.dumps(str(data))}\n'
    config = load_central(etc.write("central.toml", text.replace("[central]\n", "[central]\n" + more)))
    stop, ready = StopToken(), etc.folder / "ready"
    thread = threading.Thread(
        target=run_central, args=(config, stop), kwargs={"ready_file": ready, "say": lambda _: None}
    )
    thread.start()
    try:
        wait_for(lambda: ready.exists() or not thread.is_alive())
        yield data
    finally:
        stop.set()
        thread.join(30)


@contextmanager
def gateway(etc: Etc, text: str, name: str = "pole-17") -> Iterator[tuple[Uplink, Outbox]]:
    """The uplink of the page's file."""
    storage = etc.folder / f"storage-{name}"
    config = load_gateway(etc.write("gateway.toml", f"{text}\n[storage]\npath = {json.dumps(str(storage))}\n"))
    assert config.mqtt is not None
    clock, stop = SystemClock(), StopToken()
    outbox = Outbox(storage / "outbox.sqlite", clock)
    desk = CommandDesk(config.gateway.site, name, command_verifier(config.mqtt.command_key_file), clock, {})
    uplink = Uplink(config.gateway.site, name, outbox, link_settings(config.mqtt), clock, commands=desk, version="1")
    threads = [threading.Thread(target=worker.run, args=(stop,)) for worker in uplink.workers]
    for thread in threads:
        thread.start()
    try:
        yield uplink, outbox
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
        outbox.close()


def event(name: str) -> Event:
    return Event(id=name, camera="main-and-park", kind="motion", phase="start", time=NOW, start=NOW)


def delivered(uplink: Uplink, outbox: Outbox) -> None:
    outbox.put("event", "main-and-park", event("e1"))
    outbox.put_media(
        id="m1", camera="main-and-park", kind="snapshot", type="image/jpeg", start=NOW, end=NOW, source=b"x" * 9000
    )
    wait_for(lambda: (outbox.depth().messages, outbox.depth().media) == (0, 0))
    assert (uplink.health().error, uplink.health().media_error) == ("", "")


def test_the_centres_own_broker(tmp_path: Path) -> None:
    etc = Etc(tmp_path, "The centre's own broker")
    etc.certificate("server", "centre.example")
    with centre(etc, etc.block("toml")) as data:
        for file in ("password", "command_key.pem"):
            shutil.copy(data / "gateways" / "hartford" / "pole-17" / file, etc.folder)
        with gateway(etc, etc.block("toml", 1)) as (uplink, outbox):
            delivered(uplink, outbox)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # paho forgets its socket when a handshake fails
def test_a_mosquitto_of_ones_own_with_client_certificates(tmp_path: Path) -> None:
    etc = Etc(tmp_path, "A mosquitto of your own")
    for file, name in (("server", "broker.example"), ("pole-17", "pole-17"), ("lamppost-centre", "lamppost-centre")):
        etc.certificate(file, name)
    acl = etc.write("lamppost.acl", etc.block("acl"))
    acl.chmod(0o600)
    broker = Mosquitto(tmp_path / "broker", port=etc.port, whole=etc.block("conf")).start()
    try:
        with centre(etc, etc.block("toml")) as data:
            shutil.copy(data / "gateways" / "hartford" / "pole-17" / "command_key.pem", etc.folder)
            text = etc.block("toml", 1)
            with gateway(etc, text) as (uplink, outbox):
                delivered(uplink, outbox)
            with gateway(etc, text, name="pole-18") as (uplink, outbox):  # with the certificate of another
                outbox.put("event", "main-and-park", event("forged"))
                wait_for(lambda: "check its ACL" in uplink.health().error)
                assert outbox.depth().messages == 1
            with gateway(etc, re.sub(r"^(cert|key)_file = .*\n", "", text, flags=re.MULTILINE)) as (uplink, _):
                wait_for(lambda: uplink.health().error)
                assert not uplink.health().connected
    finally:
        broker.kill()
