"""Tests use databases one after the other, and none sees what another did."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest

from coalition.db.embedded import EmbeddedServer
from tests.shelf import Shelf


@pytest.fixture
def own(server: EmbeddedServer, template_database: str) -> Shelf:
    return Shelf(server=server, template=template_database)


def ask(server: EmbeddedServer, name: str, statement: LiteralString) -> object:
    address = server.address_of(database=name)
    with psycopg.connect(address, autocommit=True) as connection:
        said = connection.execute(statement)
        return said.fetchall() if said.description else None


RUN: LiteralString = "INSERT INTO job_run VALUES ('expire', '2026-03-01', now(), 3, '{}')"
NEXT: LiteralString = "SELECT nextval(pg_get_serial_sequence('agreement', 'no'))"


def test_rows_and_numbers_of_one_test_are_not_there_for_the_next(
    own: Shelf, server: EmbeddedServer
) -> None:
    name = own.take()
    ask(server, name, RUN)
    assert ask(server, name, NEXT) == [(1,)]
    own.give_back(name)
    assert own.take() == name
    assert ask(server, name, "SELECT count(*) FROM job_run") == [(0,)]
    assert ask(server, name, NEXT) == [(1,)]


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (no int)",
        "ALTER TABLE job_run ADD COLUMN more int",
        "ALTER TABLE obligation DISABLE TRIGGER USER",
        "DROP FUNCTION posting_slot",
    ],
)
def test_a_database_that_a_test_changed_is_not_used_again(
    own: Shelf, server: EmbeddedServer, change: LiteralString
) -> None:
    name = own.take()
    ask(server, name, change)
    own.give_back(name)
    assert own.take() != name


def test_what_a_test_left_open_holds_nobody_up(own: Shelf, server: EmbeddedServer) -> None:
    name = own.take()
    with psycopg.connect(server.address_of(database=name)) as left_open:
        left_open.execute(RUN)
        own.give_back(name)
        with pytest.raises(psycopg.OperationalError):
            left_open.execute("SELECT 1")
    assert own.take() == name
