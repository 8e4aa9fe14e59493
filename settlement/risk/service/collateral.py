"""Collateral: put up, given back, counted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection

from settlement import hub
from settlement.entries.domain import NewEntry
from settlement.entries.service import post_entries
from settlement.risk import store
from settlement.risk.domain import Purpose, RiskRefused

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,34}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CapStatus:
    """How much of a partner's cap in a currency is used, and what it has put up in it; micros."""

    party: str
    state: str
    currency: str
    cap: hub.CapFacts | None
    held: dict[Purpose, int]


def put_up(
    *,
    connection: Connection,
    party: hub.PartyFacts,
    purpose: Purpose,
    amount_micros: int,
    reference: str,
    person: str,
    currency: str = "",
) -> bool:
    """Take collateral from a partner's account: it owes it until it has paid it.

    `currency` is the clearing one unless said otherwise; collateral of a currency covers what is
    owed in it. The same reference again changes nothing; gives whether it was new. Raises
    RiskRefused, and EntryDiffers where the reference stands for something else.
    """
    return _move(connection, party, purpose, amount_micros, reference, person, currency, back=False)


def give_back(
    *,
    connection: Connection,
    party: hub.PartyFacts,
    purpose: Purpose,
    amount_micros: int,
    reference: str,
    person: str,
    currency: str = "",
) -> bool:
    """Give collateral back to a partner's account, from where it is paid out.

    Raises RiskRefused for more than there is, or while the partner is at its cap.
    """
    return _move(connection, party, purpose, amount_micros, reference, person, currency, back=True)


def read_status(*, connection: Connection) -> list[CapStatus]:
    """Every partner in each currency that it has a cap or collateral in, the clearing one first."""
    clearing = hub.read_coalition(connection=connection).currency
    caps = {(cap.party_no, cap.currency): cap for cap in hub.read_caps(connection=connection)}
    held: dict[tuple[int, str], dict[Purpose, int]] = {}
    for currency in hub.read_currencies(connection=connection):
        found = store.read_collateral(connection=connection, currency=currency)
        for (no, purpose), micros in found.items():
            held.setdefault((no, currency), {})[purpose] = micros
    partners = {
        party.no: party
        for party in hub.read_parties(connection=connection)
        if party.kind == "partner"
    }
    known = sorted({*caps, *held}, key=lambda key: (key[0], key[1] != clearing, key[1]))
    return [
        CapStatus(
            partners[no].slug,
            partners[no].state,
            currency,
            caps.get((no, currency)),
            held.get((no, currency), {}),
        )
        for no, currency in known
        if no in partners
    ]


def collateral_entry(
    *,
    party_no: int,
    purpose: Purpose,
    amount_micros: int,
    currency: str,
    cause: str,
    reference: str | None = None,
    back: bool = False,
    seq: int = 0,
    person: str | None = None,
) -> NewEntry:
    """The entry of collateral put up, or given back."""
    return NewEntry(
        kind="collateral",
        debtor=hub.CLEARING if back else party_no,
        creditor=party_no if back else hub.CLEARING,
        amount_micros=amount_micros,
        currency=currency,
        cause=cause,
        seq=seq,
        reference=reference,
        reason=purpose,
        about={"purpose": purpose} | ({"person": person} if person else {}),
    )


def _move(
    connection: Connection,
    party: hub.PartyFacts,
    purpose: Purpose,
    amount_micros: int,
    reference: str,
    person: str,
    currency: str,
    *,
    back: bool,
) -> bool:
    if party.kind != "partner":
        raise RiskRefused(f"{party.slug} is not a partner")
    if amount_micros <= 0:
        raise RiskRefused("collateral is above zero")
    if _REFERENCE.fullmatch(reference) is None:
        raise RiskRefused("a reference has 1 to 35 letters, digits, dots, hyphens, slashes")
    store.take_turn(connection=connection)
    currency = _known_currency(connection, currency)
    cause = f"collateral:{party.slug}:{'back:' if back else ''}{reference}"
    made = collateral_entry(
        party_no=party.no,
        purpose=purpose,
        amount_micros=amount_micros,
        currency=currency,
        cause=cause,
        reference=reference,
        back=back,
        person=person,
    )
    before = store.read_collateral(connection=connection, currency=currency, party_no=party.no).get(
        (party.no, purpose), 0
    )
    known = store.is_posted(connection=connection, cause=cause)
    if back and not known and amount_micros > before:
        raise RiskRefused(f"{party.slug} has put up less than that as {purpose}")
    if back and not known:
        _require_headroom(connection, party, currency, amount_micros)
    post_entries(connection=connection, entries=[made])
    return not known


def _known_currency(connection: Connection, currency: str) -> str:
    clearing = hub.read_coalition(connection=connection).currency
    known = {clearing, *hub.read_currencies(connection=connection)}
    if currency and currency not in known:
        raise RiskRefused(
            f"{currency} is no currency of this coalition: {', '.join(sorted(known))}"
        )
    return currency or clearing


def _require_headroom(
    connection: Connection, party: hub.PartyFacts, currency: str, amount_micros: int
) -> None:
    """Collateral covers what is owed in its currency, and, where it is converted, in others."""
    rates = hub.read_conversion_rates(connection=connection)
    for cap in hub.read_caps(connection=connection):
        if cap.party_no != party.no:
            continue
        if cap.currency == currency:
            given_back = amount_micros
        elif cap.currency in rates and currency in rates:
            given_back = -(-amount_micros * rates[currency] // rates[cap.currency])
        else:
            continue
        if cap.uncovered_micros + given_back >= cap.cap_micros:
            raise RiskRefused(
                f"without it, {party.slug} would be at its cap: it covers what is owed"
            )
