"""Media that are hidden and not yet taken away are found without a look at all that ever left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the index."""
    some = sa.text("CASE WHEN state = 'gone' THEN bytes ELSE 0 END > 0")
    op.create_index("ix_media_half_gone", "media", ["id"], unique=False, sqlite_where=some, postgresql_where=some)
