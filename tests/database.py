"""Making the schema in an empty database, from migrations or straight from the tables."""

from __future__ import annotations

from sqlalchemy import Engine, text

from coalition.db import functions
from coalition.db.migrate import migration_sets


def create_schema(engine: Engine) -> None:
    """Every table, function and trigger of every installed set, and the seed rows."""
    with engine.begin() as connection:
        for each in migration_sets():
            each.load_metadata().create_all(connection)
        for name in ("CREATE_FUNCTIONS", "CREATE_TRIGGERS", "SEED"):
            for statement in getattr(functions, name, ()):
                connection.execute(text(statement))
