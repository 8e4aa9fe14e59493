"""What was issued, spent, expired and taken back: by window, kept once the window is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime

from sqlalchemy import Connection

from settlement import hub
from settlement.accounting import store
from settlement.accounting.domain.deferred import Cohort, Flow


def take_windows(*, connection: Connection, wall: Callable[[], datetime]) -> int:
    """Sum the points of every closed window that was not summed; gives how many."""
    store.lock(connection=connection)
    missing = _missing(connection)
    for day in missing:
        store.insert_flows(
            connection=connection,
            business_date=day,
            flows=window_flows(connection=connection, day=day),
            taken_at=wall(),
        )
    return len(missing)


def all_flows(
    *, connection: Connection, through: date, issuer: int | None = None
) -> Iterator[Flow]:
    """Kept flows, and those of windows that were not summed yet."""
    yield from store.read_flows(connection=connection, through=through, issuer=issuer)
    for day in _missing(connection):
        if day <= through:
            for flow in window_flows(connection=connection, day=day):
                if issuer is None or flow.cohort.issuer == issuer:
                    yield flow


def window_flows(*, connection: Connection, day: date) -> Iterator[Flow]:
    """The flows of one window, as the hub's movements give them."""
    for each in hub.read_point_flows(connection=connection, business_date=day):
        yield Flow(
            day,
            cohort_of(each.cohort),
            each.issued,
            each.redeemed,
            each.expired,
            each.clawed_back,
            each.issued_micros,
            each.redeemed_micros,
            each.expired_micros,
            each.clawed_back_micros,
        )


def cohort_of(key: hub.CohortKey) -> Cohort:
    """The cohort that the hub names."""
    return Cohort(key.issuer, key.funder, key.funding, key.currency, key.month)


def _missing(connection: Connection) -> list[date]:
    """Closed windows that were not summed, oldest first."""
    taken = store.taken_windows(connection=connection)
    return [
        window.business_date
        for window in hub.read_windows(connection=connection, limit=100_000)
        if window.business_date not in taken
    ]
