"""Alembic's way in: the connection and the set of migrations come from `coalition.db.migrate`."""

from __future__ import annotations

from alembic import context

from coalition.db.migrate import comparison_options

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    **comparison_options(attributes["connection"], attributes["migration_set"]),
)
with context.begin_transaction():
    context.run_migrations()
