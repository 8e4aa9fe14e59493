"""Fixtures that every test may ask for: a real PostgreSQL, an empty database for each test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import socket_allow_hosts
from sqlalchemy import Engine

from coalition.config import Config
from coalition.db.embedded import EmbeddedServer
from coalition.db.engine import create_engine_for
from tests.database import copy_of, create_schema, execute
from tests.shelf import Shelf

_TEMPLATE = "template_coalition"


def pytest_runtest_setup() -> None:
    """No test talks to another machine."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The session's PostgreSQL 18. It does not survive a crash of the machine: no fsync."""
    folder = Path(tempfile.mkdtemp(prefix="coalition-tests-"))
    settings = {"fsync": "off", "shared_buffers": "128MB", "deadlock_timeout": "200ms"}
    try:
        with EmbeddedServer(data_folder=folder, settings=settings) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(server: EmbeddedServer) -> str:
    """Name of a database with every table, made once; tests get copies of it."""
    execute(server, f"CREATE DATABASE {_TEMPLATE}")
    engine = create_engine_for(server.address_of(database=_TEMPLATE), pool_size=1)
    create_schema(engine)
    engine.dispose()
    return _TEMPLATE


@pytest.fixture(scope="session")
def shelf(server: EmbeddedServer, template_database: str) -> Shelf:
    """Where tests take their databases from, and give them back."""
    return Shelf(server=server, template=template_database)


@pytest.fixture
def database_url(shelf: Shelf) -> Iterator[str]:
    """Address of a database with every table and nothing in it."""
    with shelf.lend() as address:
        yield address


@pytest.fixture
def empty_database_url(server: EmbeddedServer) -> Iterator[str]:
    """Address of a fresh database with nothing in it; dropped after the test."""
    with copy_of(server, "template1") as address:
        yield address


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh database."""
    made = create_engine_for(database_url, pool_size=20, lock_timeout_ms=20_000)
    yield made
    made.dispose()


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    """A test environment's configuration on a fresh database."""
    return Config(
        database_url=database_url, data_folder=tmp_path, secret_key=b"0123456789abcdef" * 2
    )
