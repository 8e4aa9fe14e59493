"""What became of files, as whoever dropped them reads it, and as the operator's doctor says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coalition.checkouts.doctor import check
from coalition.checkouts.files.domain import KEPT
from coalition.checkouts.files.store.told import forget_before
from partner_sdk.wire.ids import decode
from tests.checkout_world import Connected, Market
from tests.integration.coalition.checkouts.dropping import Till, file_of, order


@pytest.fixture
def shop(market: Market) -> Connected:
    return market.connect("generic", name="tills")


@pytest.fixture
def till(market: Market, shop: Connected, tmp_path: Path) -> Till:
    """A folder of the connection's."""
    workshop = market.workshop()
    connection = workshop.connections.newest().by_id[decode("con", shop.id)]
    return Till(
        market.world.database, tmp_path, connection, workshop.processing, now=market.now()
    )  # fmt: skip


def told(market: Market, shop: Connected, query: str = "") -> list[dict[str, Any]]:
    answer = market.partner.send("GET", f"/v1/connections/{shop.id}/files{query}")
    assert answer.status_code == 200, answer.json
    return list(answer.json["items"])


def doctor(market: Market, till: Till) -> dict[str, str]:
    """The grade of each thing that is found."""
    with market.world.database.autocommit() as connection:
        return {found: grade for grade, _, found, _ in check(connection, till.now)}


def test_who_drops_files_reads_what_became_of_each_and_what_to_do(
    market: Market, shop: Connected, till: Till
) -> None:
    ahead = order("A", "12.50") | {"occurred_at": "2026-06-03T08:00:00Z"}
    till.drop("1.csv", file_of(1, [ahead]))
    till.drop("3.csv", file_of(3, []))
    till.drop("bad.csv", b"nonsense\nend,\n")
    till.drop("half.csv", file_of(4, [])[:-30])
    till.run()
    found = {each["name"]: each for each in told(market, shop)}
    assert {name: each["state"] for name, each in found.items()} == {
        "1.csv": "waiting",
        "3.csv": "held",
        "bad.csv": "refused",
        "half.csv": "incomplete",
    }
    held, refused = found["3.csv"], found["bad.csv"]
    assert (held["store"], held["sequence"]) == ("s1", 3)
    assert held["reason"] == "waits for number 2 of s1"
    assert "--without STORE:NUMBER" in held["what_to_do"]
    assert refused["lines"][0].startswith("row 1")
    assert refused["what_to_do"].startswith("Mend what is named")
    assert found["1.csv"]["lines"][0].startswith("row 2, order A: occurred_at_in_future")
    assert [each["name"] for each in told(market, shop, "?state=held")] == ["3.csv"]

    # What stays as it was is not told anew, and grows old for the doctor.
    before = told(market, shop)
    assert set(doctor(market, till).values()) == {"note", "wrong"}
    till.now += timedelta(hours=2)
    till.run()
    assert told(market, shop) == before
    said = doctor(market, till)
    (of_held,) = [text for text in said if text.startswith("1 held since ")]
    assert of_held.endswith("UTC; 3.csv: waits for number 2 of s1")
    assert said[of_held] == "wrong"
    (of_waiting,) = [text for text in said if text.startswith("1 waiting since ")]
    assert said[of_waiting] == "note"

    # What is mended, filled and taken away is told no more.
    till.drop("2.csv", file_of(2, []))
    (till.folder / "half.csv").unlink()
    till.drop("bad.csv", file_of(4, []))
    till.run()
    assert {each["name"]: each["state"] for each in told(market, shop)} == {
        "1.csv": "waiting",
        "2.csv": "taken",
        "3.csv": "taken",
        "bad.csv": "taken",
    }
    assert list(doctor(market, till).values()) == ["note"]


def test_files_are_shown_to_their_partner_and_the_operator_page_by_page_for_a_time(
    market: Market, shop: Connected, till: Till
) -> None:
    for number in range(1, 4):
        till.drop(f"{number}.csv", file_of(number, []))
    till.run()
    path = f"/v1/connections/{shop.id}/files"
    for caller in (market.partner, market.operator):
        names = [[each["name"] for each in page] for page in caller.pages(path, limit=2)]
        assert names == [["3.csv", "2.csv"], ["1.csv"]]
    stranger = market.stranger.send("GET", path)
    assert (stranger.status_code, stranger.json["code"]) == (404, "connection_not_found")
    with market.world.database.transaction() as connection:
        for age, count in ((KEPT - timedelta(days=1), 0), (KEPT + timedelta(days=1), 3)):
            before = till.now + age - KEPT
            assert forget_before(connection=connection, instant=before, limit=10) == count


def test_a_refused_file_is_told_until_its_number_is_taken_under_whatever_name(
    market: Market, shop: Connected, till: Till
) -> None:
    good = file_of(1, [order("A", "12.50")])
    till.drop("day1.csv", good.replace(b"12.50", b"12,50", 1))
    till.run()
    assert list(doctor(market, till).values()) == ["wrong"]
    till.drop("day1-mended.csv", good)
    till.run()
    assert doctor(market, till) == {}
    assert {each["state"] for each in told(market, shop)} == {"refused", "taken"}
