"""The simulator serves what a partner's finance code calls: disputes, explanations, acceptances."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from partner_sdk.client import PartnerClient
from partner_sdk.errors import ApiError, NotFound
from partner_sdk.testing import HubSimulator
from partner_sdk.wire.acceptance import Acceptance
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.digests import SaleFigures, digest_of
from partner_sdk.wire.disputes import Evidence
from partner_sdk.wire.explanations import Explanation, ExplanationPart
from partner_sdk.wire.ids import encode, uuid7

STATEMENT = encode("stm", uuid7(unix_ms=1, random=bytes(10)))
NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def hub() -> Iterator[HubSimulator]:
    with HubSimulator() as made:
        made.set_clock(NINE + timedelta(minutes=5))
        made.add_statement(
            statement_id=STATEMENT,
            business_date=date(2026, 11, 21),
            bundle=b"PK...",
            lines={1: Money(4_000_000, "EUR"), 2: Money(-1_500_000, "EUR")},
            counterparty="grocer",
        )
        yield made


@pytest.fixture
def client(hub: HubSimulator) -> Iterator[PartnerClient]:
    with hub.client() as made:
        yield made


def test_lines_are_disputed_answered_and_escalated(
    hub: HubSimulator, client: PartnerClient
) -> None:
    shown = Evidence.of(name="receipt.txt", content=b"sold once")
    opened = client.open_dispute(
        STATEMENT, lines=[1], reason="not_ours", text="never sold", evidence=[shown]
    )
    assert (opened.state, opened.respondent, opened.withheld) == (
        "open", "grocer", Money(4_000_000, "EUR"),
    )  # fmt: skip
    assert client.download_evidence(opened.id, 1) == b"sold once"
    with pytest.raises(ApiError, match="dispute_line_taken"):
        client.open_dispute(STATEMENT, lines=[1, 2], reason="not_ours", text="again")
    hub.answer_dispute(opened.id, accept=False, text="it was sold")
    escalated = client.escalate_dispute(opened.id, text="see the receipt")
    assert [event.kind for event in escalated.history] == ["opened", "rejected", "escalated"]
    with pytest.raises(ApiError):
        client.escalate_dispute(opened.id, text="once more")
    part = client.open_dispute(
        STATEMENT, lines={2: Money(500_000, "EUR")}, reason="wrong_amount", text="half of it"
    )
    assert part.lines[0].disputed == Money(-500_000, "EUR")
    hub.answer_dispute(part.id, accept=True, text="right")
    closed = client.get_dispute(part.id)
    assert (closed.state, closed.outcome, closed.upheld) == (
        "closed", "upheld", Money(500_000, "EUR"),
    )  # fmt: skip
    assert [each.id for each in client.disputes(state="closed")] == [part.id]


def test_amounts_are_explained_as_the_test_arranged(
    hub: HubSimulator, client: PartnerClient
) -> None:
    hub.add_explanation(
        Explanation(
            STATEMENT, "net", "Net: all lines", 2_500_000, "EUR", (),
            (ExplanationPart("redemption", 2_500_000, 2, "activity:redemption"),),
        )
    )  # fmt: skip
    assert client.explain(STATEMENT, "net").parts[0].see == "activity:redemption"
    assert client.explain(STATEMENT, "line:2").amount_micros == -1_500_000
    with pytest.raises(NotFound):
        client.explain(STATEMENT, "line:3")


def test_a_statement_is_accepted_by_the_partners_own_key_alone(
    hub: HubSimulator, client: PartnerClient
) -> None:
    (offered,) = client.statements()
    assert offered.accepted_at is None

    def accept(sha256: str, key_id: str) -> Acceptance:
        return Acceptance(STATEMENT, sha256, key_id, NINE)

    other = encode("key", uuid7(unix_ms=2, random=bytes(10)))
    sign = hub.private_key.sign
    for wrong in (accept(offered.sha256, other), accept("0" * 64, hub.key_id)):
        with pytest.raises(ApiError):
            client.accept_statement(wrong.sign(sign))
    signed = accept(offered.sha256, hub.key_id).sign(sign)
    assert client.accept_statement(signed) == signed
    assert client.statement_acceptance(STATEMENT) == signed
    (accepted,) = client.statements()
    assert accepted.accepted_at is not None


def test_an_hours_sales_are_compared_as_the_real_hub_does(
    hub: HubSimulator, client: PartnerClient
) -> None:
    sale = {
        "revision": 1,
        "occurred_at": "2026-11-22T09:12:00Z",
        "currency": "EUR",
        "store": {"id": "12"},
        "lines": [{"id": "1", "category": "food", "amount": Money(10_500_000, "EUR").to_wire()}],
    }
    client.call("PUT", "/v1/sales/A-1", body=sale)
    ours = SaleFigures("A-1", 1, NINE + timedelta(minutes=12), "12", 10_500_000)
    same = client.put_digests(NINE, [digest_of(store="12", sales=[ours])], currency="EUR")
    assert same.matches
    more = SaleFigures("A-2", 1, NINE, "12", 100_000)
    other = client.put_digests(NINE, [digest_of(store="12", sales=[ours, more])], currency="EUR")
    assert (other.matches, [each.store for each in other.stores]) == (False, ["12"])
    assert list(client.iter_sales(since=NINE, until=NINE + timedelta(hours=1))) == [ours]
    assert client.get_digests(NINE + timedelta(hours=1)).matches
