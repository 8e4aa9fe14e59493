"""What proposed terms would have made of a period: read only, one row at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy import Connection

from coalition.agreements.domain import start_of_date
from coalition.agreements.terms import Terms
from coalition.directory import Snapshot, end_of_date
from coalition.errors import FieldError, HubError
from coalition.insights import store
from coalition.insights.domain import Outcome, Replay, ReplayedSale


def what_if(
    *,
    connection: Connection,
    snapshot: Snapshot,
    party_no: int,
    proposed: Terms,
    first: date,
    last: date,
    tell: Callable[[int, int], None],
) -> Outcome:
    """Replay the partner's sales of the local dates `first` to `last`, both included.

    The connection's transaction must not have begun to read: it is made read-only, and shows one
    state of the books. `tell` is called with how many sales of how many are done.

    Raises:
        HubError: `validation_failed`: another currency, or a period that ends before it begins.
    """
    store.forbid_writing(connection=connection)
    faults = []
    if proposed.currency != snapshot.hub.currency:
        faults.append(FieldError("/terms/currency", f"must be {snapshot.hub.currency}"))
    if last < first:
        faults.append(FieldError("/to", "must not be before from"))
    if faults:
        raise HubError("validation_failed", "These terms cannot be tried.", errors=tuple(faults))
    replay = Replay(
        party_no=party_no,
        proposed=proposed,
        agreed={no: agreement.terms for no, agreement in snapshot.agreement_by_no.items()},
    )
    total = store.count_sales(connection=connection, party_no=party_no, first=first, last=last)
    sales = store.stream_sales(connection=connection, party_no=party_no, first=first, last=last)
    tell(0, total)
    for done, (sale, expired, outstanding, spent) in enumerate(sales, 1):
        face = snapshot.face_micros(currency=sale.currency, on=sale.local_date) or 0
        replay.add(ReplayedSale(sale, face, spent, expired, outstanding))
        if done % 1000 == 0 or done == total:
            tell(done, total)
    zone = snapshot.hub.time_zone
    own = store.read_own_redemptions(
        connection=connection,
        party_no=party_no,
        since=start_of_date(first, zone),
        until=end_of_date(last, zone),
    )
    return replay.finish(own=own)
