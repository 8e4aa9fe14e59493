"""Disputes as partners and the operator handle them: the SDK, and both commands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from partner_sdk import errors
from partner_sdk.cli import main
from partner_sdk.client import PartnerClient
from partner_sdk.wire import ids
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.disputes import Evidence
from tests.hub_server import serving
from tests.integration.settlement.disputes.conftest import Court
from tests.settlement_command import Command

ClientOf = Callable[[str], PartnerClient]


@pytest.fixture
def url(court: Court) -> Iterator[str]:
    """The court's hub on a socket."""
    with serving(court.hub.app) as address:
        yield address


@pytest.fixture
def client_of(court: Court, url: str) -> Iterator[ClientOf]:
    """A signing client for each partner."""
    made: list[PartnerClient] = []

    def client(slug: str) -> PartnerClient:
        caller = court.caller(slug)
        key_id = ids.encode("key", caller.key_id)
        made.append(PartnerClient(url, key_id=key_id, private_key=caller.private))
        return made[-1]

    yield client
    for each in made:
        each.close()


def test_a_dispute_goes_its_way_through_the_sdk(court: Court, client_of: ClientOf) -> None:
    grocer, bakery = client_of("grocer"), client_of("bakery")
    statement = next(grocer.statements()).id
    line = court.line_no("grocer")
    opened = grocer.open_dispute(
        statement,
        lines={line: Money(2_000_000, "EUR")},
        reason="wrong_amount",
        text="One of the two.",
        evidence=[Evidence.of(name="journal.csv", content=b"nothing")],
    )
    assert (opened.state, opened.withheld) == ("open", Money(2_000_000, "EUR"))
    (listed,) = bakery.disputes(state="open")
    assert listed.id == opened.id
    shown = bakery.get_dispute(opened.id).evidence[0]
    content = bakery.download_evidence(opened.id, shown.no)
    assert hashlib.sha256(content).hexdigest() == shown.sha256
    rejected = bakery.answer_dispute(opened.id, accept=False, text="No.")
    assert rejected.state == "rejected"
    assert grocer.escalate_dispute(opened.id, text="Yes.").state == "escalated"
    withdrawn = grocer.withdraw_dispute(opened.id, text="No indeed.")
    assert (withdrawn.outcome, withdrawn.upheld) == ("withdrawn", Money(0, "EUR"))
    assert [each.kind for each in withdrawn.history] == [
        "opened", "rejected", "escalated", "withdrawn",
    ]  # fmt: skip
    with pytest.raises(errors.ApiError) as refused:
        grocer.open_dispute(statement, lines=[line], reason="other", text="Again.")
    assert refused.value.code == "dispute_line_taken"


def test_the_partners_command_opens_lists_and_answers(
    court: Court, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def partner(slug: str, *arguments: str) -> tuple[int, str]:
        status = main(["--url", url, "--bearer", court.caller(slug).token, *arguments])
        return status, capsys.readouterr().out

    paper = tmp_path / "slip.txt"
    paper.write_text("signed", "utf-8")
    statement = court.statement("grocer", 1)["statement_id"]
    status, said = partner(
        "grocer", "dispute", "open", statement, "--line", f"{court.line_no('grocer')}=1.50",
        "--reason", "duplicate", "--text", "Twice.", "--evidence", str(paper),
        "--evidence", f"{paper}=https://files.example/slip",
    )  # fmt: skip
    assert status == 0
    dispute = json.loads(said)["id"]
    status, said = partner("bakery", "dispute", "list", "--state", "open")
    assert (status, json.loads(said)["withheld"]["amount"]) == (0, "1.50")
    status, said = partner(
        "bakery", "dispute", "answer", dispute, "--accept", "--text", "You are right."
    )
    assert (status, json.loads(said)["outcome"]) == (0, "upheld")
    status, said = partner("grocer", "dispute", "show", dispute)
    assert [each["bytes"] for each in json.loads(said)["evidence"]] == [6, None]
    status, _ = partner("grocer", "dispute", "withdraw", dispute, "--text", "Too late.")
    assert status == 1


def test_the_operators_people_rule_by_command(
    court: Court, settlement: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bob = (court.hub.caller("operator", person=person) for person in ("ana.pop", "bob"))
    monkeypatch.setenv("COALITION_OPERATOR_KEY", ana.token)
    shown = settlement("disputes", "rules", "--two-people-from", "2", "--answer-days", "7")
    assert shown.exit_code == 0, shown.output
    assert "no answer within 7 days: upheld" in shown.output
    assert "two people rule from 2.00 EUR on" in settlement("disputes", "rules").output
    dispute = court.opened()
    say = {"decision": "reject", "text": "No."}
    court.post("bakery", f"/v1/disputes/{dispute}/answer", say)
    court.post("grocer", f"/v1/disputes/{dispute}/escalation", {"text": "Yes."})
    listed = settlement("disputes", "list", "--state", "escalated").output
    assert dispute in listed
    assert "3.00 EUR" in listed
    ruling = ("disputes", "rule", dispute, "--amount", "1.25", "--text", "In part.")
    assert "another person must give the very same ruling" in settlement(*ruling).output
    again = settlement(*ruling)
    assert again.exit_code == 1
    done = settlement(*ruling, "--key", bob.token)
    assert "is split: 1.25 of 3.00 EUR undone" in done.output
    document = json.loads(settlement("disputes", "show", dispute).output)
    assert document["history"][-1]["kind"] == "ruled"
    assert court.rows("SELECT proposed_by, ruled_by FROM settlement.dispute") == [
        ("ana.pop", "bob")
    ]
    nobody = settlement(*ruling, "--key", "cho_test_nobody")
    assert nobody.exit_code == 1


def test_rules_are_the_coalitions_and_bounded(
    court: Court, settlement: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COALITION_OPERATOR_KEY", court.caller("operator").token)
    refused = settlement("disputes", "rules", "--answer-days", "367")
    assert refused.exit_code == 1
    assert court.rows("SELECT count(*) FROM settlement.dispute_rules") == [(0,)]
    assert settlement("disputes", "rules", "--open-days", "1").exit_code == 0
    court.world.advance(days=2)
    assert court.open().json["code"] == "dispute_deadline_passed"
    with court.world.engine.begin() as connection:
        people = connection.execute(text("SELECT person FROM settlement.dispute_rules")).all()
    assert people == [("ana.pop",)]
