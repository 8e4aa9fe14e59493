"""A connection is certified: ten graded cases, a report that stays, and nothing else that does."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import text
from typer.testing import CliRunner

from adapters.testing.poster import PosterShop
from adapters.testing.shop import Item, Message
from coalition.checkouts.certification.domain import CASES
from coalition.checkouts.certification.store import begin_run
from coalition.cli.app import app
from coalition.cli.doctor import examine
from coalition.db.state import bump_directory
from coalition.errors import HubError
from tests.checkout_world import Connected, Market
from tests.hub_server import serving

#: What a run must leave as it was. The calls that it made are in the log of calls.
UNTOUCHED = (
    "balance",
    "card",
    "hold",
    "inbox_message",
    "inbox_rejection",
    "known_order",
    "lot",
    "member",
    "movement",
    "order_part",
    "redemption",
    "sale",
    "spend",
)


def counts(market: Market) -> dict[str, int]:
    """How many rows there are of all that a run plays with."""
    with market.world.database.autocommit() as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in UNTOUCHED
        }


def certified(shop: Connected, *, status: int = 201) -> dict[str, Any]:
    """A run by the partner."""
    answer = shop.market.partner.send("POST", f"/v1/connections/{shop.id}/certifications")
    assert answer.status_code == status, answer.get_data()
    return dict(answer.json)


def grades(report: Mapping[str, Any]) -> dict[str, str]:
    """The grade of each case."""
    return {each["case"]: each["grade"] for each in report["cases"]}


def case(report: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One case."""
    return next(each for each in report["cases"] if each["case"] == name)


def wrong(report: Mapping[str, Any], name: str) -> str:
    """Why a case failed; what to do about it must be said."""
    found = case(report, name)
    assert found["grade"] == "failed", found
    assert found["mend"]
    return str(found["found"])


def test_a_shop_whose_shoppers_pay_with_points_passes_and_nothing_of_the_run_stays(
    market: Market,
) -> None:
    shop = market.connect("shopify", state="test")
    market.member("77")
    bought = shop.shop.buy([Item("L1", 4000), Item("L2", 2500)])
    shop.shop.refund(bought, 2500, [("L2", 2500, 1)])
    shop.shop.cancel(shop.shop.buy([Item("L1", 900)]))
    shop.shop.buy([Item("L1", 1500)], customer=None)
    shop.deliver()
    market.later(minutes=1)
    before = counts(market)

    path = f"/v1/connections/{shop.id}/certifications"
    with serving(market.hub.app) as address:
        bearer = {"Authorization": f"Bearer {market.partner.token}"}
        answer = requests.post(address + path, headers=bearer, timeout=60)
    assert answer.status_code == 201, answer.text
    report = answer.json()

    assert grades(report) == dict.fromkeys(CASES, "passed"), report["cases"]
    assert report["passed"]
    assert report["current"]
    assert report["counts"] == {"passed": 10, "failed": 0, "not_for_it": 0}
    assert case(report, "earn")["found"] == (
        "2 orders are taken; order 1 of the shop earns 65 points"
    )
    assert case(report, "refund_by_line")["found"].startswith("order 1 of the shop: 65 points, 40")
    assert case(report, "cancel")["found"].startswith("order 2 of the shop: 9 points, 0")
    assert counts(market) == before
    assert shop.shop.spent == {}, "the code is still there"

    # The report is kept, for the partner and the operator and nobody else.
    listed = market.partner.send("GET", path).json["items"]
    assert listed == [report]
    one = f"{path}/{report['id']}"
    assert market.operator.send("GET", one).json == report
    assert market.stranger.send("GET", one).json["code"] == "connection_not_found"
    assert market.stranger.send("POST", path).json["code"] == "connection_not_found"
    unknown = market.partner.send("GET", f"{path}/crt_{'0' * 26}")
    assert unknown.json["code"] == "certification_not_found"

    # It is of the connection as it was.
    body = {"categories": {"L1": "books"}}
    assert market.partner.send("PUT", f"/v1/connections/{shop.id}", body).status_code == 200
    assert market.partner.send("GET", one).json["current"] is False


def test_a_till_that_waits_passes_by_its_own_questions(market: Market) -> None:
    till = market.connect("toast", state="test")
    before = counts(market)
    with market.world.database.transaction() as connection:
        # Another run is under way.
        number = market.scalar("SELECT no FROM checkout_connection")
        assert begin_run(connection=connection, connection_no=number)
        assert certified(till, status=409)["code"] == "conflict_retry"
    # Toast may be asked five times a second.
    market.later(seconds=1)
    report = certified(till)
    assert grades(report) == dict.fromkeys(CASES, "passed"), report["cases"]
    assert "the sample `paid` earns 12 points" in case(report, "earn")["found"]
    assert "answered alike and kept once" in case(report, "twice")["found"]
    assert case(report, "spend")["found"].startswith("12 points, 11 while")
    assert counts(market) == before


