"""The commands, as the how-to pages give them: from a published window to a settled one."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from coalition.config import Config
from tests.bank_files import IBAN, OTHER_IBAN, Line, camt
from tests.coalition_world import DAY_1
from tests.hub_http import HttpHub
from tests.integration.settlement.payments.desk import on
from tests.integration.settlement.payments.test_api import world as world

DAY = str(DAY_1)


@pytest.fixture
def settlement(world: object, config: Config) -> object:
    """Runs the command as a person; gives what it printed, and its exit status."""
    hub = HttpHub(world, config)  # type: ignore[arg-type]
    keys = {name: hub.caller("operator", person=name).token for name in ("ana.pop", "dan.rus")}

    def run(person: str, *arguments: str, status: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "settlement.cli", *arguments],
            env={
                **os.environ,
                "DATABASE_URL": str(config.database_url),
                "COALITION_DATA": str(config.data_folder),
                "COALITION_OPERATOR_KEY": keys.get(person, person),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    return run


def test_a_window_goes_from_published_to_settled_by_commands(
    settlement: object, tmp_path: Path
) -> None:
    run = settlement
    assert callable(run)
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
