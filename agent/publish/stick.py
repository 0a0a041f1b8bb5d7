"""An outbox on a stick, for a site without a link: a signed copy goes to the centre, a signed receipt comes back.

1. `export`: the outbox file as it is at one moment, and the media that wait, with a statement signed by the gateway's
   key. Nothing leaves the outbox: the stick may be lost.
2. `opened`: at the centre; the copy is checked and delivered as any outbox is, under the numbers it has, so that what
   comes twice (by two sticks, or by link and stick) is stored once. The receipt names what the centre acknowledged.
3. `take_receipt`: at the gateway; what the receipt names leaves the outbox.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from agent.config.base import Id
from agent.core.clock import Clock, rfc3339
from agent.core.errors import ConfigError, StorageError, WireError
from agent.core.signing import Signer, Verifier
from agent.publish.gaps import ranges
from agent.publish.outbox import Outbox
from agent.wire.messages import DURABLE_CLASSES, Message, Sha256, Time, decode, encode

OUTBOX, MEDIA = "outbox.sqlite", "outbox.sqlite-media"
STATEMENT, RECEIPT = "statement.json", "receipt.json"

Seqs = list[tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]]


class Signed(Message):
    """A document with a signature (Ed25519, hex) over all its other fields in canonical JSON."""

    signature: str = ""

    def signed_part(self) -> dict[str, Any]:
        """The document that the signature covers."""
        return self.model_dump(mode="json", exclude={"signature"})


class Statement(Signed):
    """What lies on the stick, by the gateway. `key` is its public key (raw, hex)."""

    v: Literal[1] = 1
    site: Id
    gateway: Id
    outbox: Id
    made: Time
    sha256: Sha256
    key: Sha256


class Receipt(Signed):
    """What the centre has of an outbox: numbers per class (first, last), and media."""

    v: Literal[1] = 1
    site: Id
    gateway: Id
    outbox: Id
    made: Time
    seqs: dict[str, Seqs]
    media: list[Id]


class Content(NamedTuple):
    """What an outbox holds."""

    seqs: dict[str, Seqs]
    media: set[str]


def export(
    storage: Path, folder: Path, site: str, gateway: str, signer: Signer, clock: Clock
) -> tuple[Statement, Content]:
    """Write a copy of the outbox below `storage` into `folder`, made anew; the gateway may run meanwhile.

    Raises:
        ConfigError: `folder` is where the outbox itself lies.
        StorageError: there is no outbox, or the stick does not take it.
    """
    source = must_be_there(storage)
    _must_be_elsewhere(storage, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (STATEMENT, RECEIPT):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / MEDIA, ignore_errors=True)
        outbox = _copy_rows(source, folder / OUTBOX)
        _copy_media(storage / MEDIA, folder)
        statement = Statement(
            site=site, gateway=gateway, outbox=outbox, made=rfc3339(clock.wall_ns()),
            sha256=_sha256(folder / OUTBOX), key=signer.public_hex,
        )  # fmt: skip
        _write(folder / STATEMENT, _signed(statement, signer))
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"{folder} does not take the outbox: {error}") from error
    return statement, content(folder / OUTBOX)


def must_be_there(storage: Path) -> Path:
    """The outbox below `storage`.

    Raises:
        StorageError: there is none.
    """
    source = storage / OUTBOX
    if not source.is_file():
        raise StorageError(f"{source}: there is no outbox; has this gateway run?")
    return source


def read_statement(folder: Path) -> Statement:
    """The stick's statement, if it is whole, signed by the key it names, and fits the file.

    Raises:
        WireError: something was changed, or it is none.
    """
    statement = decode(Statement, _read(folder / STATEMENT))
    if not Verifier.from_raw(statement.key).verify(statement.signed_part(), statement.signature):
        raise WireError(f"{folder / STATEMENT}: its signature does not fit: it was changed after the export")
    if _sha256(folder / OUTBOX) != statement.sha256:
        raise WireError(f"{folder / OUTBOX}: not the file that was exported: copy it to the stick again")
    return statement


@contextmanager
def opened(folder: Path, work: Path, clock: Clock) -> Iterator[Outbox]:
    """The stick's outbox as one to deliver: a copy in `work`, so that nothing on the stick changes."""
    work.mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / OUTBOX, work / OUTBOX)
    (work / MEDIA).mkdir()
    for path in (folder / MEDIA).glob("*"):
        (work / MEDIA / path.name).symlink_to(path.resolve())
    outbox = Outbox(work / OUTBOX, clock)
    try:
        yield outbox
    finally:
        outbox.close()


