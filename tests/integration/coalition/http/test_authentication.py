"""Who may speak: signatures, bearer keys, states; and what each refusal says."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from werkzeug.test import TestResponse

from coalition.config import Config
from coalition.partners.service import revoke_key
from partner_sdk.wire.problems import CONTENT_TYPE
from tests.coalition_world import World
from tests.hub_http import BASE, Caller, HttpHub

NOTE = {"note": "x"}
NOUNS = ("coalition.events.api", "coalition.operations.api")
LIVE = text(
    "UPDATE hub_state SET business_at = NULL, environment = 'live',"
    " directory_version = directory_version + 1"
)


def code(response: TestResponse) -> str:
    """The problem's code; checks that the document is whole."""
    document = response.get_json()
    assert response.content_type == CONTENT_TYPE
    assert document["status"] == response.status_code
    assert document["request_id"] == response.headers["Request-Id"]
    assert document["type"] == f"/problems/{document['code']}"
    assert document["detail"]
    assert document["what_to_do"]
    return str(document["code"])


def test_a_signed_request_is_heard(grocer: Caller) -> None:
    assert grocer.sign("GET", "/v1/webhooks").status_code == 200
    assert grocer.sign("GET", "/v1/webhooks?limit=5").status_code == 200
    assert grocer.sign("POST", "/v1/probe/notes", NOTE).status_code == 201


def test_a_sandbox_bearer_key_is_heard_in_a_test_environment(grocer: Caller) -> None:
    assert grocer.send("GET", "/v1/webhooks").status_code == 200


def test_a_request_without_proof_is_not_heard_and_told_how(hub: HttpHub) -> None:
    response = hub.app.test_client().get("/v1/webhooks")
    assert (response.status_code, code(response)) == (401, "unauthorized")
    assert "Signature" in response.headers["WWW-Authenticate"]


def test_a_changed_body_does_not_fit_its_signature(grocer: Caller) -> None:
    headers, _ = grocer.signed_headers("POST", "/v1/probe/notes", NOTE)
    client = grocer.hub.app.test_client()
    response = client.post(
        "/v1/probe/notes", base_url=BASE, headers=headers, data=b'{"note":"other"}'
    )
    assert (response.status_code, code(response)) == (401, "signature_invalid")


def test_a_changed_target_does_not_fit_its_signature(grocer: Caller) -> None:
    headers, _ = grocer.signed_headers("GET", "/v1/webhooks")
    client = grocer.hub.app.test_client()
    for path in ("/v1/events", "/v1/webhooks?limit=1", "/v1/webhooks?"):
        assert code(client.get(path, base_url=BASE, headers=headers)) == "signature_invalid"
    elsewhere = client.get("/v1/webhooks", base_url="http://other.test", headers=headers)
    assert code(elsewhere) == "signature_invalid"


def test_another_idempotency_key_does_not_fit_the_signature(grocer: Caller) -> None:
    headers, body = grocer.signed_headers("POST", "/v1/probe/notes", NOTE)
    headers["Idempotency-Key"] = "other"
    client = grocer.hub.app.test_client()
    response = client.post("/v1/probe/notes", base_url=BASE, headers=headers, data=body)
    assert code(response) == "signature_invalid"


def test_a_signature_by_another_partners_key_is_refused(grocer: Caller, bakery: Caller) -> None:
    forged = dataclasses.replace(grocer, private=bakery.private)
    assert code(forged.sign("GET", "/v1/webhooks")) == "signature_invalid"


def test_an_unknown_key_is_refused(grocer: Caller) -> None:
    stranger = dataclasses.replace(
        grocer, private=Ed25519PrivateKey.generate(), key_id=grocer.hub.world.new_id()
    )
    assert code(stranger.sign("GET", "/v1/webhooks")) == "key_unknown"


def test_a_stale_signature_and_one_from_the_future_are_told_apart(grocer: Caller) -> None:
    now = datetime.now(UTC)
    old = grocer.sign("GET", "/v1/webhooks", created=now - timedelta(seconds=310))
    assert code(old) == "signature_stale"
    early = grocer.sign("GET", "/v1/webhooks", created=now + timedelta(seconds=90))
    assert code(early) == "clock_skew"
    almost = grocer.sign("GET", "/v1/webhooks", created=now + timedelta(seconds=50))
    assert almost.status_code == 200


def test_half_a_signature_is_no_signature(grocer: Caller) -> None:
    headers, _ = grocer.signed_headers("GET", "/v1/webhooks")
    client = grocer.hub.app.test_client()
    for name in ("Signature", "Signature-Input"):
        less = {key: value for key, value in headers.items() if key != name}
        response = client.get("/v1/webhooks", base_url=BASE, headers=less)
        assert code(response) == "signature_missing"


