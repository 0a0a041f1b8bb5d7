"""HTTP to one device: never through a proxy, never to another host, answers bounded in size and time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPDigestAuth

from agent.camera.address import split_url
from agent.camera.deadline import Deadline
from agent.core.errors import CameraError

MOST_BYTES = 4 << 20
"""No ONVIF answer that we ask for comes near; a device that sends more is not answering us."""

_PIECE = 65_536


class BoundedAdapter(HTTPAdapter):
    """Reads each answer here, piece by piece, so that neither its size nor its slowness is the device's choice."""

    def __init__(self, total_s: float, most_bytes: int = MOST_BYTES) -> None:
        self._deadline = Deadline()
        super().__init__(max_retries=0)
        self._total_s, self._most_bytes = total_s, most_bytes
        self.date = ""
        """The `Date` header of the last answer: the device's clock where it tells no other way."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: D102 - requests' own contract
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._deadline.pools()

    def close(self) -> None:  # noqa: D102 - requests' own contract
        super().close()
        self._deadline.sweep(everything=True)

    def send(  # noqa: D102 - requests' own contract
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - always read in pieces
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002 - never
    ) -> requests.Response:
        late = CameraError(f"the device's answer took longer than {self._total_s:g} s; given up")
        try:
            with self._deadline.within(self._total_s):
                response = super().send(request, stream=True, timeout=timeout, verify=verify, cert=cert, proxies=None)
                body = self._read(response)
        except Exception as error:  # whatever layer met the connection that was shut: each has errors of its own
            if self._deadline.over:
                raise late from error
            raise
        if self._deadline.over:
            raise late
        response._content, response._content_consumed = body, True  # noqa: SLF001 - as requests does
        self.date = response.headers.get("Date", "")
        return response

    def _read(self, response: requests.Response) -> bytes:
        try:
            return self._body(response)
        except BaseException:
            response.close()
            raise

    def _body(self, response: requests.Response) -> bytes:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise CameraError("the device sent a packed answer, which was not asked for; refused")
        body = bytearray()
        for piece in response.iter_content(_PIECE):
            body += piece
            if len(body) > self._most_bytes:
                raise CameraError(f"the device's answer is longer than {self._most_bytes} bytes; refused")
        return bytes(body)


class DeviceSession(requests.Session):
    """Speaks to the host that was dialled and to nobody else, with HTTP Digest where the device asks for it."""

    def __init__(
        self,
        dialled: SplitResult,
        username: str | None,
        password: str | None,
        adapter: BoundedAdapter,
        ca_file: Path | None = None,
    ) -> None:
        super().__init__()
        self._dialled = dialled
        self.trust_env = False  # no proxy, no .netrc: both are about other hosts than cameras
        self.headers["Accept-Encoding"] = "identity"
        if ca_file is not None:
            self.verify = str(ca_file)
        if username is not None:
            self.auth = HTTPDigestAuth(username, password or "")
        self.adapters.clear()
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Like requests', without redirects, and only to the dialled host.

        Raises:
            CameraError: the address is another host's or cannot be dialled, or the device sends us elsewhere.
        """
        if "%" in (self._dialled.hostname or ""):  # requests takes the zone for a part of a name
            raise CameraError(
                f"{self._dialled.geturl()} is an address within one network only, which ONVIF is not asked at; "
                "write the camera's IPv4 address, or an IPv6 address without %"
            )
        asked = urlsplit(request.url or "")
        if (asked.scheme, asked.hostname, asked.port) != (
            self._dialled.scheme,
            self._dialled.hostname,
            self._dialled.port,
        ):
            raise CameraError(f"a request to {asked.hostname} was refused: only {self._dialled.hostname} was dialled")
        kwargs["allow_redirects"] = False
        response = super().send(request, **kwargs)
        if 300 <= response.status_code < 400:
            raise CameraError(f"{self._dialled.geturl()} redirects; {_instead(response.headers.get('Location', ''))}")
        return response


def _instead(location: str) -> str:
    """What to do about a redirect: the address is named where it is one that a person could give."""
    try:
        parts = split_url(location, "the address")
    except CameraError:
        return "give its https:// address"
    if (
        parts.scheme not in {"http", "https"}
        or "@" in parts.netloc
        or not location.isprintable()
        or len(location) > 200
    ):
        return "give its https:// address"
    return f"if you trust it, give the address that it names: {location}"
