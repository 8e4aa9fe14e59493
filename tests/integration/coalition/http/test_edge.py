"""The edge: bodies, queries, paths, methods, pages."""

from __future__ import annotations

import json
import re

import pytest
from werkzeug.test import TestResponse

from coalition.http.endpoint import MAX_BODY
from partner_sdk.wire.problems import PROBLEMS
from tests.coalition_world import World
from tests.hub_http import BASE, Caller, HttpHub
from tests.integration.coalition.http.test_authentication import code

JSON = "application/json"


def pointers(response: TestResponse) -> list[str]:
    """Where the input is wrong."""
    return [each["pointer"] for each in response.get_json()["errors"]]


@pytest.mark.parametrize(
    ("raw", "status", "expected"),
    [
        (b"", 400, "malformed_json"),
        (b"{", 400, "malformed_json"),
        (b'{"note":"a","note":"b"}', 400, "malformed_json"),
        (b'{"note":"\\ud800"}', 400, "malformed_json"),
        (b'{"note":"a\\u0000b"}', 422, "validation_failed"),
        (b'{"note":1.5}', 422, "validation_failed"),
        (b'{"note":99999999999999999999}', 422, "number_out_of_range"),
        (b'{"note":"x","other":1}', 422, "validation_failed"),
        (b"[]", 422, "validation_failed"),
        (b"null", 422, "validation_failed"),
        (b'{"note":""}', 422, "validation_failed"),
        (b'{"note":"' + b"x" * 101 + b'"}', 422, "validation_failed"),
        (b"[" * 50_000, 400, "malformed_json"),
    ],
)
def test_a_bad_body_is_refused(grocer: Caller, raw: bytes, status: int, expected: str) -> None:
    response = grocer.sign(
        "POST", "/v1/probe/notes", raw=raw, headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, code(response)) == (status, expected)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(grocer: Caller) -> None:
    response = grocer.send("POST", "/v1/probe/notes", raw=b'"' + b"x" * MAX_BODY + b'"')
    assert (response.status_code, code(response)) == (413, "payload_too_large")
    ten = grocer.send("POST", "/v1/probe/notes", raw=b"x" * 10_000_000)
    assert code(ten) == "payload_too_large"


def test_a_body_of_another_media_type_is_refused(grocer: Caller) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""):
        response = grocer.send(
            "POST", "/v1/probe/notes", {"note": "x"}, headers={"Content-Type": kind}
        )
        assert (response.status_code, code(response)) == (415, "unsupported_media_type")
    fine = {"Content-Type": "application/json; charset=utf-8"}
    response = grocer.send("POST", "/v1/probe/notes", {"note": "x"}, headers=fine)
    assert response.status_code == 201


def test_a_body_where_none_belongs_is_refused_unless_it_is_empty(grocer: Caller) -> None:
    path = "/v1/events/evt_00000000000000000000000001/replay"
    assert code(grocer.send("POST", path, {"x": 1})) == "validation_failed"
    assert code(grocer.send("POST", path, {})) == "event_not_found"
    assert code(grocer.send("POST", path)) == "event_not_found"


def test_an_unknown_or_repeated_parameter_is_refused(grocer: Caller) -> None:
    response = grocer.send("GET", "/v1/events?limits=5")
    assert (response.status_code, pointers(response)) == (422, ["/query/limits"])
    response = grocer.send("GET", "/v1/events?limit=5&limit=6")
    assert (response.status_code, pointers(response)) == (422, ["/query/limit"])
    response = grocer.send("GET", "/v1/webhooks/sub_00000000000000000000000001?x=%00")
    assert response.status_code == 422


def test_limits_and_cursors_out_of_order_are_refused(grocer: Caller) -> None:
    assert code(grocer.send("GET", "/v1/events?limit=0")) == "limit_out_of_range"
    assert code(grocer.send("GET", "/v1/events?limit=201")) == "limit_out_of_range"
    assert code(grocer.send("GET", "/v1/events?cursor=abc")) == "invalid_cursor"


def test_pages_follow_each_other_and_their_cursors_are_the_callers_own(
    world: World, grocer: Caller, bakery: Caller
) -> None:
    for number in range(5):
        body = {"url": f"https://shop.example/{number}", "types": ["sale.posted"]}
        assert grocer.send("POST", "/v1/webhooks", body).status_code == 201
    seen, path = [], "/v1/webhooks?limit=2"
    for _ in range(3):
        page = grocer.send("GET", path).get_json()
        seen += [each["url"][-1] for each in page["items"]]
        path = f"/v1/webhooks?limit=2&cursor={page['next_cursor']}"
        if page["next_cursor"] is not None:
            cursor = page["next_cursor"]
    assert seen == ["0", "1", "2", "3", "4"]
    assert page["next_cursor"] is None
    assert code(bakery.send("GET", f"/v1/webhooks?cursor={cursor}")) == "invalid_cursor"
    assert code(grocer.send("GET", f"/v1/events?cursor={cursor}")) == "invalid_cursor"


