"""One-time codes by the clock (TOTP, RFC 6238: SHA-1, six digits, 30 s), and recovery codes for a lost telephone."""

from __future__ import annotations

import hashlib
import hmac
import secrets

import pyotp
import segno

from agent.core.clock import NS

_STEP_S = 30
_AROUND = 1
"""Steps before and after now: clocks differ, and people type."""
_RECOVERY_CODES = 10
_ISSUER = "Lamppost"


def fresh_secret() -> str:
    """160 random bits in base 32."""
    return pyotp.random_base32()


def address(secret: str, name: str) -> str:
    """The `otpauth:` address that an app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=_ISSUER)


def picture(text: str) -> str:
    """A QR code as an SVG `data:` address."""
    return segno.make_qr(text, error="m").svg_data_uri(scale=4, border=2, light="#fff")


def step_of(secret: str, code: str, now_ns: int, after: int) -> int | None:
    """The step whose code this is; None when there is none, or none later than `after`, the last one used."""
    code, totp, now = "".join(code.split()), pyotp.TOTP(secret), now_ns // NS // _STEP_S
    for step in range(now - _AROUND, now + _AROUND + 1):
        if step > after and hmac.compare_digest(totp.at(step * _STEP_S).encode(), code.encode()):
            return step
    return None


def fresh_recovery() -> list[str]:
    """Codes of 64 bits that work once each: `1a2b-3c4d-5e6f-7081`."""
    return ["-".join(secrets.token_hex(2) for _ in range(4)) for _ in range(_RECOVERY_CODES)]


def recovery_digest(code: str) -> str:
    """What is kept of one: random enough that a plain hash hides it."""
    plain = "".join(code.lower().replace("-", "").split())
    return hashlib.sha256(plain.encode()).hexdigest()
