"""What looks like one track: by the vector of its appearance where its gateway sent one, else by colours and size.

Vectors are only compared with those of the same model. The cosine is exact, over the newest MOST that fit all else:
what is older is not looked at, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from agent.central.store.among import one_of
from agent.central.store.day_schema import track, track_looks
from agent.central.store.days import Days
from agent.central.store.looks import shares_of
from agent.wire.messages import COLOURED_PARTS

MOST = 20_000
How = Literal["appearance", "colours"]
Floats = npt.NDArray[np.float32]


class Wanted(NamedTuple):
    """What is looked for: a track's row, and model and vector where it has one."""

    row: Any
    model: str | None
    vector: bytes

    @property
    def how(self) -> How:
        """By what it is compared."""
        return "colours" if self.model is None else "appearance"

    def conditions(self) -> list[Any]:
        """On rows of `track`: not itself, and comparable."""
        found: list[Any] = [track.c.id != self.row["id"]]
        if self.model is not None:
            looks = track_looks.c
            found.append(sa.exists().where(looks.day == track.c.day, looks.id == track.c.id, looks.model == self.model))
        return found


def wanted(connection: sa.Connection, day: int, key: str) -> Wanted | None:
    """What is known of a track that may rest in this day."""
    row = connection.execute(sa.select(track).where(track.c.day == day, track.c.id == key)).mappings().first()
    if row is None:
        return None
    query = sa.select(track_looks).where(track_looks.c.day == day, track_looks.c.id == key)
    looks = connection.execute(query).first()
    return Wanted(row, looks.model if looks else None, looks.vector if looks else b"")


def likeness(one: Wanted, days: Days, rows: Sequence[Any]) -> list[float]:
    """0 to 1, of each row: how much it looks like that."""
    if one.model is None:
        return [_by_colours(one.row, row) for row in rows]
    vectors = _vectors(days, rows, one.model)
    fits = [key for key, vector in vectors.items() if len(vector) == len(one.vector)]
    table = _units([vectors[key] for key in fits] or [one.vector])
    cosines = dict(zip(fits, (table @ _units([one.vector])[0]).tolist(), strict=False))
    return [round(max(0.0, cosines.get(row["id"], 0.0)), 6) for row in rows]


def _vectors(days: Days, rows: Sequence[Any], model: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    by_day: dict[int, list[str]] = {}
    for row in rows:
        by_day.setdefault(row["day"], []).append(row["id"])
    for day, keys in by_day.items():
        with days.read(day) as connection:
            if connection is None:
                continue
            looks = track_looks.c
            where = (looks.day == day, looks.model == model, one_of(connection, looks.id, keys))
            found |= {row.id: row.vector for row in connection.execute(sa.select(looks.id, looks.vector).where(*where))}
    return found


def _units(vectors: Sequence[bytes]) -> Floats:
    table = np.frombuffer(b"".join(vectors), np.int8).reshape(len(vectors), -1).astype(np.float32)
    return np.asarray(table / np.maximum(1e-9, np.linalg.norm(table, axis=1, keepdims=True)), np.float32)


def _by_colours(one: Any, other: Any) -> float:
    """The mean over parts of what two have in common of their colours, times how near they are in class and size."""
    parts = [(shares_of(one[part]), shares_of(other[part])) for part in COLOURED_PARTS if one[part]]
    common = [sum(map(min, mine, theirs)) / max(0.01, sum(mine)) for mine, theirs in parts]
    colours = min(1.0, sum(common) / len(common)) if common else 0.5
    kind = 1.0 if one["kind"] == other["kind"] else 0.8
    return round(colours * kind * (0.7 + 0.3 * _same_size(one["size"], other["size"])), 6)


def _same_size(one: float | None, other: float | None) -> float:
    return min(one, other) / max(one, other) if one and other else 0.0
