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
class Owed:
    """What a party in default has not paid of an earlier item."""

    reference: str
    business_date: date
    party_no: int
    currency: str
    amount_micros: int


@dataclass(frozen=True, slots=True)
class SetOff:
    """What a party in default is owed, set off against what it owes: both are paid by it."""

    party_no: int
    currency: str
    pay_reference: str
    collect_reference: str
    amount_micros: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a release makes: new items, what is set off, and instructions to pay out."""

    items: tuple[PlannedItem, ...]
    instructions: tuple[Instruction, ...]
    set_off: tuple[SetOff, ...] = ()


def plan_payments(
    *,
    business_date: date,
    proposed_on: date,
    dues: Iterable[Due],
    uninstructed: Sequence[Uninstructed],
    terms: Mapping[int, PaymentTerms],
    accounts: Mapping[str, Account],
    defaulted: frozenset[int] = frozenset(),
    owed: Sequence[Owed] = (),
) -> Plan:
    """Plan the payments of a release; `accounts` are the clearing house's, by currency.

    To a party in default nothing is paid out before all that it owes is covered: `owed` are its
    earlier items.
    """
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
    to_collect = [
        *owed,
        *(
            Owed(i.reference, business_date, i.party_no, i.currency, i.amount_micros)
            for i in items
            if i.direction == "collect" and i.party_no in defaulted
        ),
    ]
    to_pay.sort(key=lambda one: (one.business_date, one.party_no, one.currency))
    to_collect.sort(key=lambda one: (one.business_date, one.party_no, one.currency))
    set_off = set_off_defaulted(to_pay=to_pay, to_collect=to_collect)
    taken: dict[str, int] = {}
    for one in set_off:
        taken[one.pay_reference] = taken.get(one.pay_reference, 0) + one.amount_micros
    instructions = []
    for each in to_pay:
        left = each.amount_micros - taken.get(each.reference, 0)
        to_account = terms.get(each.party_no, PaymentTerms()).account
        from_account = accounts.get(each.currency)
        if left and to_account is not None and from_account is not None:
            instructions.append(
                Instruction(
                    reference=each.reference,
                    party_no=each.party_no,
                    currency=each.currency,
                    amount_micros=left,
                    from_account=from_account,
                    to_account=to_account,
                    on=proposed_on,
                )
            )
    return Plan(items=items, instructions=tuple(instructions), set_off=set_off)


def set_off_defaulted(
    *, to_pay: Iterable[Uninstructed], to_collect: Iterable[Owed]
) -> tuple[SetOff, ...]:
    """Set what is to be paid out off against what is owed by the same party, in their order."""
    owed = [(each, [each.amount_micros]) for each in to_collect]
    found = []
    for pay in to_pay:
        left = pay.amount_micros
        for collect, open_micros in owed:
            if (collect.party_no, collect.currency) != (pay.party_no, pay.currency):
                continue
            part = min(left, open_micros[0])
            if part:
                found.append(
                    SetOff(pay.party_no, pay.currency, pay.reference, collect.reference, part)
                )
                open_micros[0] -= part
                left -= part
    return tuple(found)


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
