"""Statements whose figures the derived files are made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from partner_sdk.wire.amounts import round_half_even_to_minor
from partner_sdk.wire.lines import ROUNDING
from partner_sdk.wire.statement import (
    LinesSummary,
    Party,
    Position,
    Statement,
    Turnover,
    Window,
    sum_by_kind,
)
from settlement.profiles.domain import Profile
from settlement.rendering import DerivedFacts

_STARTS_AT = datetime(2026, 11, 21, 22, tzinfo=UTC)
_KINDS = ("redemption", "redemption_fee", "issue", "clawback", "payment")
_NAMES = {"grocer": "Băcănia „Ș“", "fuel": '=Fuel, "24/7" & co', "pool": "Pool", "operator": "Їжа"}

#: What is owed: counterparty, kind, received and paid in micros.
Owed = tuple[str, str, int, int]


def make_statement(
    owed: Iterable[Owed], *, opening_micros: int = 0, currency: str = "EUR"
) -> Statement:
    """A statement with these turnovers, its rounding lines and positions."""
    turnovers: list[Turnover] = [Turnover(None, "earn", 3, 30, 0, 0, 0, 0, 0, 0)]
    positions: list[Position] = []
    by_slug: dict[str, list[Turnover]] = {}
    for slug, kind, received, paid in owed:
        by_slug.setdefault(slug, []).append(Turnover(slug, kind, 2, 10, received, paid, 0, 0, 0, 0))
    for slug, mine in sorted(by_slug.items()):
        received = sum(t.receivable_micros for t in mine)
        paid = sum(t.payable_micros for t in mine)
        exact = received - paid
        rounded = round_half_even_to_minor(exact, currency)
        off = rounded - exact
        if off:
            mine.append(Turnover(slug, ROUNDING, 1, 0, max(off, 0), max(-off, 0), 0, 0, 0, 0))
        turnovers += sorted(mine, key=lambda turnover: turnover.kind)
        positions.append(
            Position(slug, _NAMES[slug], received, paid, exact, 0, rounded, exact - rounded)
        )
    net = sum(position.rounded_net_micros for position in positions)
    return Statement(
        statement_id="stm_01h455vb4pex5vsknk084sn02q",
        statement_no=12,
        environment="test",
        language="en",
        coalition_name="Coaliția „Ș“",
        party=Party("prt_01h455vb4pex5vsknk084sn02q", "bakery", "Пекарня Ґанок"),
        window=Window(
            "win_20261122", "2026-11-22", _STARTS_AT, _STARTS_AT + timedelta(days=1), "UTC"
        ),
        currency=currency,
        settlement_currency=currency,
        due_on="2026-12-06",
        opening_micros=opening_micros,
        net_micros=net,
        closing_micros=opening_micros + net,
        activity=sum_by_kind(turnovers=turnovers),
        turnovers=tuple(turnovers),
        positions=tuple(positions),
        agreements=(),
        lines=LinesSummary(sum(t.lines for t in turnovers), 0, net, "00" * 32),
        previous=None,
        files=(),
        beside=(),
        issued_at=_STARTS_AT + timedelta(days=1, hours=3),
    )


def facts_of(statement: Statement, **profile: object) -> DerivedFacts:
    """The statement with a profile of these fields."""
    return DerivedFacts(statement, Profile(**profile))  # type: ignore[arg-type]


_amounts = st.one_of(st.just(0), st.integers(0, 10**6), st.integers(0, 10**17))


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    """Statements with any amounts, in currencies with two, no and three digits."""
    keys = draw(
        st.lists(st.tuples(st.sampled_from(sorted(_NAMES)), st.sampled_from(_KINDS)), unique=True)
    )
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    unit = {"EUR": 10_000, "JPY": 1_000_000, "KWD": 1_000}[currency]
    return make_statement(
        [(slug, kind, draw(_amounts), draw(_amounts)) for slug, kind in keys],
        opening_micros=draw(st.integers(-(10**9), 10**9)) * unit,
        currency=currency,
    )
