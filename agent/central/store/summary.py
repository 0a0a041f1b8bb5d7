"""A track's summary as it is kept. Nearly all come sound and for the first time: those are written as they were read.

Of several summaries of one track the final one stays, else the one that ends last; the media of all are kept. That is a
maximum and a union, so order and repetition change nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from pydantic_core import from_json, to_json

from agent.central.store.heat import cells_of
from agent.central.store.merge import canonical, document, is_sound, union_media, wall_ns
from agent.central.store.pack import Document, Points, inflate, pack_paths, points_of, squeeze
from agent.central.store.tiles import tiles_of, tiles_of_path
from agent.core.errors import WireError
from agent.wire.messages import TrackSummary

_WRITE = TrackSummary.__pydantic_serializer__.to_json
_NO_PATH = {"path"}


class Summary(NamedTuple):
    """The fields of a summary, and the same as JSON: without what is unknown, and without its path, packed apart."""

    fields: Mapping[str, Any]
    text: bytes
    path: bytes
    seen: Collection[int] | None = None
    trodden: int | None = None

    @property
    def tiles(self) -> int:
        """The bits of `tiles` that its foot went over."""
        return self.trodden if self.trodden is not None else tiles_of_path(points_of(self.path))

    @property
    def cells(self) -> Collection[int]:
        """The cells of `heat` that it stood in."""
        return self.seen if self.seen is not None else set(cells_of(points_of(self.path)).tolist())


def summaries(records: Sequence[TrackSummary]) -> list[Summary | WireError]:
    """As they are to be kept, in their order; an error for one whose contents no database and no JSON reader takes."""
    packed = pack_paths([record.path for record in records])
    cells, tiles = cells_of(packed.points).tolist(), _tiles(packed.points, [len(record.path) for record in records])
    found, first = list[Summary | WireError](), 0
    for record, path, trodden in zip(records, packed.paths, tiles, strict=True):
        last = first + len(record.path)
        try:
            found.append(_summary(record, path, set(cells[first:last]), trodden))
        except WireError as error:
            found.append(error)
        first = last
    return found


def merge_track(held: Summary | None, fresh: Summary) -> Summary:
    """The kept summary after one more."""
    if held is None:
        return fresh
    newest = max(held, fresh, key=_outcome) if _outcome(held) != _outcome(fresh) else max(held, fresh, key=_last_word)
    fields = from_json(newest.text)
    media = union_media(from_json(held.text)["media"], from_json(fresh.text)["media"])
    return newest if media == fields["media"] else _again({**fields, "media": media}, newest)


def track_body(summary: Summary) -> Document:
    """The columns of a track that are only looked at."""
    return {"record": squeeze(summary.text), "path": summary.path}


def read_body(record: bytes, path: bytes) -> Summary:
    """The opposite of `track_body`."""
    text = inflate(record)
    return Summary(from_json(text), text, path)


def _tiles(points: Points, lengths: list[int]) -> list[int]:
    """Of each path, behind each other and of so many points, what it went over."""
    found, counts = np.zeros(len(lengths), np.int64), np.array(lengths, np.int64)
    filled = np.flatnonzero(counts)
    if len(filled):
        found[filled] = tiles_of(points, counts.cumsum()[filled] - counts[filled])
    return found.tolist()


def _summary(record: TrackSummary, path: bytes | None, cells: Collection[int], tiles: int) -> Summary:
    if path is None:
        raise WireError("a path with a time beyond all reason")
    for moment in (record.start, record.end):
        wall_ns(moment)
    try:
        text: bytes = _WRITE(record, exclude_none=True, exclude=_NO_PATH)
    except ValueError as error:
        raise WireError("text that is no Unicode") from error
    if _is_plain(record, text) and _in_order([ref.id for ref in record.media]):
        return Summary(record.__dict__, text, path, cells, tiles)
    fields = document(record.model_copy(update={"path": []}))
    del fields["path"]
    return _again({**fields, "media": union_media((), fields["media"])}, Summary(fields, text, path, cells, tiles))


def _is_plain(record: TrackSummary, text: bytes) -> bool:
    """Nothing to choke on? A number that is none is written as null; whole numbers have no bound in attributes only."""
    return (
        b"\\u0000" not in text
        and b"null" not in text
        and (not record.attributes or is_sound(to_json(record.attributes)))
    )


def _in_order(keys: list[str]) -> bool:
    return all(one < other for one, other in pairwise(keys))


def _again(fields: Document, summary: Summary) -> Summary:
    return summary._replace(fields=fields, text=to_json(fields))


def _outcome(summary: Summary) -> tuple[bool, int]:
    return summary.fields["final"], wall_ns(summary.fields["end"])


def _last_word(summary: Summary) -> tuple[int, str, bytes]:
    """Between two that ended alike: the one that saw more, else either, but always the same."""
    fields = {name: value for name, value in from_json(summary.text).items() if name != "media"}
    return len(points_of(summary.path)), canonical(fields), summary.path
