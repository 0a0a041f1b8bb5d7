"""Our ONVIF port against a virtual camera, over real HTTP."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator

import pytest

from agent.camera.onvif import OnvifDevice
from agent.camera.port import Identity, OnvifPort, Profile
from agent.core.clock import NS, SystemClock
from agent.core.errors import CameraError, SourceRefused, SourceUnreachable
from agent.sim import onvif as sim
from agent.sim import onvif_answers as answers
from agent.sim.onvif_answers import VirtualIdentity, VirtualProfile

MAIN = VirtualProfile("main", "Main", 1280, 720, 15, "h264", "rtsp://198.51.100.9:8554/axis-media/media.amp?x=1&y=2")
SUB = VirtualProfile("sub", "Sub", 640, 360, 10, "hevc", "rtsp://198.51.100.9/sub")


class SkewedClock(SystemClock):
    """A camera whose battery was changed."""

    def __init__(self, skew_s: float) -> None:
        self._skew_ns = int(skew_s * NS)

    def wall_ns(self) -> int:
        return super().wall_ns() + self._skew_ns


Start = Callable[..., sim.VirtualOnvif]


@pytest.fixture
def start() -> Iterator[Start]:
    started = []

    def make(*, skew_s: float = 0, username: str | None = "viewer", **options: object) -> sim.VirtualOnvif:
        identity = VirtualIdentity(name="Plaza", serial="b8a44f001122")
        device = sim.VirtualOnvif(identity, [MAIN, SUB], username, "light", SkewedClock(skew_s), **options)
        device.start()
        started.append(device)
        return device

    yield make
    for device in started:
        device.close()


@pytest.fixture
def dial() -> Iterator[Callable[..., OnvifDevice]]:
    opened = []

    def make(url: str, password: str = "light", **options: float) -> OnvifDevice:
        opened.append(OnvifDevice(url, "viewer", password, SystemClock(), **options))
        return opened[-1]

    yield make
    for device in opened:
        device.close()


Dial = Callable[..., OnvifDevice]
WAYS = {
    "both": {},
    "digest alone": {"tokens": False},
    "tokens alone": {"digest": False},
    "no password": {"username": None},
}


@pytest.mark.parametrize("way", WAYS)
def test_identity_profiles_and_addresses_are_read(start: Start, dial: Dial, way: str) -> None:
    port: OnvifPort = dial(start(snapshot=lambda _: b"", **WAYS[way]).url)
    assert port.identity() == Identity("AXIS", "Virtual P3245", "12.0.0", "B8A44F001122", "7A0")
    assert port.profiles() == (
        Profile("main", "Main", "h264", 1280, 720, 15.0),
        Profile("sub", "Sub", "hevc", 640, 360, 10.0),
    )
    assert port.stream_url("main") == "rtsp://127.0.0.1:8554/axis-media/media.amp?x=1&y=2"
    assert not port.has_ptz()


def test_every_address_is_brought_back_to_the_one_dialled(start: Start, dial: Dial) -> None:
    device = start(xaddr_host="198.51.100.9:80", snapshot=lambda _: b"")
    assert "198.51.100.9" in device.xaddr
    port = dial(device.url)
    assert len(port.profiles()) == 2, "the media service answered, so it was asked where we dialled"
    assert port.stream_url("sub") == "rtsp://127.0.0.1/sub"
    assert port.snapshot_url("main") == f"http://127.0.0.1:{device.port}/snapshot/main.jpg"


@pytest.mark.parametrize("bad", ["http://:80/onvif/events", "gopher://[x", "file:///etc/passwd"])
def test_a_bad_address_of_a_service_that_is_not_used_does_no_harm(
    start: Start, dial: Dial, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    told = answers.services
    other = (
        f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/events/wsdl</tds:Namespace><tds:XAddr>{bad}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>0</tt:Minor></tds:Version></tds:Service></tds:GetServicesResponse>"
    )
    monkeypatch.setattr(answers, "services", lambda *places: told(*places).replace("</tds:GetServicesResponse>", other))
    assert len(dial(start().url).profiles()) == 2


def test_a_camera_without_snapshots_gives_none(start: Start, dial: Dial) -> None:
    assert dial(start().url).snapshot_url("main") is None


@pytest.mark.parametrize("way", ["both", "digest alone", "tokens alone"])
def test_a_wrong_password_is_refused_in_one_line(start: Start, dial: Dial, way: str) -> None:
    port = dial(start(**WAYS[way]).url, "dark")
    with pytest.raises(SourceRefused, match="user name or password refused") as caught:
        port.identity()
    assert "\n" not in str(caught.value)
    assert "dark" not in str(caught.value)


@pytest.mark.parametrize("skew_s", [-60, 60, 86_400])
def test_a_camera_with_a_wrong_clock_lets_us_in_and_its_offset_is_known(start: Start, dial: Dial, skew_s: int) -> None:
    port = dial(start(skew_s=skew_s, digest=False).url)
    assert port.identity().serial == "B8A44F001122"
    offset_ns = port.clock_offset_ns()
    assert offset_ns is not None
    assert abs(offset_ns / NS - skew_s) < 3


def test_a_camera_that_tells_its_time_to_users_only_is_dated_by_http(start: Start, dial: Dial) -> None:
    port = dial(start(skew_s=60, digest=False, private_clock=True).url)
    assert port.identity().serial == "B8A44F001122"


def test_nobody_there_is_unreachable_in_one_line(dial: Dial) -> None:
    with pytest.raises(SourceUnreachable, match="no ONVIF answer") as caught:
        dial("http://127.0.0.1:9").identity()
    assert "\n" not in str(caught.value)


def test_no_proxy_is_ever_used(start: Start, dial: Dial, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert dial(start().url).identity().model == "Virtual P3245"
    assert os.environ["http_proxy"], "and the environment is left as it was"


def test_the_librarys_import_leaves_our_logging_alone(start: Start, dial: Dial) -> None:
    before = (list(logging.getLogger().handlers), logging.getLogger().level)
    dial(start().url).identity()
    assert (list(logging.getLogger().handlers), logging.getLogger().level) == before


@pytest.mark.parametrize("url", ["rtsp://127.0.0.1/", "nonsense", "http://", "http://host:99999/", "http://a b/"])
def test_what_is_no_onvif_address_is_said_at_once(url: str) -> None:
    with pytest.raises(CameraError):
        OnvifDevice(url, None, None, SystemClock())


@pytest.mark.parametrize("host", ["[fe80::1%25lo]", "[fe80::1%lo]:81"])
def test_an_address_within_one_network_is_refused_when_it_is_asked(dial: Dial, host: str) -> None:
    device = dial(f"http://{host}/")
    with pytest.raises(CameraError, match="write the camera's IPv4 address"):
        device.identity()
