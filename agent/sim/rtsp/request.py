"""RTSP requests and interleaved blocks out of a byte stream, with limits (RFC 2326 sections 4, 6 and 10.12)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

HEAD_BYTES, BODY_BYTES, HEADERS = 8192, 16384, 64
METHODS = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY", "GET_PARAMETER", "SET_PARAMETER", "TEARDOWN")


class BadRequest(Exception):
    """What came is no RTSP; `status` is the answer, after which the connection is closed."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Request:
    """One request; header names in lower case."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def place(self) -> SplitResult:
        """The URL in its parts; an address that cannot be split is an empty one."""
        try:
            parts = urlsplit(self.url)
            _ = parts.port  # raises for a port that is no number
        except ValueError:
            return SplitResult("", "", "", "", "")
        return parts


@dataclass(frozen=True)
class Block:
    """Binary data that a client sends between requests: receiver reports, mostly."""

    channel: int
    data: bytes


class Reader:
    """Collects bytes of one connection and gives out whole messages."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Request | Block]:
        """Everything that is whole after `data`.

        Raises:
            BadRequest: not RTSP, or over a limit.
        """
        self._held += data
        found: list[Request | Block] = []
        while self._held:
            message = self._block() if self._held[0] == 0x24 else self._request()
            if message is None:
                break
            found.append(message)
        return found

    def _block(self) -> Block | None:
        if len(self._held) < 4:
            return None
        end = 4 + int.from_bytes(self._held[2:4], "big")
        if len(self._held) < end:
            return None
        block = Block(self._held[1], bytes(self._held[4:end]))
        del self._held[:end]
        return block

    def _request(self) -> Request | None:
        while self._held[:2] == b"\r\n":  # empty lines between requests are allowed
            del self._held[:2]
        if not self._held:
            return None
        end = self._held.find(b"\r\n\r\n", 0, HEAD_BYTES + 4)
        if end < 0:
            if len(self._held) > HEAD_BYTES:
                raise BadRequest(400, "the head is too long")
            return None
        request = parsed_head(bytes(self._held[:end]))
        size = _body_size(request.headers)
        if len(self._held) < end + 4 + size:
            return None
        body = bytes(self._held[end + 4 : end + 4 + size])
        del self._held[: end + 4 + size]
        return Request(request.method, request.url, request.headers, body)


def parsed_head(head: bytes) -> Request:
    """The request line and headers.

    Raises:
        BadRequest: it is none.
    """
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError:
        raise BadRequest(400, "the head is not text") from None
    words = lines[0].split(" ")
    if len(words) != 3 or not words[0].isascii() or not words[1]:
        raise BadRequest(400, "not a request line")
    if words[2] != "RTSP/1.0":
        raise BadRequest(505, "RTSP/1.0 is spoken here")
    if len(lines) - 1 > HEADERS:
        raise BadRequest(400, "too many headers")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise BadRequest(400, "a header without a name")
        headers[name.strip().lower()] = value.strip()
    return Request(words[0], words[1], headers)


def _body_size(headers: dict[str, str]) -> int:
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise BadRequest(400, "Content-Length is no number")
    size = int(text)
    if size > BODY_BYTES:
        raise BadRequest(413, "the body is too long")
    return size
