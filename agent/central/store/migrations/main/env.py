"""Alembic's entry: runs the versions over the connection that `Database.open` gives."""

from __future__ import annotations

from alembic import context

from agent.central.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
