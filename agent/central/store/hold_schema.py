"""The tables of holds: what may not leave, who said so, and how far its gateways are. See `holds`."""

from __future__ import annotations

import sqlalchemy as sa

from agent.central.store.base_schema import ID, TEXT, metadata

_WHO = sa.String(140)

hold = sa.Table(
    "hold",
    metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("start_ns", sa.BigInteger, nullable=False),
    sa.Column("end_ns", sa.BigInteger, nullable=False),
    sa.Column("reason", TEXT, nullable=False),
    sa.Column("made_by", _WHO, nullable=False),
    sa.Column("made_ns", sa.BigInteger, nullable=False),
    sa.Column("until_ns", sa.BigInteger),  # null: until somebody releases it
    sa.Column("over_ns", sa.BigInteger),  # null: it holds
    sa.Column("released_by", _WHO),  # null, too, when its time was over
    sa.Column("release_reason", TEXT),
    sa.Index(None, "over_ns"),
)

hold_camera = sa.Table(
    "hold_camera",
    metadata,
    sa.Column("site", ID, primary_key=True),
    sa.Column("gateway", ID, primary_key=True),
    sa.Column("camera", ID, primary_key=True),
    sa.Column("hold", ID, primary_key=True),
    sa.Index(None, "hold"),
)

hold_gateway = sa.Table(
    "hold_gateway",
    metadata,
    sa.Column("hold", ID, primary_key=True),
    sa.Column("site", ID, primary_key=True),
    sa.Column("gateway", ID, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),  # asked, held, failed, releasing, released
    sa.Column("error", TEXT, nullable=False),  # what the gateway said last, where it said no
    sa.Column("since_ns", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger),  # that it holds, as it said
    sa.Index(None, "state"),
)

remains = sa.Table(
    "remains",  # days that are over, and by which holds something of them is kept; see `remains`
    metadata,
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("spans", sa.String(64), nullable=False),  # a digest of what is held of it
)
