"""Bringing one model file from a folder or the network: bounded, resumable, checked before it appears."""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from agent.core.errors import ModelError

Progress = Callable[[int, int], None]
"""Bytes so far, bytes in all."""

PIECE_BYTES = 256 * 1024
TIMEOUT_S = 20.0


def fetch_file(
    source: Path | str, target: Path, size: int, progress: Progress | None, check: Callable[[Path], None]
) -> None:
    """Copy `size` bytes from `source` to `target` by way of `target.part`; `check` raises when they are wrong.

    Raises:
        ModelError: one clear line; a part with wrong content is removed, a short one is kept for the next attempt.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if _size(part) > size:
            part.unlink()
        _append(source, target.name, part, size, progress)
        _check_or_remove(part, check)
        part.replace(target)
    except urllib.error.URLError as error:
        raise ModelError(f"{source}: cannot be fetched: {error.reason}; what came is kept, try again") from error
    except (http.client.HTTPException, ValueError) as error:
        raise ModelError(f"{source}: cannot be fetched: {error or type(error).__name__}") from error
    except OSError as error:
        raise ModelError(f"{source}: cannot be copied to {target}: {error.strerror or error}") from error


def _append(source: Path | str, name: str, part: Path, size: int, progress: Progress | None) -> None:
    have = _size(part)
    if have == size:
        return
    with _open(source, name, have) as (stream, begins), part.open("r+b" if have else "wb") as file:
        file.truncate(begins)
        file.seek(begins)
        _copy(stream, file, size - begins, lambda done: progress(begins + done, size) if progress else None)
        file.flush()
        os.fsync(file.fileno())
    if _size(part) < size:
        raise ModelError(f"{source}: broke off after {_size(part)} of {size} bytes; what came is kept, try again")


class _open:  # noqa: N801 - a context manager that reads like the function it is
    """Yields the stream and the byte it begins at: not every server takes up where we stopped."""

    def __init__(self, source: Path | str, name: str, offset: int) -> None:
        self._source, self._name, self._offset = source, name, offset

    def __enter__(self) -> tuple[BinaryIO, int]:
        text = str(self._source)
        self._stream, begins = _url(text, self._name, self._offset) if "://" in text else self._file()
        return self._stream, begins

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def _file(self) -> tuple[BinaryIO, int]:
        path = Path(self._source)
        stream = (path / self._name if path.is_dir() else path).open("rb")
        stream.seek(self._offset)
        return stream, self._offset


def _url(url: str, name: str, offset: int) -> tuple[BinaryIO, int]:
    if not url.startswith(("https://", "http://")):
        raise ModelError(f"{url}: not a folder and not an http(s) address")
    request = urllib.request.Request(url + name if url.endswith("/") else url)  # noqa: S310 - scheme checked above
    if offset:
        request.add_header("Range", f"bytes={offset}-")
    reply = urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310 - scheme checked above
    return cast("BinaryIO", reply), offset if reply.status == 206 else 0  # 206: RFC 9110 section 15.3.7


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
