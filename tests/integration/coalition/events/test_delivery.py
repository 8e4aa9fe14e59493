"""Webhooks: signed, delivered at least once, tried again, logged, and only to where they may go."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from standardwebhooks import Webhook

from coalition.config import Config
from coalition.events import store
from coalition.events.domain import LEASE, MAX_ATTEMPTS, Attempt, event_rows
from coalition.events.sender import PinnedSender
from coalition.events.service import deliver_due
from coalition.outgoing.pinned import system_resolver
from partner_sdk.webhooks import verify_webhook
from partner_sdk.wire import ids
from tests.coalition_world import World
from tests.hub_http import Caller, HttpHub

WALL = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOUNS = ("coalition.events.api",)


@dataclass
class Receiver:
    """A partner's server: what it got, and what it answers next."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        # The standard library's five would turn away deliverers that come together.
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/hooks?a=b"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Outbox:
    """A hub with a deliverer whose clock the test moves."""

    hub: HttpHub
    grocer: Caller
    bakery: Caller
    now: datetime = WALL

    @property
    def world(self) -> World:
        return self.hub.world

    def subscribe(self, caller: Caller, url: str, *types: str) -> dict[str, Any]:
        body = {"url": url, "types": list(types or ("sale.posted",))}
        response = caller.send("POST", "/v1/webhooks", body)
        assert response.status_code == 201, response.get_data()
        return dict(response.get_json())

    def emit(self, slug: str = "grocer", kind: str = "sale.posted") -> list[UUID]:
        world = self.world
        rows = event_rows(
            snapshot=world.snapshot(),
            type=kind,
            party_no=world.numbers[slug],
            payload={"sale": "s-1", "name": "Ană"},
            now=world.now,
            new_id=world.new_id,
        )
        with world.database.transaction() as connection:
            store.insert_events(connection=connection, rows=rows)
        return [row["event_id"] for row in rows]

    def deliver(self, *, allow_private: bool = True, dead: bool = False) -> list[Attempt]:
        def wall() -> datetime:
            return self.now

        return deliver_due(
            database=self.world.database,
            send=PinnedSender(
                allow_private=allow_private,
                resolve=(lambda _host, _port: []) if dead else system_resolver,
            ),
            key=self.hub.config.derived_key(purpose="webhook secrets"),
            wall=wall,
            jitter=lambda: 0.5,
        )

    def row(self, event_id: UUID) -> Any:
        with self.world.database.autocommit() as connection:
            return connection.execute(
                text("SELECT * FROM event WHERE event_id = :id"), {"id": event_id}
            ).one()


@pytest.fixture
def outbox(engine: Engine, config: Config) -> Outbox:
    world = World(engine)
    world.partner("grocer")
    world.partner("bakery")
    hub = HttpHub(world, replace(config, webhook_private_hosts=True), nouns=NOUNS)
    return Outbox(hub, hub.caller("grocer"), hub.caller("bakery"))


def test_a_delivery_is_verified_by_the_sdk_and_by_the_standards_own_library(
    outbox: Outbox, receiver: Receiver
) -> None:
    secret = outbox.subscribe(outbox.grocer, receiver.url)["secret"]
    (event_id,) = outbox.emit()
    outbox.now = datetime.now(UTC)  # the library reads the machine's clock
    (attempt,) = outbox.deliver()
    assert (attempt.outcome, attempt.status) == ("delivered", 204)
    ((headers, body),) = receiver.got
    event = verify_webhook(body, headers, secret=secret, now=outbox.now)
    assert event.id == headers["webhook-id"] == ids.encode("evt", event_id)
    assert event.type == "sale.posted"
    assert event.data == {"sale": "s-1", "name": "Ană"}
    assert Webhook(secret).verify(body.decode(), headers)["type"] == "sale.posted"
    assert outbox.row(event_id).state == "delivered"
    assert outbox.deliver() == []


def test_only_who_subscribed_hears_and_only_of_what(outbox: Outbox, receiver: Receiver) -> None:
    outbox.subscribe(outbox.grocer, receiver.url, "sale.posted")
    assert outbox.emit("bakery") == []
    assert outbox.emit("grocer", "hold.expired") == []
    assert len(outbox.emit("grocer")) == 1
    outbox.subscribe(outbox.bakery, receiver.url, "hold.expired")
    assert len(outbox.emit("bakery", "hold.expired")) == 1
    assert len(outbox.deliver()) == 2


