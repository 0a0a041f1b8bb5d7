"""What the small tables share: their metadata, and the types of names and texts."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})

ID = sa.String(64)
TEXT = sa.String(400)
Json = sa.JSON(none_as_null=True)