def test_an_id_that_is_none_names_nothing(grocer: Caller) -> None:
    for name in ("x", "evt_00000000000000000000000001", "sub_" + "z" * 26, "%00", "sub_%F0%9F"):
        response = grocer.send("GET", f"/v1/webhooks/{name}")
        assert (response.status_code, code(response)) == (404, "webhook_not_found")


def test_a_path_or_method_that_is_not_there_is_a_problem_too(grocer: Caller) -> None:
    assert code(grocer.send("GET", "/v1/nothing")) == "not_found"
    assert code(grocer.send("GET", "/v1//webhooks")) == "not_found"
    assert code(grocer.send("GET", "/v1/webhooks/")) == "not_found"
    for method in ("PATCH", "OPTIONS", "TRACE", "DELETE", "FOO"):
        response = grocer.send(method, "/v1/webhooks")
        assert (response.status_code, code(response)) == (405, "method_not_allowed")
        assert set(response.headers["Allow"].split(", ")) >= {"GET", "POST"}


def test_every_answer_names_its_request_and_is_not_cached(grocer: Caller) -> None:
    for response in (grocer.send("GET", "/v1/webhooks"), grocer.send("GET", "/nothing")):
        assert re.fullmatch(r"req_[0-9a-z]{26}", response.headers["Request-Id"])
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_health_metrics_and_problem_pages_are_for_anyone(hub: HttpHub) -> None:
    client = hub.app.test_client()
    assert client.get("/health/live").get_json()["status"] == "ok"
    metrics = client.get("/metrics")
    assert b'route="/health/live"' in metrics.get_data()
    listing = client.get("/problems/").get_data(as_text=True)
    for problem, kind in PROBLEMS.items():
        assert f"/problems/{problem}" in listing
        page = client.get(f"/problems/{problem}")
        assert page.status_code == 200
        assert str(kind.status) in page.get_data(as_text=True)
    assert client.get("/problems/nonsense").status_code == 404
    assert client.get("/problems/<script>").status_code == 404


def test_the_docs_page_brings_its_own_assets_under_a_strict_policy(hub: HttpHub) -> None:
    client = hub.app.test_client()
    page = client.get("/docs")
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    html = page.get_data(as_text=True)
    assets = [each for each in re.findall(r'(?:src|href)="([^"]+)"', html) if each != "data:,"]
    assert assets
    for each in assets:
        assert each.startswith("/docs/")
        assert client.get(each).status_code == 200
    assert "<script>" not in html
    assert client.get("/docs/../app.py").status_code == 404
    assert client.get("/docs/swagger-ui.LICENSE.txt").status_code == 404


def test_the_description_is_openapi_with_every_operation(hub: HttpHub) -> None:
    document = hub.app.test_client().get("/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    subscribe = document["paths"]["/v1/webhooks"]["post"]
    assert {each["name"] for each in subscribe["parameters"]} == {"Idempotency-Key"}
    assert set(subscribe["responses"]) >= {"201", "400", "401", "409", "413", "415", "422", "500"}
    text = json.dumps(document)
    for reference in set(re.findall(r'"#/components/schemas/([^"]+)"', text)):
        assert reference in document["components"]["schemas"]
    listing = document["paths"]["/v1/events"]["get"]
    assert {each["name"] for each in listing["parameters"]} == {"limit", "cursor"}


def test_the_clock_of_a_test_environment_moves_forward_only(
    world: World, grocer: Caller, operator: Caller
) -> None:
    assert code(grocer.send("GET", "/v1/test/clock")) == "forbidden"
    assert operator.send("GET", "/v1/test/clock").get_json()["instant"] == "2026-03-02T09:00:00Z"
    back = operator.send("PUT", "/v1/test/clock", {"instant": "2026-03-01T00:00:00Z"})
    assert back.status_code == 200  # nothing is posted yet
    world.put("grocer", "s-1", world.sale_body(world.member(), ("food", "1", "10.00")))
    late = operator.send("PUT", "/v1/test/clock", {"instant": "2026-02-28T00:00:00Z"})
    assert (late.status_code, pointers(late)) == (422, ["/instant"])
    assert operator.send("PUT", "/v1/test/clock", {"instant": "2026-03-05T00:00:00Z"}).get_json()
    now = operator.send("PUT", "/v1/test/clock", {"instant": None}).get_json()
    assert now["instant"] is None


def test_positions_show_each_partys_open_money(world: World, operator: Caller) -> None:
    page = operator.send("GET", "/v1/positions").get_json()
    assert [each["party"] for each in page["items"]] == [
        "pool",
        "operator",
        "clearing",
        "grocer",
        "bakery",
    ]
    assert {each["net"]["amount"] for each in page["items"]} == {"0.00"}


def test_an_absolute_request_target_is_verified_as_it_was_signed(grocer: Caller) -> None:
    headers, _ = grocer.signed_headers("GET", "/v1/webhooks")
    client = grocer.hub.app.test_client()
    environ = {"RAW_URI": BASE + "/v1/webhooks", "REQUEST_URI": BASE + "/v1/webhooks"}
    response = client.get("/v1/webhooks", base_url=BASE, headers=headers, environ_overrides=environ)
    assert response.status_code == 200
