"""Converting a window's obligations into the clearing currency, where the policy says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import format_micros6
from settlement import hub
from settlement.currencies import store
from settlement.currencies.domain import Rate
from settlement.currencies.service import rate_for
from settlement.domain.conversion import PairConversion, convert_pairs
from settlement.domain.netting import Gross, NotZeroSum
from settlement.entries.domain import NewEntry


@dataclass(frozen=True, slots=True)
class Converted:
    """One currency's obligations in the clearing currency.

    `pairs` and `parties` are what they add up to, summed two ways and each with the differences in
    it, which `entries` put on lines of their own.
    """

    rate: Rate
    conversions: tuple[PairConversion, ...]
    entries: tuple[NewEntry, ...]
    pairs: tuple[hub.PairObligations, ...]
    parties: tuple[hub.PartyObligations, ...]


def convert_window(
    *,
    connection: Connection,
    business_date: date,
    clearing: str,
    movements: Sequence[hub.PairObligations],
) -> tuple[Converted, ...]:
    """Convert what is owed in other currencies; nothing if the policy nets per currency.

    Each line is converted by itself, each pair's net at once; the difference is an entry between
    the two. Raises MissingRate, and NotZeroSum where a currency does not sum to zero, in itself or
    converted.
    """
    policy = store.read_policy(connection=connection, business_date=business_date)
    if policy.mode != "convert":
        return ()
    return tuple(
        _convert(
            connection,
            business_date,
            rate_for(
                connection=connection,
                currency=currency,
                clearing=clearing,
                policy=policy,
                business_date=business_date,
            ),
            [one for one in movements if one.currency == currency],
        )
        for currency in sorted({one.currency for one in movements})
    )


def _convert(
    connection: Connection,
    business_date: date,
    rate: Rate,
    movements: Sequence[hub.PairObligations],
) -> Converted:
    converting = store.converting(rate.scaled)
    lines = hub.read_pair_obligations(
        connection=connection,
        business_date=business_date,
        currency=rate.currency,
        converting=converting,
    )
    parties = hub.read_party_obligations(
        connection=connection,
        business_date=business_date,
        currency=rate.currency,
        converting=converting,
    )
    conversions = convert_pairs(
        gross=[Gross(one.debtor, one.creditor, one.amount_micros) for one in movements],
        lines=[Gross(one.debtor, one.creditor, one.amount_micros) for one in lines],
        convert=rate.convert,
    )
    if sum(one.net_micros for one in parties) != 0:
        raise NotZeroSum(f"{rate.currency} does not sum to zero once it is converted")
    entries = tuple(
        _entry(business_date, rate, each, each.difference)
        for each in conversions
        if each.difference is not None
    )
    differences = [(one.debtor, one.creditor, one.amount_micros) for one in entries]
    return Converted(
        rate=rate,
        conversions=conversions,
        entries=entries,
        pairs=(
            *(
                hub.PairObligations(
                    one.debtor, one.creditor, rate.clearing, one.amount_micros, one.obligations
                )
                for one in lines
            ),
            *(
                hub.PairObligations(debtor, creditor, rate.clearing, micros, 1)
                for debtor, creditor, micros in differences
            ),
        ),
        parties=(
            *(hub.PartyObligations(one.party_no, rate.clearing, one.net_micros) for one in parties),
            *(
                hub.PartyObligations(party, rate.clearing, signed)
                for debtor, creditor, micros in differences
                for party, signed in ((creditor, micros), (debtor, -micros))
            ),
        ),
    )


def _entry(
    business_date: date, rate: Rate, conversion: PairConversion, difference: Gross
) -> NewEntry:
    window = ids.encode_window(business_date)
    return NewEntry(
        kind="conversion",
        debtor=difference.debtor,
        creditor=difference.creditor,
        amount_micros=difference.amount_micros,
        currency=rate.clearing,
        cause=f"conversion:{window}:{rate.currency}:{conversion.a}:{conversion.b}",
        reason=f"{rate.currency} at {rate.text}; {rate.note}",
        about={
            "currency": rate.currency,
            "rate": rate.text,
            "source": rate.source,
            "method": rate.method,
            "quoted_on": [day.isoformat() for day in rate.quoted_on],
            # As the party with the smaller number sees them.
            "net": format_micros6(conversion.net_micros),
            "net_converted": format_micros6(conversion.converted_micros),
            "lines_converted": format_micros6(conversion.lines_micros),
        },
    )
