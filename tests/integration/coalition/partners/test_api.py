"""Partners and agreements over HTTP: the operator's calls, and what a partner sees of itself."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from coalition.http.endpoint import Routes
from coalition.partners.keys import is_well_formed
from tests.coalition_world import World, terms
from tests.hub_http import Caller, HttpHub
from tests.integration.coalition.api_hub import add_partner, code_of, key_text

NOUNS = ("coalition.partners.api", "coalition.agreements.api", "coalition.members.api")


@pytest.fixture
def hub(engine: Engine, config: Config) -> HttpHub:
    """The hub's application with the grocer."""
    world = World(engine)
    world.partner("grocer")
    return HttpHub(world, config, nouns=NOUNS)


@pytest.fixture
def grocer(hub: HttpHub) -> Caller:
    """The grocer, with its keys."""
    return hub.caller("grocer")


@pytest.fixture
def operator(hub: HttpHub) -> Caller:
    """The operator."""
    return hub.caller("operator")


def test_a_partner_is_entered_shown_and_listed(operator: Caller) -> None:
    made = add_partner(operator, "bakery")
    assert made["state"] == "applied"
    assert made["time_zone"] == "Europe/Bucharest"
    assert operator.send("GET", f"/v1/partners/{made['id']}").json == made
    listed = operator.send("GET", "/v1/partners?limit=1").json
    assert [each["slug"] for each in listed["items"]] == ["grocer"]
    rest = operator.send("GET", f"/v1/partners?limit=1&cursor={listed['next_cursor']}").json
    assert [each["slug"] for each in rest["items"]] == ["bakery"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"slug": "grocer", "name": "Again"}, "partner_slug_taken"),
        ({"slug": "pool", "name": "Mine"}, "partner_slug_taken"),
        ({"slug": "Bakery", "name": "B"}, "validation_failed"),
        ({"slug": "bakery"}, "validation_failed"),
        ({"slug": "bakery", "name": "B", "time_zone": "Mars/Base"}, "store_time_zone_unknown"),
        ({"slug": "bakery", "name": "B", "time_zone": "../etc"}, "validation_failed"),
        ({"slug": "bakery", "name": "B", "colour": "red"}, "validation_failed"),
    ],
)
def test_a_partner_that_cannot_be_entered_is_refused(
    operator: Caller, body: dict[str, Any], code: str
) -> None:
    assert code_of(operator.send("POST", "/v1/partners", body)) == code


def test_a_partner_sees_itself_and_changes_nothing(hub: HttpHub, grocer: Caller) -> None:
    own = f"/v1/partners/{partner_id(hub, 'grocer')}"
    seen = grocer.sign("GET", own).json
    assert seen["slug"] == "grocer"
    assert {key["kind"] for key in seen["keys"]} == {"ed25519", "bearer"}
    assert [each["version"] for each in grocer.sign("GET", f"{own}/agreements").json["items"]] == [
        1
    ]
    hub.world.partner("bakery")
    other = f"/v1/partners/{partner_id(hub, 'bakery')}"
    assert code_of(grocer.sign("GET", other)) == "partner_not_found"
    assert code_of(grocer.sign("GET", f"{other}/agreements")) == "partner_not_found"
    for path, body in (
        ("/v1/partners", {"slug": "x", "name": "X"}),
        (f"{own}/state", {"state": "leaving", "reason": "enough"}),
        (f"{own}/keys", {"public_key": key_text(), "label": "mine"}),
        (f"{own}/bearer-keys", {"label": "mine"}),
        (f"{own}/agreements", {"effective_from": "2027-01-01T00:00:00Z", "terms": terms()}),
        ("/v1/lots/block", {"partner": seen["id"], "blocked": True, "reason": "why not"}),
    ):
        assert code_of(grocer.sign("POST", path, body)) == "forbidden"
    assert code_of(grocer.sign("GET", "/v1/partners")) == "forbidden"


def partner_id(hub: HttpHub, slug: str) -> str:
    listed = hub.caller("operator").send("GET", "/v1/partners").json["items"]
    return str(next(each["id"] for each in listed if each["slug"] == slug))


def test_the_coalitions_own_parties_are_no_partners(hub: HttpHub, operator: Caller) -> None:
    from partner_sdk.wire.ids import encode

    pool = encode("prt", hub.world.snapshot().party_by_slug["pool"].id)
    for path, body in (
        (f"/v1/partners/{pool}/state", {"state": "closed", "reason": "x"}),
        (f"/v1/partners/{pool}/bearer-keys", {"label": "x"}),
        ("/v1/lots/block", {"partner": pool, "blocked": True, "reason": "x"}),
    ):
        assert code_of(operator.send("POST", path, body)) == "partner_not_found"
    assert code_of(operator.send("GET", f"/v1/partners/{pool}")) == "partner_not_found"


def test_states_follow_the_table_and_a_partner_is_heard_as_its_state_says(
    hub: HttpHub, grocer: Caller, operator: Caller
) -> None:
    path = f"/v1/partners/{partner_id(hub, 'grocer')}"
    body = {"state": "closed", "reason": "bankrupt"}
    assert code_of(operator.send("POST", f"{path}/state", body)) == "partner_state_forbids"
    for state in ("leaving", "closed"):
        changed = operator.send("POST", f"{path}/state", {"state": state, "reason": "bankrupt"})
        assert changed.json["state"] == state
    assert code_of(grocer.sign("POST", "/v1/members", {})) == "partner_state_forbids"
    assert code_of(grocer.sign("GET", path)) == "partner_state_forbids"


