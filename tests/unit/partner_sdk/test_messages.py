"""Typed answers read what the hub says, and typed sales write what it reads."""

from datetime import UTC, datetime

import pytest

from partner_sdk.wire.amounts import InvalidAmount, Money
from partner_sdk.wire.listings import Lot, Page, StatementSummary, Transaction
from partner_sdk.wire.messages import Balance, SaleResult
from partner_sdk.wire.sales import (
    MemberRef,
    Refund,
    RefundLine,
    RefundPoints,
    Sale,
    SaleLine,
    Tender,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def euros(micros: int) -> Money:
    return Money(micros, "EUR")


def test_a_sale_writes_all_it_was_given_and_nothing_else() -> None:
    sale = Sale(
        id="A1",
        revision=2,
        occurred_at=NOON,
        currency="EUR",
        member=MemberRef(card="9000000000000001"),
        store="12",
        store_time_zone="Europe/Bucharest",
        till="3",
        receipt="000123",
        lines=(SaleLine(id="1", category="fuel", quantity="30", amount=euros(45_000_000)),),
        tenders=(Tender(kind="points", amount=euros(700_000), redemption="red_1"),),
        refunds=(
            Refund(
                id="r1",
                amount=euros(22_500_000),
                occurred_at=NOON,
                lines=(RefundLine(id="1", quantity="15", amount=euros(22_500_000)),),
                points=RefundPoints(redemption="red_1", points=20),
            ),
        ),
    )
    assert sale.to_wire() == {
        "id": "A1",
        "revision": 2,
        "occurred_at": "2026-11-22T12:00:00Z",
        "member": {"card": "9000000000000001"},
        "store": {"id": "12", "time_zone": "Europe/Bucharest"},
        "till": "3",
        "receipt": "000123",
        "currency": "EUR",
        "lines": [
            {
                "id": "1",
                "category": "fuel",
                "quantity": "30",
                "amount": {"amount": "45.00", "currency": "EUR"},
            }
        ],
        "tenders": [
            {
                "kind": "points",
                "amount": {"amount": "0.70", "currency": "EUR"},
                "redemption": "red_1",
            }
        ],
        "refunds": [
            {
                "id": "r1",
                "status": "succeeded",
                "amount": {"amount": "22.50", "currency": "EUR"},
                "occurred_at": "2026-11-22T12:00:00Z",
                "lines": [
                    {
                        "id": "1",
                        "quantity": "15",
                        "amount": {"amount": "22.50", "currency": "EUR"},
                    }
                ],
                "points": {"redemption": "red_1", "points": 20},
            }
        ],
    }


def test_a_guests_sale_says_that_there_is_no_member() -> None:
    sale = Sale(id="A1", occurred_at=NOON, currency="EUR", lines=())
    assert sale.to_wire() == {
        "id": "A1",
        "revision": 1,
        "occurred_at": "2026-11-22T12:00:00Z",
        "currency": "EUR",
        "lines": [],
        "member": None,
    }


def test_a_member_is_named_in_exactly_one_way() -> None:
    for names in ({}, {"id": "mem_1", "card": "2"}):
        with pytest.raises(ValueError, match="exactly one"):
            MemberRef(**names)


def test_a_quantity_must_be_a_plain_decimal() -> None:
    with pytest.raises(InvalidAmount):
        SaleLine(id="1", category="x", quantity="1.2345", amount=euros(1))


def test_a_balance_reads_its_next_expiry_or_none() -> None:
    wire = {
        "member": "mem_1",
        "active": 5,
        "pending": 0,
        "held": 0,
        "blocked": 0,
        "debt": 0,
        "next_expiry": {"points": 5, "expires_at": "2028-11-22T00:00:00Z"},
        "as_of": "2026-11-22T12:00:00Z",
        "brand_new": 1,
    }
    soonest = Balance.from_wire(wire).next_expiry
    assert soonest is not None
    assert soonest.points == 5
    assert Balance.from_wire({**wire, "next_expiry": None}).next_expiry is None


@pytest.mark.parametrize("active", [None, "5", 5.0, True])
def test_points_that_are_no_whole_number_are_not_read(active: object) -> None:
    wire = {"member": "m", "active": active, "pending": 0, "held": 0, "debt": 0}
    with pytest.raises(TypeError):
        Balance.from_wire(wire)


def test_a_result_of_a_batch_is_ok_only_without_a_problem() -> None:
    problem = {"code": "member_frozen", "status": 409}
    refused = SaleResult.from_wire({"id": "A", "status": 409, "sale": None, "problem": problem})
    assert not refused.ok


def test_a_transaction_tells_from_where_to_where_and_who_owes() -> None:
    read = Transaction.from_wire(
        {
            "id": "mov_1",
            "kind": "redeem",
            "member": "mem_1",
            "lot": "lot_1",
            "points": 40,
            "from": "held",
            "to": "spent",
            "posted_at": "2026-11-22T12:00:00Z",
            "window": "win_20261122",
            "redemption": "red_1",
            "reason": "redeem",
            "amounts": [
                {
                    "kind": "redemption",
                    "counterparty": "bakery",
                    "amount": {"amount": "-0.40", "currency": "EUR"},
                }
            ],
        }
    )
    assert (read.from_bucket, read.to_bucket) == ("held", "spent")
    assert read.amounts[0].amount.micros == -400_000


def test_a_lot_tells_where_its_points_are() -> None:
    nothing = dict.fromkeys(("pending", "held", "expired", "clawed_back", "taken"), 0)
    lot = Lot.from_wire(
        {
            "id": "lot_1",
            "issuer": "grocer",
            "granted": 10,
            "active": 7,
            "spent": 3,
            "activates_at": "2026-11-22T12:00:00Z",
            "expires_at": "2028-11-22T12:00:00Z",
            **nothing,
        }
    )
    assert (lot.granted, lot.active, lot.spent, lot.taken) == (10, 7, 3, 0)


def test_a_statement_belongs_to_a_business_date() -> None:
    nothing = {"amount": "0.00", "currency": "EUR"}
    read = StatementSummary.from_wire(
        {
            "id": "stm_1",
            "statement_no": 1,
            "party": "bakery",
            "window": "win_20261122",
            "opening": nothing,
            "net": {"amount": "0.70", "currency": "EUR"},
            "closing": {"amount": "0.70", "currency": "EUR"},
            "lines": 2,
            "sha256": "00" * 32,
            "bundle_bytes": 12_345,
            "issued_at": "2026-11-23T02:00:00Z",
        }
    )
    assert read.business_date.isoformat() == "2026-11-22"
    assert read.net == euros(700_000)


def test_a_page_without_a_list_is_no_page() -> None:
    with pytest.raises(TypeError):
        Page.from_wire({"items": {}})
