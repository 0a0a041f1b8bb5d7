"""Digest authentication (RFC 2617 and 7616, MD5): nonces that need no memory, and the check of an answer."""

from __future__ import annotations

import hashlib
import hmac
import re

REALM = "AXIS_LAMPPOST_SIM"
NONCE_S = 3600
_PAIR = re.compile(r'([a-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', re.IGNORECASE)


class Guard:
    """Knows the one user, and asks for proof; without a user everybody may pass."""

    def __init__(self, username: str | None, password: str | None, key: bytes) -> None:
        self._username, self._password, self._key = username, password or "", key

    def challenge(self, now_s: int, *, stale: bool = False) -> str:
        """The value of WWW-Authenticate."""
        end = ', stale="true"' if stale else ""
        return f'Digest realm="{REALM}", nonce="{self._nonce(now_s + NONCE_S)}", algorithm=MD5, qop="auth"{end}'

    def admits(self, method: str, authorization: str, now_s: int) -> bool:
        """Does this Authorization header prove the password for this method?"""
        if self._username is None:
            return True
        fields = parsed_authorization(authorization)
        if fields.get("username") != self._username or self.is_stale(authorization, now_s):
            return False
        if not self._is_ours(fields.get("nonce", "")):
            return False
        return hmac.compare_digest(fields.get("response", "").encode(), self._expected(method, fields).encode())

    def is_stale(self, authorization: str, now_s: int) -> bool:
        """Is its nonce one of ours that is over? Then the client may try again without asking the user."""
        nonce = parsed_authorization(authorization).get("nonce", "")
        return self._is_ours(nonce) and int(nonce.partition(".")[0], 16) < now_s

    def _expected(self, method: str, fields: dict[str, str]) -> str:
        secret = _md5(f"{self._username}:{REALM}:{self._password}")
        what = _md5(f"{method}:{fields.get('uri', '')}")
        if "qop" not in fields:  # RFC 2069's form, which many clients still send
            return _md5(f"{secret}:{fields.get('nonce', '')}:{what}")
        middle = ":".join(fields.get(name, "") for name in ("nonce", "nc", "cnonce", "qop"))
        return _md5(f"{secret}:{middle}:{what}")

    def _nonce(self, end_s: int) -> str:
        return f"{end_s:x}.{hmac.new(self._key, f'{end_s:x}'.encode(), hashlib.sha256).hexdigest()[:32]}"

    def _is_ours(self, nonce: str) -> bool:
        end = nonce.partition(".")[0]
        if not re.fullmatch(r"[0-9a-f]{1,16}", end):
            return False
        return hmac.compare_digest(nonce.encode(), self._nonce(int(end, 16)).encode())


def parsed_authorization(text: str) -> dict[str, str]:
    """The fields of a Digest header; an empty dict when it is none."""
    scheme, _, rest = text.partition(" ")
    if scheme.lower() != "digest" or len(rest) > 4096:
        return {}
    return {match[1].lower(): match[2] if match[2] is not None else match[3] for match in _PAIR.finditer(rest)}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
