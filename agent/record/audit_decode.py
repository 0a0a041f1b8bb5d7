"""Decodes whole segments, to see that they can be shown: `python -m agent.record.audit_decode`.

Paths come on stdin, a line each; for each a line of JSON goes to stdout. A process of its own, at the lowest priority:
a decoder that falls over broken video takes nothing along, and recording always comes first.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

import av
from av.video.frame import VideoFrame

from agent.record.step_back import step_back

_MOST_PATHS = 1000
_MAX_PATH_BYTES = 8 << 10


class Decoded(NamedTuple):
    """What came out of a file: `packets` of all tracks, of them `pictures` of the video, `frames` that were decoded.

    `broken` counts packets that the decoder refused and frames it marked as damaged; `error` says why reading ended
    early.
    """

    packets: int = 0
    pictures: int = 0
    frames: int = 0
    broken: int = 0
    error: str = ""


def decode(path: Path) -> Decoded:
    """Demux and decode every track to its end."""
    packets = pictures = frames = broken = 0
    try:
        with av.open(str(path), "r", format="mp4") as container:
            for packet in container.demux():
                is_video = packet.stream.type == "video"
                packets += bool(packet.size)
                pictures += bool(packet.size) and is_video
                try:
                    found = packet.decode()
                except av.FFmpegError:
                    broken += 1
                    continue
                shown = [frame for frame in found if isinstance(frame, VideoFrame)]
                frames += len(shown)
                broken += sum(frame.is_corrupt for frame in shown)
    except (av.FFmpegError, OSError, ValueError) as error:
        return Decoded(packets, pictures, frames, broken, f"{type(error).__name__}: {error}"[:200])
    return Decoded(packets, pictures, frames, broken)


def main() -> None:
    """Answer for each path."""
    step_back()
    for _ in range(_MOST_PATHS):
        line = sys.stdin.buffer.readline(_MAX_PATH_BYTES)
        if not line:
            return
        found = decode(Path(os.fsdecode(line.rstrip(b"\n"))))
        sys.stdout.write(json.dumps(found._asdict()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
