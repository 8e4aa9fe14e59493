"""Getting a database ready to serve: migrated, founded, and the one the configuration means."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Connection, Engine, select, text

from coalition.config import Config, ConfigError
from coalition.db.migrate import upgrade
from coalition.db.partitions import make_months
from coalition.db.state import hub_state
from coalition.ids import IdSource
from coalition.setup import found_coalition
from partner_sdk.wire.amounts import parse_decimal

OLDEST_SERVER = 160_000
_FOUNDING_LOCK = 7203_0000_0003


def prepare_database(*, engine: Engine, config: Config, now: datetime) -> None:
    """Migrate, found the coalition in an empty database, and check that it is the right one.

    `now` is wall time. Safe to call from several processes at once. Raises ConfigError when the
    server is too old or the database holds another coalition.
    """
    with engine.connect() as connection:
        require_server(connection)
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _FOUNDING_LOCK})
        if connection.execute(select(hub_state.c.id)).first() is None:
            first_date = (
                date.fromisoformat(config.first_date)
                if config.first_date
                else now.astimezone(config.zone).date()
            )
            found_coalition(
                connection=connection,
                environment=config.environment,
                name=config.name,
                time_zone=config.time_zone,
                currency=config.currency,
                face_micros=parse_decimal(config.face_value),
                first_date=first_date,
                now=now,
                new_id=IdSource(),
            )
        require_same_coalition(connection, config=config)
        make_months(connection=connection, today=now.astimezone(UTC).date())


def require_server(connection: Connection) -> None:
    """Raise ConfigError for a PostgreSQL older than 16."""
    version = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    if version < OLDEST_SERVER:
        raise ConfigError(
            f"DATABASE_URL names PostgreSQL {version // 10_000}; 16 or later is needed"
        )


def require_same_coalition(connection: Connection, *, config: Config) -> None:
    """Raise ConfigError when the database is of another environment, currency or time zone.

    A live hub also refuses a database whose business clock is set.
    """
    row = connection.execute(select(hub_state)).one()
    wanted = {
        "COALITION_ENV": (row.environment, config.environment),
        "COALITION_CURRENCY": (row.currency, config.currency),
        "COALITION_TIME_ZONE": (row.time_zone, config.time_zone),
    }
    for variable, (stored, given) in wanted.items():
        if stored != given:
            raise ConfigError(f"{variable} is {given}, but this database was founded with {stored}")
    if config.environment == "live" and row.business_at is not None:
        raise ConfigError("a live hub does not start while its business clock is set")
