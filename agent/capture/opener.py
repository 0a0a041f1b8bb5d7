"""Which opener an address needs."""

from __future__ import annotations

from agent.capture.files import FileOpener
from agent.capture.rtsp import RtspOpener
from agent.core.clock import Clock
from agent.core.ports import SourceOpener


def opener_for(
    camera: str, stream: str, url: str, username: str | None, password: str | None, clock: Clock
) -> SourceOpener:
    """`file:` addresses play in real time and for ever, as a camera does; all others are RTSP."""
    if url.startswith("file:"):
        return FileOpener(camera, stream, url, clock, realtime=True, loop=True)
    return RtspOpener(camera, stream, url, username, password, clock)
