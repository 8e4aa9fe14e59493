"""How each party pays and is paid: from its finance profile, and what being late costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from coalition.errors import FieldError, HubError
from partner_sdk.wire.amounts import InvalidAmount, minor_digits
from settlement import hub
from settlement.payments.domain.accounts import Account, electronic, is_bic, is_iban
from settlement.payments.domain.interest import DAY_COUNTS, LateTerms
from settlement.payments.domain.planning import PaymentTerms
from settlement.payments.store import accounts as store
from settlement.payments.store.accounts import EVERY_PARTY, ClearingAccount, LateRow
from settlement.profiles.domain import DEFAULT_PROFILE
from settlement.profiles.service import read_profiles

_NO_LATE = LateRow("act/365", 0, 0)


def read_terms(*, connection: Connection) -> dict[int, PaymentTerms]:
    """Every party's terms by its number; the clearing house has none."""
    profiles = read_profiles(connection=connection)
    late = store.read_late_rows(connection=connection)
    parties = hub.read_parties(connection=connection)
    terms = {}
    for party in parties:
        if party.kind == "clearing":
            continue
        profile = profiles.get(party.no, DEFAULT_PROFILE)
        row = late.get(party.no) or late.get(EVERY_PARTY) or _NO_LATE
        account = None
        if profile.iban is not None:
            account = Account(profile.iban, profile.bic, profile.account_holder or party.name)
        terms[party.no] = PaymentTerms(
            account=account,
            days=profile.payment_days,
            late=LateTerms(
                interest_ppm=profile.interest_micros,
                day_count=row.day_count,
                penalty_micros=row.penalty_micros,
                penalty_after_days=row.penalty_after_days,
            ),
        )
    return terms


def party_of_account(terms: Mapping[int, PaymentTerms]) -> dict[str, int]:
    """The party of each IBAN that one party alone has."""
    owners: dict[str, set[int]] = {}
    for party_no, each in terms.items():
        if each.account is not None:
            owners.setdefault(each.account.iban, set()).add(party_no)
    return {iban: found.pop() for iban, found in owners.items() if len(found) == 1}


def set_clearing_account(
    *,
    connection: Connection,
    currency: str,
    iban: str,
    bic: str | None,
    holder: str,
    mt940_name: str | None,
    person: str,
    now: datetime,
) -> ClearingAccount:
    """Set the clearing house's account in a currency.

    Raises:
        HubError: `validation_failed`.
    """
    iban = electronic(iban)
    bic = electronic(bic) if bic else None
    faults = [
        FieldError(f"/{name}", fault)
        for name, fault, good in (
            ("currency", "must be three capital letters (ISO 4217)", _is_currency(currency)),
            ("iban", "must be an IBAN with its check digits", is_iban(iban)),
            ("bic", "must be a BIC of 8 or 11 characters", bic is None or is_bic(bic)),
            ("holder", "must have 1 to 70 characters", 0 < len(holder) <= 70),
        )
        if not good
    ]
    if faults:
        raise HubError("validation_failed", "The account is wrong.", errors=tuple(faults))
    account = ClearingAccount(
        currency=currency,
        account=Account(iban, bic, holder),
        mt940_name=electronic(mt940_name) if mt940_name else None,
    )
    store.save_account(connection=connection, account=account, changed_by=person, changed_at=now)
    return account


def set_late_terms(
    *, connection: Connection, party_no: int, late: LateRow, check: Callable[[int], bool]
) -> None:
    """Set what being late costs a party, or with `EVERY_PARTY` all others; for later releases.

    `check` says whether there is a party of that number.

    Raises:
        HubError: `validation_failed`.
    """
    if (
        late.day_count not in DAY_COUNTS
        or late.penalty_micros < 0
        or not 0 <= late.penalty_after_days <= 365
        or not (party_no == EVERY_PARTY or check(party_no))
    ):
        raise HubError("validation_failed", "Such terms cannot be.")
    store.save_late_row(connection=connection, party_no=party_no, late=late)


def _is_currency(text: str) -> bool:
    try:
        minor_digits(text)
    except InvalidAmount:
        return False
    return True
