"""Caps, collateral, default and exit, as the operator's people type them."""

from __future__ import annotations

import json

import pytest

from coalition.config import Config
from tests.hub_http import HttpHub
from tests.integration.settlement.risk.conftest import Bank
from tests.integration.settlement.risk.test_collateral import measure
from tests.settlement_command import Command


@pytest.fixture
def people(bank: Bank, config: Config) -> tuple[str, str]:
    """The keys of two of the operator's people."""
    hub = HttpHub(bank.world, config)
    ana, bob = (hub.caller("operator", person=person).token for person in ("ana.pop", "bob"))
    return ana, bob


def test_caps_show_what_is_used_and_put_up(
    bank: Bank, config: Config, settlement: Command, people: tuple[str, str]
) -> None:
    put = ("collateral", "put", "grocer", "1.50", "--reference", "C-1", "--key", people[0])
    assert settlement(*put).output == "posted\n"
    assert settlement(*put).output == "nothing new: the reference is known\n"
    bank.pay("grocer", 1_500_000)
    measure(bank, config)
    shown = settlement("caps").output
    row = next(line for line in shown.splitlines() if "grocer" in line)
    for each in ("4.50", "10.00", "45 %", "5.50", "1.50", "goes on"):
        assert each in row
    back = settlement(
        "collateral", "return", "grocer", "2", "--reference", "B-1", "--key", people[0]
    )
    assert back.exit_code == 1


def test_a_default_takes_two_keys(bank: Bank, settlement: Command, people: tuple[str, str]) -> None:
    shown = settlement("default", "plan", "grocer").output
    document, _, digest = shown.rpartition("plan ")
    assert json.loads(document)["owed"] == "6.000000"
    execute = ("default", "execute", digest.strip(), "--key")
    assert "another person must release it too" in settlement(*execute, people[0]).output
    assert settlement(*execute, people[0]).exit_code == 1
    assert "done" in settlement(*execute, people[1]).output
    assert bank.party("grocer").state == "suspended"


def test_a_partner_leaves_by_command(
    bank: Bank, settlement: Command, people: tuple[str, str]
) -> None:
    plan = settlement("exit", "plan", "grocer").output
    assert "points outstanding: 100" in plan
    assert "to be prefunded: 1.00 EUR" in plan
    begun = settlement("exit", "begin", "grocer", "--notice-days", "2", "--key", people[0])
    assert "grocer is leaving; its points can be spent until 2026-03-05" in begun.output
    waits = settlement("exit", "close", "grocer", "--key", people[0]).output
    assert waits.endswith("grocer is leaving\n")
    assert settlement("exit", "plan", "nobody").exit_code == 1
