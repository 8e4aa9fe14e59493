"""From a request to what use cases that post need to know."""

from __future__ import annotations

from coalition.http.context import RequestContext
from coalition.posting_context import PostingContext


def posting_context(context: RequestContext) -> PostingContext:
    """The caller, the moment, and the request as evidence where it was signed."""
    return PostingContext(
        snapshot=context.snapshot,
        now=context.now,
        new_id=context.hub.new_id,
        party_no=context.caller.party_no,
        request_id=None if context.evidence is None else context.request_id,
    )
