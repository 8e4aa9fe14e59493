"""A coalition that is made once for many tests, each of which gets a copy of database and files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from sqlalchemy import Engine

from coalition.config import Config
from coalition.db.embedded import EmbeddedServer
from coalition.db.engine import create_engine_for
from settlement.app import make_night
from settlement.config import SettlementConfig
from settlement.steps.night import Night
from tests.database import execute

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """What was made, the database that it is in, and the folder of its files."""

    made: T
    template: str
    folder: Path

    def copy_files(self, config: Config) -> None:
        """Put the files where a copy of the database expects them."""
        shutil.copytree(self.folder, config.data_folder, dirs_exist_ok=True)


def keep(
    make: Callable[[Engine, Night], T],
    *,
    name: str,
    server: EmbeddedServer,
    template: str,
    folder: Path,
) -> Kept[T]:
    """Make something in a database of its own, and leave nobody connected to it."""
    database = f"template_{name}"
    execute(server, f"CREATE DATABASE {database} TEMPLATE {template} STRATEGY FILE_COPY")
    address = server.address_of(database=database)
    engine = create_engine_for(address, pool_size=5)
    night = make_night(
        config=Config(database_url=address, data_folder=folder, secret_key=b"0123456789abcdef" * 2),
        settings=SettlementConfig(key_passphrase="a passphrase of tests", pdf="no"),
        address=address,
    )
    try:
        made = make(engine, night)
    finally:
        night.database.engine.dispose()
        engine.dispose()
    return Kept(made, database, folder)
