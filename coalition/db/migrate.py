"""Migrations: sets of them, found by entry points, each with its own version table.

A set is any object with the attributes of `MigrationSet`, named by an entry point of the group
`coalition.migrations`; so settlement adds its tables without the hub importing it. The hub's set
runs first. All that is due is done in one transaction under an advisory lock: several processes
may migrate at once, and a failure leaves the database as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, text

from coalition.db.schema import load_tables

_GROUP = "coalition.migrations"
_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 7203_0000_0002  # one migration at a time in a database


class MigrationSet(Protocol):
    """What a set of migrations must tell."""

    @property
    def name(self) -> str:
        """The set's name, such as `hub`."""

    @property
    def versions(self) -> Path:
        """Folder of its revision files."""

    @property
    def version_table(self) -> str:
        """Table that records where the database stands."""

    @property
    def load_metadata(self) -> Callable[[], MetaData]:
        """Loads and returns the tables that its migrations make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Set:
    name: str
    versions: Path
    version_table: str
    load_metadata: Callable[[], MetaData]


HUB = _Set(
    name="hub",
    versions=_SCRIPTS / "versions",
    version_table="alembic_version",
    load_metadata=load_tables,
)


def migration_sets() -> list[MigrationSet]:
    """Every installed set, the hub's first, the others by name."""
    others = [point.load() for point in entry_points(group=_GROUP) if point.name != HUB.name]
    return [HUB, *sorted(others, key=lambda each: str(each.name))]


def upgrade(engine: Engine) -> None:
    """Bring every set to its newest revision."""
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        for each in migration_sets():
            command.upgrade(alembic_config(each, connection), "heads")


def pending(connection: Connection) -> dict[str, list[str]]:
    """Revisions of each set that the database still lacks, oldest first; empty if none."""
    due: dict[str, list[str]] = {}
    for each in migration_sets():
        script = ScriptDirectory.from_config(alembic_config(each, connection))
        context = MigrationContext.configure(connection, opts={"version_table": each.version_table})
        at = set(context.get_current_heads())
        done = {
            revision.revision
            for head in at
            for revision in script.walk_revisions(base="base", head=head)
        }
        missing = [r.revision for r in script.walk_revisions() if r.revision not in done]
        if missing:
            due[each.name] = missing[::-1]
    return due


def differences(connection: Connection, *, migration_set: MigrationSet) -> list[Any]:
    """What Alembic would still change to make the database equal the set's tables."""
    options = comparison_options(connection, migration_set)
    metadata = options.pop("target_metadata")
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def revise(engine: Engine, *, name: str, message: str) -> None:
    """Write a revision for what `differences` finds; a person then reads and tidies it."""
    chosen = next(each for each in migration_sets() if each.name == name)
    number = len(list(chosen.versions.glob("[0-9]*.py"))) + 1
    with engine.begin() as connection:
        command.revision(
            alembic_config(chosen, connection),
            message=message,
            autogenerate=True,
            rev_id=f"{number:04d}" if name == HUB.name else f"{name}_{number:04d}",
        )


def comparison_options(connection: Connection, migration_set: MigrationSet) -> dict[str, Any]:
    """Alembic's options for one set: what to compare and what belongs to others."""
    metadata = migration_set.load_metadata()
    schemas = {table.schema for table in metadata.tables.values()}
    foreign = set(connection.scalars(text("SELECT relname FROM pg_class WHERE relispartition")))
    for each in migration_sets():
        foreign.add(each.version_table)
        if each.name != migration_set.name:
            foreign |= set(each.load_metadata().tables)

    def include(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return name in schemas
        schema = parents.get("schema_name")
        return not (kind == "table" and (f"{schema}.{name}" if schema else name) in foreign)

    return {
        "target_metadata": metadata,
        "version_table": migration_set.version_table,
        "compare_type": True,
        "compare_server_default": True,
        "include_name": include,
        "include_schemas": schemas != {None},
        "transaction_per_migration": False,
    }


def alembic_config(migration_set: MigrationSet, connection: Connection) -> AlembicConfig:
    """Alembic's configuration for working on one set over the connection."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = AlembicConfig()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(migration_set.versions))
    config.attributes["connection"] = connection
    config.attributes["migration_set"] = migration_set
    return config
