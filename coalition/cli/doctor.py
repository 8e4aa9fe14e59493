"""`coalition doctor`: everything that can be wrong, and how to mend it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import Literal

import typer
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import SQLAlchemyError

from coalition.checkouts import doctor as checkouts
from coalition.cli.session import Session, open_session
from coalition.clock import wall_now
from coalition.config import Config, ConfigError, read_config
from coalition.db.embedded import EmbeddedError
from coalition.db.migrate import pending
from coalition.db.state import hub_state
from coalition.jobs.registry import load_jobs
from coalition.jobs.runner import most_connections
from coalition.jobs.tables import job_run
from coalition.prepare import OLDEST_SERVER, require_same_coalition

_CHECKS = "coalition.checks"
"""Entry points: functions of configuration and connection that give what `Finding` is made of."""
_LEAST_FREE_BYTES = 2_000_000_000
_MOST_SKEW_SECONDS = 2.0
_NIGHT_AND_COMMANDS = 12
"""Connections that settlement and a command or two may have."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: fine, worth knowing, or wrong; and how to mend it."""

    grade: Literal["ok", "note", "wrong"]
    about: str
    found: str
    mend: str = ""


def command() -> None:
    """Check what can be wrong with this installation, and say how to mend it."""
    marks = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}
    wrong = False
    for finding in examine():
        typer.echo(f"{marks[finding.grade]} {finding.about}: {finding.found}")
        if finding.mend:
            typer.echo(f"      → {finding.mend}")
        wrong = wrong or finding.grade == "wrong"
    raise typer.Exit(1 if wrong else 0)


def examine() -> Iterator[Finding]:
    """Look at everything, as far as each step allows the next."""
    yield _python()
    try:
        config = read_config()
    except ConfigError as error:
        yield Finding("wrong", "configuration", str(error), "set the variable it names")
        return
    yield Finding("ok", "configuration", f"{config.environment}, {config.currency}")
    yield from _folder(config)
    with ExitStack() as stack:
        try:
            session = stack.enter_context(open_session(config=config))
            connection = stack.enter_context(session.database.engine.connect())
        except (EmbeddedError, SQLAlchemyError) as error:
            mend = "check DATABASE_URL, or leave it out to run an embedded server"
            yield Finding("wrong", "database", str(error).splitlines()[0], mend)
            return
        for check in _DATABASE_CHECKS:
            yield from check(session, connection)
        for point in sorted(entry_points(group=_CHECKS), key=lambda each: each.name):
            for found in point.load()(config, connection):
                yield Finding(*found)


def _python() -> Finding:
    return Finding("ok", "Python", ".".join(map(str, sys.version_info[:3])))


def _folder(config: Config) -> Iterator[Finding]:
    folder = config.data_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        mend = "give this user the folder, or set COALITION_DATA"
        yield Finding("wrong", "data folder", f"{folder}: {error.strerror}", mend)
        return
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE_BYTES:
        mend = "free some space, or set COALITION_DATA to a larger disk"
        yield Finding("wrong", "disk", f"{free // 1_000_000} MB free at {folder}", mend)
    else:
        yield Finding("ok", "data folder", f"{folder}, {free // 1_000_000_000} GB free")
    secret = folder / "secret.key"
    if secret.exists() and secret.stat().st_mode & 0o077:
        yield Finding("wrong", "secret", f"{secret} is readable by others", f"chmod 600 {secret}")


def _server(session: Session, connection: Connection) -> Iterator[Finding]:
    number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    kind = "yours" if session.config.database_url else "embedded"
    found = f"PostgreSQL {number // 10_000}.{number % 10_000}, {kind}"
    if number < OLDEST_SERVER:
        yield Finding("wrong", "database", found, "upgrade the server to PostgreSQL 16 or later")
    else:
        yield Finding("ok", "database", found)


def _durability(_session: Session, connection: Connection) -> Iterator[Finding]:
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        value = str(connection.execute(text(f"SHOW {name}")).scalar_one())
        if value == "off":
            mend = f"set {name} = on in the server's configuration"
            yield Finding("wrong", "durability", f"{name} is off: a crash loses postings", mend)


def _connections(session: Session, connection: Connection) -> Iterator[Finding]:
    most = int(connection.execute(text("SHOW max_connections")).scalar_one())
    served = session.config.workers * session.config.pool_size
    wanted = served + most_connections(threads=len(load_jobs())) + _NIGHT_AND_COMMANDS
    if wanted > most:
        mend = "lower COALITION_WORKERS or COALITION_POOL_SIZE, or raise max_connections"
        yield Finding("wrong", "connections", f"up to {wanted} wanted, {most} allowed", mend)
    else:
        yield Finding("ok", "connections", f"up to {wanted} of {most}")


def _clock(_session: Session, connection: Connection) -> Iterator[Finding]:
    theirs = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    skew = abs((datetime.now(UTC) - theirs).total_seconds())
    if skew > _MOST_SKEW_SECONDS:
        mend = "synchronise both machines' clocks: signatures are valid for five minutes only"
        yield Finding("wrong", "clock", f"{skew:.0f} s apart from the database's", mend)
    else:
        yield Finding("ok", "clock", "agrees with the database's")


def _schema(_session: Session, connection: Connection) -> Iterator[Finding]:
    due = pending(connection)
    if due:
        found = "; ".join(f"{name} lacks {', '.join(due[name])}" for name in due)
        yield Finding("wrong", "schema", found, "run `coalition migrate`")
    else:
        yield Finding("ok", "schema", "newest")


def _coalition(session: Session, connection: Connection) -> Iterator[Finding]:
    if connection.scalar(text("SELECT to_regclass('hub_state')")) is None:
        return  # the schema's finding says what to do
    row = connection.execute(select(hub_state)).first()
    if row is None:
        yield Finding("wrong", "coalition", "not founded yet", "run `coalition migrate`")
        return
    try:
        require_same_coalition(connection, config=session.config)
    except ConfigError as error:
        mend = "use the database of this environment, or mend the variable"
        yield Finding("wrong", "coalition", str(error), mend)
        return
    yield Finding("ok", "coalition", f"{row.name}, closed up to {row.last_closed}")
    if row.business_at is not None:
        mend = "PUT /v1/test/clock with null returns to the real time"
        yield Finding("note", "business clock", f"set to {row.business_at.isoformat()}", mend)


def _jobs(_session: Session, connection: Connection) -> Iterator[Finding]:
    if connection.scalar(text("SELECT to_regclass('job_run')")) is None:
        return
    last = connection.scalar(
        select(job_run.c.finished_at).order_by(job_run.c.finished_at.desc()).limit(1)
    )
    if last is None:
        yield Finding("note", "jobs", "none has run yet", "`coalition serve` runs them")
    else:
        yield Finding("ok", "jobs", f"last run recorded at {last.isoformat(timespec='seconds')}")


def _checkouts(_session: Session, connection: Connection) -> Iterator[Finding]:
    if connection.scalar(text("SELECT to_regclass('told_file')")) is None:
        return
    for found in checkouts.check(connection, wall_now()):
        yield Finding(*found)


_DATABASE_CHECKS: tuple[Callable[[Session, Connection], Iterator[Finding]], ...] = (
    _server,
    _durability,
    _connections,
    _clock,
    _schema,
    _coalition,
    _jobs,
    _checkouts,
)
