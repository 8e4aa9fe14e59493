"""A statement is put together only when everything in it adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from partner_sdk.wire.statement import Party, Statement, Turnover, Window
from settlement.profiles.domain import Profile
from settlement.rendering import (
    BundleInconsistent,
    LineHeading,
    LineTotals,
    PairPosition,
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


def _turnover(slug: str | None, kind: str, received: int, paid: int = 0) -> Turnover:
    return Turnover(slug, kind, 1, 0 if kind == "rounding" else 35, received, paid, 0, 0, 0, 0)


_GROCER = (
    _turnover("grocer", "redemption", 400_000, 5_004),
    _turnover("grocer", "rounding", 5_004),
)
_TOTALS = LineTotals(
    (*_GROCER, _turnover("pool", "redemption", 304_996), _turnover("pool", "rounding", 0, 4_996))
)


def _compose(facts: StatementFacts = _FACTS, totals: LineTotals = _TOTALS) -> Statement:
    return compose_statement(facts=facts, heading=_HEADING, totals=totals, merkle_root=bytes(32))


def test_what_adds_up_becomes_a_statement() -> None:
    statement = _compose()
    assert Statement.from_bytes(statement.to_bytes()) == statement
    assert [p.counterparty for p in statement.positions] == ["grocer", "pool"]
    assert statement.net_micros == 700_000
    assert [(a.kind, a.lines, a.net_micros) for a in statement.activity] == [
        ("redemption", 2, 699_992),
        ("rounding", 2, 8),
    ]
    assert statement.positions[0].exact_net_micros == 394_996


def _with_pool(received: int, rounded_off: int) -> LineTotals:
    pool = (
        _turnover("pool", "redemption", received),
        _turnover("pool", "rounding", max(-rounded_off, 0), max(rounded_off, 0)),
    )
    return LineTotals((*_GROCER, *pool))


def test_a_tie_is_rounded_to_the_even_cent() -> None:
    totals = _with_pool(305_000, 5_000)
    positions = (PairPosition("pool", 0, 300_000, 5_000), _FACTS.positions[1])
    assert _compose(replace(_FACTS, positions=positions), totals).positions[1].residue_out_micros


@pytest.mark.parametrize(
    ("facts", "totals"),
    [
        (replace(_FACTS, closing_micros=690_001), _TOTALS),
        (replace(_FACTS, currency="RON"), _TOTALS),
        (replace(_FACTS, positions=_FACTS.positions[:1]), _TOTALS),
        (replace(_FACTS, positions=_FACTS.positions * 2), _TOTALS),
        (_FACTS, LineTotals((*_TOTALS.turnovers, _turnover("fuel", "redemption", 0)))),
        (replace(_FACTS, closing_micros=694_996), _with_pool(304_996, 0)),
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
                closing_micros=700_000,
                positions=(PairPosition("pool", 0, 310_000, -5_004), _FACTS.positions[1]),
            ),
            _with_pool(304_996, -5_004),
        ),
        (
            replace(_FACTS, closing_micros=790_000),
            LineTotals((*_TOTALS.turnovers, _turnover(None, "redemption", 100_000))),
        ),
    ],
    ids=[
        "closing", "currency", "no position", "position twice", "unknown pair", "rounding line",
        "residue", "rounded to the wrong cent", "amount without a counterparty",
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_refused(facts: StatementFacts, totals: LineTotals) -> None:
    with pytest.raises(BundleInconsistent):
        _compose(facts, totals)


def test_terms_of_payment_and_names_are_those_of_the_profile_and_the_parties() -> None:
    profile = Profile(language="uk", settlement_currency="UAH", payment_days=30)
    facts = replace(_FACTS, profile=profile, names={"grocer": "Бакалія"})
    statement = _compose(facts)
    assert (statement.language, statement.settlement_currency) == ("uk", "UAH")
    assert statement.due_on == "2026-12-22"
    assert [p.name for p in statement.positions] == ["Бакалія", "pool"]
    closed = replace(facts, opening_micros=-700_000, closing_micros=0)
    assert _compose(closed).due_on is None
