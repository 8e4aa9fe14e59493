"""`coalition migrate`."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from coalition.cli.session import open_session
from coalition.config import Config
from coalition.db.migrate import pending, revise
from coalition.prepare import prepare_database


def migrate(*, config: Config, check: bool, message: str, migration_set: str) -> None:
    """Migrate, or tell what is due, or write the next migration."""
    with open_session(config=config) as session:
        engine = session.database.engine
        with engine.connect() as connection:
            due = pending(connection)
        for name, revisions in due.items():
            typer.echo(f"{name}: {', '.join(revisions)} due")
        if check:
            raise typer.Exit(1 if due else 0)
        prepare_database(engine=engine, config=config, now=datetime.now(UTC))
        if message:
            revise(engine, name=migration_set, message=message)
        typer.echo("The database is at the newest schema.")
