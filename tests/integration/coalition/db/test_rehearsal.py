"""A rehearsal: what its units of work do is seen by the next ones, and by nobody else, ever."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from coalition.db.database import Database
from coalition.db.rehearsal import rehearse

_ADD = text(
    "INSERT INTO order_part (connection_no, about, key, says) VALUES (1, 'order', :key, '{}')"
)


def keys(connection: Connection) -> list[str]:
    """What is there."""
    return list(connection.execute(text("SELECT key FROM order_part ORDER BY key")).scalars())


def twice(database: Database) -> None:
    """Two of a key, in one unit of work."""
    with database.transaction() as connection:
        connection.execute(_ADD, {"key": "b"})
        connection.execute(_ADD, {"key": "b"})


def test_all_is_seen_inside_what_failed_apart_and_nothing_outside(engine: Engine) -> None:
    outside = Database(engine)
    with rehearse(engine) as database:
        with database.transaction() as connection:
            connection.execute(_ADD, {"key": "a"})
        with pytest.raises(IntegrityError):
            twice(database)
        # As the quick way does: its statement fails, and it takes another way.
        with database.autocommit() as connection, pytest.raises(IntegrityError):
            connection.execute(_ADD, {"key": "a"})
        with database.autocommit() as connection:
            connection.execute(_ADD, {"key": "c"})
            assert keys(connection) == ["a", "c"]
        with outside.transaction() as connection:
            assert keys(connection) == []
    with outside.transaction() as connection:
        assert keys(connection) == []
