"""Collateral is on the statements, covers what may be owed, and comes back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coalition.config import Config
from coalition.directory import Clocks
from coalition.jobs.job import JobContext
from coalition.ledger.exposure import measure_exposure
from settlement.risk.domain import RiskRefused
from settlement.risk.service import collateral
from tests.integration.settlement.reading import bundle_path, read_lines
from tests.integration.settlement.risk.conftest import DAY_1, Bank


def measure(bank: Bank, config: Config) -> tuple[int, int]:
    world = bank.world
    context = JobContext(
        config=config,
        database=world.database,
        directory=world.directory,
        clocks=Clocks(wall=lambda: datetime.now(UTC)),
    )
    with world.database.transaction() as connection:
        measure_exposure(context, connection)
    ((uncovered, percent),) = bank.rows("SELECT uncovered_micros, warned_percent FROM exposure")
    return uncovered, percent


def give_back(bank: Bank, slug: str, micros: int, reference: str = "back-1") -> bool:
    with bank.world.database.transaction() as connection:
        return collateral.give_back(
            connection=connection,
            party=bank.party(slug),
            purpose="collateral",
            amount_micros=micros,
            reference=reference,
            person="ann",
        )


def test_what_is_paid_in_covers_wherever_it_lies(bank: Bank, config: Config) -> None:
    assert measure(bank, config) == (6_000_000, 50)
    # Put up but not paid yet: nothing is covered by a promise.
    with bank.world.database.transaction() as connection:
        collateral.put_up(
            connection=connection,
            party=bank.party("grocer"),
            purpose="collateral",
            amount_micros=2_000_000,
            reference="C-1",
            person="ann",
        )
    assert measure(bank, config) == (6_000_000, 50)
    bank.pay("grocer", 2_000_000)
    assert measure(bank, config) == (4_000_000, 0)
    bank.pay("grocer", 6_000_000)
    assert measure(bank, config) == (0, 0)
    # Given to the default fund, money covers others.
    bank.put_up("grocer", 1_000_000, "default_fund")
    assert measure(bank, config) == (0, 0)
    assert bank.rows(
        "SELECT covering_micros, collateral_micros FROM entered_position e"
        " JOIN party p ON p.no = e.party_no WHERE p.slug = 'grocer'"
    ) == [(8_000_000, 2_000_000)]


def test_a_stopped_partner_goes_on_once_it_has_put_up_collateral(
    bank: Bank, config: Config
) -> None:
    world = bank.world
    ann = world.member()
    world.put("grocer", "G-9", world.sale_body(ann, ("food", "1", "900.00")))
    world.redeem("bakery", ann, 500)
    assert measure(bank, config) == (11_000_000, 100)
    assert world.snapshot().party_by_slug["grocer"].issuing_stopped
    bank.put_up("grocer", 3_000_000)
    assert measure(bank, config) == (8_000_000, 75)
    assert not world.snapshot().party_by_slug["grocer"].issuing_stopped


def test_it_is_a_line_of_the_statement_and_not_due_with_the_netting(bank: Bank) -> None:
    bank.put_up("grocer", 1_000_000)
    bank.settle(2)
    lines = read_lines(bundle_path(bank.night, DAY_1.replace(day=DAY_1.day + 1), "grocer"))
    assert [(each["kind"], each["net"], each["counterparty"]) for each in lines] == [
        ("payment", "1.000000", "clearing"),
        ("collateral", "-1.000000", "clearing"),
    ]
    assert bank.closing("grocer", 2) == "-6.00"
    bank.prove()


def test_it_comes_back_as_far_as_it_is_there_and_not_needed(bank: Bank, config: Config) -> None:
    bank.put_up("grocer", 1_000_000)
    measure(bank, config)
    with pytest.raises(RiskRefused, match="put up less"):
        give_back(bank, "grocer", 1_000_001)
    assert give_back(bank, "grocer", 400_000)
    # The same reference again changes nothing.
    assert not give_back(bank, "grocer", 400_000)
    with bank.world.database.autocommit() as connection:
        (status,) = (
            each for each in collateral.read_status(connection=connection) if each.party == "grocer"
        )
    assert status.held == {"collateral": 600_000}
    world = bank.world
    ann = world.member()
    world.put("grocer", "G-9", world.sale_body(ann, ("food", "1", "900.00")))
    world.redeem("bakery", ann, 450)
    measure(bank, config)
    with pytest.raises(RiskRefused, match="at its cap"):
        give_back(bank, "grocer", 600_000, "back-2")


def test_only_partners_put_up_collateral(bank: Bank) -> None:
    with (
        pytest.raises(RiskRefused, match="not a partner"),
        bank.world.database.transaction() as connection,
    ):
        collateral.put_up(
            connection=connection,
            party=bank.party("pool"),
            purpose="collateral",
            amount_micros=1,
            reference="C-1",
            person="ann",
        )
