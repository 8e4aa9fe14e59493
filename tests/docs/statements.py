"""A statement in which every list has an entry and nothing is left out."""

from __future__ import annotations

from datetime import UTC, datetime

from partner_sdk.wire.statement import (
    Activity,
    AgreementRef,
    FileEntry,
    LinesSummary,
    Party,
    Position,
    Previous,
    Statement,
    Turnover,
    Window,
)

_AT = datetime(2031, 3, 3, 22, tzinfo=UTC)


def example_statement() -> Statement:
    """A second statement with one line."""
    return Statement(
        statement_id="stm_1",
        statement_no=2,
        environment="test",
        language="en",
        coalition_name="First Coalition",
        party=Party(id="prt_1", slug="bakery", name="Bakery"),
        window=Window("win_20310303", "2031-03-03", _AT, _AT, "Europe/Bucharest"),
        currency="EUR",
        settlement_currency="EUR",
        due_on="2031-03-17",
        opening_micros=0,
        net_micros=400_000,
        closing_micros=400_000,
        activity=(Activity("redemption", 1, 40, 400_000),),
        turnovers=(Turnover("grocer", "redemption", 1, 40, 400_000, 0, 0, 0, 0, 0),),
        positions=(Position("grocer", "Grocer", 400_000, 0, 400_000, 0, 400_000, 0),),
        agreements=(AgreementRef("agr_1", 1, "00"),),
        lines=LinesSummary(1, 40, 400_000, "00"),
        previous=Previous("stm_0", "00"),
        files=(FileEntry("lines.ndjson", 1, "00"),),
        beside=("statement.json.p7s",),
        issued_at=_AT,
    )
