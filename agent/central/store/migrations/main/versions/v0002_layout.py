"""Layouts of the live wall, and links to media."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    _make_layout()
    _make_media_link()


def _make_layout() -> None:
    op.create_table(
        "layout",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("cameras", sa.JSON(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=True),
        sa.Column("large", sa.Boolean(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layout")),
    )
    op.create_index(op.f("ix_layout_owner"), "layout", ["owner"], unique=False)


def _make_media_link() -> None:
    op.create_table(
        "media_link",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("media", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("expires_ns", sa.BigInteger(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("used_ns", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_link")),
    )
    op.create_index(op.f("ix_media_link_owner"), "media_link", ["owner"], unique=False)
