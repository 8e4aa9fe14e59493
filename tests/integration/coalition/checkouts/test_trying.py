"""What an engineer sees of a connection: samples sent in, what came, and every drop's reason."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from adapters.testing.shop import Item
from coalition.checkouts.store import connections as rows
from coalition.checkouts.trying.following import Follower
from coalition.cli.app import app
from coalition.errors import HubError
from partner_sdk.wire.ids import decode, encode
from tests.checkout_world import Market
from tests.hub_server import serving


@pytest.fixture
def address(market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The hub on a socket, and commands of the same installation."""
    monkeypatch.setenv("DATABASE_URL", str(market.config.database_url))
    monkeypatch.setenv("COALITION_DATA", str(tmp_path))
    monkeypatch.setenv("COALITION_SECRET", base64.b64encode(market.config.secret_key).decode())
    with serving(market.hub.app) as url:
        yield url


def run(*arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """The lines of JSON that a command writes."""
    result = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == code, result.output
    # The hub of the same process writes its log there, too.
    ours = [line for line in result.stdout.splitlines() if line.startswith('{"connection": ')]
    return [json.loads(line) for line in ours]


def test_a_sample_is_sent_into_the_running_hub_and_its_outcome_is_told(
    market: Market, address: str
) -> None:
    shop = market.connect("adyen")
    (told,) = run("trigger", "paid", "--platform", "adyen", "--hub", address, "--wait", "0")
    assert (told["connection"], told["status"], told["what"]) == (shop.id, 200, "waiting")
    market.work()
    (again,) = run("trigger", "paid", "--connection", shop.id, "--hub", address, "--wait", "0")
    assert again["status"] == 200


def test_a_sample_that_the_hub_refuses_is_told_with_the_reason(
    market: Market, address: str
) -> None:
    shop = market.connect("stripe")
    # The hub's clock shows another day than the command's: what is signed now is not of now.
    (told,) = run(
        "trigger", "paid", "--connection", shop.id, "--hub", address, "--wait", "0", code=1
    )
    assert told["status"] in (400, 401)
    assert (told["what"], told["reason"].partition(":")[0]) == ("rejected", "from_the_future")


def test_what_cannot_be_sent_is_refused_with_what_there_is(market: Market, address: str) -> None:
    shop = market.connect("shopify")
    for arguments, code in (
        (("trigger", "dragon", "--connection", shop.id), "validation_failed"),
        (("trigger", "paid", "--platform", "square"), "connection_not_found"),
        (("trigger", "paid", "--connection", "con_no"), "connection_not_found"),
    ):
        with pytest.raises(HubError) as refused:
            run(*arguments, "--hub", address)
        assert refused.value.code == code


def test_nobody_at_the_address_is_told(market: Market, address: str) -> None:
    shop = market.connect("shopify")
    (told,) = run("trigger", "paid", "--connection", shop.id, "--hub", "http://127.0.0.1:9", code=1)
    assert told["status"] is None
    assert told["problem"].startswith("no answer")


def test_who_follows_sees_what_is_kept_what_became_of_it_and_what_was_dropped(
    market: Market,
) -> None:
    shop = market.connect("shopify")
    market.member("77")
    with market.world.database.autocommit() as connection:
        there = rows.list_connections(connection=connection, party_no=None, after=0, limit=10)
    follower = Follower(market.world.database, there)
    shop.shop.buy([Item("L1", 100)])
    shop.deliver()
    follower.begin()
    assert follower.look() == []
    shop.shop.buy([Item("L1", 4000)])
    (message,) = shop.shop.sent[-1:]
    shop.deliver()
    (kept,) = follower.look()
    assert (kept.what, kept.about) == ("waiting", "2")
    request = follower.request_of(kept)
    assert request is not None
    assert request.body == message.request.body
    market.work()
    done = [news for news in follower.look() if news.message == kept.message]
    assert [(news.what, follower.request_of(news)) for news in done] == [("done", None)]
    assert shop.send(replace(message.request, body=b"{}")).status_code == 401
    (dropped,) = follower.look()
    assert dropped.what == "rejected"
    assert dropped.reason == "signature_wrong: is the app's client secret the one set here?"
    assert follower.look() == []
    assert kept.message is not None
    path = f"/v1/connections/{shop.id}/messages/{kept.message}/replay"
    assert market.partner.send("POST", path).status_code == 200
    assert follower.look() == []
    market.work()
    assert [(news.message, news.what) for news in follower.look()] == [(kept.message, "done")]
    # One that was made before it, by a clock a second behind, and kept after it.
    first = decode("msg", kept.message)
    late = UUID(int=first.int - (1000 << 80))
    with market.world.database.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO inbox_message SELECT (jsonb_populate_record(m, jsonb_build_object("
                "'message_id', CAST(:late AS text), 'delivery_key', 'late'))).*"
                " FROM inbox_message m WHERE message_id = :first"
            ),
            {"late": str(late), "first": first},
        )
    assert [news.message for news in follower.look()] == [encode("msg", late)]


def test_what_is_listened_to_is_sent_on_as_it_came(market: Market, address: str) -> None:
    here, there = market.connect("shopify"), market.connect("woocommerce")
    here.shop.buy([Item("L1", 4000)])
    url = f"{address}/hooks/{there.id}"

    here.deliver()
    arguments = ("--connection", here.id, "--forward-to", url, "--past", "--seconds", "0.1")
    told = run("listen", *arguments)
    assert [(each["what"], each["forwarded"]) for each in told] == [("waiting", 401)]