def test_a_failed_delivery_comes_again_later_until_it_is_given_up(
    outbox: Outbox, receiver: Receiver
) -> None:
    outbox.subscribe(outbox.grocer, receiver.url)
    (event_id,) = outbox.emit()
    receiver.status = 500
    waits = []
    for number in range(1, MAX_ATTEMPTS + 1):
        (attempt,) = outbox.deliver()
        assert (attempt.outcome, attempt.status) == ("refused", 500)
        row = outbox.row(event_id)
        assert row.attempts == number
        if number < MAX_ATTEMPTS:
            assert row.state == "pending"
            assert outbox.deliver() == []  # not before its time
            waits.append(row.next_attempt_at - outbox.now)
            outbox.now = row.next_attempt_at
    assert outbox.row(event_id).state == "failed"
    assert waits == sorted(waits)
    outbox.now += timedelta(days=9)
    assert outbox.deliver() == []
    assert len(receiver.got) == MAX_ATTEMPTS


def test_a_replay_delivers_again_even_what_was_delivered_or_given_up(
    outbox: Outbox, receiver: Receiver
) -> None:
    outbox.subscribe(outbox.grocer, receiver.url)
    (event_id,) = outbox.emit()
    outbox.deliver()
    outbox.hub.wall = outbox.now = WALL + timedelta(minutes=1)
    path = f"/v1/events/{ids.encode('evt', event_id)}"
    answer = outbox.grocer.send("POST", f"{path}/replay", {})
    assert (answer.status_code, answer.get_json()["state"]) == (200, "pending")
    assert len(outbox.deliver()) == 1
    assert len(receiver.got) == 2
    assert receiver.got[0][0]["webhook-id"] == receiver.got[1][0]["webhook-id"]
    assert outbox.bakery.send("POST", f"{path}/replay", {}).status_code == 404
    attempts = outbox.grocer.send("GET", f"{path}/attempts").get_json()["items"]
    assert [each["outcome"] for each in attempts] == ["delivered", "delivered"]
    assert outbox.bakery.send("GET", f"{path}/attempts").status_code == 404


def test_of_two_subscriptions_only_the_one_that_failed_is_tried_again(
    outbox: Outbox, receiver: Receiver
) -> None:
    outbox.subscribe(outbox.grocer, receiver.url)
    outbox.subscribe(outbox.grocer, "http://127.0.0.1:9/closed")
    (event_id,) = outbox.emit()
    outcomes = sorted(each.outcome for each in outbox.deliver())
    assert outcomes == ["delivered", "unreachable"]
    outbox.now = outbox.row(event_id).next_attempt_at
    (again,) = outbox.deliver()
    assert again.outcome == "unreachable"
    assert len(receiver.got) == 1


def test_a_receiver_that_is_gone_is_not_asked_again(outbox: Outbox, receiver: Receiver) -> None:
    made = outbox.subscribe(outbox.grocer, receiver.url)
    outbox.emit()
    receiver.status = 410
    outbox.deliver()
    found = outbox.grocer.send("GET", f"/v1/webhooks/{made['id']}").get_json()
    assert found["state"] == "disabled"
    assert outbox.emit() == []


def test_a_deleted_subscription_hears_nothing_more(outbox: Outbox, receiver: Receiver) -> None:
    made = outbox.subscribe(outbox.grocer, receiver.url)
    (event_id,) = outbox.emit()
    path = f"/v1/webhooks/{made['id']}"
    assert outbox.bakery.send("DELETE", path).status_code == 404
    assert outbox.grocer.send("DELETE", path).status_code == 204
    assert outbox.grocer.send("GET", path).status_code == 404
    assert outbox.grocer.send("GET", "/v1/webhooks").get_json()["items"] == []
    assert outbox.emit() == []
    assert outbox.deliver() == []
    assert receiver.got == []
    assert outbox.row(event_id).state == "failed"


def test_a_redirect_is_not_followed(outbox: Outbox, receiver: Receiver) -> None:
    outbox.subscribe(outbox.grocer, receiver.url)
    outbox.emit()
    receiver.status, receiver.headers = 307, {"Location": receiver.url}
    (attempt,) = outbox.deliver()
    assert (attempt.outcome, attempt.status) == ("refused", 307)
    assert len(receiver.got) == 1


def test_an_address_inside_is_not_connected_to_whatever_its_name_says(
    outbox: Outbox, receiver: Receiver
) -> None:
    outbox.subscribe(outbox.grocer, receiver.url.replace("127.0.0.1", "localhost"))
    outbox.emit()
    (attempt,) = outbox.deliver(allow_private=False)
    assert attempt.outcome == "unreachable"
    assert receiver.got == []


