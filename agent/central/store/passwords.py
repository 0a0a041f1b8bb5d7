"""Passwords as they are kept: Argon2id (RFC 9106) with 46 MiB (OWASP Password Storage Cheat Sheet), a few at a time."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=1, memory_cost=46 << 10, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(2)
"""A crowd at the door must not take all of the machine."""


def hash_password(password: str) -> str:
    """In the PHC string format, with a salt of its own."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def password_fits(password: str, kept: str) -> bool:
    """Is `password` the one that `hash_password` turned into `kept`?"""
    try:
        with _AT_ONCE:
            return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Was it made with other settings than today's?"""
    return _HASHER.check_needs_rehash(kept)
