"""Netting a closed window, and the proof that nothing was lost in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from settlement import hub
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
from settlement.entries import store
from settlement.steps.night import Night
from settlement.store import nets


class ForeignCurrency(Exception):  # noqa: N818 - the name says it
    """The window holds obligations in a currency that statements are not made in."""


@dataclass(frozen=True, slots=True)
class Netting:
    """What netting a window gives; `obligations` counts what it was made from.

    `pairs` are all of them; `positions` and `compression` are of what is due, so without the pairs
    with the clearing house.
    """

    currency: str
    obligations: int
    pairs: tuple[PairNet, ...]
    positions: tuple[NetPosition, ...]
    compression: Compression


def compute_netting(*, connection: Connection, business_date: date) -> Netting:
    """Net the window as it stands, and prove it; writes nothing.

    Raises NotZeroSum and ForeignCurrency.
    """
    currency = hub.read_coalition(connection=connection).currency
    gross = (
        *hub.read_pair_obligations(connection=connection, business_date=business_date),
        *store.read_pair_entries(connection=connection, business_date=business_date),
    )
    foreign = sorted({one.currency for one in gross} - {currency})
    if foreign:
        raise ForeignCurrency(
            f"the window of {business_date} has obligations in {', '.join(foreign)}; "
            f"statements are in {currency}"
        )
    pairs = net_pairs(
        gross=[Gross(one.debtor, one.creditor, one.amount_micros) for one in gross],
        residues=nets.read_residues(connection=connection, before=business_date, currency=currency),
        currency=currency,
    )
    due = pairs_due(pairs=pairs, clearing=hub.CLEARING)
    positions = net_positions(pairs=due)
    _prove(connection, business_date, pairs, due, positions)
    return Netting(
        currency=currency,
        obligations=sum(one.obligations for one in gross),
        pairs=pairs,
        positions=positions,
        compression=compress(pairs=due, positions=positions),
    )


def _prove(
    connection: Connection,
    business_date: date,
    pairs: tuple[PairNet, ...],
    due: tuple[PairNet, ...],
    positions: tuple[NetPosition, ...],
) -> None:
    """Prove both sums: over everything, and over what is due. Raises NotZeroSum."""
    movements = hub.read_party_obligations(connection=connection, business_date=business_date)
    everything = store.read_party_entries(connection=connection, business_date=business_date)
    unpaid = store.read_party_entries(
        connection=connection, business_date=business_date, without=hub.CLEARING
    )
    prove_zero_sum(
        pairs=pairs,
        positions=net_positions(pairs=pairs),
        exact_by_party=_by_party(movements, everything),
    )
    prove_zero_sum(pairs=due, positions=positions, exact_by_party=_by_party(movements, unpaid))


def _by_party(*sums: Iterable[hub.PartyObligations]) -> dict[int, int]:
    found: dict[int, int] = {}
    for each in chain.from_iterable(sums):
        found[each.party_no] = found.get(each.party_no, 0) + each.net_micros
    return found


def net(*, night: Night, claim: Connection, business_date: date) -> dict[str, Any]:
    """Net the window and keep its pairs and positions; no entry lands in it from here on.

    Raises WindowBusy when posters of entries hold it too long, NotZeroSum and ForeignCurrency.
    """
    store.stop_posting(connection=claim, lock_timeout_ms=night.settings.close_wait_ms)
    netting = compute_netting(connection=claim, business_date=business_date)
    nets.insert_nets(
        connection=claim,
        business_date=business_date,
        currency=netting.currency,
        pairs=netting.pairs,
        positions=netting.positions,
    )
    hub.mark_window(connection=claim, business_date=business_date, before="closed", after="netted")
    return netting_facts(netting)


def netting_facts(netting: Netting) -> dict[str, Any]:
    """The counts and sums of a netting, for the record (micros)."""
    return {
        "currency": netting.currency,
        "obligations": netting.obligations,
        "pairs": len(netting.pairs),
        "gross_micros": netting.compression.gross_micros,
        "bilateral_micros": netting.compression.bilateral_micros,
        "net_micros": netting.compression.multilateral_micros,
    }
