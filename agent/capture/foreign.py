"""FFmpeg's errors, translated: each into one line that says what, where and what to do, and never shows a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import av
import av.logging

from agent.core.errors import SourceBroken, SourceError, SourceNotVideo, SourceRefused, SourceUnreachable

av.logging.set_level(None)  # FFmpeg prints whole addresses, passwords among them

# A foreign error names the address with the password in it. `from None` keeps it out of every traceback.


@contextmanager
def at_open(place: str, silent: Callable[[], bool]) -> Iterator[None]:
    """Around `av.open` of a camera; `silent` tells whether the other end says nothing at all."""
    try:
        yield
    except av.InvalidDataError as error:  # FFmpeg says this of silence, too
        if silent():
            raise SourceUnreachable(f"{place}: connects, but nobody answers; check address and port") from None
        raise _opening(error, place) from None
    except (av.FFmpegError, ValueError) as error:
        raise _opening(error, place) from None


@contextmanager
def while_reading(place: str) -> Iterator[None]:
    """Around reading packets."""
    try:
        yield
    except av.ExitError:
        raise SourceBroken(f"{place}: nothing came within the read limit; trying again") from None
    except (av.FFmpegError, ValueError) as error:
        raise SourceBroken(f"{place}: the stream broke off ({_short(error)}); trying again") from None


def _opening(error: Exception, place: str) -> SourceError:
    if isinstance(error, av.HTTPUnauthorizedError | av.HTTPForbiddenError):
        return SourceRefused(f"{place}: the camera refuses the user name or password; set username and password_file")
    if isinstance(error, av.HTTPNotFoundError):
        return SourceNotVideo(f"{place}: the camera knows no such stream; check the path of the address")
    if isinstance(error, av.HTTPError):
        return SourceUnreachable(f"{place}: the camera answers but gives no stream ({_short(error)})")
    if isinstance(error, ConnectionError | TimeoutError | av.ExitError):
        why = "no answer in time" if isinstance(error, av.ExitError) else _short(error)
        return SourceUnreachable(f"{place}: nobody answers ({why}); check address, port and network")
    if isinstance(error, OSError):  # an unknown name comes as a plain input/output error
        return SourceUnreachable(f"{place}: no way there ({_short(error)}); check the host name and the network")
    return SourceNotVideo(f"{place}: what answers there is not video we can read ({_short(error)}); check the address")


def _short(error: Exception) -> str:
    """The words of an FFmpeg error without the address it carries."""
    text = getattr(error, "strerror", None)
    return text if isinstance(text, str) and text else type(error).__name__
