"""The hub that the demo talks to, and the commands it runs on the same database."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from coalition.clock import wall_now
from coalition.config import Config
from coalition.db.database import Database
from coalition.db.engine import create_engine_for
from coalition.directory import read_snapshot
from coalition.ids import IdSource
from coalition.ledger.domain import OPERATOR
from coalition.partners.service import add_bearer_key
from coalition.settings import child_environment
from coalition.supervisor import Supervisor

__all__ = ["CommandError", "environment_of", "make_operator_token", "run_command", "running_hub"]

_COALITION = "from coalition.cli.app import main; main()"
_TOKEN_BYTES = 24


class CommandError(Exception):
    """A command on the demo's database failed; the message holds what it said."""


@contextlib.contextmanager
def running_hub(*, config: Config, jobs: bool, log: Path) -> Iterator[Supervisor]:
    """The database (when embedded) and the HTTP server, whose log goes to a file.

    Without `jobs` nothing works in the background: the replay decides when a night is settled.

    Raises:
        ServeError, EmbeddedError, ConfigError: it cannot be started.
    """
    supervisor = Supervisor(config=config, jobs=jobs)
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _errors_to(log):
        supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


@contextlib.contextmanager
def _errors_to(path: Path) -> Iterator[None]:
    """Let processes that are started in this block write their standard error to a file."""
    kept = os.dup(2)
    try:
        with path.open("ab") as log:
            os.dup2(log.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def environment_of(*, config: Config, database_url: str) -> dict[str, str]:
    """The environment from which another process reads this very configuration."""
    return child_environment(config=config, extra={"DATABASE_URL": database_url})


def run_command(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run a `coalition` command to its end and return what it printed.

    Raises:
        CommandError: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-c", _COALITION, *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise CommandError(f"coalition {' '.join(arguments)} failed:\n{said}")
    return done.stdout


def make_operator_token(*, database_url: str, environment: str) -> str:
    """A new bearer key of the operator, which only whoever holds the database can make."""
    new_id = IdSource()
    engine = create_engine_for(database_url, pool_size=1)
    try:
        with Database(engine).transaction() as connection:
            operator = read_snapshot(connection=connection).parties[OPERATOR]
            _, token = add_bearer_key(
                connection=connection,
                party=operator,
                environment=environment,
                key_id=new_id(),
                label="demo",
                person="demo",
                random=os.urandom(_TOKEN_BYTES),
                event_id=new_id(),
                now=wall_now(),
            )
    finally:
        engine.dispose()
    return token
