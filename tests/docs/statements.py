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
    Window,
)

_AT = datetime(2031, 3, 3, 22, tzinfo=UTC)


def example_statement() -> Statement:
    """A second statement with one line."""
    return Statement(
        statement_id="stm_1",
        statement_no=2,
        environment="test",
        coalition_name="First Coalition",
        party=Party(id="prt_1", slug="bakery", name="Bakery"),
        window=Window("win_20310303", "2031-03-03", _AT, _AT, "Europe/Bucharest"),
        currency="EUR",
        opening_micros=0,
        net_micros=400_000,
        closing_micros=400_000,
        activity=(Activity("redemption", 1, 40, 400_000),),
        positions=(Position("grocer", 400_000, 0, 400_000, 0, 400_000, 0),),
        agreements=(AgreementRef("agr_1", 1, "00"),),
        lines=LinesSummary(1, 40, 400_000, "00"),
        previous=Previous("stm_0", "00"),
        files=(FileEntry("lines.ndjson", 1, "00"),),
        issued_at=_AT,
    )
