"""What commands that work on the database begin with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from coalition.config import Config, read_config
from coalition.db.database import Database
from coalition.db.embedded import open_database
from coalition.db.engine import create_engine_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A command's configuration and database."""

    config: Config
    address: str
    database: Database


@contextmanager
def open_session(*, config: Config | None = None) -> Iterator[Session]:
    """The database the configuration names: given, served right now, or started for this command.

    Raises ConfigError or EmbeddedError.
    """
    config = config or read_config()
    with open_database(database_url=config.database_url, data_folder=config.data_folder) as address:
        engine = create_engine_for(
            address,
            pool_size=4,
            application_name="coalition-cli",
            lock_timeout_ms=config.lock_timeout_ms,
        )
        try:
            yield Session(config=config, address=address, database=Database(engine))
        finally:
            engine.dispose()
