"""statement.json: one spelling, read back exactly, everything else refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from partner_sdk.wire.statement import (
    Activity,
    AgreementRef,
    FileEntry,
    InvalidStatement,
    LinesSummary,
    Party,
    Position,
    Previous,
    Statement,
    Turnover,
    Window,
)

_STATEMENT = Statement(
    statement_id="stm_01h455vb4pex5vsknk084sn02q",
    statement_no=2,
    environment="test",
    language="ro",
    coalition_name="Coaliția „Ș“",
    party=Party("prt_01h455vb4pex5vsknk084sn02q", "bakery", "Bakery"),
    window=Window(
        "win_20261122",
        "2026-11-22",
        datetime(2026, 11, 21, 22, tzinfo=UTC),
        datetime(2026, 11, 22, 22, tzinfo=UTC),
        "Europe/Bucharest",
    ),
    currency="EUR",
    settlement_currency="RON",
    due_on="2026-12-06",
    opening_micros=-400_000,
    net_micros=700_000,
    closing_micros=300_000,
    activity=(Activity("redemption", 2, 70, 700_000),),
    turnovers=(
        Turnover(None, "earn", 1, 40, 0, 0, 0, 0, 1, 0),
        Turnover("grocer", "redemption", 2, 70, 700_004, 300_000, 1, -300_000, 0, 0),
    ),
    positions=(Position("grocer", "Grocer", 400_004, 0, 400_004, -4, 400_000, 0),),
    agreements=(AgreementRef("agr_01h455vb4pex5vsknk084sn02q", 3, "ab" * 32),),
    lines=LinesSummary(2, 70, 700_000, "cd" * 32),
    previous=Previous("stm_01h455vb4pex5vsknk084sn02r", "ef" * 32),
    files=(FileEntry("root.pem", 700, "01" * 32),),
    beside=("statement.json.p7s",),
    issued_at=datetime(2026, 11, 23, 1, 0, 0, 5, tzinfo=UTC),
)


def test_a_statement_reads_back_as_it_was_written() -> None:
    for statement in (
        _STATEMENT,
        replace(_STATEMENT, previous=None, due_on=None, positions=(), currency="JPY"),
    ):
        content = statement.to_bytes()
        assert Statement.from_bytes(content) == statement
        assert content.endswith(b"}\n")


def test_amounts_are_text_in_minor_units_or_with_six_decimals() -> None:
    document = json.loads(_STATEMENT.to_bytes())
    assert (document["opening"], document["net"], document["closing"]) == ("-0.40", "0.70", "0.30")
    assert document["positions"][0]["exact_net"] == "0.400004"
    assert document["positions"][0]["rounded_net"] == "0.40"
    assert document["turnovers"][1]["adjusting_net"] == "-0.300000"
    assert document["coalition"]["name"] == "Coaliția „Ș“"


def _set(**fields: Any) -> Callable[[dict[str, Any]], object]:
    return lambda document: document.update(fields)


@pytest.mark.parametrize(
    "change",
    [
        _set(unknown=1),
        _set(format="coalition.statement/1"),
        _set(due_on=20261206),
        _set(turnovers=[{}]),
        _set(beside=None),
        _set(beside=[1]),
        _set(statement_no="2"),
        _set(statement_no=True),
        _set(statement_no=-1),
        _set(opening=0.4),
        _set(opening="-0.4"),
        _set(closing="0.300000"),
        _set(previous={}),
        _set(previous=[]),
        _set(party=None),
        _set(files=None),
        _set(positions=[{}]),
        _set(window={"id": "win_20261122"}),
        _set(issued_at="2026-11-23T02:00:00.000005+01:00"),
        lambda document: document.pop("lines"),
    ],
)
def test_anything_else_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(_STATEMENT.to_bytes())
    change(document)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    with pytest.raises(InvalidStatement):
        Statement.from_bytes((text + "\n").encode())


def test_another_spelling_of_the_same_statement_is_refused() -> None:
    content = _STATEMENT.to_bytes()
    doubled = content.replace(b'"currency":"EUR"', b'"currency":"USD","currency":"EUR"')
    escaped = content.replace("Ș".encode(), b"\\u0218")
    spaced = json.dumps(json.loads(content), sort_keys=True).encode() + b"\n"
    for other in (doubled, escaped, spaced, content[:-1], content + b"\n", b"\xff", b"", b"[]"):
        assert other != content
        with pytest.raises(InvalidStatement):
            Statement.from_bytes(other)


def test_bottomless_nesting_is_refused() -> None:
    with pytest.raises(InvalidStatement):
        Statement.from_bytes(b"[" * 100_000)
