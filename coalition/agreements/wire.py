"""Agreements as the API and the commands show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from coalition.agreements.domain import Agreement
from partner_sdk.wire import ids
from partner_sdk.wire.instants import format_instant


def agreement_document(
    agreement: Agreement, *, party_id: UUID, terms: Mapping[str, Any]
) -> dict[str, Any]:
    """One version, with the terms exactly as they were agreed."""
    until = agreement.effective_to
    return {
        "id": ids.encode("agr", agreement.id),
        "partner": ids.encode("prt", party_id),
        "version": agreement.version,
        "effective_from": format_instant(agreement.effective_from),
        "effective_to": None if until is None else format_instant(until),
        "terms": dict(terms),
        "terms_sha256": agreement.terms_sha256.hex(),
    }
