"""The scheduler: looks every minute which closed business dates have no complete run.

APScheduler only ticks, in UTC. Which dates are due is read from the database, and each step is
claimed there, so a tick that comes twice, late or never does no harm, and any number of schedulers
may run.
"""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from coalition.config import Config
from coalition.logging import configure_logging, logger
from coalition.processes import end_with_supervisor
from settlement.accounting.service import take_windows
from settlement.app import open_night
from settlement.config import SettlementConfig
from settlement.reports import read_trouble
from settlement.steps.chain import Busy, NotDue, dates_to_settle, settle_date
from settlement.steps.night import Night

_log = logger(__name__)
TICK_SECONDS = 60


def tick(*, night: Night) -> int:
    """Settle every date that is due; gives how many. Never raises: the next tick tries again."""
    settled = 0
    try:
        for business_date in dates_to_settle(night=night):
            settle_date(night=night, business_date=business_date)
            settled += 1
            _log.info("date_settled", date=str(business_date))
        if settled:
            with night.database.transaction() as connection:
                take_windows(connection=connection, wall=night.wall)
    except (Busy, NotDue) as reason:
        _log.info("left_to_others", reason=str(reason))
    except Exception:  # noqa: BLE001 - the edge: a failed night must not end the scheduler
        _log.exception("night_failed")
    return settled


def run_scheduler(
    *, config: Config, settings: SettlementConfig, tick_seconds: int = TICK_SECONDS
) -> None:
    """Tick until SIGINT or SIGTERM; the step under way is finished."""
    end_with_supervisor()
    configure_logging(level=config.log_level, output=config.log_format)
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    with open_night(config=config, settings=settings) as night:
        for trouble in read_trouble(night=night):
            # The night itself will not sign on it; whoever starts the hub must not learn it then.
            _log.error("log_is_in_trouble", log=trouble.log, trouble=trouble.message)
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        scheduler.add_job(
            tick,
            "interval",
            seconds=tick_seconds,
            kwargs={"night": night},
            id="settlement",
            next_run_time=datetime.now(UTC),  # noqa: TID251 - when to tick first, on the real clock
        )
        scheduler.start()
        _log.info("scheduler_started", tick_seconds=tick_seconds)
        stop.wait()
        scheduler.shutdown(wait=True)
    _log.info("scheduler_stopped")
