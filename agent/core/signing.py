"""Ed25519 keys and signatures (RFC 8032) over canonical JSON: of commands, and of what is recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agent.core.durable import make_private
from agent.core.errors import ConfigError


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one way to write a JSON document that is signed: sorted keys, no spaces, UTF-8 (after RFC 8785)."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Signer:
    """Holds the private half."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def load_or_make(cls, path: Path) -> Signer:
        """The key in `path` (PEM, mode 0600), made there at the first call; of two who make it at once, one's counts.

        Raises:
            ConfigError: what is there is no key. It is never replaced: it may be what is left of the one that counts.
        """
        if not path.exists():
            _write_new_key(path)
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> Signer:
        """The key in `path`.

        Raises:
            ConfigError: it cannot be read, or it is none.
        """
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), None)
        except OSError as error:
            raise ConfigError(f"{path}: the gateway's key cannot be read: {error.strerror}") from error
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigError(f"{path}: not an Ed25519 key; remove it to have a new one made")
        return cls(key)

    def sign(self, document: Mapping[str, Any]) -> str:
        """The signature over `document` in hex."""
        return self._key.sign(canonical(document)).hex()

    @property
    def key_id(self) -> str:
        """Names the pair: the first 16 hex digits of the SHA-256 of the public half's 32 bytes."""
        return key_id(self._key.public_key())

    @property
    def public_hex(self) -> str:
        """The public half, its 32 bytes in hex."""
        return _raw(self._key.public_key()).hex()

    def public_pem(self) -> bytes:
        """The public half for `Verifier`."""
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


class Verifier:
    """Holds the public half."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    @property
    def key_id(self) -> str:
        """See `Signer.key_id`."""
        return key_id(self._key)

    @property
    def public_hex(self) -> str:
        """See `Signer.public_hex`."""
        return _raw(self._key).hex()

    @classmethod
    def from_pem(cls, pem: bytes, place: str) -> Verifier:
        """Read a public key; `place` names it in the error."""
        try:
            key = serialization.load_pem_public_key(pem)
        except ValueError:
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise ConfigError(f"{place}: not an Ed25519 public key in PEM; copy it there again")
        return cls(key)

    @classmethod
    def from_raw(cls, public_hex: str) -> Verifier:
        """The key of `public_hex`, as a status names it.

        Raises:
            ValueError: not 32 bytes in hex.
        """
        return cls(Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex)))

    def verify(self, document: Mapping[str, Any], signature: str) -> bool:
        """Did the holder of the private half sign exactly this document?"""
        try:
            self._key.verify(bytes.fromhex(signature), canonical(document))
        except (InvalidSignature, ValueError):
            return False
        return True


def key_id(public: Ed25519PublicKey) -> str:
    """See `Signer.key_id`."""
    return id_of_raw(_raw(public))


def id_of_raw(raw: bytes) -> str:
    """The same, of the 32 bytes themselves."""
    return hashlib.sha256(raw).hexdigest()[:16]


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _write_new_key(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    make_private(path, pem)
