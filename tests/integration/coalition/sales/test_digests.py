"""Hourly digests over HTTP: the hub's own SQL against the SDK's arithmetic."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from coalition.config import Config
from coalition.directory import Clocks
from coalition.jobs.job import JobContext, RepeatedJob
from coalition.jobs.registry import load_jobs
from partner_sdk.wire.digests import SaleFigures, digest_of, hour_of, parse_hour
from tests.coalition_world import LEI_TERMS, World, refund
from tests.hub_http import Caller, HttpHub

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = "2026-03-02T09Z"


@pytest.fixture
def world(engine: Engine) -> World:
    """Two partners."""
    world = World(engine)
    world.partner("grocer")
    world.partner("bakery")
    return world


@pytest.fixture
def grocer(world: World, config: Config) -> Caller:
    """Grocer, calling."""
    return HttpHub(world, config).caller("grocer")


def sell(world: World, sale_id: str, amount: str, store: str | None = "12", **more: Any) -> None:
    at = None if store is None else {"id": store}
    body = world.sale_body(None, ("food", "1", amount), **more)
    world.put("grocer", sale_id, body if at is None else {**body, "store": at})


def own(sale_id: str, cents: int, store: str | None = "12", **more: Any) -> SaleFigures:
    return SaleFigures(sale_id, more.pop("revision", 1), NINE, store, cents * 10_000, **more)


def told(*sales: SaleFigures, currency: str = "EUR") -> dict[str, Any]:
    stores = {sale.store for sale in sales}
    return {
        "stores": [
            digest_of(store=store, sales=[s for s in sales if s.store == store]).to_wire(
                currency=currency
            )
            for store in sorted(stores, key=str)
        ]
    }


def test_a_partner_priced_in_another_currency_tells_its_hours_in_it(
    world: World, config: Config
) -> None:
    world.price_in_lei()
    world.partner("florist", LEI_TERMS)
    roses = json.dumps(world.sale_body(None, ("roses", "1", "10.50"))).replace("EUR", "RON")
    world.put("florist", "F-1", json.loads(roses))
    florist = HttpHub(world, config).caller("florist")
    sale = own("F-1", 1050, None)
    found = florist.sign("PUT", f"/v1/digests/{HOUR}", told(sale, currency="RON"))
    assert (found.status_code, found.json["matches"]) == (200, True)
    (store,) = found.json["stores"]
    assert store["hub"]["amount"] == {"amount": "10.50", "currency": "RON"}
    refused = florist.sign("PUT", f"/v1/digests/{HOUR}", told(sale))
    assert refused.json["code"] == "wrong_currency"
    assert "RON" in refused.json["detail"]


def test_the_same_sales_make_the_same_digest_on_both_sides(world: World, grocer: Caller) -> None:
    sell(world, "B-2", "10.50")
    sell(world, "a.1", "3.00", revision=7)
    sell(world, "A-1", "5.00", store="7")
    sell(world, "S-9", "1.00", store=None)
    sell(world, "B-3", "8.00", refunds=[refund("r1", "2.50"), refund("r2", "1.00", "pending")])
    body = told(
        own("B-2", 1050),
        own("a.1", 300, revision=7),
        own("A-1", 500, "7"),
        own("S-9", 100, None),
        own("B-3", 800, refunded_micros=2_500_000),
    )
    answer = grocer.sign("PUT", f"/v1/digests/{HOUR}", body)
    assert answer.status_code == 200, answer.json
    assert answer.json["matches"] is True
    assert answer.json["open"] is True
    assert answer.json["window"] == "win_20260302"
    assert [each["store"] for each in answer.json["stores"]] == [None, "12", "7"]
    assert all(each["yours"] == each["hub"] for each in answer.json["stores"])


@pytest.mark.parametrize(
    "changed",
    [
        own("G-1", 401),
        own("G-1", 400, revision=2),
        own("G-2", 400),
        own("G-1", 400, "13"),
        own("G-1", 400, refunded_micros=1),
    ],
)
def test_whatever_differs_in_a_sale_is_located_to_its_hour_and_store(
    world: World, grocer: Caller, changed: SaleFigures
) -> None:
    sell(world, "G-1", "4.00")
    sell(world, "G-5", "9.00", store="7")
    answer = grocer.sign("PUT", f"/v1/digests/{HOUR}", told(changed, own("G-5", 900, "7"))).json
    assert answer["matches"] is False
    differing = {each["store"] for each in answer["stores"] if not each["matches"]}
    assert differing == {"12", changed.store}


def test_what_either_side_lacks_is_a_difference(world: World, grocer: Caller) -> None:
    sell(world, "G-1", "4.00")
    nothing = grocer.sign("PUT", f"/v1/digests/{HOUR}", {"stores": []}).json
    assert (nothing["matches"], nothing["stores"][0]["yours"]) == (False, None)
    ten = grocer.sign("PUT", "/v1/digests/2026-03-02T10Z", told(own("G-2", 100))).json
    assert (ten["matches"], ten["stores"][0]["hub"]) == (False, None)
    empty = grocer.sign("PUT", "/v1/digests/2026-03-02T11Z", {"stores": []}).json
    assert (empty["matches"], empty["stores"]) == (True, [])


def test_the_hours_of_a_span_are_compared_again_when_asked(world: World, grocer: Caller) -> None:
    sell(world, "G-1", "4.00")
    sell(world, "G-9", "1.00", occurred_at=NINE - timedelta(hours=2))
    grocer.sign("PUT", f"/v1/digests/{HOUR}", told(own("G-1", 400), own("G-2", 100)))
    span = "?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z"
    hours = grocer.sign("GET", f"/v1/digests{span}").json["hours"]
    assert [(h["hour"], h["told"], h["matches"], h["differing"]) for h in hours] == [
        ("2026-03-02T07Z", False, False, ["12"]),
        (HOUR, True, False, ["12"]),
    ]
    # The missing sale comes in: nothing need be told again.
    sell(world, "G-2", "1.00")
    assert grocer.sign("GET", f"/v1/digests/{HOUR}").json["matches"] is True
    hours = grocer.sign("GET", f"/v1/digests{span}").json["hours"]
    assert hours[1]["matches"] is True


def test_telling_an_hour_again_takes_the_place_of_what_was_told(
    world: World, grocer: Caller
) -> None:
    sell(world, "G-1", "4.00")
    path = f"/v1/digests/{HOUR}"
    assert grocer.sign("PUT", path, told(own("G-1", 300, "7"))).json["matches"] is False
    assert grocer.sign("PUT", path, told(own("G-1", 400))).json["matches"] is True
    with world.database.autocommit() as connection:
        stores = connection.execute(text("SELECT store FROM sale_digest ORDER BY store")).scalars()
        assert list(stores) == ["", "12"]


def test_other_partners_sales_are_not_compared_nor_listed(
    world: World, config: Config, grocer: Caller
) -> None:
    sell(world, "G-1", "4.00")
    bakery = HttpHub(world, config).caller("bakery")
    assert bakery.sign("PUT", f"/v1/digests/{HOUR}", {"stores": []}).json["matches"] is True
    span = "?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z"
    assert bakery.sign("GET", f"/v1/sales{span}").json["items"] == []
    assert len(grocer.sign("GET", f"/v1/sales{span}").json["items"]) == 1


def test_the_sales_of_a_span_are_listed_page_by_page(world: World, grocer: Caller) -> None:
    for n in range(5):
        at = NINE + timedelta(minutes=n // 2)
        sell(world, f"G-{n}", "4.00", occurred_at=at)
    seen: list[str] = []
    cursor = ""
    while True:
        path = f"/v1/sales?from=2026-03-02T09:00:00Z&to=2026-03-02T10:00:00Z&limit=2{cursor}"
        page = grocer.sign("GET", path).json
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"G-{n}" for n in range(5)]
    first = grocer.sign(
        "GET", "/v1/sales?from=2026-03-02T09:00:00Z&to=2026-03-02T09:01:00Z&limit=1"
    ).json["items"][0]
    assert first == {
        "id": "G-0",
        "revision": 1,
        "occurred_at": "2026-03-02T09:00:00Z",
        "store": "12",
        "amount": {"amount": "4.00", "currency": "EUR"},
        "refunded": {"amount": "0.00", "currency": "EUR"},
        "points": 0,
    }


def test_a_subscriber_is_told_of_a_difference_and_only_then(world: World, config: Config) -> None:
    with world.database.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO subscription (subscription_id, party_no, url, types, secret, state,"
                " created_at) VALUES (:id, :party, 'https://example.test/', "
                " ARRAY['digest.differed'], '-', 'active', now())"
            ),
            {"id": world.new_id(), "party": world.numbers["grocer"]},
        )
        connection.execute(text("UPDATE hub_state SET directory_version = directory_version + 1"))
    grocer = HttpHub(world, config).caller("grocer")
    sell(world, "G-1", "4.00")
    grocer.sign("PUT", f"/v1/digests/{HOUR}", told(own("G-1", 400)))
    grocer.sign("PUT", f"/v1/digests/{HOUR}", told(own("G-1", 500)))
    with world.database.autocommit() as connection:
        ((kind, payload),) = connection.execute(text("SELECT type, payload FROM event")).all()
    assert kind == "digest.differed"
    assert payload["hour"] == HOUR
    assert [each["store"] for each in payload["stores"]] == ["12"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("2026-03-02T25Z", {"stores": []}, 404),
        ("2026-03-02", {"stores": []}, 404),
        (HOUR, {"stores": [None]}, 422),
        (HOUR, told(own("G-1", 400), own("G-2", 1))["stores"] and {}, 422),
    ],
)
def test_what_is_no_digest_is_refused(
    grocer: Caller, path: str, body: dict[str, Any], status: int
) -> None:
    assert grocer.sign("PUT", f"/v1/digests/{path}", body).status_code == status


def test_a_store_named_twice_or_another_currency_is_refused(grocer: Caller) -> None:
    one = told(own("G-1", 400))["stores"][0]
    twice = grocer.sign("PUT", f"/v1/digests/{HOUR}", {"stores": [one, one]})
    assert twice.json["errors"][0]["pointer"] == "/stores/1/store"
    dollars = {**one, "amount": {"amount": "4.00", "currency": "USD"}}
    assert grocer.sign("PUT", f"/v1/digests/{HOUR}", {"stores": [dollars]}).json["code"] == (
        "wrong_currency"
    )


def test_a_span_of_more_than_a_month_is_refused(grocer: Caller) -> None:
    path = "/v1/sales?from=2026-03-02T00:00:00Z&to=2026-05-02T00:00:00Z"
    assert grocer.sign("GET", path).json["code"] == "validation_failed"


def test_hours_are_of_utc() -> None:
    assert hour_of(datetime.fromisoformat("2026-03-02T11:59:59+02:30")) == NINE
    assert parse_hour(HOUR) == NINE


def test_digests_are_kept_for_a_bounded_time(world: World, grocer: Caller, config: Config) -> None:
    assert grocer.sign("PUT", f"/v1/digests/{HOUR}", told(own("A-1", 500))).status_code == 200
    (job,) = (each for each in load_jobs() if each.name == "old-digests")
    assert isinstance(job, RepeatedJob)
    for days, left in ((399, True), (401, False)):
        world.set_clock(NINE + timedelta(days=days))
        context = JobContext(
            config=config,
            database=world.database,
            directory=world.directory,
            clocks=Clocks(wall=lambda: datetime.now(UTC)),
        )
        with world.database.transaction() as connection:
            done = job.run(context, connection)
            kept = connection.exec_driver_sql("SELECT count(*) FROM sale_digest").scalar_one()
        assert (kept > 0, done.more) == (left, False)
