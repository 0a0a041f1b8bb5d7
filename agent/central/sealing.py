"""Secrets at rest: AES-256-GCM (NIST SP 800-38D) under a key that is not in the database.

Each is bound to the place where it rests: moved to another row it does not open. A database that was copied, without
the key, gives none of them away.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import logging
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agent.central.folder import write_private
from agent.central.store.database import Database
from agent.central.store.schema import user, webhook
from agent.config.central import Central
from agent.core.errors import ConfigError, LamppostError

log = logging.getLogger(__name__)

_KEY_BYTES, _NONCE_BYTES = 32, 12


class Unsealable(LamppostError):
    """None of our keys opens it here: it was sealed with another key, or for another place."""


class Sealer:
    """The first key seals and signs, all of them open and verify."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_name_of(key): AESGCM(key) for key in keys}
        self._signing = [hmac.digest(key, b"lamppost links", hashlib.sha256) for key in keys]
        self.name = next(iter(self._keys))
        """Of the first key; tells nothing about it."""

    @classmethod
    def of(cls, config: Central) -> Self:
        """As configured: the operator's file, which is there, or one of our own beside the database.

        Raises:
            ConfigError: see `load`.
        """
        own = config.data / "secret.key"
        return cls.load(config.secret_key_file or own, make=config.secret_key_file is None)

    @classmethod
    def load(cls, path: Path, *, make: bool) -> Self:
        """The keys in `path`, one a line (32 bytes in base64, mode 0600); made there at the first call, if wanted.

        Raises:
            ConfigError: it cannot be read, or holds something else.
        """
        if make and not path.exists():
            write_private(path, urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
        try:
            keys = [urlsafe_b64decode(line) for line in path.read_bytes().split()]
        except OSError as error:
            raise ConfigError(f"{path}: the key for secrets cannot be read: {error.strerror}") from error
        except binascii.Error:
            keys = []
        if not keys or any(len(key) != _KEY_BYTES for key in keys):
            raise ConfigError(f"{path}: write keys of 32 bytes in base64, one a line: openssl rand -base64 32")
        return cls(keys)

    def seal(self, text: str, place: str) -> str:
        """What may rest at `place`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._keys[self.name].encrypt(nonce, text.encode(), place.encode())
        return f"{self.name}.{urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """What was sealed for `place`.

        Raises:
            Unsealable: see there.
        """
        name, _, rest = sealed.partition(".")
        try:
            data = urlsafe_b64decode(rest)
            return self._keys[name].decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], place.encode()).decode()
        except (KeyError, ValueError, InvalidTag) as error:
            raise Unsealable(f"{place}: the centre's key for secrets does not open it") from error

    def is_fresh(self, sealed: str) -> bool:
        """Was it sealed with the first key?"""
        return sealed.startswith(f"{self.name}.")

    def sign(self, text: str) -> str:
        """A signature that nobody makes who lacks the key."""
        return _mac(self._signing[0], text)

    def verify(self, text: str, signature: str) -> bool:
        """Is it ours, of any of the keys?"""
        return any(hmac.compare_digest(_mac(key, text).encode(), signature.encode()) for key in self._signing)


def totp_place(name: str) -> str:
    """Where the secret of somebody's second factor rests."""
    return f"user/{name}/totp"


def webhook_place(key: str) -> str:
    """Where the secret of a webhook rests."""
    return f"webhook/{key}/secret"


def seal_anew(database: Database, sealer: Sealer) -> None:
    """After another key was put first: what the old ones sealed is sealed with it. What does not open is told."""
    with database.write() as connection:
        for column, sealed, place in list(_sealed(connection)):
            if sealer.is_fresh(sealed):
                continue
            try:
                fresh = sealer.seal(sealer.open(sealed, place), place)
            except Unsealable as error:
                log.error("%s; put the key back ([central] secret_key_file), or have it made anew", error)  # noqa: TRY400
                continue
            connection.execute(sa.update(column.table).where(column == sealed).values({column.name: fresh}))


def _sealed(connection: sa.Connection) -> Iterator[tuple[sa.Column[str], str, str]]:
    for name, sealed in connection.execute(sa.select(user.c.name, user.c.totp_secret)):
        if sealed is not None:
            yield user.c.totp_secret, sealed, totp_place(name)
    for key, sealed in connection.execute(sa.select(webhook.c.id, webhook.c.secret)):
        yield webhook.c.secret, sealed, webhook_place(key)


def _name_of(key: bytes) -> str:
    return hashlib.sha256(b"lamppost key name" + key).hexdigest()[:8]


def _mac(key: bytes, text: str) -> str:
    return urlsafe_b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).decode().rstrip("=")
