"""Encryption at rest: AES-256 in counter mode over the payload of every `mdat`, with a key of its own per segment.

The segment's key lies in its head note, wrapped (RFC 3394) with a key that the operator keeps. Boxes and notes stay
plain: a file can be cut, listed and verified by who cannot look at it. The counter is the byte's place in the file
divided by 16, so that any part can be read alone; no place is written twice, and no two segments share a key.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from pydantic import BaseModel, ConfigDict, Field

from agent.config.base import secret_lines
from agent.core.errors import ConfigError, StorageError

_KEY_BYTES = 32
_BLOCK_BYTES = 16
_LINE = re.compile(r"[0-9a-fA-F]{64}")


class CipherNote(BaseModel):
    """In the head note of an encrypted segment: its key, wrapped with the one that `key_id` names."""

    model_config = ConfigDict(frozen=True)

    scheme: Literal["aes-256-ctr"] = "aes-256-ctr"
    key_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    wrapped: Annotated[str, Field(pattern=r"^[0-9a-f]{80}$")]


class SegmentKey(NamedTuple):
    """The key of one segment, and the note by which it is found again."""

    key: bytes
    note: CipherNote


class Keys:
    """The operator's keys: the first encrypts, all of them decrypt. Without any, footage is written plain."""

    def __init__(self, keys: Sequence[bytes] = ()) -> None:
        self._first = keys[0] if keys else None
        self._known = {key_id(key): key for key in keys}

    @classmethod
    def read(cls, path: Path | None) -> Keys:
        """The keys in a file, one a line, 64 hex digits each; none without a file.

        Raises:
            ConfigError: it cannot be read, it holds none, or a line is no key.
        """
        if path is None:
            return cls()
        lines = {number: line.strip() for number, line in enumerate(secret_lines(path), 1) if line.strip()}
        if not lines:
            raise ConfigError(f"{path} is empty; write 64 hex digits, as `openssl rand -hex 32` does")
        for number, line in lines.items():
            if not _LINE.fullmatch(line):
                raise ConfigError(
                    f"{path}: line {number} is no key; write 64 hex digits, as `openssl rand -hex 32` does"
                )
        return cls([bytes.fromhex(line) for line in lines.values()])

    def fresh(self) -> SegmentKey | None:
        """A key for a new segment; None when footage is written plain."""
        if self._first is None:
            return None
        key = secrets.token_bytes(_KEY_BYTES)
        wrapped = aes_key_wrap(self._first, key).hex()
        return SegmentKey(key, CipherNote(key_id=key_id(self._first), wrapped=wrapped))

    def unwrap(self, note: CipherNote, place: str) -> bytes:
        """The key of the segment that carries `note`; `place` names it in the error.

        Raises:
            StorageError: the operator's key is not here, or the note was changed.
        """
        known = self._known.get(note.key_id)
        if known is None:
            raise StorageError(
                f"{place}: encrypted with the key {note.key_id}, which is not here; "
                "add its line to the file that [storage] encryption_key_file names"
            )
        try:
            return aes_key_unwrap(known, bytes.fromhex(note.wrapped))
        except InvalidUnwrap as error:
            raise StorageError(f"{place}: the key in its head note is damaged; its pictures cannot be read") from error


def key_id(key: bytes) -> str:
    """Names an operator's key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(key).hexdigest()[:16]


def crypt(key: bytes, at: int, data: bytes | memoryview) -> bytes:
    """Encrypt or decrypt the bytes that stand at `at` in the file: the same operation."""
    block, skipped = divmod(at, _BLOCK_BYTES)
    stream = Cipher(AES(key), CTR(block.to_bytes(_BLOCK_BYTES, "big"))).encryptor()
    stream.update(bytes(skipped))
    return stream.update(data)
