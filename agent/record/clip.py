"""A clip by wall time: packets of one or more segments in one plain MP4, no transcoding."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av

from agent.core.clock import rfc3339
from agent.core.errors import NotRecorded, StorageError
from agent.record.clip_file import NothingToShow, write_clip
from agent.record.cutting import between, runs, units
from agent.record.footage import footage_between
from agent.record.store import SegmentStore


@dataclass(frozen=True, slots=True)
class Clip:
    """What was cut: it begins at the keyframe at or before the wanted start. `note` says what is missing, if any."""

    path: Path
    start_ns: int
    end_ns: int
    bytes: int
    codecs: str
    note: str = ""


def cut_clip(store: SegmentStore, camera: str, start_ns: int, end_ns: int, target: Path) -> Clip:
    """Write the footage between two wall times to `target` (MP4, index first), from the keyframe before the start.

    Reaches into the segment that is being written. Where the camera's parameters change the clip ends, and `note`
    says so; holes in the footage stay holes in time.

    Raises:
        StorageMissing: a disk is not mounted.
        NotRecorded: nothing is recorded there, or nothing that begins with a keyframe.
        StorageError: it cannot be read or written.
    """
    parts = footage_between(store, camera, start_ns, end_ns)
    if not parts:
        raise _nothing(store, f"{camera}: nothing is recorded between {rfc3339(start_ns)} and {rfc3339(end_ns)}")
    half = target.with_name(target.name + ".part")
    try:
        run, *later = runs(parts)
        written = write_clip(half, run[0], between(units(run), start_ns, end_ns))
        half.replace(target)
        size = target.stat().st_size
    except NothingToShow as error:
        raise NotRecorded(f"{camera}: the footage at {rfc3339(start_ns)} cannot be shown ({error})") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        for tier in store.tiers:
            tier.check()  # a file that is not there may lie on a disk that is not
        raise StorageError(f"{target}: the clip could not be cut ({error}); look at the disk") from error
    finally:
        half.unlink(missing_ok=True)
    note = f"ends at {rfc3339(later[0][0].start_ns)}, where the camera's stream parameters change" if later else ""
    return Clip(target, written.start_ns, written.end_ns, size, run[0].codecs, note)


def _nothing(store: SegmentStore, what: str) -> StorageError:
    """That is for good only where the disk is there, and all its footage is listed."""
    store.check()
    if store.is_partial:
        return StorageError(f"{what} that is listed again yet; the catalogue is being made anew, try again later")
    return NotRecorded(f"{what}; choose another time")
