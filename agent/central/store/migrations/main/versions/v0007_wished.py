"""Who waits for a clip: it is called off when nobody does any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column."""
    op.add_column("clip", sa.Column("wished", sa.JSON(none_as_null=True), nullable=True))
