"""Bad input: each gets a problem document with the right status, and nothing is half done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from coalition.ledger.check import run_checks
from partner_sdk.wire.ids import encode
from tests.coalition_world import FUEL_TERMS, World, refund
from tests.hub_http import Caller, HttpHub

MEMBER = "/v1/members"


class Hub:
    """A grocer, a fuel station, a bakery; Ann with 40 active points."""

    def __init__(self, engine: Engine, config: Config) -> None:
        self.world = World(engine)
        self.world.partner("grocer")
        self.world.partner("fuel", FUEL_TERMS)
        self.world.partner("bakery")
        self.http = HttpHub(self.world, config)
        self.grocer = self.http.caller("grocer")
        self.bakery = self.http.caller("bakery")
        self.operator = self.http.caller("operator")
        self.ann = self.world.member()
        self.world.put("grocer", "G-1", self.sale())

    def sale(self, **changes: Any) -> dict[str, Any]:
        body = self.world.sale_body(self.ann, ("food", "1", "40.00"))
        return {**body, **changes}

    def state(self) -> list[Any]:
        """All that a refusal must leave as it was."""
        tables = ("balance", "lot", "movement", "obligation", "sale", "hold", "redemption", "debt")
        with self.world.engine.connect() as connection:
            return [
                connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1, 2").all()
                for table in tables
            ]

    def member_state(self, state: str) -> None:
        path = f"{MEMBER}/{encode('mem', self.ann)}/state"
        answer = self.operator.send("POST", path, {"state": state, "reason": "test"})
        assert answer.status_code == 200, answer.json

    def spend(self, points: int, member: UUID | None = None) -> dict[str, Any]:
        return {"member": {"id": encode("mem", member or self.ann)}, "points": points}


@pytest.fixture
def hub(engine: Engine, config: Config) -> Iterator[Hub]:
    made = Hub(engine, config)
    yield made
    with engine.connect() as connection:
        assert [f.check.name for f in run_checks(connection=connection) if f.broken] == []


def refused(
    hub: Hub, caller: Caller, method: str, path: str, body: Any = None, **more: Any
) -> tuple[int, str]:
    """Status and code of a refusal that leaves everything as it was."""
    before = hub.state()
    answer = caller.send(method, path, body, **more)
    assert answer.content_type == "application/problem+json", answer.get_data(as_text=True)
    problem = answer.json
    assert problem is not None
    assert problem["status"] == answer.status_code
    assert {"type", "title", "detail", "code", "request_id", "retryable"} <= problem.keys()
    assert hub.state() == before
    return answer.status_code, problem["code"]


def money(amount: Any, currency: str = "EUR") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def lines(**changes: Any) -> list[dict[str, Any]]:
    return [{"id": "1", "category": "food", "quantity": "1", "amount": money("4.00"), **changes}]


WRONG_SALES: dict[str, dict[str, Any]] = {
    "an unknown field": {"colour": "red"},
    "a wrong type": {"revision": "1"},
    "a boolean for a number": {"revision": True},
    "a revision below zero": {"revision": -1},
    "a float for money": {"lines": lines(amount=money(4.5))},
    "a negative amount": {"lines": lines(amount=money("-4.00"))},
    "an absurd amount": {"lines": lines(amount=money("1" + "0" * 40))},
    "an exponent": {"lines": lines(amount=money("4e3"))},
    "a negative quantity": {"lines": lines(quantity="-1")},
    "no lines": {"lines": []},
    "two lines with one id": {"lines": lines() + lines()},
    "control characters": {"lines": lines(category="a\u0007b")},
    "a direction override": {"receipt": "12\u202e34"},
    "a lonely surrogate": {"receipt": "\ud800"},
    "a local time without offset": {"occurred_at": "2026-03-02T09:00:00"},
    "a day that does not exist": {"occurred_at": "2026-02-30T09:00:00Z"},
    "an unknown zone": {"store": {"id": "1", "time_zone": "Mars/Olympus"}},
    "two names of a member": {"member": {"id": "a", "card": "b"}},
    "an unknown tender": {"tenders": [{"kind": "shells", "amount": money("1.00")}]},
}


@pytest.mark.parametrize("what", sorted(WRONG_SALES))
def test_a_malformed_sale_is_refused_with_the_place_that_is_wrong(hub: Hub, what: str) -> None:
    status, code = refused(hub, hub.grocer, "PUT", "/v1/sales/G-2", hub.sale(**WRONG_SALES[what]))
    assert status in (400, 422)
    assert code in ("validation_failed", "malformed_json", "number_out_of_range")


def test_a_number_past_what_every_parser_reads_is_refused(hub: Hub) -> None:
    body = hub.sale(revision=2**53)
    assert refused(hub, hub.grocer, "PUT", "/v1/sales/G-2", body)[0] in (400, 422)


def test_a_body_of_ten_megabytes_is_refused(hub: Hub) -> None:
    raw = b'{"revision": 1, "receipt": "' + b"x" * 10_000_000 + b'"}'
    assert refused(hub, hub.grocer, "PUT", "/v1/sales/G-2", raw=raw) == (413, "payload_too_large")


def test_what_is_not_json_is_refused(hub: Hub) -> None:
    for raw in (b"{", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\xff\xfe", b""):
        status, code = refused(hub, hub.grocer, "PUT", "/v1/sales/G-2", raw=raw)
        assert (status, code) in {(400, "malformed_json"), (422, "validation_failed")}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"currency": "USD", "lines": lines(amount=money("4", "USD"))}, 422, "wrong_currency"),
        ({"lines": lines(amount=money("4.00", "USD"))}, 422, "wrong_currency"),
        ({"member": {"id": encode("mem", uuid4())}}, 404, "member_not_found"),
        ({"member": {"id": "nonsense"}}, 404, "member_not_found"),
        ({"member": {"card": "9710000000000000"}}, 404, "card_not_found"),
        ({"member": {"reference": "nobody"}}, 404, "member_not_found"),
        ({"occurred_at": "2025-12-31T00:00:00Z"}, 422, "agreement_not_in_force"),
        ({"occurred_at": "2027-01-01T00:00:00Z"}, 422, "occurred_at_in_future"),
        ({"refunds": [refund("r1", "40.01")]}, 422, "refund_exceeds_sale"),
    ],
)
def test_a_sale_that_cannot_be_is_refused(
    hub: Hub, changes: dict[str, Any], status: int, code: str
) -> None:
    found = refused(hub, hub.grocer, "PUT", "/v1/sales/G-2", hub.sale(**changes))
    assert found[1] == code
    assert found[0] in (status, 409, 422, 404)


def test_frozen_and_closed_members_do_not_earn_or_spend(hub: Hub) -> None:
    hub.member_state("frozen")
    assert refused(hub, hub.grocer, "PUT", "/v1/sales/G-2", hub.sale())[1] == "member_frozen"
    assert refused(hub, hub.bakery, "POST", "/v1/holds", hub.spend(1))[1] == "member_frozen"
    hub.member_state("active")
    hub.member_state("closed")
    assert refused(hub, hub.grocer, "PUT", "/v1/sales/G-2", hub.sale())[1] == "member_closed"
    assert refused(hub, hub.bakery, "POST", "/v1/redemptions", hub.spend(1))[1] == "member_closed"


def test_a_spend_lock_stops_spending_while_earning_goes_on(hub: Hub) -> None:
    path = f"{MEMBER}/{encode('mem', hub.ann)}/spend-lock"
    assert hub.grocer.send("PUT", path, {"locked": True}).status_code == 200
    assert refused(hub, hub.bakery, "POST", "/v1/holds", hub.spend(1))[1] == "spend_locked"
    assert hub.grocer.send("PUT", "/v1/sales/G-2", hub.sale()).status_code == 201


@pytest.mark.parametrize("state", ["applied", "certified", "suspended", "leaving", "closed"])
def test_a_partner_that_is_not_live_does_not_issue(hub: Hub, state: str) -> None:
    hub.world.set_party("grocer", state=state)
    status, code = refused(hub, hub.grocer, "PUT", "/v1/sales/G-2", hub.sale())
    assert code in ("partner_state_forbids", "partner_not_live")
    assert status in (403, 409)


def test_a_partner_at_its_cap_is_told_so_and_members_points_stay_spendable(hub: Hub) -> None:
    hub.world.set_party("grocer", issuing_stopped=True)
    assert refused(hub, hub.grocer, "PUT", "/v1/sales/G-2", hub.sale())[1] == "cap_reached"
    assert hub.bakery.send("POST", "/v1/redemptions", hub.spend(10)).status_code == 201


def test_blocked_issuers_points_cannot_be_spent(hub: Hub) -> None:
    hub.world.set_party("grocer", lots_blocked=True)
    assert refused(hub, hub.bakery, "POST", "/v1/holds", hub.spend(1))[1] == "insufficient_points"


def test_one_revision_with_two_contents_is_a_conflict(hub: Hub) -> None:
    changed = hub.sale(lines=lines())
    assert refused(hub, hub.grocer, "PUT", "/v1/sales/G-1", changed) == (
        409,
        "sale_revision_conflict",
    )


def test_two_refunds_with_one_id_and_different_amounts_are_a_conflict(hub: Hub) -> None:
    sale = hub.sale(refunds=[refund("r1", "5.00")])
    assert hub.grocer.send("PUT", "/v1/sales/G-1", sale).status_code == 200
    again = hub.sale(refunds=[refund("r1", "6.00")])
    assert refused(hub, hub.grocer, "PUT", "/v1/sales/G-1", again) == (409, "refund_conflict")


def test_an_unknown_sale_cannot_be_read_claimed_or_moved(hub: Hub) -> None:
    body = {"member": {"id": encode("mem", hub.ann)}}
    for method, path, sent in (
        ("GET", "/v1/sales/none", None),
        ("POST", "/v1/sales/none/claim", body),
        ("POST", "/v1/sales/none/move", body),
    ):
        assert refused(hub, hub.grocer, method, path, sent) == (404, "sale_not_found")


def test_redeeming_more_than_is_active_is_refused_and_says_how_much_there_is(hub: Hub) -> None:
    for path in ("/v1/redemptions", "/v1/holds"):
        code = refused(hub, hub.bakery, "POST", path, hub.spend(41))[1]
        assert code == "insufficient_points"
    answer = hub.bakery.send("POST", "/v1/holds", hub.spend(41))
    assert answer.json is not None
    assert "40" in answer.json["detail"]


@pytest.mark.parametrize("points", [0, -1, 1.5, "5", True, None, 10**9 + 1, 2**53])
def test_points_are_whole_positive_and_bounded(hub: Hub, points: Any) -> None:
    body = {**hub.spend(1), "points": points}
    assert refused(hub, hub.bakery, "POST", "/v1/redemptions", body)[0] in (400, 422)


def held(hub: Hub, points: int = 20) -> str:
    answer = hub.bakery.send("POST", "/v1/holds", hub.spend(points))
    assert answer.json is not None
    return f"/v1/holds/{answer.json['id']}"


def test_a_capture_above_the_hold_is_refused(hub: Hub) -> None:
    path = f"{held(hub)}/capture"
    assert refused(hub, hub.bakery, "POST", path, {"points": 21})[1] == "capture_exceeds_hold"


def test_a_capture_after_expiry_is_refused(hub: Hub) -> None:
    path = held(hub)
    hub.world.advance(minutes=16)
    assert refused(hub, hub.bakery, "POST", f"{path}/capture", {})[1] == "hold_expired"


def test_a_capture_after_a_void_and_a_second_capture_are_refused(hub: Hub) -> None:
    path = held(hub)
    assert hub.bakery.send("POST", f"{path}/void").status_code == 200
    assert refused(hub, hub.bakery, "POST", f"{path}/capture", {})[1] == "hold_not_open"
    path = held(hub)
    assert hub.bakery.send("POST", f"{path}/capture", {}).status_code == 201
    assert refused(hub, hub.bakery, "POST", f"{path}/capture", {})[1] == "hold_not_open"


def test_a_reversal_above_the_redemption_is_refused(hub: Hub) -> None:
    answer = hub.bakery.send("POST", "/v1/redemptions", hub.spend(10))
    assert answer.json is not None
    path = f"/v1/redemptions/{answer.json['id']}/reversals"
    assert hub.bakery.send("POST", path, {"points": 6}).status_code == 201
    code = refused(hub, hub.bakery, "POST", path, {"points": 5})[1]
    assert code == "reversal_exceeds_redemption"


def test_the_same_key_with_another_body_is_refused_and_with_the_same_is_replayed(hub: Hub) -> None:
    first = hub.bakery.send("POST", "/v1/redemptions", hub.spend(5), key="k-1")
    again = hub.bakery.send("POST", "/v1/redemptions", hub.spend(5), key="k-1")
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    found = refused(hub, hub.bakery, "POST", "/v1/redemptions", hub.spend(6), key="k-1")
    assert found == (422, "idempotency_key_reused")
    assert hub.world.balance(hub.ann)["active"] == 35


def test_a_batch_answers_for_each_and_a_bad_one_stops_nobody(hub: Hub) -> None:
    bad = {**hub.sale(colour="red"), "id": "B-1"}
    older = {**hub.sale(lines=lines()), "id": "B-2"}
    newer = {**hub.sale(revision=5), "id": "B-2"}
    nobody = {**hub.sale(member={"reference": "nobody"}), "id": "B-3"}
    guest = {**hub.sale(member=None), "id": "B-4"}
    body = {"sales": [bad, older, newer, nobody, guest]}
    answer = hub.grocer.send("POST", "/v1/sales/batch", body)
    assert answer.json is not None
    results = answer.json["results"]
    assert [result["status"] for result in results] == [422, 200, 201, 404, 201]
    assert results[1]["sale"]["outcome"] == "superseded"
    assert results[2]["sale"]["points"]["earned"] == 40
    assert hub.world.balance(hub.ann)["active"] == 80
    again = hub.grocer.send("POST", "/v1/sales/batch", body)
    assert again.json is not None
    outcomes = [r["sale"] and r["sale"]["outcome"] for r in again.json["results"]]
    assert outcomes == [None, "superseded", "unchanged", None, "unchanged"]
