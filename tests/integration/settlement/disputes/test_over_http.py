"""Disputes over HTTP: out of the next netting, answered, ruled, and back as adjustments."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from partner_sdk.wire import ids
from settlement import hub
from settlement.entries.domain import NewEntry
from settlement.entries.service import post_entries
from settlement.store.checks import run_checks
from tests.integration.settlement.disputes.conftest import Court

SAY = {"text": "As I said."}


def entry_lines(court: Court, slug: str, day: int) -> list[tuple[str, str, str]]:
    return [
        (line["kind"], line["net"], line["dispute"])
        for line in court.lines(slug, day)
        if line["kind"] != "rounding"
    ]


def escalated(court: Court, **changes: Any) -> str:
    dispute = court.opened(**changes)
    court.post("bakery", f"/v1/disputes/{dispute}/answer", {"decision": "reject", **SAY})
    court.post("grocer", f"/v1/disputes/{dispute}/escalation", SAY)
    return dispute


def test_only_the_disputed_line_leaves_the_next_netting_and_names_what_it_corrects(
    court: Court,
) -> None:
    assert court.statement("grocer", 1)["closing"] == "-3.00"
    dispute = court.opened()
    court.settle(2)
    for slug, sign in (("grocer", ""), ("bakery", "-")):
        first = court.statement(slug, 1)["statement_id"]
        (line,) = court.lines(slug, 2)
        assert (line["kind"], line["net"]) == ("dispute_withheld", f"{sign}3.000000")
        assert (line["dispute"], line["reason"]) == (dispute, "not_ours")
        assert line["adjusts_statement"] == first
        assert line["adjusts_line"] == str(court.line_no(slug))
        assert (line["receipt"], line["till"], line["partner_ref"]) == (None, None, None)
    assert court.statement("grocer", 2)["closing"] == "0.00"
    # Bakery's fee stands: only those lines left.
    assert court.statement("bakery", 2)["closing"] == "-0.06"
    court.prove()


def test_who_does_not_answer_in_time_agrees(court: Court) -> None:
    dispute = court.opened()
    court.settle(*range(2, 12))
    assert court.get("grocer", f"/v1/disputes/{dispute}")["state"] == "open"
    # Ten days after the one it was opened on.
    court.settle(12)
    found = court.get("bakery", f"/v1/disputes/{dispute}")
    assert (found["state"], found["outcome"], found["closed_by"]) == (
        "closed", "upheld", "no_answer",
    )  # fmt: skip
    assert found["history"][-1] | {"at": None} == {
        "kind": "lapsed", "by": None, "text": "", "at": None,
    }  # fmt: skip
    assert entry_lines(court, "grocer", 12) == [
        ("dispute_released", "-3.000000", dispute),
        ("ruling", "3.000000", dispute),
    ]
    assert court.statement("grocer", 12)["closing"] == "0.00"
    court.prove()


def test_who_does_not_escalate_in_time_gives_in(court: Court) -> None:
    dispute = court.opened()
    rejected = court.post("bakery", f"/v1/disputes/{dispute}/answer", {"decision": "reject", **SAY})
    assert rejected.json["state"] == "rejected"
    court.settle(*range(2, 8))
    found = court.get("grocer", f"/v1/disputes/{dispute}")
    assert (found["outcome"], found["closed_by"]) == ("rejected", "not_escalated")
    assert entry_lines(court, "grocer", 7) == [("dispute_released", "-3.000000", dispute)]
    assert court.statement("grocer", 7)["closing"] == "-3.00"
    court.prove()


def test_the_night_gives_a_default_outcome_once(court: Court) -> None:
    court.opened()
    court.settle(*range(2, 14))
    outcomes = court.rows(
        "SELECT business_date, facts FROM settlement.step_run WHERE step = 'disputes'"
        " AND facts <> '{\"lapsed\": 0}' ORDER BY 1"
    )
    assert [facts for _, facts in outcomes] == [{"lapsed": 1}]
    kinds = court.rows("SELECT kind FROM settlement.entry ORDER BY no")
    assert kinds == [("dispute_withheld",), ("dispute_released",), ("ruling",)]


def test_a_part_is_disputed_and_a_part_of_that_upheld(court: Court) -> None:
    dispute = escalated(
        court,
        lines=[
            {
                "line": court.line_no("grocer"),
                "amount": {"amount": "2.00", "currency": "EUR"},
            }
        ],
    )
    ruled = court.post(
        "operator",
        f"/v1/disputes/{dispute}/ruling",
        {"outcome": "split", "upheld": {"amount": "0.50", "currency": "EUR"}, **SAY},
    )
    assert (ruled.json["state"], ruled.json["outcome"]) == ("closed", "split")
    assert ruled.json["lines"][0]["disputed"]["amount"] == "-2.00"
    assert ruled.json["lines"][0]["upheld"]["amount"] == "-0.50"
    court.settle(2)
    assert entry_lines(court, "bakery", 2) == [
        ("dispute_withheld", "-2.000000", dispute),
        ("dispute_released", "2.000000", dispute),
        ("ruling", "-0.500000", dispute),
    ]
    assert court.statement("grocer", 2)["closing"] == "-2.50"
    court.prove()


def test_a_large_ruling_takes_two_people(court: Court) -> None:
    with court.world.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO settlement.dispute_rules (open_days, answer_days, escalate_days,"
                " two_people_micros, person, recorded_at) VALUES (30, 10, 5, 3000000, 'ann', now())"
            )
        )
    dispute = escalated(court)
    path, ruling = f"/v1/disputes/{dispute}/ruling", {"outcome": "uphold", **SAY}
    proposed = court.post("operator", path, ruling).json
    assert (proposed["state"], proposed["proposal"]["amount"]) == ("escalated", "3.00")
    # What the operator's people make up among them is theirs.
    seen = court.get("grocer", f"/v1/disputes/{dispute}")
    assert seen["proposal"] is None
    assert "proposed" not in {each["kind"] for each in seen["history"]}
    again = court.post("operator", path, ruling)
    assert (again.status_code, again.json["code"]) == (409, "another_person_needed")
    other = court.hub.caller("operator", person="bob")
    done = other.send("POST", path, ruling)
    assert (done.json["state"], done.json["outcome"]) == ("closed", "upheld")
    with pytest.raises(IntegrityError, match="two_people"), court.world.engine.begin() as c:
        c.execute(text("UPDATE settlement.dispute SET ruled_by = proposed_by"))


def test_the_operator_never_rules_alone_on_its_own_lines(court: Court) -> None:
    fee = court.line_no("bakery", "redemption_fee")
    dispute = court.opened("bakery", lines=[{"line": fee}])
    answered = court.post(
        "operator", f"/v1/disputes/{dispute}/answer", {"decision": "reject", **SAY}
    )
    assert answered.json["state"] == "rejected"
    court.post("bakery", f"/v1/disputes/{dispute}/escalation", SAY)
    ruled = court.post("operator", f"/v1/disputes/{dispute}/ruling", {"outcome": "reject", **SAY})
    assert ruled.json["state"] == "escalated"


def test_accepting_ends_it_at_once_and_withdrawing_too(court: Court) -> None:
    dispute = court.opened()
    accepted = court.post("bakery", f"/v1/disputes/{dispute}/answer", {"decision": "accept", **SAY})
    assert (accepted.json["outcome"], accepted.json["closed_by"]) == ("upheld", "answer")
    fee = court.opened("bakery", lines=[{"line": court.line_no("bakery", "redemption_fee")}])
    withdrawn = court.post("bakery", f"/v1/disputes/{fee}/withdrawal", SAY)
    assert withdrawn.json["outcome"] == "withdrawn"
    court.settle(2)
    assert court.statement("grocer", 2)["closing"] == "0.00"
    assert court.statement("bakery", 2)["closing"] == "-0.06"
    court.prove()


def test_a_line_is_disputed_once_by_whichever_of_its_parties(court: Court) -> None:
    dispute = court.opened()
    for slug in ("grocer", "bakery"):
        refused = court.open(slug)
        assert (refused.status_code, refused.json["code"]) == (409, "dispute_line_taken")
    court.post("grocer", f"/v1/disputes/{dispute}/withdrawal", SAY)
    assert court.open().json["code"] == "dispute_line_taken"
    assert court.rows("SELECT count(*) FROM settlement.dispute") == [(1,)]
    assert court.rows("SELECT count(*) FROM settlement.entry") == [(2,)]


def test_lines_that_are_no_ones_to_dispute_are_refused(court: Court) -> None:
    grocer = court.world.numbers["grocer"]
    with court.world.database.transaction() as connection:
        post_entries(
            connection=connection,
            entries=[
                NewEntry(
                    kind="payment",
                    debtor=hub.CLEARING,
                    creditor=grocer,
                    amount_micros=3_000_000,
                    currency="EUR",
                    cause="payment:test",
                )
            ],
        )
    court.settle(2)
    payment = court.statement("grocer", 2)["statement_id"]
    unpriced = court.line_no("grocer", "earn")
    for changes in (
        {"statement": payment, "lines": [{"line": 1}]},
        {"lines": [{"line": unpriced}]},
        {"lines": [{"line": 99}]},
    ):
        refused = court.open(**changes)
        assert (refused.status_code, refused.json["code"]) == (
            422,
            "dispute_line_not_disputable",
        )
        assert refused.json["errors"][0]["pointer"] == "/lines/0/line"
    assert "does not exist" in refused.json["detail"]


def test_more_than_the_line_or_lines_of_two_parties_are_refused(court: Court) -> None:
    line, fee = court.line_no("bakery"), court.line_no("bakery", "redemption_fee")
    over = {"line": line, "amount": {"amount": "3.01", "currency": "EUR"}}
    found = court.open("bakery", lines=[over]).json
    assert (found["code"], found["errors"][0]["pointer"]) == (
        "validation_failed",
        "/lines/0/amount",
    )
    dollars = {"line": line, "amount": {"amount": "1.00", "currency": "USD"}}
    assert court.open("bakery", lines=[dollars]).json["code"] == "wrong_currency"
    both = court.open("bakery", lines=[{"line": line}, {"line": fee}])
    assert both.json["code"] == "dispute_of_two_parties"
    twice = court.open("bakery", lines=[{"line": line}, {"line": line}])
    assert twice.json["code"] == "validation_failed"


def test_a_statement_is_disputed_by_its_own_party_and_in_time(court: Court) -> None:
    theirs = court.statement("bakery", 1)["statement_id"]
    assert court.open("grocer", statement=theirs).json["code"] == "statement_not_found"
    court.world.advance(days=28)
    assert court.open(lines=[{"line": 99}]).json["code"] == "dispute_line_not_disputable"
    court.world.advance(days=2)
    late = court.open()
    assert (late.status_code, late.json["code"]) == (409, "dispute_deadline_passed")


def test_each_party_sees_its_own_lines_and_nobody_else_anything(court: Court) -> None:
    dispute = court.opened()
    mine = court.get("grocer", f"/v1/disputes/{dispute}")
    theirs = court.get("bakery", f"/v1/disputes/{dispute}")
    for slug, found in (("grocer", mine), ("bakery", theirs)):
        assert found["statement"] == court.statement(slug, 1)["statement_id"]
        assert found["lines"][0]["line"] == court.line_no(slug)
    assert mine["lines"][0]["disputed"]["amount"] == "-3.00"
    assert theirs["lines"][0]["disputed"]["amount"] == "3.00"
    assert "R-77" not in str(theirs)
    assert court.get("fuel", f"/v1/disputes/{dispute}")["code"] == "dispute_not_found"
    assert court.get("fuel", "/v1/disputes")["items"] == []
    assert [each["id"] for each in court.get("bakery", "/v1/disputes")["items"]] == [dispute]
    assert court.get("operator", "/v1/disputes?state=closed")["items"] == []
    assert court.get("operator", "/v1/disputes?state=open")["items"][0]["id"] == dispute
    for path, body in (("answer", {"decision": "accept", **SAY}), ("escalation", SAY)):
        refused = court.post("fuel", f"/v1/disputes/{dispute}/{path}", body)
        assert refused.json["code"] == "dispute_not_found"
    for slug, path in (("grocer", "answer"), ("bakery", "withdrawal"), ("operator", "answer")):
        body = {"decision": "accept", **SAY} if path == "answer" else SAY
        assert court.post(slug, f"/v1/disputes/{dispute}/{path}", body).json["code"] == "forbidden"


def test_evidence_is_small_hashed_and_seen_by_both(court: Court) -> None:
    paper = b"%PDF- a receipt"
    piece = {
        "name": "receipt.pdf",
        "sha256": hashlib.sha256(paper).hexdigest(),
        "content": base64.b64encode(paper).decode(),
    }
    elsewhere = {"name": "film", "sha256": "0" * 64, "reference": "https://films.example/1"}
    dispute = court.opened(evidence=[piece, elsewhere])
    shown = court.get("bakery", f"/v1/disputes/{dispute}")["evidence"]
    assert [(each["no"], each["by"], each["bytes"]) for each in shown] == [
        (1, "grocer", len(paper)),
        (2, "grocer", None),
    ]
    path = f"/v1/disputes/{dispute}/evidence"
    assert court.caller("bakery").sign("GET", f"{path}/1").data == paper
    assert court.get("bakery", f"{path}/2")["code"] == "not_found"
    assert court.get("fuel", f"{path}/1")["code"] == "dispute_not_found"
    large = base64.b64encode(bytes(64 * 1024 + 1)).decode()
    for wrong in (
        piece | {"sha256": "1" * 64},
        piece | {"content": large},
        piece | {"reference": "and here"},
        {"name": "nothing", "sha256": "0" * 64},
    ):
        refused = court.open(evidence=[wrong])
        assert (refused.status_code, refused.json["code"]) == (422, "validation_failed")


def test_the_signed_request_is_kept_as_evidence(court: Court) -> None:
    court.opened()
    ((method, target),) = court.rows(
        "SELECT r.method, r.target FROM settlement.dispute_event e"
        " JOIN signed_request r USING (request_id)"
    )
    assert (method, target) == ("POST", "http://hub.test/v1/disputes")


def test_a_request_sent_twice_opens_one_dispute(court: Court) -> None:
    body = {
        "statement": court.statement("grocer", 1)["statement_id"],
        "lines": [{"line": court.line_no("grocer")}],
        "reason": "duplicate",
        **SAY,
    }
    first, second = (
        court.caller("grocer").sign("POST", "/v1/disputes", body, key="once") for _ in range(2)
    )
    assert first.json == second.json
    assert court.rows("SELECT count(*) FROM settlement.dispute") == [(1,)]


def test_those_who_subscribed_are_told(court: Court) -> None:
    types = ["dispute.opened", "dispute.answered", "dispute.escalated", "dispute.closed"]
    with court.world.engine.begin() as connection:
        for slug in ("grocer", "bakery"):
            connection.execute(
                text(
                    "INSERT INTO subscription (subscription_id, party_no, url, types, secret,"
                    " state, created_at) VALUES (:id, :no, 'https://example.test/', :types, '-',"
                    " 'active', now())"
                ),
                {"id": court.world.new_id(), "no": court.world.numbers[slug], "types": types},
            )
    dispute = escalated(court)
    court.post("operator", f"/v1/disputes/{dispute}/ruling", {"outcome": "uphold", **SAY})
    told = court.rows(
        "SELECT p.slug, e.type, e.payload->>'dispute' FROM event e"
        " JOIN party p ON p.no = e.party_no ORDER BY e.event_id"
    )
    assert told == [
        ("bakery", "dispute.opened", dispute),
        ("grocer", "dispute.answered", dispute),
        ("bakery", "dispute.escalated", dispute),
        ("grocer", "dispute.closed", dispute),
        ("bakery", "dispute.closed", dispute),
    ]


def test_a_dispute_that_is_closed_stays_closed(court: Court) -> None:
    dispute = court.opened()
    court.post("grocer", f"/v1/disputes/{dispute}/withdrawal", SAY)
    for slug, path, body in (
        ("grocer", "withdrawal", SAY),
        ("grocer", "escalation", SAY),
        ("bakery", "answer", {"decision": "accept", **SAY}),
        ("operator", "ruling", {"outcome": "reject", **SAY}),
    ):
        refused = court.post(slug, f"/v1/disputes/{dispute}/{path}", body)
        assert (refused.status_code, refused.json["code"]) == (409, "dispute_state_forbids")
    unknown = ids.encode("dsp", court.world.new_id())
    assert court.get("grocer", f"/v1/disputes/{unknown}")["code"] == "dispute_not_found"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE settlement.dispute_line SET withheld_micros = withheld_micros - 1",
        (
            "UPDATE settlement.dispute SET state = 'closed', outcome = 'rejected', due_at = NULL,"
            " closed_by = 'not_escalated', closed_at = now()"
        ),
    ],
)
def test_the_check_names_a_dispute_that_is_not_what_was_posted(court: Court, damage: str) -> None:
    court.opened()
    court.prove()
    with court.world.engine.begin() as connection:
        connection.execute(text(damage))
    with court.world.engine.connect() as connection:
        broken = {f.check.name for f in run_checks(connection=connection) if f.broken}
    assert broken == {"dispute-is-its-entries"}
