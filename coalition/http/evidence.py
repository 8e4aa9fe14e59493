"""A signed request as evidence, for endpoints that write it in a unit of work of their own."""

from __future__ import annotations

import base64

from sqlalchemy import Connection

from coalition.db.writing import WriteSet, insert_section
from coalition.http.context import RequestContext
from coalition.http.store import save_evidence

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


def keep_evidence(*, connection: Connection, context: RequestContext) -> None:
    """Keep the request in that transaction, where it was signed."""
    if context.evidence is not None:
        save_evidence(connection=connection, row=context.evidence)
