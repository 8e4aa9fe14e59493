"""Publishing a partner's terms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from coalition.agreements.domain import Agreement
from coalition.agreements.reading import parse_terms
from coalition.agreements.store import insert_agreement, insert_face_value
from coalition.agreements.terms import terms_sha256
from coalition.db.state import bump_directory
from coalition.errors import FieldError, HubError
from partner_sdk.wire.amounts import InvalidAmount, minor_digits, parse_decimal


def publish_agreement(
    *,
    connection: Connection,
    existing: Sequence[Agreement],
    currency: str,
    others: Collection[str] = (),
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
    priced stays priced. The currency is the coalition's or one of `others`: those in which a point
    has a face value when the version begins.

    Raises:
        HubError: `validation_failed` with a pointer for every wrong place.
    """
    terms = parse_terms(document)
    faults = []
    if terms.currency not in (currency, *others):
        allowed = " or ".join(sorted({currency, *others}))
        faults.append(FieldError("/terms/currency", f"must be one with a face value, {allowed}"))
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


def set_face_value(
    *,
    connection: Connection,
    existing: Sequence[tuple[date, int]],
    currency: str,
    value: str,
    effective_from: str,
    today: date,
) -> None:
    """Set what a point is worth in a currency, from a business date (YYYY-MM-DD) on.

    `existing` are its face values so far. The first one may begin on any date; a later one not
    before tomorrow, for what was priced today stays priced.

    Raises:
        HubError: `validation_failed` with what is wrong.
    """
    faults = []
    micros, begins = 0, today
    try:
        minor_digits(currency)
        micros = parse_decimal(value)
    except InvalidAmount as error:
        faults.append(FieldError("/value", str(error)))
    try:
        begins = date.fromisoformat(effective_from)
    except ValueError:
        faults.append(FieldError("/effective_from", "must be a date such as 2026-11-22"))
    if micros <= 0:
        faults.append(FieldError("/value", "must be above zero"))
    if existing and begins <= max(today, *(since for since, _ in existing)):
        faults.append(FieldError("/effective_from", "must be later than today and the newest one"))
    if faults:
        raise HubError(
            "validation_failed",
            f"The face value cannot be set: {faults[0].pointer[1:]} {faults[0].detail}.",
            errors=tuple(faults),
        )
    insert_face_value(
        connection=connection, currency=currency, effective_from=begins, micros=micros
    )
    bump_directory(connection=connection)
