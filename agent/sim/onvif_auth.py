"""How the virtual camera checks who asks: HTTP Digest (RFC 7616) and WS-UsernameToken, both as ONVIF cameras do."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from xml.etree.ElementTree import Element

from agent.camera.limited_xml import text_of
from agent.core.clock import NS, Clock, parse_rfc3339

REALM = "Virtual camera"
SKEW_S = 5
"""A token dated further from the camera's clock is refused; the strictest of the cameras in the field do so."""

_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


class Gate:
    """Knows one user. An answer of "" means come in, else it is the reason why not."""

    def __init__(self, username: str | None, password: str | None, clock: Clock) -> None:
        self._username, self._password, self._clock = username, password or "", clock
        self._nonces: OrderedDict[str, None] = OrderedDict()

    @property
    def open(self) -> bool:
        """Does everybody come in?"""
        return self._username is None

    def challenge(self) -> str:
        """The WWW-Authenticate header of a refusal."""
        nonce = secrets.token_hex(16)
        self._nonces[nonce] = None
        if len(self._nonces) > 256:
            self._nonces.popitem(last=False)
        return f'Digest realm="{REALM}", qop="auth", algorithm=MD5, nonce="{nonce}"'

    def digest(self, header: str, method: str) -> str:
        """Check an Authorization header."""
        fields = {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(header[:2_048])}
        if fields.get("nonce") not in self._nonces:
            return "stale nonce"
        ha1 = _md5(f"{self._username}:{REALM}:{self._password}")
        ha2 = _md5(f"{method}:{fields.get('uri', '')}")
        middle = ":".join(fields.get(name, "") for name in ("nonce", "nc", "cnonce", "qop"))
        known = fields.get("username") == self._username
        fits = hmac.compare_digest(_md5(f"{ha1}:{middle}:{ha2}"), fields.get("response", ""))
        return "" if known and fits else "wrong user name or password"

    def token(self, header: Element) -> str:
        """Check a UsernameToken (WS-Security UsernameToken Profile 1.0): Base64(SHA-1(nonce + created + password))."""
        created, nonce, given = (text_of(header, name) for name in ("Created", "Nonce", "Password"))
        try:
            skew_s = abs(parse_rfc3339(created) - self._clock.wall_ns()) / NS
            raw = base64.b64decode(nonce, validate=True) + created.encode() + self._password.encode()
        except (ValueError, binascii.Error):
            return "a token without time or nonce"
        if skew_s > SKEW_S:
            return f"a token {skew_s:.0f} s off"
        expected = base64.b64encode(hashlib.sha1(raw).digest()).decode()  # noqa: S324 - the profile's own choice
        fits = hmac.compare_digest(expected, given) and text_of(header, "Username") == self._username
        return "" if fits else "wrong user name or password"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - HTTP Digest's own choice
