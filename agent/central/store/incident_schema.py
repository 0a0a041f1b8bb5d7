"""The table of incidents: what happened at a place and time, whoever says so. See `incidents`."""

from __future__ import annotations

import sqlalchemy as sa

from agent.central.store.base_schema import ID, TEXT, metadata

_WHO = sa.String(140)

incident = sa.Table(
    "incident",
    metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("text", TEXT, nullable=False),
    sa.Column("latitude", sa.Float, nullable=False),
    sa.Column("longitude", sa.Float, nullable=False),
    sa.Column("time_ns", sa.BigInteger, nullable=False),
    sa.Column("source", sa.String(100), nullable=False),
    sa.Column("external", sa.String(200)),  # what the source calls it
    sa.Column("severity", sa.String(8), nullable=False),  # info, alarm
    sa.Column("made_by", _WHO, nullable=False),
    sa.Column("made_ns", sa.BigInteger, nullable=False),
    sa.Column("closed_by", _WHO),
    sa.Column("closed_ns", sa.BigInteger),  # null: it is open
    sa.Column("note", TEXT, nullable=False),
    sa.Index(None, "time_ns", "id"),
    sa.Index(None, "closed_ns", "time_ns", "id"),  # the open ones
    sa.Index(None, "made_by", "made_ns"),
    sa.Index(None, "source", "external", unique=True),  # in both databases nulls are not the same
)
