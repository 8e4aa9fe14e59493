"""Caps, default and leaving of a partner priced in another currency than the coalition's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from coalition.directory import Clocks
from coalition.errors import HubError
from coalition.jobs.job import JobContext
from coalition.ledger.exposure import measure_exposure
from settlement import hub
from settlement.currencies.domain import Policy, Quote
from settlement.currencies.service import import_quotes, set_policy
from settlement.entries.domain import NewEntry
from settlement.entries.service import post_entries
from settlement.risk.domain import RiskRefused
from settlement.risk.service.collateral import give_back, put_up, read_status
from settlement.risk.service.default import execute_default, plan_default
from settlement.risk.service.leaving import begin_exit, close_exit, compute_run_offs
from settlement.steps.night import Night
from tests.coalition_world import DAY_1, LEI_TERMS, World
from tests.integration.settlement.reading import bundle_path, read_statement
from tests.integration.settlement.risk.conftest import Bank
from tests.shelf import Shelf


@pytest.fixture
def database_url(shelf: Shelf) -> Iterator[str]:
    """These tests make a coalition of their own."""
    with shelf.lend() as address:
        yield address


@pytest.fixture
def bank(engine: Engine, night: Night) -> Bank:
    """Florist's points are worth 0.05 lei; Ann holds 200 of them, and spends at Grocer's."""
    world = World(engine)
    world.price_in_lei()
    world.partner("grocer")
    world.partner("florist", {**LEI_TERMS, "cap": "5.00"})
    ann = world.member()
    world.put("florist", "F-1", in_lei(world.sale_body(ann, ("roses", "1", "200.00"))))
    return Bank(world, night, ann)


def in_lei(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(body).replace('"EUR"', '"RON"'))
    return found


def convert_at_five(bank: Bank) -> None:
    with bank.world.database.transaction() as connection:
        set_policy(
            connection=connection,
            policy=Policy(DAY_1, "convert", "spot", "ECB"),
            set_at=bank.world.now,
        )
        import_quotes(
            connection=connection,
            quotes=[Quote("ECB", "EUR", "RON", DAY_1, "5")],
            imported_at=bank.world.now,
        )


def measure(bank: Bank, config: Config) -> tuple[int, bool]:
    """What is uncovered of florist's cap in lei, and whether its issuing is stopped."""
    context = JobContext(
        config=config,
        database=bank.world.database,
        directory=bank.world.directory,
        clocks=Clocks(wall=lambda: datetime.now(UTC)),
    )
    with bank.world.database.transaction() as connection:
        measure_exposure(context, connection)
    ((uncovered, stopped),) = bank.rows(
        "SELECT e.uncovered_micros, p.issuing_stopped FROM exposure e"
        " JOIN party p ON p.no = e.party_no WHERE e.currency = 'RON'"
    )
    return uncovered, stopped


def pay(bank: Bank, slug: str, micros: int, currency: str) -> None:
    with bank.world.database.transaction() as connection:
        post_entries(
            connection=connection,
            entries=[
                NewEntry(
                    kind="payment",
                    debtor=hub.CLEARING,
                    creditor=bank.world.numbers[slug],
                    amount_micros=micros,
                    currency=currency,
                    cause=f"payment:{bank.world.new_id()}",
                )
            ],
        )


def issue(bank: Bank, sale_id: str) -> None:
    body = in_lei(bank.world.sale_body(bank.ann, ("roses", "1", "1.00")))
    bank.world.put("florist", sale_id, body)


def test_a_partner_that_paid_what_was_converted_is_not_stopped(bank: Bank, config: Config) -> None:
    convert_at_five(bank)
    bank.world.redeem("grocer", bank.ann, 100)
    assert measure(bank, config) == (5_000_000, True)
    bank.settle(1)
    # Owed in euros now, and as much of the cap as before.
    assert bank.closing("florist", 1) == "-1.00"
    assert measure(bank, config) == (5_000_000, True)
    with pytest.raises(HubError, match="cap_reached"):
        issue(bank, "F-2")
    pay(bank, "florist", 1_000_000, "EUR")
    assert measure(bank, config) == (0, False)
    issue(bank, "F-2")
    # What is not paid counts on beside what is new and not converted yet.
    bank.world.redeem("grocer", bank.ann, 40)
    bank.settle(2)
    bank.world.redeem("grocer", bank.ann, 20)
    assert measure(bank, config) == (3_000_000, False)
    bank.settle(3)
    assert measure(bank, config) == (3_000_000, False)
    bank.prove()


