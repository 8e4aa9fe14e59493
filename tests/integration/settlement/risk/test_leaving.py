"""A partner leaves: earning stops, spending goes on, and the account is closed at zero."""

from __future__ import annotations

import pytest

from coalition.errors import HubError
from settlement.risk.domain import RiskRefused
from settlement.risk.service.leaving import begin_exit, close_exit, compute_run_offs
from tests.integration.settlement.risk.conftest import Bank


def begin(bank: Bank, slug: str = "grocer", days: int = 3) -> None:
    with bank.world.database.transaction() as connection:
        begin_exit(
            connection=connection,
            party=bank.party(slug),
            notice_days=days,
            person="ann",
            now=bank.world.now,
            new_id=bank.world.new_id,
        )


def close(bank: Bank, slug: str = "grocer") -> tuple[str, ...]:
    with bank.world.database.transaction() as connection:
        return close_exit(
            connection=connection,
            party=bank.party(slug),
            person="ann",
            now=bank.world.now,
            new_id=bank.world.new_id,
        )


def test_the_run_off_is_what_the_points_outstanding_would_cost(bank: Bank) -> None:
    with bank.world.database.transaction() as connection:
        (grocer,) = compute_run_offs(connection=connection, party=bank.party("grocer"))
        (fuel,) = compute_run_offs(connection=connection, party=bank.party("fuel"))
    assert (grocer.points, grocer.liability_micros, grocer.missing_micros) == (
        100, 1_000_000, 1_000_000,
    )  # fmt: skip
    assert grocer.account_micros == -6_000_000
    # Funded on issue: the pool has the money of Fuel's points already.
    assert (fuel.points, fuel.liability_micros) == (100, 0)


def test_a_partner_leaves_at_zero(bank: Bank) -> None:
    world = bank.world
    begin(bank)
    assert bank.rows("SELECT currency, points, liability_micros FROM settlement.exit_run_off") == [
        ("EUR", 100, 1_000_000)
    ]
    ann = world.member()
    with pytest.raises(HubError, match="partner_state_forbids"):
        world.put("grocer", "G-2", world.sale_body(ann, ("food", "1", "10.00")))
    world.redeem("bakery", bank.ann, 60)
    assert close(bank) == ("its points can be spent until 2026-03-06",)
    # The prefunding is owed, and paid with the rest.
    bank.settle(2)
    assert bank.closing("grocer", 2) == "-7.60"
    bank.pay("grocer", 7_600_000)
    bank.settle(3, 4, 5)
    assert bank.closing("grocer", 5) == "0.00"
    left = close(bank)
    assert left[0] == "1.00 EUR of collateral go back with its next statement"
    assert bank.party("grocer").state == "leaving"
    assert len(close(bank)) == 2
    bank.settle(6)
    assert close(bank) == ("its account stands at 1.00",)
    bank.pay("grocer", -1_000_000)
    bank.settle(7)
    assert close(bank) == ()
    assert close(bank) == ()
    assert bank.party("grocer").state == "closed"
    assert bank.closing("grocer", 7) == "0.00"
    with pytest.raises(HubError, match="insufficient_points"):
        world.redeem("bakery", bank.ann, 10)
    bank.prove()


def test_who_leaves_already_does_not_begin_again(bank: Bank) -> None:
    begin(bank)
    with pytest.raises(RiskRefused, match="leaving already"):
        begin(bank)
    with pytest.raises(RiskRefused, match="not leaving"):
        close(bank, "bakery")
