"""The door: who may come in, what is kept of whom, and what is answered whatever happens."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import pytest
from sqlalchemy import text

from adapters.contract import Headers, Request
from adapters.testing.shop import Item
from coalition.app import make_ready
from coalition.checkouts.receiving import Limits
from partner_sdk.wire.ids import encode
from tests.checkout_world import Market
from tests.hub_http import BASE, HttpHub

#: Every column that could hold a text, of every table.
_COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'bytea', 'ARRAY')
"""


def holding(market: Market, needle: str) -> list[str]:
    """The columns of the database in which a text stands in the clear."""
    found = []
    with market.world.database.autocommit() as connection:
        for table, column in connection.execute(text(_COLUMNS)).all():
            shown = f'"{column}"::text'
            sql = f'SELECT count(*) FROM "{table}" WHERE {shown} LIKE :a OR {shown} LIKE :b'
            values = {"a": f"%{needle}%", "b": f"%{needle.encode().hex()}%"}
            if connection.execute(text(sql), values).scalar_one():
                found.append(f"{table}.{column}")
    return found


def kept(market: Market) -> int:
    return int(market.scalar("SELECT count(*) FROM inbox_message"))


def test_what_is_not_the_platforms_is_refused_and_leaves_nothing_but_a_note(
    market: Market,
) -> None:
    shop = market.connect("shopify")
    shop.shop.buy([Item("L1", 4000)])
    request = shop.shop.sent[0].request
    forged = Request(request.method, request.url, request.headers, request.body + b" ")
    unsigned = shop.shop.unsigned(request)
    assert [shop.send(each).status_code for each in (forged, unsigned)] == [401, 401]
    assert kept(market) == 0
    assert market.work() == {}
    notes = market.partner.send("GET", f"/v1/connections/{shop.id}/rejections").json["items"]
    assert [note["reason"] for note in notes] == ["signature_missing", "signature_wrong"]
    assert notes[1]["bytes"] == len(forged.body)
    assert holding(market, "line_items") == [], "a part of what was refused is kept"
    assert 'outcome="signature_wrong"' in market.hub.app.test_client().get("/metrics").text


