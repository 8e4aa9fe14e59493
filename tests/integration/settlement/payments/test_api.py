"""Releases and payments over HTTP: two of the operator's people, and partners who see their own."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from partner_sdk import PartnerClient
from settlement.payments.service.terms import set_clearing_account
from settlement.profiles.domain import Profile
from settlement.profiles.service import set_profile
from settlement.steps.night import Night
from tests.bank_files import IBAN, OTHER_IBAN, Line, camt
from tests.coalition_world import DAY_1, World
from tests.hub_http import Caller, HttpHub
from tests.hub_server import serving
from tests.integration.settlement.test_with_the_hub import end_day
from tests.shelf import Shelf

WINDOW = f"win_{DAY_1:%Y%m%d}"


@pytest.fixture
def database_url(shelf: Shelf) -> Iterator[str]:
    """These tests make a coalition of their own."""
    with shelf.lend() as address:
        yield address


@pytest.fixture
def world(engine: Engine, night: Night) -> World:
    """Grocer's 40 points are spent at Bakery; the day is settled."""
    world = World(engine)
    world.partner("grocer")
    world.partner("bakery")
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "40.00")))
    world.redeem("bakery", ann, 40)
    with world.database.transaction() as connection:
        set_clearing_account(
            connection=connection, currency="EUR", iban=IBAN, bic=None, holder="Clearing house",
            mt940_name=None, person="ana.pop", now=night.wall(),
        )  # fmt: skip
        set_profile(
            connection=connection, party_no=world.numbers["bakery"],
            profile=Profile(iban=OTHER_IBAN), set_by="operator", now=night.wall(),
        )  # fmt: skip
    end_day(world, night, DAY_1)
    return world


@pytest.fixture
def hub(world: World, config: Config) -> HttpHub:
    return HttpHub(world, config)


def release(hub: HttpHub) -> tuple[Caller, Caller, dict[str, object]]:
    ana, dan = hub.caller("operator"), hub.caller("operator", person="dan.rus")
    made = ana.send("POST", "/v1/releases", {"window": WINDOW})
    assert made.status_code == 201
    path = f"/v1/releases/{made.json['id']}"
    document = dan.send("GET", f"{path}/document").data
    digest = hashlib.sha256(document).hexdigest()
    assert digest == made.json["sha256"]
    approved = dan.send("POST", f"{path}/approve", {"sha256": digest})
    assert approved.json["state"] == "approved", approved.json
    return ana, dan, approved.json


def upload(caller: Caller, content: bytes, name: str = "bank.xml") -> object:
    body = {"name": name, "content": base64.b64encode(content).decode()}
    return caller.send("POST", "/v1/bank-files", body)


def test_two_people_release_a_window_and_one_cannot(hub: HttpHub) -> None:
    ana = hub.caller("operator")
    made = ana.send("POST", "/v1/releases", {"window": WINDOW}).json
    assert (made["maker"], made["state"], made["changed"]) == ("ana.pop", "proposed", None)
    path = f"/v1/releases/{made['id']}"
    another_key = hub.caller("operator")
    for caller in (ana, another_key):
        refused = caller.send("POST", f"{path}/approve", {"sha256": made["sha256"]})
        assert (refused.status_code, refused.json["code"]) == (403, "release_needs_another_person")
    dan = hub.caller("operator", person="dan.rus")
    wrong = dan.send("POST", f"{path}/approve", {"sha256": "0" * 64})
    assert (wrong.status_code, wrong.json["code"]) == (409, "release_hash_differs")
    withdrawn = dan.send("POST", f"{path}/withdraw", {"reason": "not yet"})
    assert withdrawn.json["reason"] == "dan.rus: not yet"
    _, _, approved = release(hub)
    assert approved["approver"] == "dan.rus"
    listed = ana.send("GET", "/v1/releases?limit=1").json
    assert [each["state"] for each in listed["items"]] == ["approved"]
    rest = ana.send("GET", f"/v1/releases?limit=1&cursor={listed['next_cursor']}").json
    assert [each["state"] for each in rest["items"]] == ["withdrawn"]


def test_a_change_voids_a_proposal_and_the_answer_says_where(hub: HttpHub, night: Night) -> None:
    ana, dan = hub.caller("operator"), hub.caller("operator", person="dan.rus")
    made = ana.send("POST", "/v1/releases", {"window": WINDOW}).json
    with hub.world.database.transaction() as connection:
        set_profile(
            connection=connection, party_no=hub.world.numbers["bakery"], profile=Profile(iban=IBAN),
            set_by="operator", now=night.wall(),
        )  # fmt: skip
    path = f"/v1/releases/{made['id']}"
    assert ana.send("GET", path).json["changed"] == "/instructions/0/to/iban"
    void = dan.send("POST", f"{path}/approve", {"sha256": made["sha256"]})
    assert (void.status_code, void.json["state"]) == (200, "void")
    assert ana.send("GET", path).json["state"] == "void"


