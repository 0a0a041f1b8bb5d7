"""The OnvifPort over onvif-zeep (ONVIF Device and Media, Profile S).

ONVIFCamera is not used: its constructor talks to the network, follows any address the device returns, and leaves a
pull point behind each time. Its WSDL files and ONVIFService are; everything around them is ours.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult

from agent.camera.address import service_url, split_url, stream_url
from agent.camera.bounded_http import BoundedAdapter, DeviceSession
from agent.camera.found import plain
from agent.camera.onvif_zeep import Soap, services
from agent.camera.port import Identity, Profile
from agent.core.clock import NS, Clock
from agent.core.errors import CameraError, SourceRefused

log = logging.getLogger(__name__)

DEVICE_PATH = "/onvif/device_service"
MOST_PROFILES = 64
_HALF_S = NS // 2
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
_CODECS = {"JPEG": "mjpeg", "MPEG4": "mpeg4", "H264": "h264", "H265": "hevc", "AV1": "av1"}


class OnvifDevice:
    """An OnvifPort for one thread. Sends nothing before the first question; asks the clock first, for the tokens."""

    def __init__(
        self,
        url: str,
        username: str | None,
        password: str | None,
        clock: Clock,
        *,
        timeout_s: float = 5.0,
        total_s: float = 15.0,
        ca_file: Path | None = None,
    ) -> None:
        dialled = split_url(url, "the camera's address")
        if dialled.scheme not in {"http", "https"}:
            raise CameraError(f"{url[:120]!r} is not an ONVIF address; write http://host or https://host")
        netloc = dialled.netloc.rpartition("@")[2]
        path = dialled.path if dialled.path not in {"", "/"} else DEVICE_PATH
        self._dialled: SplitResult = dialled._replace(netloc=netloc, path=path, query=dialled.query, fragment="")
        self._clock = clock
        self._adapter = BoundedAdapter(total_s)
        self._session = DeviceSession(self._dialled, username, password, self._adapter, ca_file)
        self._soap = Soap(self._session, username, password, clock, timeout_s=timeout_s, place=self.place)
        self._offset_ns: int | None = None
        self._asked_clock = False
        self._xaddrs: dict[str, str] | None = None

    @property
    def place(self) -> str:
        """See `OnvifPort.place`."""
        return self._dialled.geturl()

    def clock_offset_ns(self) -> int | None:
        """See `OnvifPort.clock_offset_ns` (ONVIF Core section 8.3.4.3: GetSystemDateAndTime needs no access)."""
        if not self._asked_clock:
            self._offset_ns = self._ask_clock()
            self._soap.offset_ns = self._offset_ns or 0
            self._asked_clock = True
        return self._offset_ns

    def identity(self) -> Identity:
        """See `OnvifPort.identity`."""
        answer = self._device("GetDeviceInformation")
        names = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber", "HardwareId")
        return Identity(*(_text(answer, name) for name in names))

    def profiles(self) -> tuple[Profile, ...]:
        """See `OnvifPort.profiles`."""
        answer = self._media("GetProfiles")
        found: Iterable[Any] = answer if isinstance(answer, list) else []
        return tuple(_profile(one) for one in islice(found, MOST_PROFILES))

    def stream_url(self, profile: str) -> str:
        """See `OnvifPort.stream_url`."""
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        answer = self._media("GetStreamUri", {"StreamSetup": setup, "ProfileToken": profile})
        return stream_url(str(getattr(answer, "Uri", "") or ""), self._dialled)

    def snapshot_url(self, profile: str) -> str | None:
        """See `OnvifPort.snapshot_url`."""
        try:
            answer = self._media("GetSnapshotUri", {"ProfileToken": profile})
        except SourceRefused:
            raise
        except CameraError as error:
            log.debug("%s has no snapshot: %s", self.place, error)
            return None
        uri = str(getattr(answer, "Uri", "") or "")
        return service_url(uri, self._dialled) if uri else None

    def has_ptz(self) -> bool:
        """See `OnvifPort.has_ptz`."""
        return services.namespace("ptz") in self._addresses()

    def close(self) -> None:
        """See `OnvifPort.close`."""
        self._session.close()

    def _device(self, call: str, arguments: dict[str, Any] | None = None) -> Any:
        self.clock_offset_ns()
        return self._soap.call("devicemgmt", self.place, call, arguments)

    def _media(self, call: str, arguments: dict[str, Any] | None = None) -> Any:
        address = self._addresses().get(services.namespace("media"))
        if address is None:
            raise CameraError(f"{self.place} offers no ONVIF Media service; is it a camera?")
        return self._soap.call("media", service_url(address, self._dialled), call, arguments)

    def _addresses(self) -> dict[str, str]:
        """Namespace -> address of each service as the device names it (GetServices, else the older GetCapabilities).

        Brought to the dialled host when it is used: a bad address of a service that nobody asks does no harm.
        """
        if self._xaddrs is None:
            try:
                pairs = _from_services(self._device("GetServices", {"IncludeCapability": False}))
            except SourceRefused:
                raise
            except CameraError as error:
                log.debug("%s: GetServices failed (%s); trying GetCapabilities", self.place, error)
                pairs = _from_capabilities(self._device("GetCapabilities", {"Category": "All"}))
            self._xaddrs = dict(pairs)
        return self._xaddrs

    def _ask_clock(self) -> int | None:
        """The device's clock minus ours when it answered; the HTTP `Date` where it wants a password first."""
        answer: Any = None
        try:
            answer = self._soap.call("devicemgmt", self.place, "GetSystemDateAndTime", None, token=False)
        except (SourceRefused, CameraError) as error:
            log.debug("%s does not tell its time to everybody (%s); using the HTTP date", self.place, error)
        now_ns = self._clock.wall_ns()
        camera_ns = _utc_ns(answer)
        if camera_ns is None:
            camera_ns = _date_ns(self._adapter.date)
        return None if camera_ns is None else camera_ns - now_ns