def test_a_name_that_resolves_inside_is_not_connected_to() -> None:
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["93.184.215.14", "10.0.0.7"]

    send = PinnedSender(allow_private=False, resolve=resolve)
    reply = send(url="https://shop.example/x", headers={}, body=b"{}")
    assert reply.outcome == "unreachable"
    assert "public address" in reply.detail
    assert asked == [("shop.example", 443)]


def test_a_name_is_resolved_once_and_the_answer_is_where_it_connects(receiver: Receiver) -> None:
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.7"]

    url = receiver.url.replace("127.0.0.1", "shop.example")
    send = PinnedSender(allow_private=True, resolve=resolve)
    reply = send(url=url, headers={"webhook-id": "1"}, body=b"{}")
    assert reply.outcome == "delivered"
    assert asked == ["shop.example"]
    assert receiver.got[0][0]["host"].startswith("shop.example:")


def test_a_name_that_does_not_resolve_is_tried_again(outbox: Outbox, receiver: Receiver) -> None:
    outbox.subscribe(outbox.grocer, receiver.url)
    (event_id,) = outbox.emit()
    (attempt,) = outbox.deliver(dead=True)
    assert attempt.outcome == "unreachable"
    assert outbox.row(event_id).state == "pending"


def test_a_deliverer_that_died_leaves_its_events_to_the_next(
    outbox: Outbox, receiver: Receiver
) -> None:
    outbox.subscribe(outbox.grocer, receiver.url)
    (event_id,) = outbox.emit()
    with outbox.world.database.transaction() as connection:
        leased = store.lease_due(
            connection=connection, wall_now=outbox.now, until=outbox.now + LEASE, limit=5
        )
    assert [each.event_id for each in leased] == [event_id]
    assert outbox.deliver() == []
    outbox.now += LEASE
    assert len(outbox.deliver()) == 1


def test_many_deliverers_at_once_deliver_each_event_once(
    outbox: Outbox, receiver: Receiver
) -> None:
    outbox.subscribe(outbox.grocer, receiver.url)
    expected = {ids.encode("evt", each) for _ in range(30) for each in outbox.emit()}
    threads = [
        threading.Thread(target=lambda: [outbox.deliver() for _ in range(3)]) for _ in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    seen = [headers["webhook-id"] for headers, _ in receiver.got]
    assert sorted(seen) == sorted(expected)


def test_a_secret_is_sealed_in_the_database(outbox: Outbox, receiver: Receiver) -> None:
    made = outbox.subscribe(outbox.grocer, receiver.url)
    with outbox.world.database.autocommit() as connection:
        rows = connection.execute(text("SELECT secret FROM subscription")).scalars().all()
        answers = connection.execute(text("SELECT answer FROM idempotency")).scalars().all()
    for held in (*rows, *answers):
        assert made["secret"][6:].encode() not in bytes(held)
    assert "secret" not in outbox.grocer.send("GET", f"/v1/webhooks/{made['id']}").get_json()


def test_a_party_has_a_bounded_number_of_subscriptions(outbox: Outbox, receiver: Receiver) -> None:
    for _ in range(10):
        outbox.subscribe(outbox.grocer, receiver.url)
    body = {"url": receiver.url, "types": ["sale.posted"]}
    refused = outbox.grocer.send("POST", "/v1/webhooks", body)
    assert (refused.status_code, refused.get_json()["code"]) == (422, "validation_failed")


def test_the_list_of_events_is_the_callers_own(outbox: Outbox, receiver: Receiver) -> None:
    outbox.subscribe(outbox.grocer, receiver.url)
    emitted = [ids.encode("evt", each) for _ in range(3) for each in outbox.emit()]
    listed = outbox.grocer.send("GET", "/v1/events").get_json()["items"]
    assert [each["id"] for each in listed] == emitted
    assert {each["state"] for each in listed} == {"pending"}
    assert outbox.bakery.send("GET", "/v1/events").get_json()["items"] == []


def test_a_private_address_cannot_be_subscribed_where_that_is_not_allowed(
    engine: Engine, config: Config
) -> None:
    world = World(engine)
    world.partner("grocer")
    grocer = HttpHub(world, config, nouns=NOUNS).caller("grocer")
    for url in ("http://127.0.0.1/x", "https://10.0.0.1/x", "http://shop.example/x"):
        response = grocer.send("POST", "/v1/webhooks", {"url": url, "types": ["sale.posted"]})
        assert (response.status_code, response.get_json()["code"]) == (422, "webhook_url_refused")
