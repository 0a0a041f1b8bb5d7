"""Bringing one model file from a folder or the network: bounded, resumable, checked before it appears."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from agent.core.durable import sync_folder
from agent.core.errors import ModelError

Progress = Callable[[int, int], None]
"""Bytes so far, bytes in all."""

PIECE_BYTES = 256 * 1024
TIMEOUT_S = 20.0


def fetch_file(
    source: Path | str, target: Path, size: int, progress: Progress | None, check: Callable[[Path], None]
) -> None:
    """Copy `size` bytes from `source` to `target` by way of `target.part`; `check` raises when they are wrong.

    A connection that breaks off is taken up again as long as each attempt brings something.

    Raises:
        ModelError: one clear line; a part with wrong content is removed, a short one is kept for the next attempt.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _held(part) as file:
            if _size(part) > size:
                file.truncate(0)
            while not _append(source, target.name, file, size, progress):
                pass
            file.flush()
            os.fsync(file.fileno())
            _check_or_remove(part, check)
            part.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise ModelError(f"{source}: cannot be copied to {target}: {error.strerror or error}") from error


@contextlib.contextmanager
def _held(part: Path) -> Iterator[BinaryIO]:
    """The part, open for adding to it, and no other fetch's meanwhile."""
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ModelError(f"{part}: another fetch is writing it; wait for its end") from error
        yield file


def _append(source: Path | str, name: str, file: BinaryIO, size: int, progress: Progress | None) -> bool:
    """Add what comes until the end or a break; True when all is there.

    Raises:
        ModelError: nothing came.
    """
    have = before = file.seek(0, os.SEEK_END)
    if have == size:
        return True
    why = ""
    try:
        with _open(source, name, have) as (stream, begins):
            file.truncate(begins)
            _copy(stream, file, size - begins, lambda done: progress(begins + done, size) if progress else None)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, ValueError) as error:
        why = f": {getattr(error, 'reason', None) or error or type(error).__name__}"
    file.flush()
    have = file.seek(0, os.SEEK_END)
    if have == size:
        return True
    if have <= before or "://" not in str(source):
        what = f"broke off after {have} of {size} bytes" if have else "cannot be fetched"
        raise ModelError(f"{source}: {what}{why}{'; what came is kept, try again' if have else ''}")
    return False


@contextlib.contextmanager
def _open(source: Path | str, name: str, offset: int) -> Iterator[tuple[BinaryIO, int]]:
    """The stream and the byte it begins at: not every server takes up where we stopped."""
    text = str(source)
    if "://" in text:
        stream, begins = _url(text, name, offset)
    else:
        path = Path(source)
        stream, begins = (path / name if path.is_dir() else path).open("rb"), offset
        stream.seek(offset)
    with stream:
        yield stream, begins


def _url(url: str, name: str, offset: int) -> tuple[BinaryIO, int]:
    if not url.startswith(("https://", "http://")):
        raise ModelError(f"{url}: not a folder and not an http(s) address")
    request = urllib.request.Request(url + name if url.endswith("/") else url)  # noqa: S310 - scheme checked above
    if offset:
        request.add_header("Range", f"bytes={offset}-")
    reply = urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310 - scheme checked above
    return cast("BinaryIO", reply), _begins(reply, offset)


def _begins(reply: http.client.HTTPResponse, offset: int) -> int:
    """Where the answer begins: 206 says so in Content-Range (RFC 9110 section 14.4), 200 is the whole."""
    if reply.status != http.client.PARTIAL_CONTENT:
        return 0
    told = re.match(r"bytes (\d{1,12})-", reply.headers.get("Content-Range", ""))
    begins = int(told[1]) if told else offset
    if begins > offset:
        reply.close()
        raise ValueError(f"the server goes on at byte {begins}, not at {offset}")
    return begins


def _copy(stream: BinaryIO, file: BinaryIO, most: int, progress: Callable[[int], None]) -> None:
    done = 0
    while done < most and (piece := stream.read(min(PIECE_BYTES, most - done))):
        file.write(piece)
        done += len(piece)
        progress(done)


def _check_or_remove(part: Path, check: Callable[[Path], None]) -> None:
    try:
        check(part)
    except ModelError:
        part.unlink(missing_ok=True)
        raise


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