def test_a_registered_key_signs_until_it_is_revoked(
    hub: HttpHub, grocer: Caller, operator: Caller
) -> None:
    path = f"/v1/partners/{partner_id(hub, 'grocer')}/keys"
    body = {"public_key": key_text(), "label": "tills"}
    made = operator.send("POST", path, body)
    assert made.status_code == 201
    assert made.json["kind"] == "ed25519"
    assert code_of(operator.send("POST", path, body)) == "public_key_taken"
    for key in operator.send("GET", path.removesuffix("/keys")).json["keys"]:
        revoked = operator.send("DELETE", f"{path}/{key['id']}")
        assert revoked.json["revoked_at"] is not None
    assert code_of(grocer.sign("GET", "/v1/members/mem_00000000000000000000000001")) == (
        "key_revoked"
    )
    assert code_of(grocer.send("GET", "/v1/members/mem_00000000000000000000000001")) == (
        "key_revoked"
    )
    unknown = operator.send("DELETE", f"{path}/key_00000000000000000000000001")
    assert code_of(unknown) == "not_found"


@pytest.mark.parametrize(
    "public_key",
    [
        "",
        "AAAA",
        "not base64 at all, but of the very same length!",
        base64.b64encode(bytes(31)).decode(),
        base64.b64encode(bytes(33)).decode(),
        base64.b64encode(bytes(32)).decode(),  # a point of small order
        base64.urlsafe_b64encode(b"\xff" * 32).decode(),
    ],
)
def test_what_is_no_public_key_is_refused(hub: HttpHub, operator: Caller, public_key: str) -> None:
    path = f"/v1/partners/{partner_id(hub, 'grocer')}/keys"
    answer = operator.send("POST", path, {"public_key": public_key, "label": "x"})
    assert code_of(answer) == "validation_failed"
    assert answer.json["errors"][0]["pointer"] == "/public_key"


def test_a_bearer_token_is_shown_once_and_works(hub: HttpHub, operator: Caller) -> None:
    path = f"/v1/partners/{partner_id(hub, 'grocer')}/bearer-keys"
    made = operator.send("POST", path, {"label": "sandbox"}, key="bearer-1")
    assert made.status_code == 201
    token = made.json["token"]
    assert is_well_formed(token)
    again = operator.send("POST", path, {"label": "sandbox"}, key="bearer-1")
    assert again.json == made.json
    caller = Caller(hub, token, None, None)  # type: ignore[arg-type]
    assert caller.send("POST", "/v1/members", {}).status_code == 201
    with hub.world.engine.connect() as connection:
        saved = connection.exec_driver_sql("SELECT answer FROM idempotency").scalars().all()
    assert all(token.encode() not in bytes(answer) for answer in saved)


def test_the_operator_blocks_a_partners_points(hub: HttpHub, operator: Caller) -> None:
    body = {"partner": partner_id(hub, "grocer"), "blocked": True, "reason": "unpaid"}
    assert operator.send("POST", "/v1/lots/block", body).json["lots_blocked"] is True
    freed = operator.send("POST", "/v1/lots/block", {**body, "blocked": False})
    assert freed.json["lots_blocked"] is False


def test_an_agreement_is_published_and_read_back_exactly(
    hub: HttpHub, grocer: Caller, operator: Caller
) -> None:
    path = f"/v1/partners/{partner_id(hub, 'grocer')}/agreements"
    agreed = terms(issue_price="0.0120", cap="1000.00")
    body = {"effective_from": "2026-04-01T00:00:00+03:00", "terms": agreed}
    made = operator.send("POST", path, body)
    assert made.status_code == 201, made.get_data(as_text=True)
    assert made.json["version"] == 2
    assert made.json["effective_from"] == "2026-03-31T21:00:00Z"
    assert made.json["terms"] == agreed
    first = grocer.sign("GET", f"{path}?limit=1").json
    second = grocer.sign("GET", f"{path}?limit=1&cursor={first['next_cursor']}").json
    assert second["items"] == [made.json]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"effective_from": "2026-04-01"}, "/effective_from"),
        ({"effective_from": "2026-01-01T00:00:00Z"}, "/effective_from"),
        ({"effective_to": "2026-03-01T00:00:00Z"}, "/effective_to"),
        ({"terms": terms(currency="USD")}, "/terms/currency"),
        ({"terms": terms(issue_price="0.001", funding="issue")}, "/terms/issue_price"),
        ({"terms": terms(colour="red")}, "/terms/colour"),
        ({"terms": terms(grace_days=-1)}, "/terms/grace_days"),
        ({"terms": []}, "/terms"),
    ],
)
def test_terms_that_cannot_be_published_say_where_they_are_wrong(
    hub: HttpHub, operator: Caller, changes: dict[str, Any], pointer: str
) -> None:
    path = f"/v1/partners/{partner_id(hub, 'grocer')}/agreements"
    body = {"effective_from": "2026-04-01T00:00:00Z", "terms": terms(), **changes}
    answer = operator.send("POST", path, body)
    assert code_of(answer) == "validation_failed"
    assert pointer in [error["pointer"] for error in answer.json["errors"]]


def test_no_route_of_these_nouns_is_open_to_the_public() -> None:
    from importlib import import_module

    for noun in NOUNS:
        routes: Routes = import_module(noun).routes
        assert {endpoint.caller for endpoint in routes.endpoints} <= {
            "partner",
            "operator",
            "either",
        }
