"""Issuing: the window's statements are planned, written, hashed and signed.

The plan is committed first; each bundle is recorded as soon as it is written. A killed run goes on
with the statements that are not recorded yet; a file without a record is written again, and was
seen by nobody, since only what is published can be fetched.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from sqlalchemy import Connection

from coalition.settings import child_environment
from settlement import hub
from settlement.bundles import sync_folder
from settlement.config import settlement_environment
from settlement.steps.bundles import write_bundles
from settlement.steps.night import Night
from settlement.steps.plan import plan_statements
from settlement.steps.shares import work_of
from settlement.store import statements

_WAIT_SECONDS = 0.2
_MAX_WAITS = 3000


class WorkerFailed(Exception):  # noqa: N818 - the name says it
    """A process that wrote bundles ended badly; its own log says why."""


def issue(*, night: Night, claim: Connection, business_date: date) -> dict[str, Any]:
    """Issue the window's statements.

    Raises IncompleteLines, NotZeroSum, BundleInconsistent, WorkerFailed and signing's errors.
    """
    coalition = hub.read_coalition(connection=claim)
    naming = night.naming(coalition=coalition.name, environment=coalition.environment)
    night.keystore.ensure(now=night.wall(), naming=naming)
    publish_root(path=night.root_path, pem=night.keystore.root_pem())
    with night.database.transaction() as connection:
        if statements.is_planned(connection=connection, business_date=business_date):
            _check_files(night, connection, business_date)
        else:
            plan_statements(night=night, connection=connection, business_date=business_date)
    night.observe(business_date, "issue:planned")
    _write_all(night, claim, business_date)
    sync_folder(folder=night.statements_folder / business_date.isoformat())
    done = statements.read_window_statements(connection=claim, business_date=business_date)
    return {
        "statements": len(done),
        "lines": sum(each.plan.all_lines for each in done),
        "bytes": sum(each.issued.bytes for each in done if each.issued),
    }


def publish_root(*, path: Path, pem: bytes) -> None:
    """Put the trust anchor where partners get it, whole."""
    if path.exists() and path.read_bytes() == pem:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.{os.getpid()}")
    made.write_bytes(pem)
    made.replace(path)


def _check_files(night: Night, connection: Connection, business_date: date) -> None:
    """Write again what a crash of the machine took away before it was published."""
    lost = []
    for each in statements.read_window_statements(
        connection=connection, business_date=business_date
    ):
        if each.issued is None or each.published_at is not None:
            continue
        path = night.config.data_folder / each.issued.path
        if not _is_whole(path, each.issued):
            lost.append(each.plan.statement_id)
    if lost:
        statements.mark_unwritten(connection=connection, statement_ids=lost)


def _is_whole(path: Path, issued: statements.Issued) -> bool:
    """Whether a bundle is as recorded; files are made durable only at the end of the step."""
    try:
        if path.stat().st_size != issued.bytes:
            return False
        with ZipFile(path) as bundle:
            statement = bundle.read("statement.json")
            return bundle.testzip() is None and sha256(statement).hexdigest() == issued.sha256
    except (OSError, BadZipFile, KeyError):
        return False


def _write_all(night: Night, claim: Connection, business_date: date) -> None:
    planned = statements.read_window_statements(connection=claim, business_date=business_date)
    waiting = sum(
        work_of(lines=each.plan.lines, settings=night.settings)
        for each in planned
        if each.issued is None
    )
    parts = max(1, min(night.settings.processes, waiting // night.settings.lines_per_process))
    workers = [_start_worker(night, business_date, part, parts) for part in range(1, parts)]
    try:
        write_bundles(night=night, business_date=business_date, share=(0, parts))
        for worker in workers:
            if worker.wait() != 0:
                raise WorkerFailed(f"a process writing bundles ended with {worker.returncode}")
    finally:
        for worker in workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait()
    # Statements held by a process of an earlier run that is just ending: it records them, or
    # lets go of them and they are written here.
    for _ in range(_MAX_WAITS):
        if not statements.count_planned(connection=claim, business_date=business_date):
            return
        night.pause(_WAIT_SECONDS)
        write_bundles(night=night, business_date=business_date)
    raise WorkerFailed("statements stay locked by another process")


def _start_worker(
    night: Night, business_date: date, part: int, parts: int
) -> subprocess.Popen[bytes]:
    """Start a process that helps to write; it ends by itself when this one is gone."""
    environment = child_environment(
        config=night.config,
        extra={**settlement_environment(settings=night.settings), "DATABASE_URL": night.address},
    )
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "settlement.worker",
            business_date.isoformat(),
            str(part),
            str(parts),
            str(os.getpid()),
        ],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
