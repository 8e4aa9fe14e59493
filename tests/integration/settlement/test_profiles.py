"""Finance profiles: set over HTTP and by the command, and what statements make of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import Engine, text

from coalition.config import Config
from partner_sdk.wire import ids
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.coalition_world import World, terms
from tests.hub_http import HttpHub
from tests.integration.settlement.builder import Books, tell_day_one
from tests.integration.settlement.reading import bundle_path, read_statement
from tests.settlement_command import Command

ONE = date(2026, 3, 1)
_IBAN = "RO49AAAA1B31007593840000"


@pytest.fixture
def hub(engine: Engine, config: Config) -> HttpHub:
    world = World(engine)
    world.partner("grocer", terms())
    world.partner("bakery", terms())
    return HttpHub(world, config)


def _path(hub: HttpHub, slug: str) -> str:
    with hub.world.database.transaction() as connection:
        found = connection.execute(text("SELECT id FROM party WHERE slug = :slug"), {"slug": slug})
        return f"/v1/partners/{ids.encode('prt', found.scalar_one())}/finance-profile"


def test_a_partner_sets_and_sees_its_own_profile_and_nobody_elses(hub: HttpHub) -> None:
    bakery, grocer = hub.caller("bakery"), hub.caller("grocer")
    path = _path(hub, "bakery")
    before = bakery.sign("GET", path).json
    assert (before["language"], before["erp"], before["payment_days"]) == ("en", "generic", 14)
    body = {"language": "ro", "iban": _IBAN, "accounts": {"settlement": "1310"}}
    changed = bakery.sign("PUT", path, body)
    assert changed.status_code == 200
    assert changed.json == {**before, **body}
    assert bakery.sign("GET", path).json == changed.json
    for method, sent in (("GET", None), ("PUT", body)):
        refused = grocer.sign(method, path, sent)
        assert (refused.status_code, refused.json["code"]) == (404, "partner_not_found")


def test_the_operator_sets_every_partys_profile_that_of_the_clearing_house_too(
    hub: HttpHub,
) -> None:
    operator = hub.caller("operator")
    for slug in ("bakery", "clearing", "pool"):
        path = _path(hub, slug)
        done = operator.send("PUT", path, {"account_holder": slug.title(), "bic": "AAAAROBU"})
        assert done.status_code == 200
        assert operator.send("GET", path).json["account_holder"] == slug.title()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"iban": "RO48AAAA1B31007593840000"}, "/iban"),
        ({"language": "fr"}, "/language"),
        ({"accounts": {"redemption": "=1"}}, "/accounts"),
        ({"payment_days": "14"}, "/payment_days"),
        ({"unknown": 1}, "/unknown"),
    ],
)
def test_what_cannot_be_is_refused_by_pointer(
    hub: HttpHub, body: dict[str, Any], pointer: str
) -> None:
    refused = hub.caller("bakery").sign("PUT", _path(hub, "bakery"), body)
    assert (refused.status_code, refused.json["code"]) == (422, "validation_failed")
    assert [error["pointer"] for error in refused.json["errors"]] == [pointer]


def test_every_change_is_kept_with_who_made_it_and_none_can_be_undone(hub: HttpHub) -> None:
    path = _path(hub, "bakery")
    hub.caller("bakery").sign("PUT", path, {"iban": _IBAN})
    hub.caller("operator").send("PUT", path, {"iban": None})
    hub.caller("operator").send("PUT", path, {})
    with hub.world.database.transaction() as connection:
        rows = connection.execute(
            text("SELECT set_by, document ->> 'iban' FROM settlement.finance_profile ORDER BY no")
        ).all()
    assert [tuple(row) for row in rows] == [("bakery", _IBAN), ("operator", None)]
    with pytest.raises(Exception, match="finance_profile"), hub.world.database.transaction() as c:
        c.execute(text("DELETE FROM settlement.finance_profile"))


def test_the_command_changes_what_is_given_and_leaves_the_rest(
    books: Books, settlement: Command
) -> None:
    books.partner("bakery")
    first = settlement(
        "profile", "set", "bakery", "--language", "uk", "--erp", "xero", "--iban", _IBAN,
        "--account", "settlement=1310", "--account", "redemption=7010", "--payment-days", "30",
    )  # fmt: skip
    assert first.exit_code == 0, first.output
    second = settlement(
        "profile", "set", "bakery", "--iban", "-", "--account", "redemption=", "--interest", "0.08"
    )
    assert second.exit_code == 0, second.output
    shown = settlement("profile", "show", "bakery").output
    for said in (
        '"language": "uk"', '"erp": "xero"', '"iban": null', '"settlement": "1310"',
        '"payment_days": 30', '"interest_per_annum": "0.08"',
    ):  # fmt: skip
        assert said in shown
    assert "7010" not in shown
    assert settlement("profile", "set", "bakery", "--iban", "RO1").exit_code == 1
    assert settlement("profile", "show", "nobody").exit_code == 1


def test_a_statement_is_made_by_the_profile_that_holds(
    books: Books, make_pipeline: Callable[..., Night], settlement: Command
) -> None:
    tell_day_one(books, day=ONE)
    settlement(
        "profile", "set", "bakery", "--language", "ro", "--erp", "quickbooks", "--iban", _IBAN,
        "--account", "settlement=Coalition", "--settlement-currency", "RON", "--payment-days", "7",
    )  # fmt: skip
    settlement("profile", "set", "clearing", "--bic", "AAAAROBU")
    books.end(ONE)
    night = make_pipeline()
    settle_date(night=night, business_date=ONE)
    path = bundle_path(night, ONE, "bakery")
    statement = read_statement(path)
    assert statement["language"] == "ro"
    assert statement["settlement_currency"] == "RON"
    assert statement["due_on"] == "2026-03-08"
    assert {p["counterparty"]: p["name"] for p in statement["positions"]} == {
        "grocer": "Grocer",
        "pool": "Pool",
    }
    with ZipFile(path) as bundle:
        camt = bundle.read("camt.053.xml").decode()
        journal = bundle.read("journal.csv").decode()
    assert f"<IBAN>{_IBAN}</IBAN>" in camt
    assert "<BICFI>AAAAROBU</BICFI>" in camt
    assert journal.startswith("*JournalNo,*JournalDate,*AccountName")
    assert ",Coalition," in journal
    other = read_statement(bundle_path(night, ONE, "grocer"))
    assert (other["language"], other["settlement_currency"]) == ("en", "EUR")
