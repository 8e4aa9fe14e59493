"""Netting a closed window, and the proof that nothing was lost in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from settlement import hub
from settlement.currencies import store as currencies
from settlement.domain.conversion import prove_conversions
from settlement.domain.netting import (
    Compression,
    Gross,
    NetPosition,
    PairNet,
    compress,
    net_pairs,
    net_positions,
    pairs_due,
    prove_zero_sum,
)
from settlement.entries import store as entries
from settlement.entries.cover import conversion_changes
from settlement.steps.convert import Converted, convert_window
from settlement.steps.night import Night
from settlement.store import nets


@dataclass(frozen=True, slots=True)
class Book:
    """What netting a window gives in one currency; `obligations` counts what it was made from.

    `pairs` are all of them; `positions` and `compression` are of what is due, so without the pairs
    with the clearing house.
    """

    currency: str
    obligations: int
    pairs: tuple[PairNet, ...]
    positions: tuple[NetPosition, ...]
    compression: Compression


@dataclass(frozen=True, slots=True)
class Netting:
    """A window's books, that of the clearing currency first, and what was converted into it."""

    books: tuple[Book, ...]
    converted: tuple[Converted, ...]

    @property
    def main(self) -> Book:
        """The book of the clearing currency."""
        return self.books[0]

    @property
    def currency(self) -> str:
        """The clearing currency."""
        return self.main.currency

    @property
    def pairs(self) -> tuple[PairNet, ...]:
        """Its pairs."""
        return self.main.pairs

    @property
    def positions(self) -> tuple[NetPosition, ...]:
        """What parties are due in it."""
        return self.main.positions

    @property
    def compression(self) -> Compression:
        """What netting saves in it."""
        return self.main.compression

    @property
    def obligations(self) -> int:
        """How many obligations all books were made from."""
        return sum(book.obligations for book in self.books)

    @property
    def conversion_entries(self) -> int:
        """How many lines of conversion there are, each on two statements."""
        return sum(len(each.entries) for each in self.converted)


@dataclass(frozen=True, slots=True)
class _Owed:
    """All that goes into netting: by pair, and summed another way by party."""

    pairs: tuple[hub.PairObligations, ...]
    parties: tuple[hub.PartyObligations, ...]
    unpaid: tuple[hub.PartyObligations, ...]
    """The same without what stands between a party and the clearing house."""


def compute_netting(*, connection: Connection, business_date: date) -> Netting:
    """Net the window as it stands, in every currency, and prove it; writes nothing.

    Raises NotZeroSum and MissingRate.
    """
    clearing = hub.read_coalition(connection=connection).currency
    movements = hub.read_pair_obligations(connection=connection, business_date=business_date)
    foreign = {one.currency for one in movements} - {clearing}
    converted: tuple[Converted, ...] = ()
    if foreign:
        converted = convert_window(
            connection=connection,
            business_date=business_date,
            clearing=clearing,
            movements=[one for one in movements if one.currency in foreign],
        )
    owed = _owed(connection, business_date, movements, converted)
    carrying = nets.read_carrying(connection=connection, before=business_date)
    others = {one.currency for one in owed.pairs} | set(carrying)
    return Netting(
        books=tuple(
            _book(connection, business_date, currency, owed)
            for currency in (clearing, *sorted(others - {clearing}))
        ),
        converted=converted,
    )


def _owed(
    connection: Connection,
    business_date: date,
    movements: Sequence[hub.PairObligations],
    converted: Sequence[Converted],
) -> _Owed:
    gone = {each.rate.currency for each in converted}
    parties = hub.read_party_obligations(connection=connection, business_date=business_date)
    for each in converted:
        prove_conversions(
            conversions=each.conversions, exact_by_party=_by_party(parties, each.rate.currency)
        )
    of_movements = [one for one in parties if one.currency not in gone]
    into = [one for each in converted for one in each.parties]
    everything = entries.read_party_entries(connection=connection, business_date=business_date)
    unpaid = entries.read_party_entries(
        connection=connection, business_date=business_date, without=hub.CLEARING
    )
    return _Owed(
        pairs=(
            *(one for one in movements if one.currency not in gone),
            *(one for each in converted for one in each.pairs),
            *entries.read_pair_entries(connection=connection, business_date=business_date),
        ),
        parties=(*of_movements, *into, *everything),
        unpaid=(*of_movements, *into, *unpaid),
    )


