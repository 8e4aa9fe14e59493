"""Databases with every table and nothing in them, emptied and used again by the next test.

A copy of the template takes PostgreSQL some 150 ms of processor time with what the first connection
reads; emptying the few tables that a test filled takes a tenth of it. A database whose tables,
functions or triggers are not as they were is dropped, never used again.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg

from coalition.db.embedded import EmbeddedServer

_numbers = itertools.count(1)
_ours = "nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"
_SHAPE: LiteralString = f"""
SELECT md5(concat(
    (SELECT string_agg(concat_ws(':', c.oid, relname, relnamespace, relkind, relnatts), ','
                       ORDER BY c.oid)
       FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE {_ours}),
    (SELECT string_agg(concat_ws(':', oid, tgenabled), ',' ORDER BY oid) FROM pg_trigger),
    (SELECT string_agg(concat_ws(':', p.xmin, p.oid), ',' ORDER BY p.oid)
       FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE {_ours})))
"""
_EMPTY: LiteralString = f"""
SET session_replication_role = replica;
DO $$
DECLARE
    filled text := (
        SELECT string_agg(c.oid::regclass::text, ', ')
          FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
         WHERE relkind = 'r' AND {_ours} AND pg_relation_size(c.oid) > 0);
    used text;
BEGIN
    IF filled IS NOT NULL THEN
        EXECUTE 'TRUNCATE ' || filled || ' RESTART IDENTITY CASCADE';
    END IF;
    FOR used IN SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences
                 WHERE last_value IS NOT NULL LOOP
        EXECUTE 'ALTER SEQUENCE ' || used || ' RESTART';
    END LOOP;
END $$
"""
_LEFT_OPEN: LiteralString = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class Shelf:
    """The databases of one test process. Not safe for threads."""

    def __init__(self, *, server: EmbeddedServer, template: str) -> None:
        """Copies are made of `template`, which has every table and no row."""
        self._server = server
        self._template = template
        self._free: list[str] = []
        self._shapes: dict[str, str] = {}

    @contextmanager
    def lend(self) -> Iterator[str]:
        """The address of a database with nothing in it, which is given back in the end."""
        name = self.take()
        yield self._server.address_of(database=name)
        self.give_back(name)

    def take(self) -> str:
        """Name of a database with nothing in it."""
        if self._free:
            return self._free.pop()
        name = f"test_{os.getpid()}_{next(_numbers)}"
        with self._connect("postgres") as connection:
            connection.execute(
                f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY FILE_COPY".encode()
            )
        with self._connect(name) as connection:
            self._shapes[name] = _shape(connection)
        return name

    def give_back(self, name: str) -> None:
        """Empty it for the next; drop it if it is not what it was."""
        with self._connect(name) as connection:
            connection.execute(_LEFT_OPEN)
            same = _shape(connection) == self._shapes[name]
            if same:
                connection.execute(_EMPTY)
        if same:
            self._free.append(name)
            return
        with self._connect("postgres") as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(self._server.address_of(database=database), autocommit=True)


def _shape(connection: psycopg.Connection) -> str:
    row = connection.execute(_SHAPE).fetchone()
    assert row is not None
    return str(row[0])
