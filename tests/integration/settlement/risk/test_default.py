"""A partner's default: shown first, released by two people, exact, and at zero after it."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from coalition.config import Config
from coalition.errors import HubError
from settlement import hub
from settlement.app import make_night
from settlement.config import SettlementConfig
from settlement.risk.domain import RiskRefused
from settlement.risk.service.default import execute_default, plan_default
from tests.integration.settlement.risk.conftest import Bank
from tests.killing import is_killed


def execute_until_killed(number: int, digest: str, config: Config) -> None:
    """Execute a plan as the second person in this process, which ends after a statement."""
    seen = itertools.count(1)

    def count(*_: Any) -> None:
        if next(seen) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    night = make_night(
        config=config,
        settings=SettlementConfig(key_passphrase="a passphrase of tests"),
        address=str(config.database_url),
    )
    with night.database.transaction() as connection:
        event.listen(connection, "after_cursor_execute", count)
        execute_default(
            connection=connection,
            plan_sha256=digest,
            person="bob",
            now=hub.business_now(connection=connection),
            wall=night.wall(),
            new_id=night.new_id,
        )


def plan(bank: Bank, *, block_points: bool = False) -> tuple[str, dict[str, Any]]:
    party = bank.party("grocer")
    with bank.world.database.transaction() as connection:
        return plan_default(
            connection=connection, party=party, block_points=block_points, wall=bank.night.wall()
        )


def execute(bank: Bank, digest: str, person: str) -> bool:
    with bank.world.database.transaction() as connection:
        return execute_default(
            connection=connection,
            plan_sha256=digest,
            person=person,
            now=bank.world.now,
            wall=bank.night.wall(),
            new_id=bank.world.new_id,
        )


def entries(bank: Bank) -> list[tuple[Any, ...]]:
    return bank.rows(
        "SELECT e.kind, d.slug, c.slug, e.amount_micros FROM settlement.entry e"
        " JOIN party d ON d.no = e.debtor JOIN party c ON c.no = e.creditor"
        " WHERE e.cause LIKE 'default:%' ORDER BY e.seq"
    )


def test_the_waterfall_is_shown_before_anything_is_done(bank: Bank) -> None:
    bank.put_up("grocer", 1_000_000)
    bank.put_up("grocer", 500_000, "prefunding")
    bank.put_up("bakery", 900_000, "default_fund")
    before = bank.rows("SELECT count(*) FROM settlement.entry")
    digest, document = plan(bank, block_points=True)
    assert (document["owed"], document["payable_in_them"]) == ("6.000000", "6.000000")
    assert document["own"] == [
        {"purpose": "prefunding", "used": "0.500000"},
        {"purpose": "collateral", "used": "1.000000"},
    ]
    assert document["default_fund"] == [{"party": "bakery", "of": "0.900000", "bears": "0.900000"}]
    assert document["counterparties"] == [
        {"party": "bakery", "of": "4.000000", "bears": "2.400000"},
        {"party": "fuel", "of": "2.000000", "bears": "1.200000"},
    ]
    assert document["then"] == ["freeze_earning", "block_points"]
    assert bank.rows("SELECT count(*) FROM settlement.entry") == before
    assert bank.party("grocer").state == "live"
    assert plan(bank, block_points=True)[0] == digest


def test_two_people_execute_exactly_the_plan_and_the_account_is_at_zero(bank: Bank) -> None:
    bank.put_up("grocer", 1_000_000)
    bank.put_up("fuel", 800_000, "default_fund")
    digest, _ = plan(bank, block_points=True)
    assert execute(bank, digest, "ann") is False
    assert entries(bank) == []
    assert execute(bank, digest, "bob") is True
    assert entries(bank) == [
        ("default_cover", "clearing", "grocer", 1_000_000),
        ("collateral", "clearing", "fuel", 800_000),
        ("default_share", "fuel", "clearing", 800_000),
        ("default_cover", "clearing", "grocer", 800_000),
        ("default_share", "bakery", "grocer", 2_800_000),
        ("default_share", "fuel", "grocer", 1_400_000),
    ]
    grocer = bank.world.snapshot().party_by_slug["grocer"]
    assert (grocer.state, grocer.lots_blocked) == ("suspended", True)
    body = bank.world.sale_body(bank.ann, ("food", "1", "10.00"))
    with pytest.raises(HubError, match="partner_state_forbids"):
        bank.world.put("grocer", "G-2", body)
    bank.settle(2)
    assert bank.closing("grocer", 2) == "0.00"
    # 4.00 less 2.80; 2.00 - 1.10 less 1.40. What Fuel gave to the fund is spent.
    assert (bank.closing("bakery", 2), bank.closing("fuel", 2)) == ("1.20", "-0.50")
    bank.prove()
    with pytest.raises(RiskRefused, match="nothing is owed"):
        plan(bank)
    with pytest.raises(RiskRefused, match="executed already"):
        execute(bank, digest, "carol")


def test_one_person_is_not_two(bank: Bank) -> None:
    digest, _ = plan(bank)
    execute(bank, digest, "ann")
    with pytest.raises(RiskRefused, match="another person"):
        execute(bank, digest, "ann")
    with pytest.raises(IntegrityError, match="two_people"), bank.world.engine.begin() as c:
        c.execute(
            text("UPDATE settlement.default_plan SET executed_by = 'ann', executed_at = now()")
        )
    assert entries(bank) == []


def test_a_plan_that_is_no_longer_true_is_refused(bank: Bank) -> None:
    digest, _ = plan(bank)
    execute(bank, digest, "ann")
    bank.pay("grocer", 1_000_000)
    with pytest.raises(RiskRefused, match="changed since"):
        execute(bank, digest, "bob")
    anew, document = plan(bank)
    assert anew != digest
    assert document["owed"] == "5.000000"
    with pytest.raises(RiskRefused, match="no such plan"):
        execute(bank, "0" * 64, "ann")


def test_points_stay_spendable_unless_they_are_to_be_blocked(bank: Bank) -> None:
    digest, document = plan(bank)
    assert document["then"] == ["freeze_earning"]
    execute(bank, digest, "ann")
    execute(bank, digest, "bob")
    grocer = bank.world.snapshot().party_by_slug["grocer"]
    assert (grocer.state, grocer.lots_blocked) == ("suspended", False)


def test_those_who_bear_a_share_are_told(bank: Bank) -> None:
    with bank.world.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO subscription (subscription_id, party_no, url, types, secret, state,"
                " created_at) VALUES (:id, :no, 'https://example.test/', :types, '-', 'active',"
                " now())"
            ),
            {
                "id": bank.world.new_id(),
                "no": bank.world.numbers["bakery"],
                "types": ["partner.defaulted"],
            },
        )
    digest, _ = plan(bank)
    execute(bank, digest, "ann")
    execute(bank, digest, "bob")
    ((payload,),) = bank.rows("SELECT payload FROM event WHERE type = 'partner.defaulted'")
    assert payload["partner"] == "grocer"
    assert payload["share"] == {"amount": "4.00", "currency": "EUR"}


@pytest.mark.parametrize(
    "some", [(8, 16, 20), pytest.param(range(1, 100), marks=pytest.mark.prove)], ids=["some", "all"]
)
def test_killed_at_a_statement_nothing_was_done_and_the_plan_can_be_executed(
    bank: Bank, config: Config, some: Iterable[int]
) -> None:
    bank.put_up("grocer", 1_000_000)
    bank.put_up("bakery", 600_000, "default_fund")
    digest, _ = plan(bank, block_points=True)
    execute(bank, digest, "ann")
    before = bank.rows("SELECT count(*) FROM settlement.entry")
    killed = 0
    for number in some:
        if not is_killed(
            execute_until_killed, number, digest, config, address=str(config.database_url)
        ):
            break
        killed = number
        assert bank.rows("SELECT count(*) FROM settlement.entry") == before
        assert bank.party("grocer").state == "live"
    else:
        execute(bank, digest, "bob")
    assert killed >= 20
    assert bank.party("grocer").state == "suspended"
    bank.settle(2)
    assert bank.closing("grocer", 2) == "0.00"
    bank.prove()
