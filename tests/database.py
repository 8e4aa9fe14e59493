"""Making the schema in an empty database, from migrations or straight from the tables."""

from __future__ import annotations

from sqlalchemy import Engine, text

from coalition.db.functions import CREATE_FUNCTIONS, CREATE_TRIGGERS
from coalition.db.migrate import migration_sets
from coalition.db.partitions import CREATE_PARTITIONS


def create_schema(engine: Engine) -> None:
    """Every table, function and trigger of every installed set."""
    with engine.begin() as connection:
        for each in migration_sets():
            each.load_metadata().create_all(connection)
        for statement in (*CREATE_FUNCTIONS, *CREATE_TRIGGERS, *CREATE_PARTITIONS):
            connection.execute(text(statement))
