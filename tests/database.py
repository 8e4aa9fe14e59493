"""Databases of tests: the schema made straight from the tables, and copies of one that has it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine, text

from coalition.db.embedded import EmbeddedServer
from coalition.db.functions import CREATE_FUNCTIONS, CREATE_TRIGGERS
from coalition.db.migrate import migration_sets
from coalition.db.partitions import CREATE_PARTITIONS

_numbers = itertools.count(1)


def execute(server: EmbeddedServer, statement: str) -> None:
    """Run a statement that no transaction may hold."""
    with psycopg.connect(server.address_of(database="postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())


@contextmanager
def copy_of(server: EmbeddedServer, template: str) -> Iterator[str]:
    """The address of a copy of a database to which nobody is connected; dropped in the end."""
    name = f"copy_{os.getpid()}_{next(_numbers)}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    try:
        yield server.address_of(database=name)
    finally:
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def create_schema(engine: Engine) -> None:
    """Every table, function and trigger of every installed set."""
    with engine.begin() as connection:
        for each in migration_sets():
            each.load_metadata().create_all(connection)
        for statement in (*CREATE_FUNCTIONS, *CREATE_TRIGGERS, *CREATE_PARTITIONS):
            connection.execute(text(statement))
