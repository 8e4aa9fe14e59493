"""What a default and collateral ask for and pay out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from settlement.payments.service.terms import set_clearing_account
from settlement.profiles.domain import Profile
from settlement.profiles.service import set_profile
from settlement.risk.service import collateral
from tests.bank_files import IBAN, OTHER_IBAN
from tests.coalition_world import DAY_1
from tests.integration.settlement.payments import desk
from tests.integration.settlement.risk.conftest import Bank
from tests.integration.settlement.risk.test_default import execute, plan


def release(bank: Bank, number: int) -> dict[str, Any]:
    """Two people release the window of a day; gives the document."""
    day = DAY_1 + timedelta(days=number - 1)
    proposed = desk.propose(bank.night, day)
    approved = desk.approve(bank.night, proposed)
    assert approved.state == "approved", approved.reason
    document: dict[str, Any] = json.loads(approved.document)
    return document


def open_items(bank: Bank, slug: str) -> list[tuple[Any, ...]]:
    return bank.rows(
        "SELECT i.direction, i.amount_micros - i.paid_micros FROM settlement.payment_item i"
        f" WHERE i.party_no = {bank.world.numbers[slug]} AND i.paid_micros < i.amount_micros"
        " ORDER BY i.business_date"
    )


def has_accounts(bank: Bank) -> None:
    with bank.world.engine.begin() as connection:
        set_clearing_account(
            connection=connection, currency="EUR", iban=IBAN, bic=None, holder="Clearing house",
            mt940_name=None, person="ana.pop", now=bank.night.wall(),
        )  # fmt: skip
        for slug in ("grocer", "bakery", "fuel"):
            set_profile(
                connection=connection, party_no=bank.world.numbers[slug],
                profile=Profile(iban=OTHER_IBAN, payment_days=0, interest_micros=100_000),
                set_by="operator", now=bank.night.wall(),
            )  # fmt: skip


def test_what_others_bear_is_set_off_and_never_paid_out_to_the_defaulter(bank: Bank) -> None:
    has_accounts(bank)
    release(bank, 1)
    assert open_items(bank, "grocer") == [("collect", 6_000_000)]
    digest, document = plan(bank)
    assert document["owed"] == "6.000000"
    execute(bank, digest, "ann")
    execute(bank, digest, "bob")
    bank.settle(2)
    # The night of the default charges no interest: the account is at zero.
    assert bank.closing("grocer", 2) == "0.00"
    released = release(bank, 2)
    assert [each["party"] for each in released["instructions"]] == []
    assert [(each["party"], each["amount"]["amount"]) for each in released["set_off"]] == [
        ("grocer", "6.00"),
    ]
    assert open_items(bank, "grocer") == []
    assert open_items(bank, "bakery") == [("pay", 4_000_000), ("collect", 4_000_000)]
    bank.prove()


def test_collateral_is_asked_for_with_the_window_that_it_was_put_up_in(bank: Bank) -> None:
    has_accounts(bank)
    release(bank, 1)
    with bank.world.database.transaction() as connection:
        collateral.put_up(
            connection=connection, party=bank.party("fuel"), purpose="collateral",
            amount_micros=1_000_000, reference="C-1", person="ann",
        )  # fmt: skip
    bank.settle(2)
    release(bank, 2)
    assert open_items(bank, "fuel") == [("pay", 900_000), ("collect", 1_000_000)]
    bank.prove()
