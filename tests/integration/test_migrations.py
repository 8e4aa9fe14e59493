"""Migrations: they make exactly the tables the code has, whole or not at all, once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text

from coalition.config import Config, ConfigError
from coalition.db.engine import create_engine_for
from coalition.db.migrate import alembic_config, differences, migration_sets, pending, upgrade
from coalition.prepare import prepare_database
from tests.database import create_schema

NOW = datetime(2026, 5, 4, 22, 30, tzinfo=UTC)

_CATALOG = {
    "columns": """
        SELECT table_schema || '.' || table_name || '.' || column_name, data_type, udt_name,
               is_nullable, column_default, is_identity, generation_expression,
               character_maximum_length
          FROM information_schema.columns WHERE table_schema IN {own}""",
    "constraints": """
        SELECT conrelid::regclass::text || '.' || conname, pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace::regnamespace::text IN {own}""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname IN {own}",
    "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": """
        SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid) FROM pg_proc p
         WHERE pronamespace::regnamespace::text IN {own}
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')""",
    "relations": """
        SELECT oid::regclass::text, relkind, relispartition, array_to_string(reloptions, ','),
               pg_get_partkeydef(oid)
          FROM pg_class WHERE relnamespace::regnamespace::text IN {own}
           AND relkind IN ('r', 'p', 'S')""",
}


def _described(connection: Connection) -> list[str]:
    """Everything in the schema that matters, one line each, without the migrations' own tables."""
    schemas = {t.schema for each in migration_sets() for t in each.load_metadata().tables.values()}
    own = "(" + ", ".join(f"'{schema or 'public'}'" for schema in schemas) + ")"
    versions = re.compile("|".join(each.version_table for each in migration_sets()))
    lines: list[str] = []
    for kind, query in _CATALOG.items():
        lines.extend(
            f"{kind}: " + " | ".join(str(value) for value in row)
            for row in connection.execute(text(query.format(own=own)))
            if not versions.search(str(row[0]))
        )
    return sorted(lines)


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Engine]:
    engine = create_engine_for(empty_database_url, pool_size=5)
    yield engine
    engine.dispose()


def test_migrations_make_exactly_the_tables_functions_and_triggers_of_the_code(
    empty: Engine, engine: Engine
) -> None:
    upgrade(empty)
    with empty.connect() as migrated, engine.connect() as made:
        assert _described(migrated) == _described(made)


def test_alembic_finds_nothing_left_to_migrate(empty: Engine) -> None:
    upgrade(empty)
    with empty.connect() as connection:
        assert pending(connection) == {}
        for each in migration_sets():
            assert differences(connection, migration_set=each) == []


def test_every_migration_can_be_undone(empty: Engine) -> None:
    upgrade(empty)
    with empty.begin() as connection:
        for each in reversed(migration_sets()):
            command.downgrade(alembic_config(each, connection), "base")
        assert _described(connection) == []
    upgrade(empty)


def test_a_database_without_migrations_lacks_them_all_in_order(empty: Engine) -> None:
    with empty.connect() as connection:
        due = pending(connection)
    assert list(due) == [each.name for each in migration_sets()]
    assert due["hub"][0] == "0001"


def test_four_processes_may_migrate_and_found_at_once(
    empty_database_url: str, tmp_path: Path
) -> None:
    config = Config(data_folder=tmp_path, time_zone="Europe/Kyiv", face_value="0.005")

    def prepare(_: int) -> None:
        engine = create_engine_for(empty_database_url, pool_size=1)
        prepare_database(engine=engine, config=config, now=NOW)
        engine.dispose()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(prepare, range(4)))
    engine = create_engine_for(empty_database_url, pool_size=1)
    with engine.connect() as connection:
        state = connection.execute(text("SELECT last_closed, time_zone FROM hub_state")).one()
        assert state.last_closed == date(2026, 5, 4)  # it is past midnight in Kyiv
        assert connection.scalar(text("SELECT micros FROM face_value")) == 5_000
        months = connection.scalars(
            text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")
        )
        assert {"signed_request_2026_05", "signed_request_2026_08"} <= set(months)
    engine.dispose()


def test_a_database_of_another_currency_or_environment_is_refused(
    empty: Engine, tmp_path: Path
) -> None:
    prepare_database(engine=empty, config=Config(data_folder=tmp_path), now=NOW)
    for other in (Config(currency="RON"), Config(environment="live")):
        with pytest.raises(ConfigError, match="this database was founded with"):
            prepare_database(engine=empty, config=other, now=NOW)


def test_the_tests_schema_is_made_whole(empty: Engine) -> None:
    create_schema(empty)
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM hub_state")) == 0