def test_partners_see_what_is_theirs_and_the_operator_all(hub: HttpHub) -> None:
    ana, _, _ = release(hub)
    grocer, bakery = hub.caller("grocer"), hub.caller("bakery")
    (mine,) = grocer.sign("GET", "/v1/payments").json["items"]
    assert (mine["direction"], mine["open"]["amount"]) == ("collect", "0.40")
    assert mine["pay_to"] == {"iban": IBAN, "bic": None, "account_holder": "Clearing house"}
    assert mine["due_date"] == str(DAY_1 + timedelta(days=14))
    assert mine["reference_printed"].replace(" ", "") == mine["reference"]
    (theirs,) = bakery.sign("GET", "/v1/payments").json["items"]
    assert (theirs["direction"], theirs["pay_to"]) == ("pay", None)
    assert grocer.sign("GET", f"/v1/payments/{mine['id']}").json == mine
    hidden = grocer.sign("GET", f"/v1/payments/{theirs['id']}")
    assert (hidden.status_code, hidden.json["code"]) == (404, "payment_not_found")
    page = ana.send("GET", "/v1/payments?limit=1").json
    rest = ana.send("GET", f"/v1/payments?limit=9&cursor={page['next_cursor']}").json
    assert [each["party"] for each in (*page["items"], *rest["items"])] == ["grocer", "bakery"]
    aging = grocer.sign("GET", "/v1/aging").json
    assert [each["total"]["amount"] for each in aging["items"]] == ["0.40"]
    for path in ("/v1/releases", "/v1/bank-entries"):
        assert grocer.sign("GET", path).status_code == 403


def test_the_payment_file_and_the_banks_answer_go_over_http(hub: HttpHub) -> None:
    ana, dan, approved = release(hub)
    path = f"/v1/releases/{approved['id']}/payment-file"
    written = ana.send("POST", path)
    assert written.content_type == "application/xml"
    assert dan.send("POST", path).data == written.data
    grocer, bakery = (
        hub.caller(slug).sign("GET", "/v1/payments").json["items"][0]
        for slug in ("grocer", "bakery")
    )
    day = DAY_1 + timedelta(days=2)
    content = camt(
        [
            Line("0.40", day, grocer["reference"], "B1"),
            Line("-0.40", day, bakery["reference"], "B2"),
            Line("3.00", day, bank_reference="B3", text="who knows"),
            Line("-1.50", day, bank_reference="B4", text="fee"),
        ]
    )
    taken = upload(ana, content).json
    assert (taken["new_entries"], taken["matched"], taken["unmatched"]) == (4, 2, 2)
    again = upload(dan, content).json
    assert (again["again"], again["new_entries"], again["unmatched"]) == (True, 0, 2)
    assert hub.caller("grocer").sign("GET", "/v1/payments").json["items"] == []
    (settled,) = hub.caller("grocer").sign("GET", "/v1/payments?state=all").json["items"]
    assert settled["state"] == "settled"
    waiting = ana.send("GET", "/v1/bank-entries").json["items"]
    assert [each["amount"]["amount"] for each in waiting] == ["3.00", "-1.50"]
    first, second = (f"/v1/bank-entries/{each['id']}/match" for each in waiting)
    on_account = ana.send("POST", first, {"party": "grocer", "reason": "told by phone"}).json
    assert (on_account["party"], on_account["on_account"]["amount"]) == ("grocer", "3.00")
    aside = ana.send("POST", second, {"reason": "the bank's fee"}).json
    assert (aside["matched"], aside["party"]) == ("aside", None)
    assert ana.send("POST", second, {"reason": "x"}).json["code"] == "bank_entry_matched"
    assert ana.send("GET", "/v1/bank-entries").json["items"] == []


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"nothing of a bank", 422, "bank_file_invalid"),
        (camt([Line("1.00", date(2026, 3, 3))], iban=OTHER_IBAN), 422, "bank_file_account_unknown"),
        (camt([Line("1.00", date(2026, 3, 3))], currency="RON"), 422, "wrong_currency"),
    ],
)
def test_a_bad_file_is_a_problem_that_says_what_to_do(
    hub: HttpHub, content: bytes, status: int, code: str
) -> None:
    refused = upload(hub.caller("operator"), content)
    assert (refused.status_code, refused.json["code"]) == (status, code)  # type: ignore[attr-defined]


def test_the_sdk_tells_a_partner_what_it_owes(hub: HttpHub) -> None:
    release(hub)
    grocer = hub.caller("grocer")
    with (
        serving(hub.app) as address,
        PartnerClient(address, bearer=grocer.token) as client,
    ):
        (payment,) = client.payments()
        assert payment.direction == "collect"
        assert payment.open.to_wire() == {"amount": "0.40", "currency": "EUR"}
        assert payment.pay_to is not None
        assert payment.pay_to.iban == IBAN
        assert client.get_payment(payment.id) == payment
        assert list(client.payments(all_states=True)) == [payment]
