"""Pairs and positions of a window: the bilateral matrix and the multilateral result."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import Connection, func, insert, select

from settlement.domain.netting import NetPosition, PairNet
from settlement.store.tables import pair_net, position


def read_residues(
    *, connection: Connection, before: date, currency: str
) -> dict[tuple[int, int], int]:
    """What each pair carries out of the newest netted window before a date (micros)."""
    newest = (
        select(func.max(pair_net.c.business_date))
        .where(pair_net.c.business_date < before, pair_net.c.currency == currency)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(pair_net.c.a, pair_net.c.b, pair_net.c.residue_out_micros).where(
            pair_net.c.business_date == newest,
            pair_net.c.currency == currency,
            pair_net.c.residue_out_micros != 0,
        )
    )
    return {(a, b): micros for a, b, micros in rows}


def read_carrying(*, connection: Connection, before: date) -> tuple[str, ...]:
    """The currencies in which pairs carry a residue into the window of a date."""
    rows = connection.execute(
        select(pair_net.c.currency)
        .distinct()
        .where(
            # A residue is carried from each window into the next, so it is in the last one.
            pair_net.c.business_date == before - timedelta(days=1),
            pair_net.c.residue_out_micros != 0,
        )
        .order_by(pair_net.c.currency)
    )
    return tuple(row.currency for row in rows)


def read_currencies(*, connection: Connection, business_date: date) -> tuple[str, ...]:
    """The currencies in which a window has pairs."""
    rows = connection.execute(
        select(pair_net.c.currency)
        .distinct()
        .where(pair_net.c.business_date == business_date)
        .order_by(pair_net.c.currency)
    )
    return tuple(row.currency for row in rows)


def insert_nets(
    *,
    connection: Connection,
    business_date: date,
    currency: str,
    pairs: Iterable[PairNet],
    positions: Iterable[NetPosition],
) -> None:
    """Keep a window's pairs and positions."""
    common = {"business_date": business_date, "currency": currency}
    pair_rows = [
        {
            **common,
            "a": p.a,
            "b": p.b,
            "a_receives_micros": p.a_receives_micros,
            "a_pays_micros": p.a_pays_micros,
            "residue_in_micros": p.residue_in_micros,
            "rounded_micros": p.rounded_micros,
            "residue_out_micros": p.residue_out_micros,
        }
        for p in pairs
    ]
    position_rows = [
        {
            **common,
            "party_no": p.party,
            "exact_micros": p.exact_micros,
            "rounded_micros": p.rounded_micros,
        }
        for p in positions
    ]
    if pair_rows:
        connection.execute(insert(pair_net), pair_rows)
    if position_rows:
        connection.execute(insert(position), position_rows)


def read_pairs(
    *, connection: Connection, business_date: date, currency: str
) -> tuple[PairNet, ...]:
    """A window's pairs, sorted."""
    rows = connection.execute(
        select(
            pair_net.c.a,
            pair_net.c.b,
            pair_net.c.a_receives_micros,
            pair_net.c.a_pays_micros,
            pair_net.c.residue_in_micros,
            pair_net.c.rounded_micros,
            pair_net.c.residue_out_micros,
        )
        .where(pair_net.c.business_date == business_date, pair_net.c.currency == currency)
        .order_by(pair_net.c.a, pair_net.c.b)
    )
    return tuple(PairNet(*row) for row in rows)


def read_positions(
    *, connection: Connection, business_date: date, currency: str
) -> tuple[NetPosition, ...]:
    """A window's positions, by party."""
    rows = connection.execute(
        select(position.c.party_no, position.c.exact_micros, position.c.rounded_micros)
        .where(position.c.business_date == business_date, position.c.currency == currency)
        .order_by(position.c.party_no)
    )
    return tuple(NetPosition(*row) for row in rows)
