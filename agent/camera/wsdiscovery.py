"""WS-Discovery, our own probe: one UDP socket per interface (ONVIF Core section 7, WS-Discovery 1.0 section 5)."""

from __future__ import annotations

import logging
import selectors
import socket
import uuid
from collections.abc import Sequence
from itertools import islice
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from agent.camera.address import service_url
from agent.camera.found import Found, is_axis, mac_of, plain
from agent.camera.limited_xml import each, parse_xml, text_of
from agent.core.clock import NS, Clock
from agent.core.errors import CameraError

log = logging.getLogger(__name__)

GROUP, PORT = "239.255.255.250", 3702
MOST_ANSWERS = 2_000
"""Datagrams read in one search: more than any site has cameras, so a flood ends the search instead of filling RAM."""
MOST_FOUND = 1_000

_SCOPE = "onvif://www.onvif.org/"
_REPEAT_S = 0.4

_PROBE = (
    '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header><w:MessageID>uuid:{id}</w:MessageID>'
    '<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>'
    '<w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>'
    "<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"
)


def search(timeout_s: float, clock: Clock, interfaces: Sequence[str], *, port: int = PORT) -> list[Found]:
    """Ask on each interface (IPv4 addresses of this machine) and gather answers until `timeout_s` is over."""
    sockets = [sock for address in interfaces if (sock := _socket(address)) is not None]
    try:
        return _Search(clock, sockets, port).run(timeout_s)
    finally:
        for sock in sockets:
            sock.close()


def _socket(address: str) -> socket.socket | None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        sock.bind((address, 0))
        sock.setblocking(False)
    except OSError as error:
        log.warning("WS-Discovery cannot use the interface %s: %s", address, error)
        sock.close()
        return None
    return sock


class _Search:
    """One question and its answers."""

    def __init__(self, clock: Clock, sockets: Sequence[socket.socket], port: int) -> None:
        self._clock, self._sockets, self._port = clock, sockets, port
        self._message_id = str(uuid.uuid4())
        self._found: dict[Found, None] = {}
        self._answers = 0

    def run(self, timeout_s: float) -> list[Found]:
        begin_ns = self._clock.mono_ns()
        end_ns = begin_ns + int(timeout_s * NS)
        # Twice, because UDP loses (WS-Discovery appendix I); a device knows the repeat by its message id.
        sends_ns = [begin_ns, begin_ns + int(min(_REPEAT_S, timeout_s / 2) * NS)]
        with selectors.DefaultSelector() as selector:
            for sock in self._sockets:
                selector.register(sock, selectors.EVENT_READ)
            while (now_ns := self._clock.mono_ns()) < end_ns and self._answers < MOST_ANSWERS:
                if sends_ns and now_ns >= sends_ns[0]:
                    sends_ns.pop(0)
                    self._send()
                wake_ns = min([end_ns, *sends_ns])
                self._read(selector, max(0.0, (wake_ns - self._clock.mono_ns()) / NS))
        return list(self._found)

    def _send(self) -> None:
        for sock in self._sockets:
            try:
                sock.sendto(_PROBE.format(id=self._message_id).encode(), (GROUP, self._port))
            except OSError as error:
                log.warning("WS-Discovery cannot send on %s: %s", sock.getsockname()[0], error)

    def _read(self, selector: selectors.BaseSelector, wait_s: float) -> None:
        ready = {key.fd for key, _ in selector.select(wait_s)}
        for sock in self._sockets:
            if sock.fileno() in ready:
                self._answers += 1
                self._take(sock)

    def _take(self, sock: socket.socket) -> None:
        try:
            data, (sender, *_) = sock.recvfrom(65_536)
            for one in parse_matches(data, sender, self._message_id):
                if len(self._found) < MOST_FOUND:
                    self._found[one] = None
        except OSError as error:
            log.debug("WS-Discovery: receiving failed: %s", error)
        except CameraError as error:
            log.info("WS-Discovery: an answer was refused: %s", error)


def parse_matches(data: bytes, sender: str, message_id: str | None = None) -> list[Found]:
    """The cameras of one ProbeMatches datagram from `sender`; another search's answer gives none.

    Raises:
        CameraError: not an answer that we read.
    """
    root = parse_xml(data)
    if message_id is not None and not text_of(root, "RelatesTo").endswith(message_id):
        return []
    return [_match(match, sender) for match in islice(each(root, "ProbeMatch"), 4)]


def _match(match: Element, sender: str) -> Found:
    scopes = _scopes(text_of(match, "Scopes"))
    endpoint = plain(text_of(match, "Address"), 120)
    mac = mac_of(scopes.get("macaddress", "") or scopes.get("mac", "")) or _axis_mac(scopes, endpoint)
    return Found(
        address=sender,
        name=scopes.get("name", ""),
        model=scopes.get("hardware", ""),
        serial=scopes.get("serialnumber", "") or (mac.upper() if is_axis(mac) else ""),
        mac=mac,
        endpoint=endpoint,
        xaddrs=_xaddrs(text_of(match, "XAddrs"), sender),
        how=("ws-discovery",),
    )


def _axis_mac(scopes: dict[str, str], endpoint: str) -> str:
    """Axis writes the hardware address into the serial number and the end of its endpoint's UUID."""
    guesses = (scopes.get("serialnumber", ""), endpoint[-12:])
    return next((mac for guess in guesses if is_axis(mac := mac_of(guess))), "")


def _scopes(text: str) -> dict[str, str]:
    """`onvif://www.onvif.org/name/AXIS%20P3245` -> {"name": "AXIS P3245"}; the first of a kind counts."""
    scopes: dict[str, str] = {}
    for scope in text.split()[:64]:
        if scope.lower().startswith(_SCOPE):
            kind, slash, value = scope[len(_SCOPE) :].partition("/")
            if slash:
                scopes.setdefault(kind.lower(), plain(unquote(value)))
    return scopes


def _xaddrs(text: str, sender: str) -> tuple[str, ...]:
    """The device's addresses, each on the host that answered us: other hosts cannot be asked on its word."""
    kept: dict[str, None] = {}
    for xaddr in text.split()[:8]:
        try:
            parts = urlsplit(xaddr)
            port = f":{parts.port}" if parts.port else ""
            dialled = urlsplit(f"{parts.scheme}://{sender}{port}")
            kept[service_url(xaddr, dialled)] = None
        except (CameraError, ValueError):
            continue
    return tuple(kept)
