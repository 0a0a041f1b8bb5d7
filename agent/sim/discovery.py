"""How the virtual camera lets itself be found: WS-Discovery answers and an mDNS announcement, as Axis cameras do."""

from __future__ import annotations

import socket
import threading
import uuid
from xml.sax.saxutils import escape

from zeroconf import IPVersion, ServiceInfo, Zeroconf

from agent.camera.limited_xml import each, parse_xml, text_of
from agent.camera.wsdiscovery import GROUP, PORT
from agent.core.errors import CameraError
from agent.sim.onvif_answers import VirtualIdentity, scope_list

_WAKE_S = 0.2
_MATCHES = (
    '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    'xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">'
    "<e:Header><w:MessageID>uuid:{id}</w:MessageID><w:RelatesTo>{relates}</w:RelatesTo>"
    "<w:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</w:To>"
    "<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</w:Action></e:Header><e:Body>"
    "<d:ProbeMatches><d:ProbeMatch><w:EndpointReference><w:Address>{endpoint}</w:Address></w:EndpointReference>"
    "<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types><d:Scopes>{scopes}</d:Scopes>"
    "<d:XAddrs>{xaddr}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches>"
    "</e:Body></e:Envelope>"
)


class WsDiscoveryResponder:
    """Answers probes on one interface (an IPv4 address of this machine) from `start` to `close`."""

    def __init__(
        self, identity: VirtualIdentity, xaddr: str, *, interface: str = "127.0.0.1", port: int = PORT
    ) -> None:
        self._identity, self._xaddr, self._interface, self._port = identity, xaddr, interface, port
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None

    def start(self) -> None:
        """Join the group and answer."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # several virtual cameras share the port
        sock.bind((GROUP, self._port))
        group = socket.inet_aton(GROUP) + socket.inet_aton(self._interface)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        sock.settimeout(_WAKE_S)
        self._socket = sock
        self._thread = threading.Thread(target=self._serve, args=(sock,), name=f"wsd-{self._identity.serial}")
        self._thread.start()

    def close(self) -> None:
        """Leave; safe to call twice."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self._socket is not None:
            self._socket.close()

    def answer(self, probe: bytes) -> bytes | None:
        """The ProbeMatches to a probe; None when it is none, or looks for another kind of device."""
        try:
            root = parse_xml(probe)
        except CameraError:
            return None
        asked = next(each(root, "Probe"), None)
        if asked is None or not _fits(text_of(asked, "Types")):
            return None
        return _MATCHES.format(
            id=uuid.uuid4(),
            relates=escape(text_of(root, "MessageID")),
            endpoint=f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, self._identity.serial)}",
            scopes=escape(" ".join(scope_list(self._identity))),
            xaddr=escape(self._xaddr),
        ).encode()

    def _serve(self, sock: socket.socket) -> None:
        while not self._stop.is_set():
            try:
                probe, sender = sock.recvfrom(65_536)
            except TimeoutError:
                continue
            if (answer := self.answer(probe)) is not None:
                sock.sendto(answer, sender)


def _fits(types: str) -> bool:
    """A probe without types asks everybody (WS-Discovery section 5.2)."""
    wanted = {name.rpartition(":")[2] for name in types.split()}
    return wanted <= {"NetworkVideoTransmitter", "Device"}


class MdnsAnnouncement:
    """Says `_axis-video._tcp` with the hardware address on one interface from `start` to `close`."""

    def __init__(self, identity: VirtualIdentity, http_port: int, *, interface: str = "127.0.0.1") -> None:
        self._identity, self._interface = identity, interface
        kind = "_axis-video._tcp.local."
        self._info = ServiceInfo(
            kind,
            f"{identity.manufacturer} {identity.model} - {identity.serial.upper()}.{kind}",
            port=http_port,
            properties={"macaddress": identity.serial.upper()},
            server=f"axis-{identity.serial.lower()}.local.",
            parsed_addresses=[interface],
        )
        self._zeroconf: Zeroconf | None = None

    def start(self) -> None:
        """Announce; takes about a second, in which the name is checked to be free."""
        self._zeroconf = Zeroconf(interfaces=[self._interface], ip_version=IPVersion.V4Only)
        self._zeroconf.register_service(self._info)

    def close(self) -> None:
        """Say good-bye and go; safe to call twice."""
        if self._zeroconf is not None:
            self._zeroconf.unregister_all_services()
            self._zeroconf.close()
        self._zeroconf = None
