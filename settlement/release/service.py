"""Releasing a window takes two people: a maker proposes, another approves exactly that.

Each use case works in the caller's transaction: killed anywhere, nothing or all of it is there, and
the same call does what is left to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from coalition.errors import HubError
from partner_sdk.wire.amounts import Money
from settlement import hub
from settlement.log.service import cosignatures
from settlement.payments.domain.planning import Plan
from settlement.payments.service.paying import write_payment_file
from settlement.payments.service.releasing import make_payments, plan_release
from settlement.payments.store.accounts import lock_payments
from settlement.payments.store.instructions import StoredFile
from settlement.release import store
from settlement.release.domain import (
    Release,
    StatementRef,
    document_sha256,
    first_difference,
    release_document,
)
from settlement.store import statements


def propose(
    *,
    connection: Connection,
    business_date: date,
    operator: hub.OperatorFacts,
    now: datetime,
    new_id: Callable[[], UUID],
) -> Release:
    """Propose to release a window as it stands. `now` is wall time.

    Raises:
        HubError: `window_not_issued`, `release_exists`.
    """
    lock_payments(connection=connection)
    _require_issued(connection, business_date)
    living = store.read_living(connection=connection, business_date=business_date)
    if living is not None:
        raise HubError(
            "release_exists",
            f"The window has the release {living.public_id}, {living.state} by {living.maker}.",
            release=living.public_id,
        )
    coalition = hub.read_coalition(connection=connection)
    proposed_on = hub.business_now(connection=connection).astimezone(coalition.time_zone).date()
    document, _ = _document(connection, business_date, proposed_on)
    proposed = Release(
        release_id=new_id(),
        business_date=business_date,
        state="proposed",
        document=document,
        sha256=document_sha256(document),
        maker=operator.person,
        proposed_at=now,
        proposed_on=proposed_on,
        approver=None,
        decided_at=None,
        reason=None,
    )
    store.insert_release(connection=connection, found=proposed, maker_key=operator.key_id)
    return proposed


def approve(
    *,
    connection: Connection,
    release_id: UUID,
    sha256: str,
    operator: hub.OperatorFacts,
    now: datetime,
    new_id: Callable[[], UUID],
) -> Release:
    """Approve what was proposed, by its hash (hex); the window is released by it.

    If anything of it has changed since, the proposal is void and says what changed. `now` is wall
    time.

    Raises:
        HubError: `release_not_found`, `release_not_open`, `release_needs_another_person`,
            `release_hash_differs`, `cosignatures_missing`, `window_not_issued`.
    """
    lock_payments(connection=connection)
    found = _open(connection, release_id)
    if found.maker == operator.person:
        raise HubError(
            "release_needs_another_person", f"{found.maker} proposed it; another must approve."
        )
    if sha256 != found.sha256.hex():
        raise HubError("release_hash_differs", "The hash given is not that of what was proposed.")
    _require_issued(connection, found.business_date)
    cosigned = cosignatures(connection=connection, business_date=found.business_date)
    if not cosigned.enough:
        raise HubError(
            "cosignatures_missing",
            f"{cosigned.needed} partners must have cosigned the log with the window's statements; "
            f"{len(cosigned.parties)} have.",
            needed=cosigned.needed,
            present=len(cosigned.parties),
        )
    document, plan = _document(connection, found.business_date, found.proposed_on)
    if document != found.document:
        changed = first_difference(before=found.document, after=document)
        reason = f"{changed} changed after it was proposed"
        store.mark_ended(
            connection=connection,
            release_id=release_id,
            state="void",
            reason=reason,
            decided_at=now,
        )
        return replace(found, state="void", reason=reason, decided_at=now)
    store.mark_approved(
        connection=connection,
        release_id=release_id,
        approver=operator.person,
        approver_key=operator.key_id,
        sha256=found.sha256,
        decided_at=now,
    )
    hub.mark_window(
        connection=connection,
        business_date=found.business_date,
        before="issued",
        after="released",
    )
    make_payments(
        connection=connection,
        release_id=release_id,
        business_date=found.business_date,
        released_on=found.proposed_on,
        plan=plan,
        now=now,
        new_id=new_id,
    )
    return replace(found, state="approved", approver=operator.person, decided_at=now)


def withdraw(
    *,
    connection: Connection,
    release_id: UUID,
    reason: str,
    operator: hub.OperatorFacts,
    now: datetime,
) -> Release:
    """Take a proposal back; anybody of the operator's may. `now` is wall time.

    Raises:
        HubError: `release_not_found`, `release_not_open`.
    """
    found = _open(connection, release_id)
    said = f"{operator.person}: {reason}"
    store.mark_ended(
        connection=connection,
        release_id=release_id,
        state="withdrawn",
        reason=said,
        decided_at=now,
    )
    return replace(found, state="withdrawn", reason=said, decided_at=now)


def payment_file(
    *, connection: Connection, release_id: UUID, operator: hub.OperatorFacts, now: datetime
) -> StoredFile:
    """What the bank is told to pay for an approved release. `now` is wall time.

    Raises:
        HubError: `release_not_found`, `release_not_approved`, `nothing_to_pay`.
    """
    found = get(connection=connection, release_id=release_id)
    if found.state != "approved":
        raise HubError(
            "release_not_approved", f"The release is {found.state}; only approved ones are paid."
        )
    # The release's hash names the message: short, and the same for the same release.
    return write_payment_file(
        connection=connection,
        release_id=release_id,
        message_id=f"{found.business_date:%Y%m%d}-{found.sha256.hex()[:16]}",
        person=operator.person,
        now=now,
    )


def get(*, connection: Connection, release_id: UUID) -> Release:
    """A release. Raises HubError `release_not_found`."""
    found = store.read_release(connection=connection, release_id=release_id)
    if found is None:
        raise HubError("release_not_found", "There is no such release.")
    return found


def get_living(*, connection: Connection, business_date: date) -> Release:
    """The release of a window that is proposed or approved. Raises HubError `release_not_found`."""
    found = store.read_living(connection=connection, business_date=business_date)
    if found is None:
        raise HubError("release_not_found", f"The window of {business_date} has no release.")
    return found


def what_changed(*, connection: Connection, found: Release) -> str | None:
    """Where a proposal is not what would be released now; None while it is."""
    if found.state != "proposed":
        return None
    document, _ = _document(connection, found.business_date, found.proposed_on)
    if document == found.document:
        return None
    return first_difference(before=found.document, after=document)


def _open(connection: Connection, release_id: UUID) -> Release:
    found = store.lock_release(connection=connection, release_id=release_id)
    if found is None:
        raise HubError("release_not_found", "There is no such release.")
    if found.state != "proposed":
        raise HubError("release_not_open", f"The release is {found.state} already.")
    return found


def _require_issued(connection: Connection, business_date: date) -> None:
    window = hub.read_window(connection=connection, business_date=business_date)
    state = "open" if window is None else window.state
    if state != "issued":
        raise HubError(
            "window_not_issued",
            f"The window of {business_date} is {state}; a window is released once, after its "
            "statements are published.",
            state=state,
        )


def _document(connection: Connection, business_date: date, proposed_on: date) -> tuple[bytes, Plan]:
    coalition = hub.read_coalition(connection=connection)
    slugs = {party.no: party.slug for party in hub.read_parties(connection=connection)}
    plan = plan_release(connection=connection, business_date=business_date, proposed_on=proposed_on)
    refs = [
        StatementRef(
            public_id=each.plan.public_id,
            party=slugs[each.plan.party_no],
            statement_no=each.plan.no,
            closing=Money(each.plan.closing_micros, each.plan.currency),
            sha256=each.issued.sha256,
        )
        for each in statements.read_window_statements(
            connection=connection, business_date=business_date
        )
        if each.issued is not None
    ]
    document = release_document(
        coalition=coalition.name,
        environment=coalition.environment,
        business_date=business_date,
        proposed_on=proposed_on,
        statements=refs,
        plan=plan,
        slugs=slugs,
    )
    return document, plan
