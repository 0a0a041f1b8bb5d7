"""What the gateway states of its footage and puts its name to: segments, deletions, holds.

A statement is signed over its canonical JSON (`core.signing.canonical`) without the field `signature`; the SHA-256 of
the same bytes is its link, by which the next segment of the camera refers to it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.core.errors import ConfigError, StorageError
from agent.core.signing import Signer, Verifier, canonical

GENESIS = "0" * 64
"""What the first segment of a camera has before it."""

Ns = Annotated[int, Field(ge=0, lt=1 << 63)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

M = TypeVar("M", bound=BaseModel)


class Statement(BaseModel):
    """Base of all; `key` names the pair that signed it."""

    model_config = ConfigDict(frozen=True)

    key: Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")] = ""
    signature: Annotated[str, Field(pattern=r"^([0-9a-f]{128})?$")] = ""

    def signed_part(self) -> dict[str, Any]:
        """The document that the signature covers."""
        return self.model_dump(mode="json", exclude={"signature"})

    def digest(self) -> str:
        """SHA-256 over the same document, hex."""
        return hashlib.sha256(canonical(self.signed_part())).hexdigest()

    def sealed(self, signer: Signer) -> Self:
        """The same, signed."""
        named = self.model_copy(update={"key": signer.key_id})
        return named.model_copy(update={"signature": signer.sign(named.signed_part())})


KEYS = "keys"
"""The folder of a store for the public keys that ever signed there."""


class KeyRing:
    """The public keys that ever signed in a recording folder: `keys/<key id>.pem`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Verifier | None] = {}

    def fits(self, statement: Statement) -> bool:
        """Is the statement signed by the key it names, and is that key known here?"""
        verifier = self.verifier(statement.key)
        return verifier is not None and verifier.verify(statement.signed_part(), statement.signature)

    def verifier(self, name: str) -> Verifier | None:
        """The public key of that name, if it is known here."""
        if name not in self._known:
            self._known[name] = self._read(self._folder / f"{name}.pem") if name else None
        return self._known[name]

    @staticmethod
    def _read(path: Path) -> Verifier | None:
        try:
            verifier = Verifier.from_pem(path.read_bytes(), str(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}; look at the disk") from error
        except ConfigError:
            return None
        return verifier if verifier.key_id == path.stem else None


def parsed(model: type[M], content: object) -> M | None:
    """`content` as a `model`; None when it is missing or not of that shape."""
    try:
        return None if content is None else model.model_validate(content)
    except ValidationError:
        return None
