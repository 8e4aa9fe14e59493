"""Shops on real sockets: they ask who calls, answer as in memory, and deliver as platforms do."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests

from adapters.conformance.hub import TinyHub
from adapters.contract import Adapter, Answer, Call, Credentials, Headers, Spend, Verified
from adapters.registry import adapter_named
from adapters.testing.bigcommerce import BigShop
from adapters.testing.delivery import Deliverer
from adapters.testing.saleor import SaleorShop
from adapters.testing.server import ShopServer, credentials_hold
from adapters.testing.shop import Item, Shop
from adapters.testing.shopify import ShopifyShop
from adapters.testing.shopware import ShopwareShop
from adapters.testing.square import SquareShop
from adapters.testing.stripe import StripeShop
from adapters.testing.woocommerce import WooShop

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SHOPS: dict[str, type[Shop]] = {
    "bigcommerce": BigShop,
    "saleor": SaleorShop,
    "shopify": ShopifyShop,
    "shopware": ShopwareShop,
    "square": SquareShop,
    "stripe": StripeShop,
    "woocommerce": WooShop,
}


def credentials(adapter: Adapter, shop: Shop) -> dict[str, str]:
    """Headers by which the platform knows the hub."""
    wanted, extra = adapter.manifest.credentials, shop.secrets.extra
    if wanted.login is not None:
        proof = {name: extra[secret] for name, secret in wanted.login.proves.items()}
        found = requests.post(
            shop.settings.store_url + wanted.login.path,
            json={**wanted.login.says, **proof},
            timeout=5,
        )
        return {"Authorization": f"Bearer {found.json()['access_token']}"}
    secret = extra[wanted.secret]
    if wanted.scheme == "bearer":
        return {"Authorization": f"Bearer {secret}"}
    if wanted.scheme == "basic":
        both = f"{extra[wanted.user or '']}:{secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(both).decode()}"}
    assert wanted.header is not None
    return {wanted.header: secret}


def over_http(server: ShopServer) -> Any:
    """Calls of a hub over HTTP, with the credentials."""
    sent = credentials(server.adapter, server.shop)

    def ask(call: Call) -> Answer:
        found = requests.request(
            call.method,
            server.url + call.path,
            data=call.body,
            headers={**call.headers, **sent},
            timeout=5,
        )
        return Answer(found.status_code, Headers(found.headers), found.content)

    return ask


@pytest.mark.parametrize("name", SHOPS)
def test_what_is_asked_over_http_is_what_the_shop_says_in_memory(name: str) -> None:
    adapter, shop = adapter_named(name), SHOPS[name]()
    purchase = shop.buy([Item("L1", 1250, 2), Item("L2", 799)])
    shop.refund(purchase, 799, [("L2", 799, 1)] if name != "stripe" else ())
    with ShopServer(adapter=adapter, shop=shop) as server:
        here, there = (
            TinyHub(adapter=adapter, shop=shop),
            TinyHub(adapter=adapter, shop=shop, ask=over_http(server)),
        )
        for hub in (here, there):
            for message in shop.sent:
                hub.deliver(message)
        there.poll(since=shop.now - timedelta(days=1), until=shop.now + timedelta(minutes=1))
        assert not server.errors
        assert server.asked
        assert {one.status for one in server.asked} == {200}
    assert there.sales == here.sales
    assert there.points(shop.order_id(purchase)) == 12


@pytest.mark.parametrize("name", SHOPS)
def test_points_pay_and_are_taken_back_over_http(name: str) -> None:
    adapter, shop = adapter_named(name), SHOPS[name]()
    purchase = shop.open([Item("L1", 1250)])
    spend = Spend("hld_1", 3_500_000, "EUR", order=shop.order_id(purchase))
    with ShopServer(adapter=adapter, shop=shop) as server:
        hub = TinyHub(adapter=adapter, shop=shop, ask=over_http(server))
        result = hub.redeem(spend)
        assert result.code
        assert list(shop.spent.values()) == [350]
        assert hub.undo(spend, result).problem is None
        assert not shop.spent
        assert not server.errors


@pytest.mark.parametrize("name", SHOPS)
def test_a_caller_with_another_secret_is_told_nothing(name: str) -> None:
    adapter, shop = adapter_named(name), SHOPS[name]()
    with ShopServer(adapter=adapter, shop=shop) as server:
        for headers in (
            {},
            {n: v[:-1] for n, v in credentials(adapter, shop).items()},
            {n: f"{v}0" for n, v in credentials(adapter, shop).items()},
        ):
            answer = requests.get(server.url + "/orders", headers=headers, timeout=5)
            assert answer.status_code == 401
            assert answer.json() == {"errors": "who are you?"}


def test_a_secret_in_the_query_is_checked_and_stands_in_no_log() -> None:
    wanted = Credentials("query", secret="token", header="token")
    for query, holds in (({"token": "s3"}, True), ({"token": "s4"}, False), ({}, False)):
        found = credentials_hold(wanted=wanted, extra={"token": "s3"}, headers={}, query=query)
        assert found == holds
    assert not credentials_hold(wanted=wanted, extra={}, headers={}, query={"token": ""})


def test_trouble_is_had_as_often_as_told_and_an_answer_can_be_lost_after_the_work() -> None:
    adapter, shop = adapter_named("shopify"), ShopifyShop()
    spend = Spend("hld_1", 3_500_000, "EUR")
    (call,) = adapter.redeem(spend=spend, settings=shop.settings)
    with ShopServer(adapter=adapter, shop=shop) as server:
        ask = over_http(server)
        server.fail(503, times=2, headers={"Retry-After": "7"})
        server.fail(502, after=True)
        answers = [ask(call) for _ in range(4)]
        assert [answer.status for answer in answers] == [503, 503, 502, 200]
        assert answers[0].headers["Retry-After"] == "7"
        assert list(shop.spent.values()) == [350]
        assert [one.status for one in server.asked] == [503, 503, 502, 200]


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [("shopify", "Retry-After", "21"), ("bigcommerce", "X-Rate-Limit-Time-Reset-Ms", "30001")],
)
def test_who_asks_too_fast_is_told_when_to_come_again(name: str, header: str, value: str) -> None:
    adapter, shop = adapter_named(name), SHOPS[name]()
    at = [100.0]
    with ShopServer(adapter=adapter, shop=shop, limited=True, clock=lambda: at[0]) as server:
        ask = over_http(server)
        calls = adapter.manifest.limits.calls
        assert {ask(Call("GET", "/a/b/c/d/e")).status for _ in range(calls)} == {404}
        slower = ask(Call("GET", "/a/b/c/d/e"))
        assert (slower.status, slower.headers[header]) == (429, value)
        at[0] += adapter.manifest.limits.seconds
        assert ask(Call("GET", "/a/b/c/d/e")).status == 404


def test_a_request_that_its_caller_broke_off_is_none() -> None:
    adapter, shop = adapter_named("shopify"), ShopifyShop()
    with ShopServer(adapter=adapter, shop=shop) as server:
        fields = {"Content-Length": "100", **credentials(adapter, shop)}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        with socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1]))) as line:
            line.sendall(f"POST /admin/api/x/graphql.json HTTP/1.1\r\n{head}\r\n{{".encode())
            line.shutdown(socket.SHUT_WR)
            assert line.recv(1000) == b"", "half a request is answered"
        assert (server.asked, server.errors) == ([], [])


@contextmanager
def listening(statuses: list[int], *, silent: threading.Event | None = None) -> Iterator[Any]:
    """An address that answers these statuses in turn, then 200; gives it and what came."""
    came: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append(({n.lower(): v for n, v in self.headers.items()}, body))
            if silent is not None:
                silent.wait(10)
                return
            self.send_response(statuses.pop(0) if statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks/con_1", came
    finally:
        if silent is not None:
            silent.set()
        server.shutdown()
        thread.join()
        server.server_close()


def deliverer(name: str, url: str, **kwargs: Any) -> Deliverer:
    return Deliverer(
        shop=SHOPS[name](), retries=adapter_named(name).manifest.retries, url=url, **kwargs
    )


@pytest.mark.parametrize("name", SHOPS)
def test_what_is_delivered_is_what_the_adapter_takes(name: str) -> None:
    with listening([]) as (url, came):
        sender = deliverer(name, url)
        sender.shop.buy([Item("L1", 1250)])
        sender.run(NOW)
        assert [each.state for each in sender.deliveries] == ["delivered"] * len(came)
    assert came
    for (headers, body), message in zip(came, sender.shop.sent, strict=True):
        assert body == message.request.body
        assert headers.items() >= dict(message.request.headers).items()
        assert message.request.url == url
        verdict = adapter_named(name).verify(
            request=message.request, secrets=sender.shop.secrets, now=message.at
        )
        assert isinstance(verdict, Verified)


def test_shopify_tries_eight_times_more_over_four_hours_and_gives_up() -> None:
    with listening([500] * 9) as (url, came):
        sender = deliverer("shopify", url)
        sender.shop.buy([Item("L1", 1250)])
        assert sender.run_to_the_end(NOW) - NOW == timedelta(hours=4)
        assert len(came) == 9
        assert [each.state for each in sender.deliveries] == ["given_up"]
        sender.run(NOW + timedelta(days=9))
        assert len(came) == 9


def test_woocommerce_tries_once_and_takes_a_redirect_for_success() -> None:
    with listening([302, 500]) as (url, came):
        sender = deliverer("woocommerce", url)
        sender.shop.buy([Item("L1", 1250)])
        sender.shop.buy([Item("L1", 1250)])
        sender.run_to_the_end(NOW)
        assert [each.state for each in sender.deliveries] == ["delivered", "given_up"]
        assert len(came) == 2


def test_a_retry_is_due_when_the_contract_says_and_not_before() -> None:
    with listening([503]) as (url, came):
        sender = deliverer("shopify", url)
        sender.shop.buy([Item("L1", 1250)])
        sender.run(NOW)
        first = sender.deliveries[0].due_at
        assert timedelta(seconds=50) < first - NOW < timedelta(seconds=60)
        sender.run(first - timedelta(microseconds=1))
        assert len(came) == 1
        sender.run(first)
        assert len(came) == 2
        assert sender.find("delivered") == sender.deliveries


def test_no_answer_in_time_is_a_failure_that_is_tried_again() -> None:
    silent = threading.Event()
    with listening([], silent=silent) as (url, _):
        sender = deliverer("square", url)
        sender.retries = type(sender.retries)(tries=1, over_seconds=60, answer_within_ms=50)
        sender.shop.buy([Item("L1", 1250)])
        sender.run(NOW)
        attempt = sender.deliveries[0].attempts[0]
        assert (attempt.status, attempt.problem) == (None, "no answer in time")
        assert sender.deliveries[0].state == "waiting"


def test_nobody_there_is_a_failure_too() -> None:
    with listening([]) as (url, _):
        pass
    sender = deliverer("square", url)
    sender.shop.buy([Item("L1", 1250)])
    sender.run(NOW)
    assert sender.deliveries[0].attempts[0].problem == "no connection"


def test_losses_are_told_and_an_answer_that_is_not_heard_makes_a_repetition() -> None:
    with listening([]) as (url, came):
        heard: list[int] = []

        def unheard(_attempt: Any) -> bool:
            heard.append(1)
            return len(heard) == 1

        sender = deliverer(
            "shopify", url, loses=lambda m: b'"order_edit"' in m.request.body, unheard=unheard
        )
        purchase = sender.shop.buy([Item("L1", 1250)])
        sender.shop.edit(purchase, [Item("L1", 900)])
        sender.run_to_the_end(NOW)
        assert [each.state for each in sender.deliveries] == ["delivered", "lost"]
        assert len(came) == 2
        assert came[0][1] == came[1][1]


def test_a_platform_that_signs_the_time_signs_each_try_anew() -> None:
    clock = [NOW]
    with listening([500]) as (url, came):
        sender = deliverer("stripe", url, signs_at=lambda: clock[0])
        shop = sender.shop
        shop.buy([Item("L1", 1250)])
        was = shop.now
        sender.run(NOW)
        clock[0] = NOW + timedelta(hours=1)
        sender.run_to_the_end(NOW)
        assert shop.now == was
        times = [headers["stripe-signature"].split(",")[0] for headers, _ in came[:1] + came[-1:]]
        assert times == [f"t={int(at.timestamp())}" for at in (NOW, clock[0])]
