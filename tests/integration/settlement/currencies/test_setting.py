"""Quotes and policies: imported by command and API, never changed, and refused in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from coalition.config import Config
from settlement.currencies import store
from settlement.currencies.domain import Policy, PolicyTooLate, Quote, QuoteDiffers
from settlement.currencies.service import import_quotes, set_policy
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests import settlement_command
from tests.coalition_world import World
from tests.hub_http import HttpHub
from tests.integration.settlement.builder import Books
from tests.settlement_command import Said, set_environment

ONE, TWO = date(2026, 3, 1), date(2026, 3, 2)
WALL = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUOTES = "date,base,quote,rate\n2026-03-01,EUR,RON,4.9765\n2026-02-27,EUR,RON,4.9760\n"


Currencies = Callable[..., Said]


@pytest.fixture
def currencies(config: Config, monkeypatch: pytest.MonkeyPatch) -> Currencies:
    """Runs `settlement currencies`."""
    set_environment(monkeypatch, config)
    return partial(settlement_command.run, "currencies")


def test_quotes_are_imported_by_the_command_once_and_never_change(
    books: Books, currencies: Currencies, tmp_path: Path
) -> None:
    file = tmp_path / "quotes.csv"
    file.write_text(QUOTES)
    first = currencies("import", str(file), "--source", "ECB")
    assert first.output == "2 quotes of ECB are new, 0 were there already\n"
    file.write_text(QUOTES + "2026-03-02,EUR,RON,5\n")
    again = currencies("import", str(file), "--source", "ECB")
    assert again.output == "1 quotes of ECB are new, 2 were there already\n"
    file.write_text(QUOTES.replace("4.9765", "4.9766") + "2026-03-03,EUR,RON,5\n")
    refused = currencies("import", str(file), "--source", "ECB")
    assert refused.status == 1
    assert "has 4.9765 for EUR/RON on 2026-03-01, not 4.9766" in refused.errors
    shown = currencies("show").output
    assert shown.splitlines()[:2] == [
        "each currency settles by itself; no policy was set",
        "2026-03-02  1 EUR = 5 RON  (ECB)",
    ]
    assert "2026-03-03" not in shown
    file.write_text("day,rate\n1,2\n")
    assert "the column" in currencies("import", str(file), "--source", "ECB").errors


def test_a_policy_is_set_by_the_command_from_a_date_that_is_not_netted(
    books: Books, currencies: Currencies
) -> None:
    done = currencies("policy", "--mode", "convert", "--from", "2026-03-01", "--rate", "mean5",
               "--source", "ECB")  # fmt: skip
    assert done.output == (
        "from 2026-03-01: converted into the clearing currency by the mean of five business days "
        "of ECB\n"
    )
    for wrong, said in (
        (("--mode", "convert", "--from", "2026-03-01", "--rate", "spot", "--source", "ECB"),
         "a policy begins on 2026-03-01 already"),
        (("--mode", "convert", "--from", "2026-02-01", "--rate", "spot", "--source", "ECB"),
         "2026-02-01 is netted"),
        (("--mode", "convert", "--from", "2026-03-05"), "by a method and a source"),
        (("--mode", "both", "--from", "2026-03-05"), "--mode is per_currency or convert"),
    ):  # fmt: skip
        refused = currencies("policy", *wrong)
        assert refused.status == 1
        assert said in refused.errors


def test_what_is_netted_keeps_the_policy_that_it_was_netted_by(books: Books, night: Night) -> None:
    books.end(ONE)
    settle_date(night=night, business_date=ONE)
    with night.database.transaction() as connection:
        with pytest.raises(PolicyTooLate, match="the earliest date that is not is 2026-03-02"):
            set_policy(
                connection=connection, policy=Policy(ONE, "convert", "spot", "ECB"), set_at=WALL
            )
        set_policy(connection=connection, policy=Policy(TWO, "convert", "spot", "ECB"), set_at=WALL)
        assert store.read_policy(connection=connection, business_date=ONE).mode == "per_currency"
        assert store.read_policy(connection=connection, business_date=TWO).mode == "convert"


def test_the_same_quote_spelled_otherwise_is_the_same_and_a_list_that_disagrees_is_refused(
    books: Books, night: Night
) -> None:
    with night.database.transaction() as connection:
        import_quotes(
            connection=connection, quotes=[Quote("ECB", "EUR", "RON", ONE, "5.0")], imported_at=WALL
        )
        done = import_quotes(
            connection=connection, quotes=[Quote("ECB", "EUR", "RON", ONE, "5")], imported_at=WALL
        )
        assert (done.new, done.known) == (0, 1)
        with pytest.raises(QuoteDiffers):
            import_quotes(
                connection=connection,
                quotes=[Quote("BNR", "EUR", "RON", ONE, rate) for rate in ("5", "6")],
                imported_at=WALL,
            )
    for table in ("fx_quote", "window_rate", "currency_policy", "pair_conversion"):
        with pytest.raises(Exception, match="append-only"), books.engine.begin() as connection:
            connection.execute(text(f"DELETE FROM settlement.{table}"))


def test_the_operator_sets_quotes_and_policies_over_the_api(engine: Engine, config: Config) -> None:
    world = World(engine)
    world.partner("grocer")
    hub = HttpHub(world, config)
    operator, partner = hub.caller("operator"), hub.caller("grocer")
    quote = {"source": "ECB", "base": "EUR", "quote": "RON", "date": "2026-03-02", "rate": "4.9765"}
    for _ in range(2):
        made = operator.send("POST", "/v1/currencies/quotes", quote)
        assert (made.status_code, made.json) == (200, quote)
    other = operator.send("POST", "/v1/currencies/quotes", {**quote, "rate": "5"})
    assert (other.status_code, other.json["code"]) == (409, "quote_differs")
    operator.send("POST", "/v1/currencies/quotes", {**quote, "date": "2026-03-01"})
    wrong = operator.send("POST", "/v1/currencies/quotes", {**quote, "date": "2026-02-30"})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/date")
    page = operator.send("GET", "/v1/currencies/quotes?limit=1").json
    rest = operator.send("GET", f"/v1/currencies/quotes?limit=1&cursor={page['next_cursor']}").json
    assert [page["items"][0]["date"], rest["items"][0]["date"]] == ["2026-03-02", "2026-03-01"]
    policy = {"effective_from": "2026-03-02", "mode": "convert", "method": "spot", "source": "ECB"}
    assert operator.send("POST", "/v1/currencies/policies", policy).json == policy
    again = operator.send("POST", "/v1/currencies/policies", policy)
    assert (again.status_code, again.json["code"]) == (409, "policy_too_late")
    half = operator.send(
        "POST",
        "/v1/currencies/policies",
        {"effective_from": "2026-03-05", "mode": "convert"},
    )
    assert half.status_code == 422
    assert operator.send("GET", "/v1/currencies/policies").json["items"] == [policy]
    assert partner.sign("GET", "/v1/currencies/quotes").status_code == 403
