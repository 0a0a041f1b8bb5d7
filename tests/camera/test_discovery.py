"""Discovery: real datagrams on loopback, and the parser against whatever a network may bring."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from zeroconf import ServiceInfo

from agent.camera import wsdiscovery
from agent.camera.discovery import discover, network_addresses
from agent.camera.found import Found, format_found, mac_of, merge
from agent.camera.limited_xml import parse_xml
from agent.camera.mdns import from_service
from agent.core.clock import SystemClock
from agent.core.errors import CameraError, ConfigError
from agent.sim.discovery import MdnsAnnouncement, WsDiscoveryResponder
from agent.sim.onvif_answers import VirtualIdentity

LOOPBACK = ["127.0.0.1"]
NORTH = VirtualIdentity(name="Plaza north", serial="b8a44f00aa01")
SOUTH = VirtualIdentity(name="Plaza <south> & co", serial="b8a44f00aa02")
GENERIC = VirtualIdentity(name="Somebody's", serial="001122334455", manufacturer="ACME", model="Cam 1")


@pytest.fixture
def port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def started(stack: ExitStack, part: WsDiscoveryResponder | MdnsAnnouncement) -> None:
    part.start()
    stack.callback(part.close)


def test_one_entry_per_camera_however_many_ways_it_answers(stack: ExitStack, port: int) -> None:
    for identity in (NORTH, SOUTH, GENERIC):
        started(stack, WsDiscoveryResponder(identity, "http://203.0.113.5:8000/onvif/device_service", port=port))
    started(stack, MdnsAnnouncement(NORTH, 80))
    found = discover(1.5, SystemClock(), LOOPBACK, probe_port=port)
    ours = {one.mac: one for one in found if one.mac in {NORTH.serial, SOUTH.serial, GENERIC.serial}}
    assert len(ours) == 3
    north = ours[NORTH.serial]
    assert north.how == ("mdns", "ws-discovery")
    assert (north.address, north.serial, north.model) == ("127.0.0.1", "B8A44F00AA01", "Virtual P3245")
    assert north.xaddrs == ("http://127.0.0.1:8000/onvif/device_service",), "rewritten to who answered"
    assert ours[SOUTH.serial].name == "Plaza <south> & co"
    assert ours[GENERIC.serial].model == "Cam 1"


def test_an_answer_to_somebody_elses_question_is_ignored() -> None:
    answer = WsDiscoveryResponder(NORTH, "http://127.0.0.1/").answer(PROBE)
    assert answer is not None
    assert wsdiscovery.parse_matches(answer, "127.0.0.1", "1234")
    assert not wsdiscovery.parse_matches(answer, "127.0.0.1", "5678")


PROBE = b"""<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:d="urn:d" xmlns:w="urn:w"><e:Header>
<w:MessageID>uuid:1234</w:MessageID></e:Header><e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe>
</e:Body></e:Envelope>"""
ANSWER = WsDiscoveryResponder(NORTH, "http://127.0.0.1:80/onvif/device_service").answer(PROBE) or b""


def test_a_probe_for_printers_is_not_answered() -> None:
    assert WsDiscoveryResponder(NORTH, "http://x/").answer(PROBE.replace(b"NetworkVideo", b"Print")) is None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
@example(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
@example('<?xml version="1.0" encoding="utf-16"?><a/>'.encode("utf-16"))
@example(b'<?xml version="1.0" encoding="nonsense"?><a/>')
@example(b"<a>" * 100)
@example(b"<a" * 70_000)
def test_no_datagram_breaks_the_parser(data: bytes) -> None:
    try:
        found = wsdiscovery.parse_matches(data, "192.0.2.1")
    except CameraError:
        return
    assert found == []


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(ANSWER)), st.binary(max_size=12), st.integers(0, 12))
def test_a_bent_answer_gives_a_camera_or_a_refusal(at: int, put: bytes, cut: int) -> None:
    try:
        found = wsdiscovery.parse_matches(ANSWER[:at] + put + ANSWER[at + cut :], "192.0.2.1")
    except CameraError:
        return
    for one in found:
        assert one.address == "192.0.2.1"
        assert all("//192.0.2.1" in xaddr for xaddr in one.xaddrs)
        assert "\n" not in format_found(one)


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a><a/>",
        b"<a>" * 65 + b"</a>" * 65,
        b"<a>" + b"<b/>" * 5_001 + b"</a>",
        b"<a>" + b" " * 70_000 + b"</a>",
    ],
)
def test_xml_beyond_the_limits_is_refused(data: bytes) -> None:
    with pytest.raises(CameraError, match="XML refused"):
        parse_xml(data)


def test_entries_merge_by_the_best_name_both_have() -> None:
    one = Found("192.0.2.1", mac="b8a44f000001", how=("mdns",))
    same = Found("198.51.100.1", mac="b8a44f000001", how=("ws-discovery",), xaddrs=("http://192.0.2.1/x",))
    neighbour = Found("192.0.2.1", mac="b8a44f000002")
    nameless = Found("192.0.2.7")
    merged = merge([one, neighbour, same, nameless, Found("192.0.2.7", name="Gate")])
    assert [(found.address, found.mac) for found in merged] == [
        ("192.0.2.1", "b8a44f000001"),
        ("192.0.2.1", "b8a44f000002"),
        ("192.0.2.7", ""),
    ]
    assert merged[0].how == ("mdns", "ws-discovery")
    assert merged[2].name == "Gate"


@pytest.mark.parametrize(
    ("kind", "name", "mac", "kept"),
    [
        ("_axis-video._tcp.local.", "AXIS P3245 - B8A44F000001", b"B8A44F000001", True),
        ("_rtsp._tcp.local.", "AXIS P3245 - B8A44F000001", None, True),
        ("_rtsp._tcp.local.", "Some recorder", b"\xff\xfe", False),
        ("_rtsp._tcp.local.", "Some box", b"00:40:8C:00:00:01", True),
    ],
)
def test_only_axis_records_count(kind: str, name: str, mac: bytes | None, kept: bool) -> None:
    properties = {} if mac is None else {"macaddress": mac}
    info = ServiceInfo(kind, f"{name}.{kind}", port=554, properties=properties, parsed_addresses=["192.0.2.9"])
    found = from_service(info)
    assert (found is not None) is kept
    if found is not None:
        assert mac_of(found.serial) == found.mac != ""


def test_this_machines_addresses_leave_loopback_out() -> None:
    assert not any(address.startswith("127.") for address in network_addresses())


def test_a_machine_without_a_network_is_told_so() -> None:
    with pytest.raises(CameraError, match="no network to search"):
        discover(0.1, SystemClock(), [])


@pytest.mark.parametrize("interface", ["203.0.113.77", "nonsense", "::1", ""])
def test_an_interface_that_this_machine_does_not_have_is_a_wrong_argument(interface: str) -> None:
    with pytest.raises(ConfigError, match=r"not an IPv4 address of this machine; it has .*127\.0\.0\.1"):
        discover(0.1, SystemClock(), [interface])


def test_an_interface_that_is_not_ours_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    assert wsdiscovery.search(0.1, SystemClock(), ["203.0.113.77"], port=9) == []
    assert "cannot use the interface 203.0.113.77" in caplog.text
