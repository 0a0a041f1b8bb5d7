"""The first schema of a day."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_PARTED: dict[str, Any] = {"postgresql_partition_by": "LIST (day)"}
_CLUSTERED: dict[str, Any] = {**_PARTED, "sqlite_with_rowid": False}


def upgrade() -> None:
    """Make every table."""
    _make_event()
    _make_event_body()
    _make_event_review()
    _make_heat()
    _make_recording()
    _make_tally()
    _make_track()
    _make_track_body()
    _make_track_plate()
    _make_track_looks()


def _plain(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length, collation="C").with_variant(sa.String(length), "sqlite")


def _make_brin(table: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        op.create_index(f"br_{table}_start_ns_end_ns", table, ["start_ns", "end_ns"], postgresql_using="brin")


def _make_event() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=8), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("label", sa.String(length=400), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("start_ns", sa.BigInteger(), nullable=False),
        sa.Column("end_ns", sa.BigInteger(), nullable=True),
        sa.Column("colours", sa.BigInteger(), nullable=False),
        sa.Column("upper", _plain(11), nullable=True),
        sa.Column("lower", _plain(11), nullable=True),
        sa.Column("vehicle", _plain(11), nullable=True),
        sa.Column("zone", sa.String(length=400), nullable=True),
        sa.Column("line", sa.String(length=400), nullable=True),
        sa.Column("direction", sa.String(length=400), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", "day", name=op.f("pk_event")),
        **_PARTED,
    )
    op.create_index(op.f("ix_event_start_ns"), "event", ["start_ns"], unique=False)
    op.create_index(op.f("ix_event_place_start_ns"), "event", ["place", "start_ns"], unique=False)
    op.create_index(op.f("ix_event_kind_start_ns"), "event", ["kind", "start_ns"], unique=False)
    op.create_index(op.f("ix_event_label_start_ns"), "event", ["label", "start_ns"], unique=False)
    op.create_index(op.f("ix_event_severity_start_ns"), "event", ["severity", "start_ns"], unique=False)
    _make_brin("event")


def _make_event_body() -> None:
    op.create_table(
        "event_body",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("received_ns", sa.BigInteger(), nullable=False),
        sa.Column("phases", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", "day", name=op.f("pk_event_body")),
        **_PARTED,
    )


def _make_event_review() -> None:
    op.create_table(
        "event_review",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("acknowledged_by", sa.String(length=140), nullable=True),
        sa.Column("acknowledged_ns", sa.BigInteger(), nullable=True),
        sa.Column("assigned", sa.String(length=64), nullable=True),
        sa.Column("severity", sa.String(length=8), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "day", name=op.f("pk_event_review")),
        **_PARTED,
    )
    made = sa.text("severity IS NOT NULL")
    op.create_index(
        "ix_event_review_made", "event_review", ["severity", "id"], sqlite_where=made, postgresql_where=made
    )


def _make_heat() -> None:
    op.create_table(
        "heat",
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hour", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("label", sa.String(length=400), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cells", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("place", "hour", "label", "day", name=op.f("pk_heat")),
        **_CLUSTERED,
    )


def _make_recording() -> None:
    op.create_table(
        "recording",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("start_ns", sa.BigInteger(), nullable=False),
        sa.Column("end_ns", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("packets", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.String(length=64), nullable=False),
        sa.Column("shift_ms", sa.BigInteger(), nullable=False),
        sa.Column("motion", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", "day", name=op.f("pk_recording")),
        **_PARTED,
    )
    op.create_index(op.f("ix_recording_place_start_ns"), "recording", ["place", "start_ns"], unique=False)
    op.create_index(op.f("ix_recording_place_number"), "recording", ["place", "number"], unique=False)


def _make_tally() -> None:
    op.create_table(
        "tally",
        sa.Column("colour", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("label", sa.String(length=400), nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hour", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tracks", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("colour", "label", "place", "hour", "day", name=op.f("pk_tally")),
        **_CLUSTERED,
    )
    every = sa.text("place = 0")
    names = ["colour", "label", "hour"]
    op.create_index("ix_tally_all", "tally", names, unique=False, sqlite_where=every, postgresql_where=every)


def _make_track() -> None:
    op.create_table(
        "track",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=400), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("start_ns", sa.BigInteger(), nullable=False),
        sa.Column("end_ns", sa.BigInteger(), nullable=False),
        sa.Column("colours", sa.BigInteger(), nullable=False),
        sa.Column("upper", _plain(11), nullable=True),
        sa.Column("lower", _plain(11), nullable=True),
        sa.Column("vehicle", _plain(11), nullable=True),
        sa.Column("size", sa.Float(), nullable=True),
        sa.Column("speed", sa.Float(), nullable=True),
        sa.Column("speed_unit", sa.String(length=16), nullable=True),
        sa.Column("direction", sa.String(length=400), nullable=True),
        sa.Column("bearing", sa.Float(), nullable=True),
        sa.Column("dwell_s", sa.Float(), nullable=False),
        sa.Column("zones", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("tiles", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "day", name=op.f("pk_track")),
        **_PARTED,
    )
    place = ["place", "start_ns", "label", "colours"]
    for columns, include in ((place, ["id", "day"]), (place[1:], ["id", "day", "place"])):
        op.create_index(op.f(f"ix_track_{'_'.join(columns)}"), "track", columns, postgresql_include=include)
    _make_brin("track")


def _make_track_body() -> None:
    op.create_table(
        "track_body",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("received_ns", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", "day", name=op.f("pk_track_body")),
        **_PARTED,
    )


def _make_track_looks() -> None:
    op.create_table(
        "track_looks",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", "day", name=op.f("pk_track_looks")),
        **_PARTED,
    )


def _make_track_plate() -> None:
    op.create_table(
        "track_plate",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("start_ns", sa.BigInteger(), nullable=False),
        sa.Column("plate", sa.String(length=16), nullable=False),
        sa.Column("folded", _plain(16), nullable=False),
        sa.Column("reversed", _plain(16), nullable=False),
        sa.PrimaryKeyConstraint("id", "day", name=op.f("pk_track_plate")),
        **_PARTED,
    )
    for name in ("folded", "reversed"):
        columns = [name, "plate", "id"]
        op.create_index(op.f(f"ix_track_plate_{name}_plate_id"), "track_plate", columns, unique=False)
