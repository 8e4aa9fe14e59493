"""Prepared statements behave as if they had gone through SQLAlchemy."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from coalition.db.database import Database
from coalition.db.engine import create_engine_for
from coalition.db.prepared import run_prepared

INSERT = "INSERT INTO noted (no, said) VALUES ($1::int, $2) RETURNING no, said, now() AS at"


@pytest.fixture
def database(engine: Engine) -> Database:
    made = Database(engine)
    with made.transaction() as connection:
        connection.execute(text("CREATE TABLE noted (no int PRIMARY KEY, said text)"))
    return made


def noted(database: Database) -> list[int]:
    with database.autocommit() as connection:
        return list(connection.scalars(text("SELECT no FROM noted ORDER BY no")))


def insert_and_give_up(database: Database, number: str) -> None:
    """A transaction that inserts and is rolled back."""
    with database.engine.connect() as connection, connection.begin() as transaction:
        run_prepared(connection=connection, statement=INSERT, parameters=(number, "a"))
        transaction.rollback()


def test_rows_come_back_as_python_values_and_null_as_none(database: Database) -> None:
    with database.autocommit() as connection:
        ((no, said, at),) = run_prepared(
            connection=connection, statement=INSERT, parameters=("7", None)
        )
    assert (no, said) == (7, None)
    assert at.utcoffset() is not None


def test_the_first_statement_of_a_transaction_is_rolled_back_with_it(database: Database) -> None:
    insert_and_give_up(database, "1")
    assert noted(database) == []


def test_a_statement_of_a_transaction_is_committed_with_it(database: Database) -> None:
    with database.transaction() as connection:
        run_prepared(connection=connection, statement=INSERT, parameters=("1", "a"))
        run_prepared(connection=connection, statement=INSERT, parameters=("2", "b"))
    assert noted(database) == [1, 2]


def test_a_refusal_is_sqlalchemys_own_error_and_shows_no_values(database: Database) -> None:
    with database.autocommit() as connection:
        run_prepared(connection=connection, statement=INSERT, parameters=("1", "a"))
        with pytest.raises(IntegrityError) as caught:
            run_prepared(connection=connection, statement=INSERT, parameters=("1", "hush"))
        assert isinstance(caught.value.orig, psycopg.errors.UniqueViolation)
        assert "hush" not in str(caught.value)
        # The connection goes on.
        run_prepared(connection=connection, statement=INSERT, parameters=("2", "a"))
    assert noted(database) == [1, 2]


def test_a_statement_that_cannot_be_prepared_says_so(database: Database) -> None:
    with database.autocommit() as connection, pytest.raises(ProgrammingError):
        run_prepared(connection=connection, statement="SELECT * FROM nowhere", parameters=())


def test_a_lost_connection_is_not_given_out_again(database: Database) -> None:
    with database.autocommit() as connection, database.autocommit() as other:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        with pytest.raises(DBAPIError) as caught:
            run_prepared(connection=connection, statement=INSERT, parameters=("1", "a"))
        assert isinstance(caught.value, OperationalError)
        assert caught.value.connection_invalidated
    with database.autocommit() as connection:
        run_prepared(connection=connection, statement=INSERT, parameters=("2", "b"))
    assert noted(database) == [2]


def test_each_connection_prepares_for_itself(database: Database) -> None:
    with database.autocommit() as one, database.autocommit() as two:
        run_prepared(connection=one, statement=INSERT, parameters=("1", "a"))
        run_prepared(connection=two, statement=INSERT, parameters=("2", "b"))
    assert noted(database) == [1, 2]


def test_after_a_transaction_that_was_rolled_back_the_statement_is_prepared_anew(
    database: Database,
) -> None:
    one_connection = create_engine_for(
        database.engine.url.render_as_string(hide_password=False), pool_size=1
    )
    small = Database(one_connection)
    for number in ("1", "2"):
        insert_and_give_up(small, number)
    with small.transaction() as connection:
        run_prepared(connection=connection, statement=INSERT, parameters=("4", "a"))
    one_connection.dispose()
    assert noted(database) == [4]
