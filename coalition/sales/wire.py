"""Sales as the API tells them."""

from __future__ import annotations

from typing import Any

from coalition.directory import Snapshot
from coalition.sales.service.answer import SaleAnswer
from partner_sdk.wire.ids import encode
from partner_sdk.wire.instants import format_instant


def answer_document(answer: SaleAnswer, snapshot: Snapshot) -> dict[str, Any]:
    """What became of a sale, in wire form."""
    agreement = snapshot.agreement_by_no[answer.agreement_no]
    document: dict[str, Any] = {
        "id": answer.external_id,
        "revision": answer.revision,
        "outcome": answer.outcome,
        "member": None if answer.account_id is None else encode("mem", answer.account_id),
        "agreement": {"id": encode("agr", agreement.id), "version": agreement.version},
        "points": {
            "earned": answer.earned,
            "change": answer.change,
            "pending": answer.pending,
            "debt": answer.debt,
        },
    }
    if answer.activates_at is not None and answer.expires_at is not None:
        document["activates_at"] = format_instant(answer.activates_at)
        document["expires_at"] = format_instant(answer.expires_at)
    return document