def _from_services(answer: Any) -> list[tuple[str, str]]:
    found = answer if isinstance(answer, list) else []
    named = [(getattr(one, "Namespace", None), getattr(one, "XAddr", None)) for one in islice(found, 64)]
    pairs = [(str(space), str(xaddr)) for space, xaddr in named if space and xaddr]
    if not pairs:
        raise CameraError("the device names no services")
    return pairs


def _from_capabilities(answer: Any) -> list[tuple[str, str]]:
    names = {"Media": "media", "PTZ": "ptz"}
    pairs = []
    for name, service in names.items():
        address = getattr(getattr(answer, name, None), "XAddr", None)
        if address:
            pairs.append((services.namespace(service), str(address)))
    return pairs


def _profile(one: Any) -> Profile:
    video = getattr(one, "VideoEncoderConfiguration", None)
    encoding = str(getattr(video, "Encoding", "") or "")
    resolution, rate = getattr(video, "Resolution", None), getattr(video, "RateControl", None)
    return Profile(
        token=str(getattr(one, "token", "") or "")[:64],
        name=_text(one, "Name"),
        codec=_CODECS.get(encoding.upper(), plain(encoding.lower(), 16)),
        width=_number(resolution, "Width"),
        height=_number(resolution, "Height"),
        fps=float(_number(rate, "FrameRateLimit")),
    )


def _text(answer: Any, name: str) -> str:
    return plain(str(getattr(answer, name, "") or ""))


def _number(answer: Any, name: str) -> int:
    value = getattr(answer, name, 0)
    return value if isinstance(value, int) and 0 <= value < 1 << 20 else 0


def _utc_ns(answer: Any) -> int | None:
    utc = getattr(answer, "UTCDateTime", None)
    try:
        date, time = utc.Date, utc.Time  # type: ignore[union-attr]  # absent pieces end below
        moment = datetime(date.Year, date.Month, date.Day, time.Hour, time.Minute, min(time.Second, 59), tzinfo=UTC)
    except (AttributeError, TypeError, ValueError, OverflowError):
        return None
    return _middle_ns(moment)


def _date_ns(header: str) -> int | None:
    try:
        moment = parsedate_to_datetime(header)
    except (TypeError, ValueError, OverflowError):
        return None
    return _middle_ns(moment) if moment.tzinfo is not None else None


def _middle_ns(moment: datetime) -> int | None:
    """Whole seconds are told: the middle of the one meant. None for a year so far off that no token could be dated."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    return int(moment.timestamp()) * NS + _HALF_S
