"""Events of sales: what the partner that stated them is told, where it subscribed."""

from __future__ import annotations

from collections.abc import Iterable

from coalition.db.writing import WriteSet
from coalition.errors import HubError
from coalition.events.domain import event_rows
from coalition.events.store import EVENT_NEW
from coalition.posting_context import PostingContext
from coalition.sales.service.answer import SaleAnswer
from coalition.sales.wire import answer_document


def announce(
    *, writes: WriteSet, context: PostingContext, answers: Iterable[SaleAnswer | HubError]
) -> None:
    """Queue the events of what was changed: `sale.posted`, and `points.clawed_back`."""
    wanted = context.snapshot.subscribed.get(context.party_no)
    if not wanted:
        return
    for answer in answers:
        if isinstance(answer, HubError) or answer.outcome in ("unchanged", "superseded"):
            continue
        types = ["sale.posted"] + (["points.clawed_back"] if answer.change < 0 else [])
        for type_ in types:
            rows = event_rows(
                snapshot=context.snapshot,
                type=type_,
                party_no=context.party_no,
                payload=answer_document(answer, context.snapshot),
                now=context.now,
                new_id=context.new_id,
            )
            writes.extend(EVENT_NEW, rows)
