"""A signed request as evidence, for endpoints that write it in the statement of their own work."""

from __future__ import annotations

import base64

from coalition.db.writing import WriteSet, insert_section
from coalition.http.context import RequestContext

EVIDENCE = insert_section(
    "evidence_new",
    "signed_request",
    {
        "received_at": "timestamptz",
        "request_id": "uuid",
        "party_no": "int",
        "key_id": "uuid",
        "method": "text",
        "target": "text",
        "headers": "jsonb",
        "body": "text",
    },
    filled={"body": "decode(r.body, 'base64')"},
)


def evidence_writes(context: RequestContext) -> WriteSet:
    """A write set that begins with the request's evidence; empty where it was not signed."""
    writes = WriteSet()
    if context.evidence is not None:
        row = dict(context.evidence)
        row["body"] = base64.b64encode(row["body"]).decode()
        writes.add(EVIDENCE, row)
    return writes
