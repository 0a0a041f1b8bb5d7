"""The page on scale is followed to the letter: nginx with the page's file in front of two web processes."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.central.city import City, Stream
from tests.central.helpers import CAMERA, GATEWAY, PASSWORD, SITE, FakeGateway, event, fresh_id, wait_for
from tests.docs.test_mqtt_guide import Etc
from tests.fixtures.mosquitto import Mosquitto, free_port
from tests.fixtures.postgres import Postgres

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "scale.md").read_text()
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")


@contextmanager
def _nginx(folder: Path, ports: tuple[int, int]) -> Iterator[tuple[str, ssl.SSLContext]]:
    """The page's server with our ports and certificate; its address, and whom to trust."""
    etc, port = Etc(folder, "none"), free_port()
    etc.certificate("centre", "localhost")
    [text] = re.findall(r"```nginx\n(.*?)```", PAGE, re.DOTALL)
    text = text.replace("/etc/lamppost", str(folder)).replace("listen 443", f"listen 127.0.0.1:{port}")
    for old, new in zip(("8081", "8082"), ports, strict=True):
        text = text.replace(f"127.0.0.1:{old}", f"127.0.0.1:{new}")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{text}\n}}\n"
    )
    child = subprocess.Popen([str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        wait_for(lambda: _answers(port))
        yield f"https://localhost:{port}", ssl.create_default_context(cafile=folder / "ca.pem")
    finally:
        child.terminate()
        child.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian package nginx-light)")
def test_behind_the_pages_nginx_two_web_processes_are_one_site(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], postgres: Postgres
) -> None:
    city, etc = City(tmp_path, mosquitto().url, postgres.fresh()), tmp_path / "etc"
    etc.mkdir()
    text = city.config.read_text()
    city.config.write_text(text.replace("[webhooks]", "behind_proxy = true\n[webhooks]"))
    ports = free_port(), free_port()
    try:
        ingest, *web = [city.start("ingest"), *(city.start("web", "--listen", f"127.0.0.1:{port}") for port in ports)]
        for process in (ingest, *web):
            process.up()
        with _nginx(etc, ports) as (url, trust), httpx.Client(
            base_url=url, verify=trust, headers={"X-Lamppost": "1"}, timeout=20
        ) as api:  # fmt: skip
            _is_one_site(city, api, url, trust)
            web[0].kill()
            assert all(api.get("/api/v1/me").status_code == 200 for _ in range(8))
    finally:
        city.end()


def _is_one_site(city: City, api: httpx.Client, url: str, trust: ssl.SSLContext) -> None:
    token = (city.data / "first-sign-in").read_text().strip().partition("token=")[2]
    body = {"token": token, "username": "ann", "password": PASSWORD}
    wait_for(lambda: api.get("/api/v1/health").status_code == 200)
    answer = api.post("/api/v1/first", json=body, headers={"Origin": url})
    assert answer.status_code == 200, answer.text
    assert "Secure" in answer.headers["set-cookie"]
    assert all(api.get("/api/v1/me").status_code == 200 for _ in range(8))
    assert api.post("/api/v1/sign-out", headers={"Origin": "https://elsewhere.example"}).status_code == 403
    with FakeGateway(city) as gateway:  # type: ignore[arg-type]
        gateway.hello()
        streams, key = [Stream(api) for _ in range(4)], fresh_id()
        gateway.envelope("event", 1, event(key))
        assert [stream.next("event", 20)["id"] for stream in streams] == [key] * 4
        wait_for(lambda: any(one["gateway_online"] for one in api.get("/api/v1/cameras").json()["items"]), 30)
        cookie = {"Cookie": f"lamppost_session={api.cookies['lamppost_session']}", "Origin": url}
        address = f"{url.replace('https', 'wss')}/api/v1/live/{SITE}/{GATEWAY}/{CAMERA}"
        with (
            connect(address, additional_headers=cookie, ssl=trust) as one,
            connect(address, additional_headers=cookie, ssl=trust) as other,
        ):
            assert one.recv(10)
            assert other.recv(10)
            leases = wait_for(lambda: {asked.args["lease"] for asked in gateway.commands if asked.verb == "live"})
            assert len(leases) == 1