@pytest.mark.parametrize(
    "value",
    [
        "coalition=()",
        'coalition=("@method");created=1',
        "coalition=" + "(" * 5000,
        "\x80\xff",
        ";;;",
        'other=("@method");created=1;keyid="x";alg="ed25519"',
    ],
)
def test_a_malformed_signature_header_is_refused_not_failed(grocer: Caller, value: str) -> None:
    headers, _ = grocer.signed_headers("GET", "/v1/webhooks")
    environ = {
        "HTTP_SIGNATURE_INPUT": value,
        "HTTP_SIGNATURE": headers["Signature"],
    }
    client = grocer.hub.app.test_client()
    response = client.get("/v1/webhooks", base_url=BASE, environ_overrides=environ)
    assert response.status_code == 401
    assert code(response) in ("signature_invalid", "signature_missing")


@pytest.mark.parametrize(
    "token", ["", "x", "chl_test_" + "0" * 32 + "_000000", "é", "a" * 5000, "chl_test_ x"]
)
def test_a_wrong_bearer_key_is_refused(hub: HttpHub, token: str) -> None:
    client = hub.app.test_client()
    environ = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    response = client.get("/v1/webhooks", environ_overrides=environ)
    assert response.status_code == 401
    assert code(response) in ("key_unknown", "unauthorized")


def test_a_revoked_key_is_refused_at_once(grocer: Caller) -> None:
    world = grocer.hub.world
    assert grocer.sign("GET", "/v1/webhooks").status_code == 200
    with world.database.transaction() as connection:
        revoke_key(
            connection=connection,
            party=world.snapshot().party_by_slug["grocer"],
            key_id=grocer.key_id,
            event_id=world.new_id(),
            now=world.now,
        )
    # A write asks the database in its own transaction, however fresh the directory at hand is.
    assert code(grocer.sign("POST", "/v1/probe/notes", NOTE)) == "key_revoked"


def test_a_key_just_registered_works_at_once(hub: HttpHub, grocer: Caller) -> None:
    assert grocer.send("GET", "/v1/webhooks").status_code == 200
    fresh = hub.caller("bakery")
    assert fresh.sign("GET", "/v1/webhooks").status_code == 200
    assert hub.caller("bakery").send("GET", "/v1/webhooks").status_code == 200


def test_partners_do_not_bear_keys_in_a_live_environment(
    world: World, config: Config, grocer: Caller
) -> None:
    with world.database.transaction() as connection:
        connection.execute(LIVE)
    live = HttpHub(world, dataclasses.replace(config, environment="live"), nouns=NOUNS)
    caller = dataclasses.replace(grocer, hub=live)
    response = caller.send("GET", "/v1/webhooks")
    assert (response.status_code, code(response)) == (403, "test_environment_only")
    assert caller.sign("GET", "/v1/webhooks").status_code == 200
    assert code(live.caller("operator").send("GET", "/v1/test/clock")) == "test_environment_only"


def test_a_hub_refuses_a_database_of_another_environment(
    world: World, config: Config, grocer: Caller
) -> None:
    live = HttpHub(world, dataclasses.replace(config, environment="live"), nouns=NOUNS)
    response = dataclasses.replace(grocer, hub=live).sign("GET", "/v1/webhooks")
    assert response.status_code == 500
    ready = live.app.test_client().get("/health/ready")
    assert ready.status_code >= 500


def test_the_operators_calls_are_the_operators(grocer: Caller, operator: Caller) -> None:
    assert operator.send("GET", "/v1/positions").status_code == 200
    response = grocer.send("GET", "/v1/positions")
    assert (response.status_code, code(response)) == (403, "forbidden")
    response = operator.send("POST", "/v1/probe/notes", NOTE)
    assert (response.status_code, code(response)) == (403, "forbidden")


@pytest.mark.parametrize(
    ("state", "expected"), [("applied", "partner_not_live"), ("closed", "partner_state_forbids")]
)
def test_a_partner_whose_state_forbids_it_is_not_heard(
    world: World, grocer: Caller, state: str, expected: str
) -> None:
    world.set_party("grocer", state=state)
    response = grocer.sign("GET", "/v1/events")
    assert (response.status_code, code(response)) == (409, expected)
    assert response.get_json()["state"] == state


def test_a_partner_just_let_live_is_heard_at_once(world: World, grocer: Caller) -> None:
    world.set_party("grocer", state="applied")
    assert grocer.sign("GET", "/v1/events").status_code == 409
    world.set_party("grocer", state="live")
    assert grocer.sign("GET", "/v1/events").status_code == 200


def test_who_asks_comes_before_what_is_there(hub: HttpHub) -> None:
    response = hub.app.test_client().get("/v1/webhooks/sub_nothing")
    assert code(response) == "unauthorized"
