"""Work in a process of its own that is killed at its n-th touch of the database.

Touches are counted before every SQL statement, and before and after every commit, so running a
piece of work with n = 1, 2, 3 … until it comes through kills it between any two of them. Of the
statements only the beginnings of transactions count, where that is enough.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from coalition.config import Config
from settlement.app import make_night
from settlement.config import SettlementConfig
from settlement.steps.night import Night

_MOST = 400
PROCESSES = multiprocessing.get_context("forkserver")
"""Each process is a fork of one that has imported what all of them need: it starts at once.

There is one for all tests of a session, and what it imports is settled when the first asks for it.
"""
PROCESSES.set_forkserver_preload(
    [
        "tests.acceptance.checkout_histories",
        "tests.integration.coalition.checkouts.dropping",
        "tests.integration.coalition.checkouts.test_trouble",
        "tests.integration.settlement.payments.test_kills",
        "tests.integration.settlement.risk.test_default",
        "tests.integration.settlement.test_log",
        "tests.integration.settlement.test_runs",
    ]
)

Work = Callable[[Night], None]


def kill_everywhere(
    *,
    config: Config,
    work: Work,
    every_statement: bool,
    after_each: Callable[[int], None] = lambda _n: None,
) -> int:
    """Run the work killed at its first touch, its second, … and at last whole; gives how often.

    `after_each` looks at what is left after each kill. The work is a function of a module.
    """
    for number in range(1, _MOST):
        address = str(config.database_url)
        if not is_killed(_run, number, config, work, every_statement, address=address):
            return number - 1
        after_each(number)
    raise AssertionError(f"more than {_MOST} touches")


def is_killed(work: Callable[..., None], *arguments: Any, address: str) -> bool:
    """Do some work, a function of a module, in a process; whether it was killed or came through.

    Returns when the server has noticed, too: until then it keeps what the process had locked.
    Nobody else comes to the database at `address` meanwhile.
    """
    process = PROCESSES.Process(target=work, args=arguments)
    with psycopg.connect(address, autocommit=True) as connection:
        known = _sessions(connection)
        process.start()
        process.join(120)
        assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
        until = time.monotonic() + 60
        while _sessions(connection) - known:
            assert time.monotonic() < until, "the server keeps the session of a process that ended"
            time.sleep(0.005)
    return process.exitcode != 0


def _sessions(connection: psycopg.Connection[Any]) -> set[int]:
    return {
        pid
        for (pid,) in connection.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
        )
    }


def _run(number: int, config: Config, work: Work, every_statement: bool) -> None:
    night = make_night(
        config=config,
        settings=SettlementConfig(key_passphrase="a passphrase of tests"),
        address=str(config.database_url),
    )
    die_at(night.database.engine, number, every_statement=every_statement)
    work(night)


def die_at(engine: Engine, number: int, *, every_statement: bool = True) -> None:
    """Have this process killed at that touch of the database."""
    touches = 0

    def touch(*_arguments: Any) -> None:
        nonlocal touches
        touches += 1
        if touches == number:
            os.kill(os.getpid(), signal.SIGKILL)

    commit = engine.dialect.do_commit

    def touched_commit(connection: Any) -> None:
        touch()
        commit(connection)
        touch()

    event.listen(engine, "before_cursor_execute" if every_statement else "begin", touch)
    engine.dialect.do_commit = touched_commit  # type: ignore[method-assign]  # counted there too
