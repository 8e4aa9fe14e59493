"""Fixtures of one database for all tests of a module, which then must not mind one another.

A module that imports them has them in place of those for each test.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from coalition.db.engine import create_engine_for
from settlement.app import make_night
from settlement.config import SettlementConfig
from settlement.steps.night import Night
from tests.shelf import Shelf

__all__ = ["config", "database_url", "engine", "night"]


@pytest.fixture(scope="module")
def database_url(shelf: Shelf) -> Iterator[str]:
    """Address of a database with every table and nothing in it."""
    with shelf.lend() as address:
        yield address


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on it."""
    made = create_engine_for(database_url, pool_size=20, lock_timeout_ms=20_000)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def config(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A test environment's configuration on it."""
    return Config(
        database_url=database_url,
        data_folder=tmp_path_factory.mktemp("data"),
        secret_key=b"0123456789abcdef" * 2,
    )


@pytest.fixture(scope="module")
def night(config: Config, database_url: str) -> Iterator[Night]:
    """A pipeline on it."""
    made = make_night(
        config=config,
        settings=SettlementConfig(key_passphrase="a passphrase of tests", pdf="no"),
        address=database_url,
    )
    yield made
    made.database.engine.dispose()
