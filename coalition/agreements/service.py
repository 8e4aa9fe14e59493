"""Publishing a partner's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from coalition.agreements.domain import Agreement
from coalition.agreements.store import insert_agreement
from coalition.agreements.terms import parse_terms, terms_sha256
from coalition.db.state import bump_directory
from coalition.errors import FieldError, HubError


def publish_agreement(
    *,
    connection: Connection,
    existing: Sequence[Agreement],
    currency: str,
    agreement_id: UUID,
    party_no: int,
    effective_from: datetime,
    effective_to: datetime | None,
    document: Mapping[str, Any],
    now: datetime,
) -> Agreement:
    """Publish the next version of a partner's terms.

    The first version may reach into the past, to take over sales made before the partner was
    entered; a later one begins after the start of the newest and not before `now`: what has been
    priced stays priced.

    Raises:
        HubError: `validation_failed` with a pointer for every wrong place.
    """
    terms = parse_terms(document)
    faults = []
    if terms.currency != currency:
        faults.append(FieldError("/terms/currency", f"must be the coalition's, {currency}"))
    if effective_to is not None and effective_to <= effective_from:
        faults.append(FieldError("/effective_to", "must be later than effective_from"))
    if existing and effective_from <= max(version.effective_from for version in existing):
        faults.append(FieldError("/effective_from", "must be later than the newest version's"))
    if existing and effective_from < now:
        faults.append(FieldError("/effective_from", "must not lie in the past"))
    if faults:
        raise HubError(
            "validation_failed",
            "The agreement cannot be published as it stands; mend the listed places.",
            errors=tuple(faults),
        )
    sha256 = terms_sha256(document)
    no, version = insert_agreement(
        connection=connection,
        agreement_id=agreement_id,
        party_no=party_no,
        effective_from=effective_from,
        effective_to=effective_to,
        terms=document,
        sha256=sha256,
        now=now,
    )
    bump_directory(connection=connection)
    return Agreement(
        no=no,
        id=agreement_id,
        party_no=party_no,
        version=version,
        effective_from=effective_from,
        effective_to=effective_to,
        terms=terms,
        terms_sha256=sha256,
    )
