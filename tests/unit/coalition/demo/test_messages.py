"""What the tills send says exactly what the purchase, the payment and the return were."""

from datetime import UTC, date, datetime

from coalition.demo.data import Line, Sale
from coalition.demo.derive import Return, ReturnedLine
from coalition.demo.messages import PaidWithPoints, returned_message, sale_message

SALE = Sale(
    "fuel",
    31198570044,
    900,
    330,
    datetime(2017, 1, 1, 11, 53, 26, tzinfo=UTC),
    (Line("1", "fuel", 8725, 2006, 0), Line("2", "shop", 2000, 0, 100)),
)
PAID = PaidWithPoints("red_00000000000000000000000000", 500, 500)


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def test_a_sale_has_its_basket_as_id_and_receipt_and_its_lines_exact() -> None:
    assert sale_message(sale=SALE, card="4111", paid=None).to_wire() == {
        "id": "31198570044",
        "revision": 1,
        "occurred_at": "2017-01-01T11:53:26Z",
        "member": {"card": "4111"},
        "store": {"id": "330", "time_zone": "America/New_York"},
        "receipt": "31198570044",
        "currency": "USD",
        "lines": [
            {"id": "1", "category": "fuel", "quantity": "8.725", "amount": usd("20.06")},
            {"id": "2", "category": "shop", "quantity": "2", "amount": usd("0.00")},
        ],
    }


def test_what_points_did_not_pay_was_paid_by_card() -> None:
    message = sale_message(sale=SALE, card="4111", paid=PAID).to_wire()
    assert message["tenders"] == [
        {"kind": "points", "amount": usd("5.00"), "redemption": PAID.redemption},
        {"kind": "card", "amount": usd("15.06")},
    ]


def test_a_sale_paid_wholly_with_points_has_no_other_tender() -> None:
    whole = PaidWithPoints(PAID.redemption, 2006, 2006)
    message = sale_message(sale=SALE, card="4111", paid=whole).to_wire()
    assert [tender["kind"] for tender in message["tenders"]] == ["points"]


def back(amount: int, *lines: ReturnedLine) -> Return:
    return Return(SALE, datetime(2017, 1, 2, 16, tzinfo=UTC), date(2017, 1, 2), amount, lines)


def test_a_return_is_the_sale_again_in_a_higher_revision_with_its_refund() -> None:
    part = back(1003, ReturnedLine("1", 4362, 1003))
    message = returned_message(back=part, card="4111", paid=PAID).to_wire()
    first = sale_message(sale=SALE, card="4111", paid=PAID).to_wire()
    refund = {
        "id": "r1",
        "status": "succeeded",
        "amount": usd("10.03"),
        "occurred_at": "2017-01-02T16:00:00Z",
        "lines": [{"id": "1", "quantity": "4.362", "amount": usd("10.03")}],
    }
    assert message == {**first, "revision": 2, "refunds": [refund]}


def test_when_all_comes_back_so_do_the_points_that_paid() -> None:
    whole = back(2006, ReturnedLine("1", 8725, 2006))
    (refund,) = returned_message(back=whole, card="4111", paid=PAID).to_wire()["refunds"]
    assert refund["points"] == {"redemption": PAID.redemption, "points": 500}
