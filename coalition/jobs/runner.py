"""The job process: looks at what is due, each job in its own thread, until told to stop.

`python -m coalition.jobs.runner`, started by `coalition serve`, or `coalition jobs`. Any number
may run at once.
"""

from __future__ import annotations

import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from coalition.checkouts.workshop import WORKERS
from coalition.config import Config, read_config
from coalition.db.database import Database
from coalition.db.embedded import open_database
from coalition.db.engine import create_engine_for
from coalition.directory import Clocks, Directory
from coalition.jobs.job import Job, JobContext
from coalition.jobs.ledger import look
from coalition.jobs.registry import load_jobs
from coalition.logging import configure_logging, logger
from coalition.metrics import JOB_RUNS, JOB_SECONDS
from coalition.processes import end_with_supervisor

_log = logger(__name__)


def most_connections(*, threads: int) -> int:
    """How many connections to the database a job process has at most."""
    return threads + 1 + WORKERS  # work on the inbox has some of its own


def make_context(*, config: Config, address: str, threads: int) -> JobContext:
    """What jobs need, on a pool of connections of its own."""
    engine = create_engine_for(
        address,
        pool_size=most_connections(threads=threads),
        application_name="coalition-jobs",
        lock_timeout_ms=config.lock_timeout_ms,
    )
    return JobContext(
        config=config,
        database=Database(engine),
        directory=Directory(monotonic=time.monotonic),
        clocks=Clocks(wall=lambda: datetime.now(UTC)),
    )


def guarded_look(job: Job, *, context: JobContext) -> None:
    """One look at a job; a failure is logged and counted, and tried again at the next look."""
    began = time.monotonic()
    try:
        runs = look(job, context=context)
    except Exception:  # noqa: BLE001 - the edge: what one job raises must not end the others
        JOB_RUNS.labels(job.name, "failed").inc()
        _log.exception("job_failed", job=job.name)
        return
    if runs:
        JOB_RUNS.labels(job.name, "done").inc(runs)
        JOB_SECONDS.labels(job.name).observe(time.monotonic() - began)
        _log.info("job_done", job=job.name, runs=runs)


def run_jobs(*, context: JobContext, jobs: tuple[Job, ...], stop: threading.Event) -> None:
    """Look at every job at its own pace until `stop` is set; runs under way are finished."""
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(max(1, len(jobs)))},
        # Late is better than never, and one late look stands for all that were missed.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    first = datetime.now(UTC)
    for number, job in enumerate(jobs):
        seconds = max(job.every_seconds, context.config.jobs_tick_seconds)
        scheduler.add_job(
            guarded_look,
            "interval",
            seconds=seconds,
            kwargs={"job": job, "context": context},
            id=job.name,
            next_run_time=first + timedelta(milliseconds=100 * number),
        )
    scheduler.start()
    stop.wait()
    scheduler.shutdown(wait=True)


def main(config: Config | None = None) -> None:
    """Run the hub's jobs until SIGINT or SIGTERM."""
    end_with_supervisor()
    config = config or read_config()
    configure_logging(level=config.log_level, output=config.log_format)
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    jobs = load_jobs()
    with open_database(database_url=config.database_url, data_folder=config.data_folder) as address:
        context = make_context(config=config, address=address, threads=len(jobs))
        _log.info("jobs_started", jobs=[job.name for job in jobs])
        run_jobs(context=context, jobs=jobs, stop=stop)
        context.database.engine.dispose()
    _log.info("jobs_stopped")


if __name__ == "__main__":
    main()
