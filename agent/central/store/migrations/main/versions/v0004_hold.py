"""Holds: what may not leave, how far its gateways are, which days are kept for them in part; and the sums of media."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables, and the indexes by which media leave around what is held."""
    _make_hold()
    _make_hold_camera()
    _make_hold_gateway()
    _make_remains()
    _make_media_sum()
    op.drop_index(op.f("ix_media_start_ns"), table_name="media")
    op.create_index(op.f("ix_media_start_ns_id"), "media", ["start_ns", "id"], unique=False)
    named = ["site", "gateway", "camera", "start_ns"]
    op.create_index(op.f("ix_media_site_gateway_camera_start_ns"), "media", named, unique=False)


def _make_hold() -> None:
    op.create_table(
        "hold",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("start_ns", sa.BigInteger(), nullable=False),
        sa.Column("end_ns", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("made_by", sa.String(length=140), nullable=False),
        sa.Column("made_ns", sa.BigInteger(), nullable=False),
        sa.Column("until_ns", sa.BigInteger(), nullable=True),
        sa.Column("over_ns", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.String(length=140), nullable=True),
        sa.Column("release_reason", sa.String(length=400), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_over_ns"), "hold", ["over_ns"], unique=False)


def _make_hold_camera() -> None:
    op.create_table(
        "hold_camera",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("camera", sa.String(length=64), nullable=False),
        sa.Column("hold", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("site", "gateway", "camera", "hold", name=op.f("pk_hold_camera")),
    )
    op.create_index(op.f("ix_hold_camera_hold"), "hold_camera", ["hold"], unique=False)


def _make_hold_gateway() -> None:
    op.create_table(
        "hold_gateway",
        sa.Column("hold", sa.String(length=64), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.String(length=400), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("hold", "site", "gateway", name=op.f("pk_hold_gateway")),
    )
    op.create_index(op.f("ix_hold_gateway_state"), "hold_gateway", ["state"], unique=False)


def _make_remains() -> None:
    op.create_table(
        "remains",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("spans", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_remains")),
    )


def _make_media_sum() -> None:
    op.create_table(
        "media_sum",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("media", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("site", "gateway", name=op.f("pk_media_sum")),
    )
    op.execute(
        "INSERT INTO media_sum (site, gateway, media, bytes) "
        "SELECT site, gateway, count(*), sum(bytes) FROM media WHERE state = 'ready' GROUP BY site, gateway"
    )
