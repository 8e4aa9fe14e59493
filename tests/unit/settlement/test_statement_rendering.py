"""A statement is put together only when everything in it adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from partner_sdk.wire.statement import Party, Statement, Window
from settlement.rendering import (
    BundleInconsistent,
    LineHeading,
    LineTotals,
    PairPosition,
    PairTotal,
    StatementFacts,
    compose_statement,
)

_STARTS_AT = datetime(2026, 11, 21, 22, tzinfo=UTC)
_FACTS = StatementFacts(
    statement_id="stm_01h455vb4pex5vsknk084sn02q",
    environment="test",
    coalition_name="Coalition",
    party=Party("prt_01h455vb4pex5vsknk084sn02q", "bakery", "Bakery"),
    window=Window("win_20261122", "2026-11-22", _STARTS_AT, _STARTS_AT + timedelta(days=1), "UTC"),
    currency="EUR",
    opening_micros=-10_000,
    closing_micros=690_000,
    positions=(
        PairPosition("pool", 0, 300_000, 4_996),
        PairPosition("grocer", 4, 400_000, -5_000),
    ),
    agreements=(),
    previous=None,
    issued_at=_STARTS_AT,
)
_HEADING = LineHeading(1, "2026-11-22", "EUR")
_TOTALS = LineTotals(
    count=4,
    points=70,
    net_micros=700_000,
    activity={"redemption": (2, 70, 699_992), "rounding": (2, 0, 8)},
    pairs={
        "pool": PairTotal(304_996, 0, -4_996),
        "grocer": PairTotal(400_000, 5_004, 5_004),
    },
)


def _compose(facts: StatementFacts = _FACTS, totals: LineTotals = _TOTALS) -> Statement:
    return compose_statement(
        facts=facts, heading=_HEADING, totals=totals, merkle_root=bytes(32), files=()
    )


def test_what_adds_up_becomes_a_statement() -> None:
    statement = _compose()
    assert Statement.from_bytes(statement.to_bytes()) == statement
    assert [p.counterparty for p in statement.positions] == ["grocer", "pool"]
    assert statement.net_micros == 700_000
    assert statement.positions[0].exact_net_micros == 394_996


def test_a_tie_is_rounded_to_the_even_cent() -> None:
    pair = PairTotal(305_000, 0, -5_000)
    totals = replace(_TOTALS, pairs={**_TOTALS.pairs, "pool": pair})
    positions = (PairPosition("pool", 0, 300_000, 5_000), _FACTS.positions[1])
    assert _compose(replace(_FACTS, positions=positions), totals).positions[1].residue_out_micros


@pytest.mark.parametrize(
    ("facts", "totals"),
    [
        (replace(_FACTS, closing_micros=690_001), _TOTALS),
        (replace(_FACTS, currency="RON"), _TOTALS),
        (replace(_FACTS, positions=_FACTS.positions[:1]), _TOTALS),
        (replace(_FACTS, positions=_FACTS.positions * 2), _TOTALS),
        (_FACTS, replace(_TOTALS, pairs={**_TOTALS.pairs, "fuel": PairTotal(0, 0, 0)})),
        (_FACTS, replace(_TOTALS, pairs={**_TOTALS.pairs, "pool": PairTotal(304_996, 0, 0)})),
        (
            replace(
                _FACTS,
                positions=(PairPosition("pool", 0, 300_000, 4_997), _FACTS.positions[1]),
            ),
            _TOTALS,
        ),
        (
            replace(
                _FACTS,
                positions=(PairPosition("pool", 0, 310_000, -5_004), _FACTS.positions[1]),
            ),
            replace(_TOTALS, pairs={**_TOTALS.pairs, "pool": PairTotal(304_996, 0, 5_004)}),
        ),
        (replace(_FACTS, closing_micros=790_000), replace(_TOTALS, net_micros=800_000)),
    ],
    ids=[
        "closing", "currency", "no position", "position twice", "unknown pair", "rounding line",
        "residue", "rounded to the wrong cent", "amount without a counterparty",
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_refused(facts: StatementFacts, totals: LineTotals) -> None:
    with pytest.raises(BundleInconsistent):
        _compose(facts, totals)
