"""Members over HTTP: what is answered, to whom, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.hub_http import Caller, HttpHub
from tests.integration.coalition.api_hub import code_of

ANN = {"reference": "G-1", "phone": "+40721234567", "email": "ann@example.org"}


def enrol(caller: Caller, **names: str) -> dict[str, Any]:
    answer = caller.sign("POST", "/v1/members", names)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    document: dict[str, Any] = answer.json
    return document


def test_an_enrolled_member_is_answered_without_its_contacts(grocer: Caller) -> None:
    member = enrol(grocer, **ANN)
    assert set(member) == {"id", "state", "spend_locked", "cards", "reference", "enrolled_at"}
    assert member["state"] == "active"
    assert member["reference"] == "G-1"
    assert len(member["cards"]) == 1
    path = f"/v1/members/{member['id']}"
    assert grocer.sign("GET", path).json == member


def test_another_partner_sees_the_member_but_not_the_reference(
    grocer: Caller, bakery: Caller, operator: Caller
) -> None:
    member = enrol(grocer, **ANN)
    card = member["cards"][0]["number"]
    for caller in (bakery, operator):
        seen = caller.send("POST", "/v1/members/lookup", {"card": card}).json
        assert seen == {name: member[name] for name in member if name != "reference"}
    assert code_of(bakery.send("POST", "/v1/members/lookup", {"reference": "G-1"})) == (
        "member_not_found"
    )


@pytest.mark.parametrize(
    ("names", "status", "code"),
    [
        ({"card": "9710000000000009"}, 404, "card_not_found"),
        ({"card": "12"}, 422, "validation_failed"),
        ({"reference": "nobody"}, 404, "member_not_found"),
        ({"phone": "+40700000000"}, 404, "member_not_found"),
        ({"phone": "0700000000"}, 422, "validation_failed"),
        ({"email": "nobody@example.org"}, 404, "member_not_found"),
        ({"email": "nobody"}, 422, "validation_failed"),
        ({}, 422, "validation_failed"),
        ({"reference": "a", "phone": "+40700000000"}, 422, "validation_failed"),
        ({"reference": "a\u0007"}, 422, "validation_failed"),
        ({"reference": ""}, 422, "validation_failed"),
        ({"reference": 7}, 422, "validation_failed"),
        ({"name": "Ann"}, 422, "validation_failed"),
    ],
)
def test_a_look_up_that_finds_nobody_says_why(
    grocer: Caller, names: dict[str, Any], status: int, code: str
) -> None:
    answer = grocer.send("POST", "/v1/members/lookup", names)
    assert (answer.status_code, code_of(answer)) == (status, code)


def test_a_contact_or_reference_in_use_is_a_conflict(grocer: Caller, bakery: Caller) -> None:
    enrol(grocer, **ANN)
    taken = {"phone": ANN["phone"]}
    assert code_of(bakery.send("POST", "/v1/members", taken)) == "contact_taken"
    taken = {"reference": ANN["reference"]}
    assert code_of(grocer.send("POST", "/v1/members", taken)) == "reference_taken"
    enrol(bakery, reference=ANN["reference"])


def test_a_lost_card_is_replaced_once_per_request(grocer: Caller) -> None:
    member = enrol(grocer)
    lost = member["cards"][0]["number"]
    path = f"/v1/members/{member['id']}/cards/{lost}/replace"
    first = grocer.sign("POST", path, key="lost-1")
    again = grocer.sign("POST", path, key="lost-1")
    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    assert code_of(grocer.sign("POST", path)) == "card_not_found"
    lookup = grocer.send("POST", "/v1/members/lookup", {"card": lost})
    assert code_of(lookup) == "card_not_found"
    assert "replaced" in lookup.json["detail"]


def test_another_card_serves_the_same_member(grocer: Caller) -> None:
    member = enrol(grocer)
    card = grocer.sign("POST", f"/v1/members/{member['id']}/cards", {})
    assert card.status_code == 201
    found = grocer.send("POST", "/v1/members/lookup", {"card": card.json["number"]})
    assert found.json["id"] == member["id"]
    assert len(found.json["cards"]) == 2


def test_reference_and_contacts_are_changed_by_put(grocer: Caller, bakery: Caller) -> None:
    member = enrol(grocer, **ANN)
    path = f"/v1/members/{member['id']}"
    changed = bakery.sign("PUT", f"{path}/reference", {"reference": "B-7"})
    assert changed.json["reference"] == "B-7"
    assert grocer.sign("GET", path).json["reference"] == "G-1"
    contacts = {"phone": "+40729999999", "email": None}
    assert grocer.sign("PUT", f"{path}/contacts", contacts).status_code == 200
    found = grocer.send("POST", "/v1/members/lookup", {"phone": "+40729999999"})
    assert found.json["id"] == member["id"]
    for forgotten in ({"phone": ANN["phone"]}, {"email": ANN["email"]}):
        lookup = grocer.send("POST", "/v1/members/lookup", forgotten)
        assert code_of(lookup) == "member_not_found"
    assert code_of(grocer.sign("PUT", f"{path}/contacts", {})) == "validation_failed"


def test_the_spend_lock_is_put_and_seen(grocer: Caller) -> None:
    member = enrol(grocer)
    path = f"/v1/members/{member['id']}/spend-lock"
    assert grocer.sign("PUT", path, {"locked": True}).json["spend_locked"] is True
    assert grocer.sign("PUT", path, {"locked": True}).json["spend_locked"] is True
    assert grocer.sign("PUT", path, {"locked": False}).json["spend_locked"] is False
    assert code_of(grocer.sign("PUT", path, {"locked": 1})) == "validation_failed"


def test_only_the_operator_changes_a_members_state(grocer: Caller, operator: Caller) -> None:
    member = enrol(grocer, **ANN)
    path = f"/v1/members/{member['id']}/state"
    body = {"state": "frozen", "reason": "asked by the police"}
    assert code_of(grocer.sign("POST", path, body)) == "forbidden"
    assert operator.send("POST", path, body).json["state"] == "frozen"
    assert code_of(grocer.sign("POST", f"/v1/members/{member['id']}/cards")) == "member_frozen"
    closed = operator.send("POST", path, {"state": "closed", "reason": "asked by the member"})
    assert closed.status_code == 200, closed.get_data(as_text=True)
    assert closed.json["state"] == "closed"
    reopened = operator.send("POST", path, {"state": "active", "reason": "a mistake"})
    assert code_of(reopened) == "member_state_forbids"
    lock = grocer.sign("PUT", f"/v1/members/{member['id']}/spend-lock", {"locked": True})
    assert code_of(lock) == "member_closed"
    assert enrol(grocer, **ANN)["id"] != member["id"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/members/mem_00000000000000000000000001",
        "/v1/members/mem_nonsense",
        "/v1/members/prt_00000000000000000000000001",
    ],
)
def test_an_id_that_names_nobody_is_not_found(grocer: Caller, path: str) -> None:
    assert code_of(grocer.sign("GET", path)) == "member_not_found"
    assert code_of(grocer.sign("POST", f"{path}/cards")) == "member_not_found"
    assert code_of(grocer.sign("PUT", f"{path}/reference", {"reference": "x"})) == (
        "member_not_found"
    )


def test_contacts_are_nowhere_in_the_database_in_the_clear(hub: HttpHub, grocer: Caller) -> None:
    grocer.sign("POST", "/v1/webhooks", {"url": "https://a.example/", "types": ["member.enrolled"]})
    member = enrol(grocer, **ANN)
    path = f"/v1/members/{member['id']}/contacts"
    assert grocer.sign("PUT", path, {"phone": "+40729999999"}).status_code == 200
    assert grocer.sign("POST", f"/v1/members/{member['id']}/cards").status_code == 201
    with hub.world.engine.connect() as connection:
        tables = connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )
        for (table,) in tables.all():
            rows = connection.execute(text(f'SELECT t::text FROM "{table}" t'))
            dump = " ".join(row[0] for row in rows)
            for clear in ("40721234567", "40729999999", "ann@example.org"):
                assert clear not in dump, table
                assert clear.encode().hex() not in dump, table
        kept = connection.execute(text("SELECT count(*) FROM signed_request")).scalar_one()
        events = connection.execute(text("SELECT payload->>'member' FROM event")).scalars().all()
    assert kept == 2  # the subscription and the second card; not what names contacts
    assert events == [member["id"]]


def test_a_partner_that_is_not_live_cannot_enrol(hub: HttpHub, grocer: Caller) -> None:
    hub.world.set_party("grocer", state="certified")
    assert code_of(grocer.sign("POST", "/v1/members", {})) == "partner_not_live"
    hub.world.set_party("grocer", state="leaving")
    assert code_of(grocer.sign("POST", "/v1/members", {})) == "partner_state_forbids"