def test_the_notes_of_what_was_refused_are_bounded(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coalition.checkouts.receiving.MAX_REJECTED", 3)
    shop = market.connect("adyen")
    for number in range(5):
        body = json.dumps({"n": number}).encode()
        assert shop.send(Request("POST", "", Headers(), body)).status_code == 401
    notes = market.partner.send("GET", f"/v1/connections/{shop.id}/rejections").json["items"]
    assert len(notes) == 3


def test_a_connection_that_is_not_known_or_closed_is_not_found(market: Market) -> None:
    shop = market.connect("shopify")
    shop.shop.buy([Item("L1", 4000)])
    client = market.hub.app.test_client()
    for unknown in (encode("con", market.world.new_id()), "con_x", "nobody"):
        assert client.post(f"/hooks/{unknown}", base_url=BASE, data=b"{}").status_code == 404
    state = {"state": "closed"}
    market.partner.send("POST", f"/v1/connections/{shop.id}/state", state)
    assert shop.deliver() == [404]
    assert kept(market) == 0


def test_a_body_beyond_a_mebibyte_is_refused(market: Market) -> None:
    shop = market.connect("shopify")
    body = b" " * (1024 * 1024 + 1)
    assert shop.send(shop.shop.sign(body)).status_code == 413
    assert shop.send(shop.shop.sign(body[:-1])).status_code == 200


def test_during_a_rotation_both_secrets_hold_and_afterwards_the_new_one_only(
    market: Market,
) -> None:
    shop = market.connect("shopify")
    new = "shpss_brand_new_0123456789"
    path = f"/v1/connections/{shop.id}/secrets"
    body = {"secrets": {"signing": new}, "previous_lasts_seconds": 3600}
    rotated = market.partner.sign("POST", path, body)
    assert rotated.status_code == 200, rotated.get_data()
    assert rotated.json["secrets"] == ["signing", "access_token"], "the others were lost"

    def signed_by(secret: str, number: int) -> int:
        shop.shop.secrets = type(shop.shop.secrets)((secret,), shop.shop.extra)
        return shop.send(shop.shop.sign(json.dumps({"n": number}).encode())).status_code

    old = shop.shop.signing[0]
    assert [signed_by(old, 1), signed_by(new, 2)] == [200, 200]
    market.later(hours=1, seconds=1)
    assert [signed_by(old, 3), signed_by(new, 4)] == [401, 200]


def test_secrets_are_in_no_answer_no_log_and_nowhere_in_the_database(
    market: Market, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    shop = market.connect("shopify")
    market.member("77")
    bearer = "Bearer let-me-in-0123456789"
    shop.shop.buy([Item("L1", 4000)])
    request = shop.shop.sent[0].request
    shop.send(request, Authorization=bearer, **{"X-Api-Key": "let-me-in-0123456789"})
    market.work()
    new = "shpss_brand_new_0123456789"
    body = {"secrets": {"signing": new}}
    market.partner.sign("POST", f"/v1/connections/{shop.id}/secrets", body)
    opening = market.opening("shopify", shop.shop, shop.server.url) | {"name": "second"}
    assert market.partner.sign("POST", "/v1/connections", opening).status_code == 201
    (message,) = shop.messages()
    answers = "".join(
        market.partner.send("GET", path).text
        for path in (
            "/v1/connections",
            f"/v1/connections/{shop.id}",
            f"/v1/connections/{shop.id}/messages/{message['id']}",
        )
    )
    printed = capsys.readouterr()
    told = answers + caplog.text + printed.out + printed.err
    for secret in (*shop.shop.signing[:1], new, *shop.shop.extra.values(), "let-me-in"):
        assert secret not in told
        assert holding(market, secret) == []
    assert holding(market, "x-shopify-hmac-sha256"), "the search would find nothing at all"


def test_another_partners_connection_is_not_there(market: Market) -> None:
    shop = market.connect("shopify")
    shop.shop.buy([Item("L1", 4000)])
    shop.deliver()
    (message,) = shop.messages()
    calls: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("PUT", "", {"guests": "ignore"}),
        ("POST", "/secrets", {"secrets": {"signing": "x"}}),
        ("POST", "/state", {"state": "closed"}),
        ("GET", "/messages", None),
        ("GET", f"/messages/{message['id']}", None),
        ("POST", f"/messages/{message['id']}/replay", None),
        ("GET", "/rejections", None),
    ]
    for method, path, body in calls:
        answer = market.stranger.send(method, f"/v1/connections/{shop.id}{path}", body)
        assert (answer.status_code, answer.json["code"]) == (404, "connection_not_found"), path
    assert market.stranger.send("GET", "/v1/connections").json["items"] == []
    partner = encode("prt", market.world.ids["grocer"])
    opening = market.opening("shopify", shop.shop, shop.server.url) | {"partner": partner}
    assert market.stranger.send("POST", "/v1/connections", opening).status_code == 403
    (seen,) = market.operator.send("GET", f"/v1/connections?partner={partner}").json["items"]
    assert seen["id"] == shop.id


def test_a_database_that_is_down_is_answered_so_that_it_comes_again(market: Market) -> None:
    shop = market.connect("shopify")
    shop.shop.buy([Item("L1", 4000)])
    with market.world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE inbox_message RENAME TO gone"))
    assert shop.deliver(shop.shop.sent) == [503]
    with market.world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO inbox_message"))
    assert shop.deliver(shop.shop.sent) == [200]
    assert kept(market) == 1


def test_a_worker_that_has_just_started_knows_the_connections_before_its_first_delivery(
    market: Market,
) -> None:
    shop = market.connect("shopify")
    shop.shop.buy([Item("L1", 4000)])
    # No time at all for a connection that is not known.
    market.hub = market.another(Limits(share=20.0, unknown_seconds=0.0))
    make_ready(market.hub.app)
    assert shop.deliver() == [200]


def test_a_worker_whose_database_is_away_when_it_starts_serves_when_it_is_back(
    market: Market,
) -> None:
    shop = market.connect("shopify")
    shop.shop.buy([Item("L1", 4000)])
    market.hub = market.another()
    with market.world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE checkout_connection RENAME TO gone"))
    make_ready(market.hub.app)
    with market.world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO checkout_connection"))
    assert shop.deliver() == [200]


def test_a_database_that_hangs_is_answered_within_the_platforms_time(market: Market) -> None:
    shop = market.connect("shopify")
    shop.shop.buy([Item("L1", 4000)])
    patient = market.hub
    hurried = market.hub = market.another(Limits(share=0.1, unknown_seconds=0.5))
    # At first it does not know the connection, and then it does.
    for table in ("checkout_connection", "inbox_message"):
        with market.world.engine.begin() as connection:
            connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
            began = time.monotonic()
            assert shop.deliver(shop.shop.sent) == [503], table
            assert 0.4 < time.monotonic() - began < 4.0, table
        make_ready(hurried.app)
    market.hub = patient
    assert shop.deliver(shop.shop.sent) == [200], "kept or repeated, it is one"
    assert kept(market) == 1


def test_what_was_changed_just_now_by_another_process_is_heeded(market: Market) -> None:
    """The door's memory is a second old at most; what it keeps or refuses rests on the newest."""
    shop = market.connect("shopify")
    shop.shop.buy([Item("L1", 4000)])
    assert shop.send(shop.shop.sign(b"{}")).status_code == 200
    other = HttpHub(market.world, market.config)
    other.wall = market.hub.wall
    caller = other.caller("grocer")
    new = "shpss_brand_new_0123456789"
    body = {"secrets": {"signing": new}, "previous_lasts_seconds": 0}
    assert caller.send("POST", f"/v1/connections/{shop.id}/secrets", body).status_code == 200
    assert shop.deliver() == [401], "a secret that was replaced still opens"
    shop.shop.secrets = type(shop.shop.secrets)((new,), shop.shop.extra)
    assert shop.send(shop.shop.sign(b'{"n": 2}')).status_code == 200
