"""What an export does not show of the span asked for, and why: from the same evidence as `lamppost archive list`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.record.export.manifest import ClipEntry, Gap
from agent.record.footage import Footage
from agent.record.gaps import LEAST_NS, Recorded, between, causes_of, gaps, recorded
from agent.record.journal_file import read_journal
from agent.record.store import SegmentStore

_NO_KEYFRAME = "the pictures count on a keyframe that is not there any more"


def not_recorded(
    store: SegmentStore, camera: str, parts: Sequence[Footage], start_ns: int, end_ns: int
) -> Iterator[Gap]:
    """Where there is no footage. `parts` is what there is in the span."""
    now_ns = store.clock.wall_ns()
    causes = causes_of(camera, read_journal(store.root), runs=store.is_in_use(), now_ns=now_ns)
    footage = sorted(_footage(store, camera, parts, start_ns, end_ns), key=lambda one: one.start_ns)
    stones = store.graveyard.of(camera)
    for gap in between(gaps(footage, stones, causes, min(now_ns, end_ns)), start_ns, end_ns):
        yield Gap(start_ns=gap.start_ns, end_ns=gap.end_ns, why=gap.why, text=gap.text)
    if end_ns - max(now_ns, start_ns) > LEAST_NS:
        yield Gap(start_ns=max(now_ns, start_ns), end_ns=end_ns, why="future", text="that time had not come yet")


def not_shown(run: Sequence[Footage], clip: ClipEntry | None, start_ns: int, end_ns: int) -> Iterator[Gap]:
    """Where there is footage that cannot be decoded."""
    begin_ns = max(start_ns, run[0].start_ns)
    stop_ns = min(end_ns, run[-1].end_ns if clip is None else clip.start_ns)
    if stop_ns - begin_ns > LEAST_NS:
        yield Gap(start_ns=begin_ns, end_ns=stop_ns, why="no_keyframe", text=_NO_KEYFRAME)


def _footage(
    store: SegmentStore, camera: str, parts: Sequence[Footage], start_ns: int, end_ns: int
) -> Iterator[Recorded]:
    """What is listed in the span and just before it, and what of `parts` still is not."""
    before = store.catalogue.before(camera, start_ns)
    found = {one.id: one for one in (*([before] if before else []), *store.catalogue.find(camera, start_ns, end_ns))}
    yield from map(recorded, found.values())
    for part in parts:
        if not part.listed and part.id not in found:
            yield Recorded(part.start_ns, part.end_ns, None, "", None)
