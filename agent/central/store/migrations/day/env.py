"""Alembic's entry: runs the versions over the connection of a day's file, or of the partitioned tables."""

from __future__ import annotations

from alembic import context

from agent.central.store.day_schema import day_metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=day_metadata,
    version_table="alembic_version_day",
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
