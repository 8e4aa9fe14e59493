"""Connections: opened, set, rotated, paused and closed, by the API and by command."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from adapters.testing.shop import Item
from coalition.checkouts.cli import app as connection
from coalition.checkouts.cli.showing import replay
from coalition.errors import HubError
from tests.checkout_world import Market


@pytest.fixture
def commands(market: Market, monkeypatch: pytest.MonkeyPatch) -> Market:
    """A market on whose database commands work."""
    monkeypatch.setenv("DATABASE_URL", str(market.config.database_url))
    monkeypatch.setenv("COALITION_DATA", str(market.config.data_folder))
    secret = base64.b64encode(market.config.secret_key).decode()
    monkeypatch.setenv("COALITION_SECRET", secret)
    monkeypatch.setenv("COALITION_WEBHOOK_PRIVATE_HOSTS", "true")
    return market


def run(*arguments: str, app: typer.Typer = connection) -> str:
    """What a command prints; what it refuses is raised."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def refused(*arguments: str) -> str:
    with pytest.raises(HubError) as refusal:
        run(*arguments)
    return refusal.value.code


def test_a_connection_is_opened_and_run_by_command(commands: Market, tmp_path: Path) -> None:
    member = commands.member("77")
    by_api = commands.connect("shopify", name="by-api")
    signing, token = tmp_path / "signing.txt", tmp_path / "token.txt"
    signing.write_text(by_api.shop.signing[0] + "\n")
    token.write_text(by_api.shop.extra["access_token"])
    given = ("--secret", f"signing={signing}", "--secret", f"access_token={token}")
    opened, hook = run(
        "open", "grocer", "shopify", "--name", "web", "--store-url", by_api.server.url,
        "--category", "SKU-1=fuel", "--guests", "ignore", *given,
    ).splitlines()  # fmt: skip
    assert hook == f"/hooks/{opened}"
    by_api.id, by_api.platform = opened, "web"
    bought = by_api.shop.buy([Item("L1", 4000)])
    assert by_api.deliver() == [200]
    commands.work()
    assert by_api.sale(bought)["points"]["earned"] == commands.balance(member) == 40
    document = json.loads(run("show", opened, "--messages", "done"))
    assert document["secrets"] == ["signing", "access_token"]
    assert (document["guests"], document["categories"]) == ("ignore", {"SKU-1": "fuel"})
    assert document["messages"][0]["result"]["orders"][0]["sale"] == "web.1"
    changed = json.loads(run("set", opened, "--guests", "keep", "--member-by", "phone,email"))
    assert (changed["guests"], changed["member_by"]) == ("keep", ["phone", "email"])
    assert changed["categories"] == {"SKU-1": "fuel"}, "what was not named is gone"
    assert "the one before holds until" in run("rotate", opened, "--secret", f"signing={token}")
    assert run("pause", opened) == f"{opened} is paused"
    assert f"{opened}  paused  grocer  shopify  web  0 waiting  0 dead" in run("list")
    run("set", opened, "--state", "live")
    assert run("close", opened) == f"{opened} is closed"
    assert refused("set", opened, "--state", "live") == "connection_closed"
    assert refused("show", "con_nobody") == "connection_not_found"
    printed = run("list") + run("show", opened)
    assert by_api.shop.signing[0] not in printed
    assert by_api.shop.extra["access_token"] not in printed


def test_a_dead_letter_is_replayed_by_command(commands: Market) -> None:
    shop = commands.connect("shopify")
    assert shop.send(shop.shop.sign(b"[]")).status_code == 200
    (message,) = shop.messages(state="dead")
    alone = typer.Typer()
    alone.command()(replay)
    assert run(message["id"], app=alone) == f"{message['id']} is waiting"
    commands.hub.wall = None  # commands know the real clock only
    assert commands.work() == {"dead": 1}
    with pytest.raises(HubError, match="no such message"):
        run("msg_nothing", app=alone)


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"platform": "nothing"}, "platform_unknown", "/platform"),
        ({"name": "Web Shop"}, "validation_failed", "/name"),
        ({"time_zone": "Mars/North"}, "validation_failed", "/time_zone"),
        ({"store_url": "https://user:x@shop.example"}, "validation_failed", "/store_url"),
        ({"tenders": {"voucher": "shells"}}, "validation_failed", "/tenders/voucher"),
        ({"categories": {"SKU": 7}}, "validation_failed", "/categories/SKU"),
        ({"options": {"colour": "red"}}, "validation_failed", "/options/colour"),
        ({"member_by": ["face"]}, "validation_failed", "/member_by/0"),
        ({"secrets": {"access_token": "x"}}, "validation_failed", "/secrets/signing"),
        ({"secrets": {"signing": "x", "pin": "1"}}, "validation_failed", "/secrets/pin"),
        ({"secrets": {"signing": 7}}, "validation_failed", "/secrets/signing"),
    ],
)
def test_what_a_connection_cannot_be_is_refused_with_the_place(
    market: Market, change: dict[str, Any], code: str, pointer: str
) -> None:
    shop = market.connect("shopify", name="another").shop
    body = market.opening("shopify", shop, "https://shop.example") | change
    answer = market.partner.send("POST", "/v1/connections", body)
    assert (answer.json["code"], answer.json["errors"][0]["pointer"]) == (code, pointer)


def test_a_name_is_never_used_again_and_what_is_closed_does_not_come_back(market: Market) -> None:
    shop = market.connect("shopify")
    path = f"/v1/connections/{shop.id}"
    closed = market.partner.send("POST", f"{path}/state", {"state": "closed"})
    assert (closed.json["state"], closed.json["secrets"]) == ("closed", [])
    for method, more, body in (
        ("PUT", "", {"guests": "ignore"}),
        ("POST", "/state", {"state": "live"}),
        ("POST", "/secrets", {"secrets": {"signing": "x"}}),
    ):
        answer = market.partner.send(method, path + more, body)
        assert (answer.status_code, answer.json["code"]) == (409, "connection_closed")
    body = market.opening("shopify", shop.shop, shop.server.url)
    answer = market.partner.send("POST", "/v1/connections", body)
    assert answer.json["code"] == "connection_name_taken"
    assert market.partner.send("GET", path).json["state"] == "closed"
