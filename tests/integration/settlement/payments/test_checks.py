"""`settlement check` proves the tables of payments."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from settlement.check import check_books
from tests.integration.settlement.payments.desk import Desk
from tests.integration.settlement.payments.test_matching import all_paid, released

__all__ = ["released"]


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (
            "UPDATE settlement.payment_item SET amount_micros = amount_micros + 10000",
            {"payment-is-its-window", "window-is-settled"},
        ),
        (
            "UPDATE settlement.payment_item SET paid_micros = 0 WHERE party_no = 10",
            {"payment-is-its-parts", "window-is-settled"},
        ),
        (
            "UPDATE settlement.bank_entry SET rest_micros = 1 WHERE credit",
            {"bank-entry-is-its-parts"},
        ),
        (
            "UPDATE settlement.entry SET about = about - 'bank_entry' WHERE kind = 'payment'",
            {"bank-entry-has-its-line"},
        ),
        ("UPDATE settlement_window SET state = 'released'", {"window-is-settled"}),
    ],
)
def test_the_check_of_the_books_names_what_is_wrong_with_payments(
    damage: str, named: set[str], released: Desk
) -> None:
    released.pay(*all_paid(released))
    assert {f.check.name for f in check_books(night=released.night) if f.broken} == set()
    with released.connection() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(damage))
    assert {f.check.name for f in check_books(night=released.night) if f.broken} == named
