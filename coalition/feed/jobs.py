"""The hub's own jobs that the night begins with: they post into the date that is being closed.

Each takes the instants before `until`, posts what is due into `window_date`, and gives how many
accounts' entries it posted. Repeating one is harmless: what was done is not found again.
"""

from __future__ import annotations

from datetime import date, datetime

from coalition.db.database import Database
from coalition.directory import Directory


def expire_holds(
    *, database: Database, directory: Directory, until: datetime, window_date: date
) -> int:
    """Holds that ended give their points back."""
    from coalition.redemptions.jobs import expire_holds as run

    return run(database=database, directory=directory, until=until, window_date=window_date)


def activate_points(
    *, database: Database, directory: Directory, until: datetime, window_date: date
) -> int:
    """Points whose return window ended become active."""
    from coalition.ledger.jobs import activate_points as run

    return run(database=database, directory=directory, until=until, window_date=window_date)


def expire_lots(
    *, database: Database, directory: Directory, until: datetime, window_date: date
) -> int:
    """Points past their expiry go to breakage."""
    from coalition.ledger.jobs import expire_lots as run

    return run(database=database, directory=directory, until=until, window_date=window_date)