def test_collateral_in_the_coalitions_currency_covers_what_is_converted_into_it(
    bank: Bank, config: Config
) -> None:
    convert_at_five(bank)
    bank.world.redeem("grocer", bank.ann, 100)
    bank.settle(1)
    bank.put_up("florist", 500_000)
    assert measure(bank, config) == (2_500_000, False)
    party = bank.party("florist")
    with bank.world.database.transaction() as connection, pytest.raises(RiskRefused, match="cap"):
        give_back(
            connection=connection,
            party=party,
            purpose="collateral",
            amount_micros=500_000,
            reference="back",
            person="ann",
        )


def test_without_conversion_a_cap_counts_its_own_currency_alone(bank: Bank, config: Config) -> None:
    bank.world.redeem("grocer", bank.ann, 60)
    bank.settle(1)
    pay(bank, "florist", 9_000_000, "EUR")
    assert measure(bank, config) == (3_000_000, False)
    pay(bank, "florist", 1_000_000, "RON")
    assert measure(bank, config) == (2_000_000, False)
    bank.prove()


def test_a_default_is_worked_out_in_every_currency_that_is_owed_in(bank: Bank) -> None:
    bank.world.redeem("grocer", bank.ann, 60)
    bank.settle(1)
    party = bank.party("florist")
    # In lei collateral covers; what is put up in euros and not paid is a debt of its own.
    pay(bank, "florist", 1_000_000, "RON")
    with bank.world.database.transaction() as connection:
        for currency, micros in (("RON", 1_000_000), ("EUR", 400_000)):
            put_up(
                connection=connection,
                party=party,
                purpose="collateral",
                amount_micros=micros,
                reference=f"c-{currency}",
                person="ann",
                currency=currency,
            )
        status = read_status(connection=connection)
    assert [(each.party, each.currency, each.held) for each in status] == [
        ("florist", "EUR", {"collateral": 400_000}),
        ("florist", "RON", {"collateral": 1_000_000}),
    ]
    bank.settle(2)
    with bank.world.database.transaction() as connection:
        digest, plan = plan_default(
            connection=connection, party=party, block_points=False, wall=bank.night.wall()
        )
    assert (plan["currency"], plan["owed"]) == ("EUR", "0.400000")
    (lei,) = plan["others"]
    assert (lei["currency"], lei["owed"]) == ("RON", "3.000000")
    assert lei["own"] == [{"purpose": "collateral", "used": "1.000000"}]
    assert lei["counterparties"] == [{"party": "grocer", "of": "3.000000", "bears": "2.000000"}]
    for person in ("ann", "bob"):
        with bank.world.database.transaction() as connection:
            done = execute_default(
                connection=connection,
                plan_sha256=digest,
                person=person,
                now=bank.world.now,
                wall=bank.night.wall(),
                new_id=bank.world.new_id,
            )
    assert done
    bank.settle(3)
    assert bank.closing("florist", 3) == "0.00"
    assert _closing_in_lei(bank, "florist", 3) == "0.00"
    bank.prove()


def test_a_partner_leaves_at_zero_in_every_currency(bank: Bank) -> None:
    bank.world.redeem("grocer", bank.ann, 60)
    with bank.world.database.transaction() as connection:
        euros, lei = compute_run_offs(connection=connection, party=bank.party("florist"))
        assert (euros.currency, euros.points, euros.missing_micros) == ("EUR", 0, 0)
        assert (lei.currency, lei.points, lei.missing_micros) == ("RON", 140, 7_000_000)
        begin_exit(
            connection=connection,
            party=bank.party("florist"),
            notice_days=1,
            person="ann",
            now=bank.world.now,
            new_id=bank.world.new_id,
        )
    bank.settle(1)
    assert _closing_in_lei(bank, "florist", 1) == "-10.00"
    pay(bank, "florist", 10_000_000, "RON")
    bank.settle(2, 3)
    assert _close(bank)[0] == "7.00 RON of collateral go back with its next statement"
    bank.settle(4)
    assert _close(bank) == ("its account stands at 7.00 RON",)
    with bank.world.database.transaction() as connection:
        post_entries(
            connection=connection,
            entries=[
                NewEntry(
                    kind="payment",
                    debtor=bank.world.numbers["florist"],
                    creditor=hub.CLEARING,
                    amount_micros=7_000_000,
                    currency="RON",
                    cause="payment:out",
                )
            ],
        )
    bank.settle(5)
    assert _close(bank) == ()
    assert bank.party("florist").state == "closed"
    bank.prove()


def _closing_in_lei(bank: Bank, slug: str, number: int) -> str:
    day = DAY_1.replace(day=DAY_1.day + number - 1)
    path = bundle_path(bank.night, day, slug).with_name(f"{slug}.RON.zip")
    found: str = read_statement(path)["closing"]
    return found


def _close(bank: Bank) -> tuple[str, ...]:
    with bank.world.database.transaction() as connection:
        return close_exit(
            connection=connection,
            party=bank.party("florist"),
            person="ann",
            now=bank.world.now,
            new_id=bank.world.new_id,
        )
