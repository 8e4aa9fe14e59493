"""Jobs: each slot once, however many schedulers; with its work or not at all."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from coalition.config import Config
from coalition.db.database import Database
from coalition.db.partitions import drop_months, make_months
from coalition.directory import Clocks, Directory
from coalition.jobs.job import Done, JobContext, RepeatedJob, SelfLockingJob, SlotJob
from coalition.jobs.ledger import look, run_slot
from coalition.jobs.registry import load_jobs
from coalition.jobs.runner import guarded_look, run_jobs

NOW = datetime(2026, 5, 4, 22, 30, tzinfo=UTC)
DATES = [date(2026, 1, 1 + n).isoformat() for n in range(20)]


@pytest.fixture
def context(engine: Engine, config: Config) -> JobContext:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE worked (slot text)"))
    return JobContext(
        config=config,
        database=Database(engine),
        directory=Directory(monotonic=time.monotonic),
        clocks=Clocks(wall=lambda: NOW),
    )


def _all(_context: JobContext, _connection: Connection) -> Sequence[str]:
    return DATES


def _work(_context: JobContext, connection: Connection, slot: str) -> Done:
    connection.execute(text("INSERT INTO worked VALUES (:slot)"), {"slot": slot})
    return Done(counts={"worked": 1})


NIGHTLY = SlotJob(name="nightly", every_seconds=1, slots=_all, run=_work)


def _worked(context: JobContext) -> list[str]:
    with context.database.transaction() as connection:
        return list(connection.scalars(text("SELECT slot FROM worked ORDER BY slot")))


def test_a_slot_is_run_once_and_recorded_with_what_it_did(context: JobContext) -> None:
    assert look(NIGHTLY, context=context) == len(DATES)
    assert look(NIGHTLY, context=context) == 0
    assert _worked(context) == DATES
    with context.database.transaction() as connection:
        row = connection.execute(text("SELECT * FROM job_run WHERE slot = '2026-01-03'")).one()
    assert (row.job, row.result, row.finished_at) == ("nightly", {"worked": 1}, NOW)


def test_sixteen_schedulers_at_once_run_each_slot_once(context: JobContext) -> None:
    threads = [
        threading.Thread(target=look, args=(NIGHTLY,), kwargs={"context": context})
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _worked(context) == DATES


def test_a_run_that_fails_leaves_nothing_and_is_due_again(
    context: JobContext, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = [True]

    def fail_once(context: JobContext, connection: Connection, slot: str) -> Done:
        done = _work(context, connection, slot)
        if slot == DATES[2] and broken:
            broken.pop()
            raise RuntimeError("the third night breaks")
        return done

    job = SlotJob(name="brittle", every_seconds=1, slots=_all, run=fail_once)
    guarded_look(job, context=context)
    assert _worked(context) == DATES[:2]
    guarded_look(job, context=context)
    assert _worked(context) == DATES
    capsys.readouterr()


def test_a_slot_that_another_runs_is_left_to_it(context: JobContext) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow(context: JobContext, connection: Connection, slot: str) -> Done:
        inside.set()
        assert go_on.wait(10)
        return _work(context, connection, slot)

    job = SlotJob(name="slow", every_seconds=1, slots=_all, run=slow)
    first = threading.Thread(target=run_slot, args=(job, DATES[0]), kwargs={"context": context})
    first.start()
    assert inside.wait(10)
    assert run_slot(job, DATES[0], context=context) is False
    go_on.set()
    first.join()
    assert _worked(context) == [DATES[0]]


def test_schedulers_killed_at_any_moment_leave_each_slot_whole(
    context: JobContext, database_url: str
) -> None:
    code = textwrap.dedent(
        """
        import sys, time
        from datetime import UTC, datetime
        from coalition.config import Config
        from coalition.db.database import Database
        from coalition.db.engine import create_engine_for
        from coalition.directory import Clocks, Directory
        from coalition.jobs.job import JobContext
        from coalition.jobs.ledger import look
        from tests.integration.coalition.jobs.test_job_ledger import NIGHTLY
        context = JobContext(
            config=Config(), database=Database(create_engine_for(sys.argv[1], pool_size=2)),
            directory=Directory(monotonic=time.monotonic),
            clocks=Clocks(wall=lambda: datetime.now(UTC)),
        )
        print("ready", flush=True)
        look(NIGHTLY, context=context)
        """
    )
    chance = random.Random(7)
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", code, database_url], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.06))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with context.database.transaction() as connection:
            recorded = list(connection.scalars(text("SELECT slot FROM job_run ORDER BY slot")))
        assert _worked(context) == recorded
    deadline = time.monotonic() + 20
    while _worked(context) != DATES and time.monotonic() < deadline:
        look(NIGHTLY, context=context)  # a killed server process frees its lock a moment later
    assert _worked(context) == DATES


def test_repeated_work_goes_on_while_there_is_more(context: JobContext) -> None:
    left = [3]

    def batch(_context: JobContext, _connection: Connection) -> Done:
        left[0] -= 1
        return Done(counts={"done": 1}, more=left[0] > 0)

    assert look(RepeatedJob(name="some", every_seconds=1, run=batch), context=context) == 3
    idle = SelfLockingJob(name="idle", every_seconds=1, run=lambda _: Done(counts={"done": 0}))
    assert look(idle, context=context) == 0


def test_the_runner_looks_at_every_job_until_it_is_stopped(context: JobContext) -> None:
    stop = threading.Event()
    calls: Iterator[int] = iter(range(100))

    def count(_context: JobContext) -> Done:
        if next(calls) == 1:
            stop.set()
        return Done()

    quick = JobContext(
        config=Config(jobs_tick_seconds=1),
        database=context.database,
        directory=context.directory,
        clocks=context.clocks,
    )
    jobs = (NIGHTLY, SelfLockingJob(name="counter", every_seconds=1, run=count))
    run_jobs(context=quick, jobs=jobs, stop=stop)
    assert _worked(context) == DATES


def test_the_hubs_jobs_have_names_of_their_own() -> None:
    assert "evidence-partitions" in {job.name for job in load_jobs()}


def test_months_of_evidence_are_made_ahead_and_dropped_after_their_time(engine: Engine) -> None:
    with engine.begin() as connection:
        assert make_months(connection=connection, today=date(2026, 11, 30), ahead=2) == 3
        assert make_months(connection=connection, today=date(2026, 12, 1), ahead=2) == 1
        insert = text(
            "INSERT INTO signed_request (received_at, request_id, party_no, key_id, method,"
            " target, headers, body) VALUES (:at, gen_random_uuid(), 1, gen_random_uuid(),"
            " 'PUT', '/', '{}', '')"
        )
        for at in ("2020-02-02 00:00Z", "2026-12-31 23:59Z", "2027-01-01 00:00Z"):
            connection.execute(insert, {"at": at})
        homes = list(
            connection.scalars(
                text("SELECT tableoid::regclass::text FROM signed_request ORDER BY received_at")
            )
        )
        assert homes == [
            "signed_request_default",
            "signed_request_2026_12",
            "signed_request_2027_01",
        ]
        assert drop_months(connection=connection, today=date(2027, 3, 15), keep=2) == 2
        left = connection.scalars(text("SELECT received_at FROM signed_request"))
        assert [at.date() for at in left] == [date(2027, 1, 1)]


def test_a_month_whose_rows_fell_into_the_default_partition_stays_there(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO signed_request (received_at, request_id, party_no, key_id, method,"
                " target, headers, body) VALUES ('2026-06-10', gen_random_uuid(), 1,"
                " gen_random_uuid(), 'PUT', '/', '{}', '')"
            )
        )
        assert make_months(connection=connection, today=date(2026, 6, 10), ahead=1) == 1


def test_the_whole_runner_stops_cleanly_when_asked(config: Config, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": config.database_url or "",
        "COALITION_DATA": str(tmp_path),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "coalition.jobs.runner"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "jobs_started" in process.stderr.readline()
    process.terminate()
    _, rest = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "jobs_stopped" in rest
