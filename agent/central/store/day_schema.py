"""The tables of a day: what is searched in narrow rows, what is only looked at apart from them.

`day` counts UTC days since 1970 by the record's start. In SQLite each day is a file of these tables; in PostgreSQL
each is partitioned by `day`. `place` names a camera (see `places`). Times are `*_ns` since 1970 UTC in 64 bits.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

day_metadata = sa.MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})

_ID = sa.String(64)
_TEXT = sa.String(400)
_NAME = sa.String(140)


def _plain(length: int) -> sa.types.TypeEngine[str]:
    """Text that is compared byte by byte in both databases."""
    return sa.String(length, collation="C").with_variant(sa.String(length), "sqlite")


_LOOK = _plain(11)  # a character for each of the eleven colours: see `looks`
_PARTED: dict[str, Any] = {"postgresql_partition_by": "LIST (day)"}
_ALL = sa.text("place = 0")
_MADE = sa.text("severity IS NOT NULL")
_CLUSTERED: dict[str, Any] = {**_PARTED, "sqlite_with_rowid": False}  # the row rests in the key's own tree


def _day() -> sa.Column[int]:
    """Last in every key: in a file it is the same in every row, and no index may look useful because of it."""
    return sa.Column("day", sa.Integer, primary_key=True, autoincrement=False)


def _key() -> tuple[sa.Column[Any], ...]:
    return sa.Column("id", _ID, primary_key=True), _day()


def _colours() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("colours", sa.BigInteger, nullable=False),  # bits of `looks`: a quarter of the part at least
        sa.Column("upper", _LOOK),
        sa.Column("lower", _LOOK),
        sa.Column("vehicle", _LOOK),
    )


track = sa.Table(
    "track",
    day_metadata,
    *_key(),
    sa.Column("place", sa.BigInteger, nullable=False),
    sa.Column("final", sa.Boolean, nullable=False),
    sa.Column("label", _TEXT, nullable=False),
    sa.Column("kind", _TEXT),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("start_ns", sa.BigInteger, nullable=False),
    sa.Column("end_ns", sa.BigInteger, nullable=False),
    *_colours(),
    sa.Column("size", sa.Float),
    sa.Column("speed", sa.Float),
    sa.Column("speed_unit", sa.String(16)),
    sa.Column("direction", _TEXT),
    sa.Column("bearing", sa.Float),
    sa.Column("dwell_s", sa.Float, nullable=False),
    sa.Column("zones", sa.Text),  # each between two line feeds
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    sa.Column("tiles", sa.BigInteger, nullable=False),  # bits of `tiles`: where in the picture its foot went
    # what most searches ask for stands in the index, so that only the rows that fit are read: see `INDEXED`
    sa.Index(None, "place", "start_ns", "label", "colours", postgresql_include=["id", "day"]),
    sa.Index(None, "start_ns", "label", "colours", postgresql_include=["id", "day", "place"]),
    **_PARTED,
)

INDEXED = frozenset({"place", "start_ns", "label", "colours", "id", "day"})
"""What can be asked of tracks without a look at their rows."""

track_body = sa.Table(
    "track_body",
    day_metadata,
    *_key(),
    sa.Column("received_ns", sa.BigInteger, nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Column("path", sa.LargeBinary, nullable=False),
    **_PARTED,
)

track_plate = sa.Table(
    "track_plate",
    day_metadata,
    *_key(),
    sa.Column("place", sa.BigInteger, nullable=False),
    sa.Column("start_ns", sa.BigInteger, nullable=False),
    sa.Column("plate", sa.String(16), nullable=False),
    sa.Column("folded", _plain(16), nullable=False),
    sa.Column("reversed", _plain(16), nullable=False),
    # with all that a search reads, so that rows which only come near are never looked at
    sa.Index(None, "folded", "plate", "id"),
    sa.Index(None, "reversed", "plate", "id"),
    **_PARTED,
)

track_looks = sa.Table(
    "track_looks",  # of those whose gateway has a model of appearance
    day_metadata,
    *_key(),
    sa.Column("model", sa.String(64), nullable=False),
    sa.Column("vector", sa.LargeBinary, nullable=False),  # a signed byte for each dimension: see `alike`
    **_PARTED,
)

event = sa.Table(
    "event",
    day_metadata,
    *_key(),
    sa.Column("place", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("phase", sa.String(8), nullable=False),
    sa.Column("severity", sa.String(8), nullable=False),
    sa.Column("label", _TEXT),
    sa.Column("score", sa.Float),
    sa.Column("start_ns", sa.BigInteger, nullable=False),
    sa.Column("end_ns", sa.BigInteger),
    *_colours(),
    sa.Column("zone", _TEXT),
    sa.Column("line", _TEXT),
    sa.Column("direction", _TEXT),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    sa.Index(None, "start_ns"),
    sa.Index(None, "place", "start_ns"),
    sa.Index(None, "kind", "start_ns"),
    sa.Index(None, "label", "start_ns"),
    sa.Index(None, "severity", "start_ns"),
    **_PARTED,
)

event_body = sa.Table(
    "event_body",
    day_metadata,
    *_key(),
    sa.Column("received_ns", sa.BigInteger, nullable=False),
    sa.Column("phases", sa.LargeBinary, nullable=False),  # the newest record of each phase: what the fold is made of
    **_PARTED,
)

event_review = sa.Table(
    "event_review",  # what people have made of an event: see `reviews`
    day_metadata,
    *_key(),
    sa.Column("version", sa.Integer, nullable=False),  # counts changes, but for notes
    sa.Column("acknowledged_by", _NAME),
    sa.Column("acknowledged_ns", sa.BigInteger),
    sa.Column("assigned", _ID),
    sa.Column("severity", sa.String(8)),  # null: as its gateway said
    sa.Column("notes", sa.Text, nullable=False),  # JSON: who, when, what
    sa.Column("words", sa.Text, nullable=False),  # of all notes, without case
    sa.Index("ix_event_review_made", "severity", "id", sqlite_where=_MADE, postgresql_where=_MADE),
    **_PARTED,
)

recording = sa.Table(
    "recording",
    day_metadata,
    *_key(),
    sa.Column("place", sa.BigInteger, nullable=False),
    sa.Column("epoch", _ID, nullable=False),
    sa.Column("start_ns", sa.BigInteger, nullable=False),
    sa.Column("end_ns", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("packets", sa.BigInteger, nullable=False),
    sa.Column("reason", _TEXT, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("link", sa.String(64), nullable=False),
    sa.Column("shift_ms", sa.BigInteger, nullable=False),
    sa.Column("motion", sa.LargeBinary),  # a level for each second: see `motion`
    sa.Index(None, "place", "start_ns"),
    sa.Index(None, "place", "number"),
    **_PARTED,
)

tally = sa.Table(
    "tally",
    day_metadata,
    sa.Column("colour", sa.SmallInteger, primary_key=True, autoincrement=False),  # 0: any or none; else bit + 1
    sa.Column("label", _TEXT, primary_key=True),
    sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),  # 0: all of them together
    sa.Column("hour", sa.SmallInteger, primary_key=True, autoincrement=False),
    _day(),
    sa.Column("tracks", sa.BigInteger, nullable=False),
    # the sums of all cameras are few among many: most counts begin with them
    sa.Index("ix_tally_all", "colour", "label", "hour", sqlite_where=_ALL, postgresql_where=_ALL),
    **_CLUSTERED,
)

heat = sa.Table(
    "heat",
    day_metadata,
    sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hour", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("label", _TEXT, primary_key=True),
    _day(),
    sa.Column("cells", sa.LargeBinary, nullable=False),  # tracks that stood in each: see `heat`
    **_CLUSTERED,
)

for _table, _columns in ((track, ("start_ns", "end_ns")), (event, ("start_ns", "end_ns"))):
    sa.Index(
        f"br_{_table.name}_start_ns_end_ns", *(_table.c[name] for name in _columns), postgresql_using="brin"
    ).ddl_if(dialect="postgresql")
