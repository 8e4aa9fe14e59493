"""What a release would ask for and pay out: items with their references, instructions to pay.

An instruction is given once for each part of what is to be paid out. What could not be instructed,
because the party's account was not known or a transfer came back, is instructed by the next
release. Amounts are micros.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from settlement.payments.domain.accounts import Account
from settlement.payments.domain.interest import LateTerms
from settlement.payments.domain.items import Direction, Due
from settlement.payments.domain.references import make_reference


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """How a party pays and is paid; `days` are counted from the business date."""

    account: Account | None = None
    days: int = 14
    late: LateTerms = field(default_factory=LateTerms)


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """A position with all that is asked of its party; `collect_at`: the account to pay to."""

    reference: str
    business_date: date
    party_no: int
    currency: str
    direction: Direction
    amount_micros: int
    due_date: date
    collect_at: Account | None
    late: LateTerms


@dataclass(frozen=True, slots=True)
class Uninstructed:
    """What is to be paid out for an earlier item and was never instructed."""

    reference: str
    business_date: date
    party_no: int
    currency: str
    amount_micros: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """A transfer that the bank is to make."""

    reference: str
    party_no: int
    currency: str
    amount_micros: int
    from_account: Account
    to_account: Account
    on: date


@dataclass(frozen=True, slots=True)
class Plan:
    """What a release makes: new items, and instructions to pay out."""

    items: tuple[PlannedItem, ...]
    instructions: tuple[Instruction, ...]


def plan_payments(
    *,
    business_date: date,
    proposed_on: date,
    dues: Iterable[Due],
    uninstructed: Sequence[Uninstructed],
    terms: Mapping[int, PaymentTerms],
    accounts: Mapping[str, Account],
) -> Plan:
    """Plan the payments of a release; `accounts` are the clearing house's, by currency."""
    items = tuple(
        _item(due, business_date, proposed_on, terms.get(due.party_no, PaymentTerms()), accounts)
        for due in sorted(dues, key=lambda each: (each.party_no, each.currency))
    )
    to_pay = [
        *uninstructed,
        *(
            Uninstructed(i.reference, business_date, i.party_no, i.currency, i.amount_micros)
            for i in items
            if i.direction == "pay"
        ),
    ]
    instructions = []
    for each in sorted(to_pay, key=lambda one: (one.business_date, one.party_no, one.currency)):
        to_account = terms.get(each.party_no, PaymentTerms()).account
        from_account = accounts.get(each.currency)
        if to_account is not None and from_account is not None:
            instructions.append(
                Instruction(
                    reference=each.reference,
                    party_no=each.party_no,
                    currency=each.currency,
                    amount_micros=each.amount_micros,
                    from_account=from_account,
                    to_account=to_account,
                    on=proposed_on,
                )
            )
    return Plan(items=items, instructions=tuple(instructions))


def _item(
    due: Due,
    business_date: date,
    proposed_on: date,
    terms: PaymentTerms,
    accounts: Mapping[str, Account],
) -> PlannedItem:
    collects = due.direction == "collect"
    # The clearing house pays out at once; a party has its days, and never fewer than none.
    due_date = max(business_date + timedelta(days=terms.days), proposed_on)
    return PlannedItem(
        reference=make_reference(
            business_date=business_date, party_no=due.party_no, currency=due.currency
        ),
        business_date=business_date,
        party_no=due.party_no,
        currency=due.currency,
        direction=due.direction,
        amount_micros=due.amount_micros,
        due_date=due_date if collects else proposed_on,
        collect_at=accounts.get(due.currency) if collects else None,
        late=terms.late if collects else LateTerms(),
    )
