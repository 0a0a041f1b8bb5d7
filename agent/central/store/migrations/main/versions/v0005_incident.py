"""Incidents: what happened at a place and time, whoever says so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "incident",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("time_ns", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("external", sa.String(length=200), nullable=True),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("made_by", sa.String(length=140), nullable=False),
        sa.Column("made_ns", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.String(length=140), nullable=True),
        sa.Column("closed_ns", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    _index("time_ns", "id")
    _index("closed_ns", "time_ns", "id")
    _index("made_by", "made_ns")
    _index("source", "external", unique=True)


def _index(*columns: str, unique: bool = False) -> None:
    op.create_index(op.f(f"ix_incident_{'_'.join(columns)}"), "incident", list(columns), unique=unique)
