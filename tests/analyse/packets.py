"""A clip's packets as capture gives them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from agent.capture.files import FileOpener
from agent.core.clock import SystemClock
from agent.core.media import Packet, StreamInfo
from agent.core.stop import StopToken
from tests.analyse.scene import START_NS


@lru_cache(maxsize=4)
def packets_of(clip: Path, camera: str = "cam") -> tuple[StreamInfo, list[Packet]]:
    opener = FileOpener(camera, "sub", clip, SystemClock(), realtime=False, loop=False, start_wall_ns=START_NS)
    stop = StopToken()
    source = opener.open(stop)
    try:
        return source.info, list(source.packets(stop))
    finally:
        source.close()
