"""Which version of MQTT is spoken, with a broker that is slow once or speaks no other."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from agent.core.errors import LinkError
from agent.wire import mqtt, mqtt_session
from agent.wire.mqtt import LinkSettings
from agent.wire.mqtt_settings import make_client, open_client
from tests.wire.test_mqtt import End, end, wait_for

__all__ = ["end"]

YES = {5: b"\x20\x03\x00\x00\x00", 4: b"\x20\x02\x00\x00"}
SILENT, HANGS_UP, REFUSES = None, b"", b"\x20\x03\x00\x84\x00"


class Answering:
    """A broker whose first answer is `first`; whoever comes later is let in, in the version asked for."""

    def __init__(self, first: bytes | None) -> None:
        self.versions: list[int] = []
        self._first = first
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"mqtt://127.0.0.1:{self._door.getsockname()[1]}"
        self._client: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def cut(self) -> None:
        """The connection is lost."""
        assert self._client is not None
        self._client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._door.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            with client:
                self._client = client
                self.versions.append(client.recv(1000)[8])
                answer = YES[self.versions[-1]] if len(self.versions) > 1 else self._first
                if answer != HANGS_UP:
                    client.sendall(answer or b"")
                    while client.recv(1000):
                        pass


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes | None], Answering]]:
    monkeypatch.setattr(mqtt_session, "FIRST_ANSWER_TIMEOUT_S", 0.3)
    made: list[Answering] = []

    def make(first: bytes | None) -> Answering:
        made.append(Answering(first))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("first", "guess_s", "versions"),
    [(SILENT, 0, [5, 4, 5, 5]), (HANGS_UP, 0, [5, 4, 5, 5]), (REFUSES, 0, [5, 4, 4, 4]), (SILENT, 600, [5, 4, 4, 4])],
)
def test_only_a_refusal_keeps_the_older_version_for_longer_than_a_while(
    answering: Callable[[bytes | None], Answering],
    end: Callable[..., End],
    monkeypatch: pytest.MonkeyPatch,
    first: bytes | None,
    guess_s: int,
    versions: list[int],
) -> None:
    monkeypatch.setattr(mqtt, "GUESS_S", guess_s)
    broker = answering(first)
    one = end(broker.url, "one")
    assert one.link.protocol == 4
    for ups in (2, 3):
        broker.cut()
        wait_for(lambda ups=ups: len(one.ups) == ups)
    assert broker.versions == versions
    assert one.link.protocol == versions[-1]
    one.stop.set()
    one.thread.join(10)


@pytest.mark.parametrize("url", ["mqtt://h:99999", "mqtt://centre..example", f"mqtt://{'a' * 70}.example"])
def test_an_address_that_nobody_can_dial_is_said_like_a_broker_that_is_away(url: str) -> None:
    settings = LinkSettings(url=url, client_id="one")
    with pytest.raises(LinkError, match="the broker's address 'mqtt://"):
        open_client(make_client(settings, 5), settings, 1)
