"""The commands, as the how-to pages give them: from a published window to a settled one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from coalition.config import Config
from tests import settlement_command
from tests.bank_files import IBAN, OTHER_IBAN, Line, camt
from tests.coalition_world import DAY_1, World
from tests.hub_http import HttpHub
from tests.integration.settlement.payments.desk import on
from tests.integration.settlement.payments.test_api import database_url as database_url
from tests.integration.settlement.payments.test_api import world as world
from tests.settlement_command import set_environment

DAY = str(DAY_1)


@pytest.fixture
def settlement(world: World, config: Config, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs the command as a person, whose exit status is as expected; gives what it printed."""
    hub = HttpHub(world, config)
    set_environment(monkeypatch, config)
    keys = {name: hub.caller("operator", person=name).token for name in ("ana.pop", "dan.rus")}

    def run(person: str, *arguments: str, status: int = 0) -> str:
        monkeypatch.setenv("COALITION_OPERATOR_KEY", keys.get(person, person))
        said = settlement_command.run(*arguments)
        assert said.status == status, said.errors
        return said.output + said.errors

    return run


def test_a_window_goes_from_published_to_settled_by_commands(
    settlement: Callable[..., str], tmp_path: Path
) -> None:
    run = settlement
    run("ana.pop", "payments", "account", "EUR", IBAN, "--holder", "Our Clearing House")
    assert IBAN in run("ana.pop", "payments", "accounts")
    proposed = run("ana.pop", "release", "propose", DAY)
    document = run("dan.rus", "release", "show", DAY, "--document")
    digest = hashlib.sha256(document.encode()).hexdigest()
    assert digest in proposed
    assert "ana.pop proposed it" in run("ana.pop", "release", "approve", DAY, digest, status=1)
    assert "key_unknown" in run("cho_nonsense", "release", "approve", DAY, digest, status=1)
    assert "is approved" in run("dan.rus", "release", "approve", DAY, digest)
    run("ana.pop", "payments", "pain001", DAY, "--out", str(tmp_path / "pay.xml"))
    assert OTHER_IBAN.encode() in (tmp_path / "pay.xml").read_bytes()
    run("ana.pop", "payments", "advice", DAY, "--out", str(tmp_path / "advice"))
    (grocer,) = json.loads((tmp_path / "advice" / f"advice-{DAY}-grocer.json").read_text())
    assert grocer["pay_to"]["account_holder"] == "Our Clearing House"
    assert grocer["reference"] in run("ana.pop", "payments", "due")
    assert "0.40" in run("ana.pop", "payments", "aging")
    bank = tmp_path / "bank.xml"
    bank.write_bytes(
        camt(
            [
                Line("0.40", on(2), grocer["reference"], "B1"),
                Line("-0.40", on(2), bank_reference="B2", iban=OTHER_IBAN),
                Line("-1.00", on(2), bank_reference="B3", text="fee"),
            ]
        )
    )
    assert "3 entries, 3 of them new, 2 matched" in run("ana.pop", "payments", "import", str(bank))
    assert "nothing changed" in run("ana.pop", "payments", "import", str(bank))
    (waiting,) = run("ana.pop", "payments", "unmatched").splitlines()
    entry = waiting.split()[0]
    assert "set aside" in run("ana.pop", "payments", "match", entry, "--reason", "the bank's fee")
    assert run("ana.pop", "payments", "unmatched") == ""
    assert "settled" in run("ana.pop", "status")