def write_receipt(folder: Path, statement: Statement, left: Content, signer: Signer, clock: Clock) -> Receipt:
    """Write what of the stick has been acknowledged: all but what is `left`."""
    whole = content(folder / OUTBOX)
    seqs = {kind: _without(spans, left.seqs.get(kind, [])) for kind, spans in whole.seqs.items()}
    receipt = Receipt(
        site=statement.site, gateway=statement.gateway, outbox=statement.outbox, made=rfc3339(clock.wall_ns()),
        seqs={kind: spans for kind, spans in seqs.items() if spans}, media=sorted(whole.media - left.media),
    )  # fmt: skip
    signed = _signed(receipt, signer)
    try:
        _write(folder / RECEIPT, signed)
    except OSError as error:
        raise StorageError(f"{folder / RECEIPT} cannot be written: {error.strerror}") from error
    return receipt


def take_receipt(folder: Path, outbox: Outbox, site: str, gateway: str, verifier: Verifier) -> tuple[int, int]:
    """Let go of what the centre has; returns how many messages and media left the outbox. Safe to do twice.

    Raises:
        WireError: the receipt is not the centre's, or is for another gateway or outbox.
    """
    receipt = decode(Receipt, _read(folder / RECEIPT))
    if not verifier.verify(receipt.signed_part(), receipt.signature):
        raise WireError(
            f"{folder / RECEIPT}: its signature is not the centre's: is command_key_file that centre's key?"
        )
    if (receipt.site, receipt.gateway) != (site, gateway):
        raise WireError(f"{folder / RECEIPT} is for gateway {receipt.gateway} at {receipt.site}")
    if receipt.outbox != outbox.id:
        raise WireError(f"{folder / RECEIPT} is for another outbox, {receipt.outbox}: this one began anew since")
    messages = sum(outbox.acknowledge_ranges(kind, spans) for kind, spans in receipt.seqs.items())
    return messages, sum(outbox.media.remove(media, acknowledged=True) for media in receipt.media)


def count(found: Content) -> str:
    """In words."""
    messages = sum(last - first + 1 for spans in found.seqs.values() for first, last in spans)
    return f"{messages} messages and {len(found.media)} media"


def content(path: Path) -> Content:
    """What waits in an outbox file.

    Raises:
        StorageError: it is none.
    """
    query = "SELECT seq FROM message WHERE kind = ? ORDER BY seq"
    try:
        with closing(_reading(path)) as db:
            seqs = {kind: ranges(seq for (seq,) in db.execute(query, (kind,))) for kind in DURABLE_CLASSES}
            return Content({kind: found for kind, found in seqs.items() if found}, _media(db))
    except sqlite3.Error as error:
        raise StorageError(f"{path} is no outbox that can be read: {error}") from error


def _media(db: sqlite3.Connection) -> set[str]:
    return {media for (media,) in db.execute("SELECT id FROM media")}


def _must_be_elsewhere(storage: Path, folder: Path) -> None:
    """The copy is made anew, so what it replaces must not be the outbox; links and mounts give a folder more names."""
    theirs = [storage, *(storage / name for name in (OUTBOX, MEDIA))]
    ours = [folder, *(folder / name for name in (OUTBOX, MEDIA))]
    if any(a.exists() and b.exists() and a.samefile(b) for a, b in product(theirs, ours)):
        raise ConfigError(f"{folder}: the gateway's own outbox lies there; name a folder on the stick")


def _reading(path: Path) -> sqlite3.Connection:
    """A file that nobody may make or change; its name may have what means something in a URI."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _copy_rows(source: Path, target: Path) -> str:
    target.unlink(missing_ok=True)
    with closing(_reading(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.execute("DELETE FROM reply")
        copy.commit()
        return str(copy.execute("SELECT value FROM meta WHERE key = 'outbox'").fetchone()[0])


def _copy_media(source: Path, folder: Path) -> None:
    """Those of the copied rows that are still here: what the centre took meanwhile is gone, and need not go twice."""
    (folder / MEDIA).mkdir()
    with closing(sqlite3.connect(folder / OUTBOX)) as copy:
        for media, file in copy.execute("SELECT id, file FROM media WHERE file IS NOT NULL").fetchall():
            try:
                shutil.copy(source / file, folder / MEDIA / file)
            except FileNotFoundError:
                copy.execute("DELETE FROM media WHERE id = ?", (media,))
        copy.commit()


def _without(spans: Seqs, left: Seqs) -> Seqs:
    gone = {seq for first, last in left for seq in range(first, last + 1)}
    return ranges(seq for first, last in spans for seq in range(first, last + 1) if seq not in gone)


def _signed(document: Signed, signer: Signer) -> bytes:
    return encode(document.model_copy(update={"signature": signer.sign(document.signed_part())}))


def _write(path: Path, body: bytes) -> None:
    """Whole and on the disk, or not at all: sticks are pulled out."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    os.sync()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
