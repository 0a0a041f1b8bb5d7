"""Configurations that cannot work are told in one line; the viewer's pages are served."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agent.central.api import pages
from agent.central.app import run_central
from agent.central.broker import find_mosquitto
from agent.central.broker_choice import choose_broker
from agent.central.folder import DataFolder, secret
from agent.config.central import Central, CentralConfig, KnownGateway
from agent.core.errors import ConfigError, LamppostError
from agent.core.stop import StopToken
from tests.central.helpers import RunningCentre


def _config(tmp_path: Path, gateways: tuple[tuple[str, str], ...] = (), **central: Any) -> CentralConfig:
    plain = {"listen": "127.0.0.1:0", "mqtt_listen": "127.0.0.1:0", "data": tmp_path / "data"}
    known = tuple(KnownGateway(site=site, id=name) for site, name in gateways)
    return CentralConfig(central=Central(**(plain | central)), gateway=known)


@pytest.mark.parametrize(
    ("central", "gateways", "said"),
    [
        ({}, (("a", "gw"), ("b", "gw")), "two gateways have the id 'gw'"),
        ({}, (("a", "lamppost-centre"),), "two gateways have the id"),
        ({"mqtt_listen": "0.0.0.0:0"}, (), "plain MQTT off this machine"),
        ({"broker": "mqtt://broker.example"}, (), "plain MQTT off this machine"),
        ({"database": "postgresql://nobody@127.0.0.1:1/none"}, (), "//nobody@127.0.0.1:1/none: the database cannot be"),
        ({"database": "postgresql://127.0.0.1:x/none"}, (), "write it as postgresql://user@host:5432/name"),
        ({"database": "postgresql://127.0.0.1"}, (), "write sqlite, or postgresql://user@host:5432/name"),
        ({"data": "/proc/none"}, (), "set \\[central\\] data"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(tmp_path: Path, central: Any, gateways: Any, said: str) -> None:
    with pytest.raises(LamppostError, match=said) as caught:
        run_central(_config(tmp_path, gateways, **central), StopToken())
    assert len(str(caught.value).splitlines()) == 1


def test_two_that_make_a_secret_at_once_have_the_same(tmp_path: Path) -> None:
    """Two web processes that are started together for the first time."""
    for number in range(20):
        path, both = tmp_path / f"token-{number}", threading.Barrier(2)

        def make(path: Path = path, both: threading.Barrier = both) -> str:
            both.wait(20)
            return secret(path)

        with ThreadPoolExecutor(2) as threads:
            made = [one.result(20) for one in [threads.submit(make), threads.submit(make)]]
        assert made == [path.read_text().strip()] * 2
        assert path.stat().st_mode & 0o777 == 0o600
    assert len(list(tmp_path.iterdir())) == 20


def test_a_short_service_token_is_refused(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("short")
    with pytest.raises(ConfigError, match="can be guessed"):
        run_central(_config(tmp_path, service_token_file=token), StopToken())


def test_beyond_loopback_mosquitto_speaks_tls_and_the_centre_has_a_door_of_its_own(tmp_path: Path) -> None:
    if find_mosquitto() is None:
        pytest.skip("mosquitto is not installed")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    config = _config(tmp_path, mqtt_listen="0.0.0.0:0", tls_cert=certificate, tls_key=key)
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    process, outer, inner = choose_broker(config, folder)
    assert outer.startswith("mqtts://0.0.0.0:")
    assert inner.startswith("mqtt://127.0.0.1:")
    assert process is not None
    command = process._program.command()
    written = Path(command[-1]).read_text()
    assert f"certfile {certificate}" in written
    assert written.count("listener ") == 2


def test_the_viewers_pages_are_served_for_its_own_routes(
    centre: RunningCentre, tmp_path: Path, monkeypatch: Any
) -> None:
    built = tmp_path / "static"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>viewer</title>")
    (built / "assets" / "app-1a2b.js").write_text("1")
    (tmp_path / "secret").write_text("no")
    found = pages._inside(built, "assets/app-1a2b.js")
    assert found == built / "assets" / "app-1a2b.js"
    for wrong in ("../secret", "assets/../../secret", "/etc/passwd", "\x00", "", "assets"):
        assert pages._inside(built, wrong) is None
    with centre.client() as api:
        for path in ("/", "/events/abc", "/first?token=x"):
            page = api.get(path)
            assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_an_old_link_survives_a_restart_and_the_ready_file_goes(tmp_path: Path) -> None:
    first = RunningCentre(tmp_path / "data").start()
    link = first.sign_in_url
    first.end()
    assert first.result == [0]
    assert not first.ready.exists()
    second = RunningCentre(tmp_path / "data").start()
    try:
        assert second.sign_in_url.partition("?")[2] == link.partition("?")[2]
    finally:
        second.end()