def _book(connection: Connection, business_date: date, currency: str, owed: _Owed) -> Book:
    """One currency's netting, proven over everything and over what is due."""
    gross = [one for one in owed.pairs if one.currency == currency]
    pairs = net_pairs(
        gross=[Gross(one.debtor, one.creditor, one.amount_micros) for one in gross],
        residues=nets.read_residues(connection=connection, before=business_date, currency=currency),
        currency=currency,
    )
    due = pairs_due(pairs=pairs, clearing=hub.CLEARING)
    positions = net_positions(pairs=due)
    prove_zero_sum(
        pairs=pairs,
        positions=net_positions(pairs=pairs),
        exact_by_party=_by_party(owed.parties, currency),
    )
    prove_zero_sum(pairs=due, positions=positions, exact_by_party=_by_party(owed.unpaid, currency))
    return Book(
        currency=currency,
        obligations=sum(one.obligations for one in gross),
        pairs=pairs,
        positions=positions,
        compression=compress(pairs=due, positions=positions),
    )


def _by_party(sums: Iterable[hub.PartyObligations], currency: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for each in sums:
        if each.currency == currency:
            found[each.party_no] = found.get(each.party_no, 0) + each.net_micros
    return found


def net(*, night: Night, claim: Connection, business_date: date) -> dict[str, Any]:
    """Net the window and keep its pairs and positions; no entry lands in it from here on.

    Raises WindowBusy when posters of entries hold it too long, NotZeroSum and MissingRate.
    """
    entries.stop_posting(connection=claim, lock_timeout_ms=night.settings.close_wait_ms)
    netting = compute_netting(connection=claim, business_date=business_date)
    for book in netting.books:
        nets.insert_nets(
            connection=claim,
            business_date=business_date,
            currency=book.currency,
            pairs=book.pairs,
            positions=book.positions,
        )
    _keep_conversions(night, claim, business_date, netting.converted)
    if len(netting.books) > 1 and not netting.converted:
        hub.set_conversion_rates(connection=claim, scaled={})
    hub.mark_window(connection=claim, business_date=business_date, before="closed", after="netted")
    return netting_facts(netting)


def _keep_conversions(
    night: Night, claim: Connection, business_date: date, converted: Sequence[Converted]
) -> None:
    """Keep rates and conversions, tell caps of them, and post the differences into this window."""
    if not converted:
        return
    hub.set_conversion_rates(
        connection=claim,
        scaled={each.rate.currency: each.rate.scaled for each in converted if each.rate.scaled},
    )
    currencies.insert_window_rates(
        connection=claim, business_date=business_date, rates=[each.rate for each in converted]
    )
    for each in converted:
        currencies.insert_conversions(
            connection=claim,
            business_date=business_date,
            currency=each.rate.currency,
            conversions=each.conversions,
        )
        hub.add_cover(
            connection=claim,
            changes=conversion_changes(
                conversions=each.conversions,
                currency=each.rate.currency,
                clearing=each.rate.clearing,
            ),
        )
    entries.insert_entries(
        connection=claim,
        entries=chain.from_iterable(each.entries for each in converted),
        window_date=business_date,
        posted_at=night.wall(),
        business_at=hub.business_now(connection=claim),
        new_id=night.new_id,
    )


def netting_facts(netting: Netting) -> dict[str, Any]:
    """The counts and sums of a netting, for the record (micros).

    Those of the clearing currency stand at the top; `others` has those of every other one, and
    `rates` what was converted.
    """
    facts = _facts(netting.main)
    if len(netting.books) > 1:
        facts["others"] = [_facts(book) for book in netting.books[1:]]
    if netting.converted:
        facts["rates"] = {
            each.rate.currency: {"rate": each.rate.text, "note": each.rate.note}
            for each in netting.converted
        }
    return facts


def _facts(book: Book) -> dict[str, Any]:
    return {
        "currency": book.currency,
        "obligations": book.obligations,
        "pairs": len(book.pairs),
        "gross_micros": book.compression.gross_micros,
        "bilateral_micros": book.compression.bilateral_micros,
        "net_micros": book.compression.multilateral_micros,
    }