def test_what_is_set_wrongly_fails_with_the_reason_and_what_to_do(market: Market) -> None:
    before = counts(market)
    # Another's secret: the platform's messages are refused, though samples are not.
    strange = market.connect(
        "shopify",
        state="test",
        secrets={"signing": "shpss_another0123", "access_token": "shpat_0123456789abcdef"},
    )
    strange.shop.buy([Item("L1", 4000)])
    strange.deliver()
    market.later(minutes=1)
    report = certified(strange)
    assert not report["passed"]
    found = wrong(report, "signed")
    assert found.startswith("the platform's last message was refused: signature_wrong")
    assert grades(report)["earn"] == "passed"

    # Nobody at the address.
    away = market.connect("woocommerce", state="test", store_url="http://127.0.0.1:9")
    away.shop.buy([Item("L1", 4000)])
    away.deliver()
    report = certified(away)
    assert wrong(report, "earn").startswith("the shop cannot be asked for orders: the platform")
    assert "the platform" in wrong(report, "spend")
    assert grades(report)["signed"] == "passed"

    # Orders in a currency that the agreement does not have.
    foreign = market.connect("generic", state="test", currency="USD")
    report = certified(foreign)
    assert "wrong_currency: The agreement is in EUR, the sale in USD." in wrong(report, "earn")
    assert wrong(report, "signed") == "the platform has sent nothing since the secrets were set"
    assert case(report, "spend")["grade"] == "not_for_it"
    rejections = counts(market).pop("inbox_rejection")
    assert rejections == before["inbox_rejection"] + 1, "only what the shop itself sent is noted"


def test_where_points_pay_on_an_open_order_one_must_be_open(market: Market) -> None:
    # The platform's pace is kept by a clock that goes.
    market.hub.wall = None
    till = market.connect("poster", state="test")
    assert isinstance(till.shop, PosterShop)
    till.shop.now = market.now()
    till.shop.buy([Item("L1", 4000)])
    till.deliver()
    market.hub.wall = None
    found = wrong(certified(till), "spend")
    assert found == "points pay on an open order there, and none is open"
    table = till.shop.open([Item("L1", 2500)])
    (told,) = till.shop.messages(table, "edited", None)
    till.deliver([Message(told, market.now())])
    market.hub.wall = None
    report = certified(till)
    assert case(report, "spend")["grade"] == "passed", case(report, "spend")
    assert report["passed"]
    assert till.shop.comments == {table.number: ""}, "the code is still there"


def test_only_what_is_in_test_is_certified_and_a_partner_may_be_certified_itself(
    market: Market,
) -> None:
    shop = market.connect("generic")
    assert certified(shop, status=409)["code"] == "connection_not_in_test"
    path = f"/v1/connections/{shop.id}"
    assert market.partner.send("POST", f"{path}/state", {"state": "test"}).status_code == 200
    shop.shop.buy([Item("L1", 4000)])
    shop.deliver()
    with market.world.database.transaction() as connection:
        connection.execute(text("UPDATE party SET state = 'certified' WHERE slug = 'grocer'"))
        bump_directory(connection=connection)
    report = certified(shop)
    assert report["passed"], report
    assert grades(report)["spend"] == "not_for_it"
    assert case(report, "earn")["found"] == "order 1 that the platform told earns 40 points"


def test_an_engineer_reads_the_report_as_a_table_or_as_json(
    market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", str(market.config.database_url))
    monkeypatch.setenv("COALITION_DATA", str(tmp_path))
    monkeypatch.setenv("COALITION_SECRET", base64.b64encode(market.config.secret_key).decode())
    shop = market.connect("generic", state="test")
    command = ["connection", "certify", shop.id]

    with pytest.raises(HubError) as never:
        CliRunner().invoke(app, [*command, "--last"], catch_exceptions=False)
    assert never.value.code == "certification_not_found"
    assert ("note", f"coalition connection certify {shop.id}") in doctor()

    silent = CliRunner().invoke(app, command, catch_exceptions=False)
    assert silent.exit_code == 1
    assert "FAILED: con_" in silent.stdout
    assert "signed: the platform has sent nothing since the secrets were set" in silent.stdout
    assert f"  → Have it send a message to /hooks/{shop.id}" in silent.stdout

    shop.shop.buy([Item("L1", 4000)])
    shop.deliver()
    good = CliRunner().invoke(app, [*command, "--json"], catch_exceptions=False)
    assert good.exit_code == 0, good.output
    report = json.loads(good.stdout.splitlines()[-1])
    assert report["passed"]
    again = CliRunner().invoke(app, [*command, "--last", "--json"], catch_exceptions=False)
    assert json.loads(again.stdout.splitlines()[-1]) == report
    assert [grade for grade, mend in doctor() if shop.id in mend] == ["ok"]


def doctor() -> list[tuple[str, str]]:
    """What the doctor finds of checkouts."""
    return [(each.grade, each.mend) for each in examine() if each.about.startswith("checkout ")]
