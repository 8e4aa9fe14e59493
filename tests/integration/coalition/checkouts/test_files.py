"""Files of orders: taken in their turn, put away with a report; nothing is counted twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from click.testing import Result
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from adapters.contract import Settings
from adapters.testing.generic import FileShop, GenericShop
from adapters.testing.shop import Item, Purchase
from coalition.checkouts.cli import app as connection_app
from coalition.checkouts.files.domain import PATIENCE
from coalition.db.locks import FILES
from coalition.errors import HubError
from coalition.sales.service.read import current_answer
from partner_sdk.wire.ids import encode
from tests.checkout_world import Market
from tests.coalition_world import World
from tests.integration.coalition.checkouts.dropping import (
    Till,
    file_of,
    order,
    processing,
    run_killed,
    till,
)
from tests.killing import PROCESSES


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine)
    made.partner("grocer")
    made.partner("mirror")
    return made


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Till:
    folder = tmp_path / "drop"
    folder.mkdir()
    takes = processing(world.database, world.directory)
    return Till(world.database, folder, till(world.numbers["grocer"]), takes)


def earned(world: World, sale_id: str, slug: str = "grocer") -> int:
    """The points of a sale; nothing, if there is none."""
    with world.database.autocommit() as connection:
        try:
            found = current_answer(
                connection=connection, party_no=world.numbers[slug], external_id=sale_id
            )
        except HubError:
            return 0
    return found.earned


def test_a_file_is_taken_and_put_away_with_a_report(world: World, shop: Till) -> None:
    ann = world.member()
    shop.drop("day1.csv", file_of(1, [order("A", "12.50", member=ann), order("B", "7.00")]))
    assert shop.run() == {"day1.csv": "taken"}
    assert world.balance(ann)["active"] == 12
    assert shop.left() == []
    assert shop.put_away("done") == ["day1.csv"]
    assert shop.report("day1.csv") == (
        "day1.csv: taken\nstore s1, number 1, 2026-03-02\n"
        "read 2026-03-02 12:00:00 UTC by connection till\n2 orders\n"
    )
    assert shop.run() == {}


def test_the_same_file_again_changes_nothing(world: World, shop: Till) -> None:
    ann = world.member()
    content = file_of(1, [order("A", "12.50", member=ann)])
    for name, became in (("day1.csv", "taken"), ("day1.csv", "repeated"), ("x.csv", "repeated")):
        shop.drop(name, content)
        assert shop.run() == {name: became}
    assert world.balance(ann)["active"] == 12
    assert shop.put_away("done") == ["day1.2.csv", "day1.csv", "x.csv"]
    assert "the same was taken before, as day1.csv" in shop.report("x.csv")


def test_other_content_under_a_number_that_was_taken_is_refused(world: World, shop: Till) -> None:
    ann = world.member()
    shop.drop("day1.csv", file_of(1, [order("A", "12.50", member=ann)]))
    shop.run()
    shop.drop("day1.csv", file_of(1, [order("A", "99.00", member=ann, revision=2)]))
    assert shop.run() == {"day1.csv": "refused"}
    assert world.balance(ann)["active"] == 12
    assert shop.put_away("refused") == ["day1.csv"]
    told = shop.report("day1.csv", "refused")
    assert "number 1 of s1 was taken with other content (day1.csv, sha256 " in told
    assert "what changed goes into the next file" in told


def test_a_file_behind_a_gap_is_held_until_the_gap_is_filled(world: World, shop: Till) -> None:
    ann = world.member()
    for number in (1, 3, 4):
        shop.drop(f"{number}.csv", file_of(number, [order(f"A{number}", "10.00", member=ann)]))
    assert shop.run() == {"1.csv": "taken", "3.csv": "held", "4.csv": "held"}
    assert [each.text for each in shop.ran[1:]] == [
        "waits for number 2 of s1",
        "waits for number 2 to 3 of s1",
    ]
    assert world.balance(ann)["active"] == 10
    assert shop.left() == ["3.csv", "4.csv"]
    shop.drop("2.csv", file_of(2, [order("A2", "10.00", member=ann)]))
    assert shop.run() == {"2.csv": "taken", "3.csv": "taken", "4.csv": "taken"}
    assert world.balance(ann)["active"] == 40


def test_a_held_file_is_not_read_again_until_its_turn_comes(world: World, shop: Till) -> None:
    content = file_of(2, [order("A", "10.00")])
    shop.drop("2.csv", content)
    assert shop.run() == {"2.csv": "held"}
    path = shop.folder / "2.csv"
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(len(content) - 20)
        file.write(b"spoilt")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert shop.run() == {"2.csv": "held"}
    shop.drop("1.csv", file_of(1, []))
    assert shop.run() == {"1.csv": "taken", "2.csv": "refused"}
    assert earned(world, "till.A") == 0


def test_a_name_that_cannot_be_written_down_stops_no_other_file(shop: Till) -> None:
    long = "x" * 200 + ".csv"
    for name in (long, "two\nlines.csv"):
        shop.drop(name, file_of(9, []))
    (shop.folder / os.fsdecode(b"no \xff text.csv")).write_bytes(file_of(9, []))
    shop.drop("1.csv", file_of(1, []))
    expected = {
        long[:200]: "misnamed",
        "two?lines.csv": "misnamed",
        "no ? text.csv": "misnamed",
        "1.csv": "taken",
    }
    assert shop.run() == expected
    del expected["1.csv"]
    assert shop.run() == expected


def test_a_number_that_will_not_come_is_given_up_and_taken_if_it_comes_after_all(
    world: World, shop: Till
) -> None:
    ann = world.member()
    shop.drop("2.csv", file_of(2, [order("A", "20.00", member=ann, revision=2)]))
    assert shop.run() == {"2.csv": "held"}
    with pytest.raises(HubError, match="Nothing waits"):
        shop.pickup.give_up(store="s1", sequence=2)
    shop.pickup.give_up(store="s1", sequence=1)
    assert shop.run() == {"2.csv": "taken"}
    shop.drop(
        "1.csv", file_of(1, [order("A", "10.00", member=ann), order("B", "5.00", member=ann)])
    )
    assert shop.run() == {"1.csv": "taken"}
    # What is older of A loses by its revision.
    assert world.balance(ann)["active"] == 25
    shop.drop("3.csv", file_of(3, []))
    assert shop.run() == {"3.csv": "taken"}


def test_each_store_has_its_own_numbers_and_the_connection_says_which_is_first(
    world: World, shop: Till
) -> None:
    settings = Settings("EUR", "Europe/Bucharest", options={"first_sequence": "7"})
    shop.connection = replace(shop.connection, settings=settings)
    for store, number in (("s1", 7), ("s2", 8), ("s3", 6)):
        shop.drop(f"{store}.csv", file_of(number, [], store=store))
    assert shop.run() == {"s1.csv": "taken", "s2.csv": "held", "s3.csv": "refused"}
    assert "the first file of s3 has number 7" in shop.report("s3.csv", "refused")


def test_a_file_with_faults_is_refused_row_by_row_and_its_number_stays_free(
    world: World, shop: Till
) -> None:
    good = file_of(1, [order("A", "12.50", member=world.member())])
    shop.drop("day1.csv", good.replace(b"12.50", b"12,50", 1))
    assert shop.run() == {"day1.csv": "refused"}
    told = shop.report("day1.csv", "refused").splitlines()
    assert told[0] == "day1.csv: refused"
    assert told[3] == "3 faults"
    assert told[4] == "row 3: a row `line` has 6 columns, this one 7"
    assert told[5] == "row 2: rows `line`: must be 1 to 1000"
    assert told[6].startswith("row 4, sha256: ")
    assert earned(world, "till.A") == 0
    shop.drop("day1.csv", good)
    assert shop.run() == {"day1.csv": "taken"}
    assert earned(world, "till.A") == 12


def test_a_file_is_not_read_until_its_last_byte_is_there(world: World, shop: Till) -> None:
    content = file_of(1, [order("A", "12.50", member=world.member())])
    for length in range(0, len(content) - 1, 37):
        shop.drop("day1.csv", content[:length])
        assert shop.run() == {"day1.csv": "incomplete"}, f"{length} of {len(content)} bytes"
    assert shop.left() == ["day1.csv"]
    assert earned(world, "till.A") == 0
    shop.drop("day1.csv", content)
    assert shop.run() == {"day1.csv": "taken"}
    assert earned(world, "till.A") == 12


def test_what_is_no_plain_csv_file_is_left_alone(shop: Till, tmp_path: Path) -> None:
    content = file_of(1, [])
    secret = tmp_path / "secret.csv"
    secret.write_bytes(content)
    (shop.folder / "link.csv").symlink_to(secret)
    (shop.folder / "folder.csv").mkdir()
    os.mkfifo(shop.folder / "pipe.csv")
    shop.drop("day1.csv.part", content)
    shop.drop(".day1.csv", content)
    assert shop.run() == {}
    assert secret.read_bytes() == content


def test_reports_go_nowhere_else(shop: Till, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (shop.folder / "refused").symlink_to(elsewhere)
    shop.drop("day1.csv", b"nonsense\nend,\n")
    with pytest.raises(OSError, match="refused"):
        shop.run()
    assert list(elsewhere.iterdir()) == []


def test_an_order_that_the_hub_does_not_take_is_reported_and_the_others_are_taken(
    world: World, shop: Till
) -> None:
    ann = world.member()
    back = {"id": "r", "status": "succeeded", "amount": "1.00"}
    first = order("A", "12.50", member=ann, refunds=[back])
    shop.drop("1.csv", file_of(1, [first]))
    changed = first | {"revision": 2, "refunds": [back | {"amount": "2.00"}]}
    shop.drop("2.csv", file_of(2, [changed, order("B", "7.00", member=ann)]))
    assert shop.run() == {"1.csv": "taken", "2.csv": "taken"}
    told = shop.report("2.csv").splitlines()
    assert told[3] == "2 orders, of which 1 were not taken"
    assert told[4].startswith("row 2, order A: refund_conflict: ")
    assert earned(world, "till.B") == 7
    assert not shop.ran[1].good
    shop.drop("2b.csv", (shop.folder / "done" / "2.csv").read_bytes())
    assert shop.run() == {"2b.csv": "repeated"}
    assert "row 2, order A: refund_conflict" in shop.report("2b.csv")


def test_what_may_be_taken_later_is_tried_again_and_delays_nobody(world: World, shop: Till) -> None:
    ann = world.member()
    ahead = order("A", "12.50", member=ann) | {"occurred_at": "2026-03-03T08:00:00Z"}
    shop.drop("1.csv", file_of(1, [ahead, order("B", "7.00", member=ann)]))
    shop.drop("2.csv", file_of(2, [order("C", "5.00", member=ann)]))
    assert shop.run() == {"1.csv": "waiting", "2.csv": "taken"}
    assert shop.ran[0].text == "2 orders, of which 1 are tried again"
    assert (earned(world, "till.B"), earned(world, "till.C")) == (7, 5)
    waiting = shop.ran[0]
    world.advance(days=1)
    # Not at each look, for all of the file is taken again.
    assert shop.run() == {"1.csv": "waiting"}
    assert shop.ran == [waiting]
    shop.now += timedelta(minutes=1)
    assert shop.run() == {"1.csv": "taken"}
    assert earned(world, "till.A") == 12


def test_patience_has_an_end(world: World, shop: Till) -> None:
    ahead = order("A", "12.50") | {"occurred_at": "2026-04-03T08:00:00Z"}
    shop.drop("1.csv", file_of(1, [ahead]))
    assert shop.run() == {"1.csv": "waiting"}
    shop.now += PATIENCE
    assert shop.run() == {"1.csv": "taken"}
    assert "row 2, order A: occurred_at_in_future" in shop.report("1.csv")


def test_a_connection_in_test_tells_and_neither_takes_nor_moves(world: World, shop: Till) -> None:
    shop.connection = replace(shop.connection, state="test")
    shop.drop("1.csv", file_of(1, [order("A", "12.50")]))
    shop.drop("2.csv", b"nonsense\nend,\n")
    assert shop.run() == {"2.csv": "refused", "1.csv": "checked"}
    assert shop.left() == ["1.csv", "2.csv"]
    assert earned(world, "till.A") == 0
    shop.connection = replace(shop.connection, state="live")
    assert shop.run() == {"2.csv": "refused", "1.csv": "taken"}


def test_only_connections_that_have_files_pick_up(shop: Till) -> None:
    live = shop.connection
    shop.connection = replace(live, platform="stripe")
    with pytest.raises(HubError, match="says nothing by file"):
        shop.run()
    shop.connection = replace(live, state="paused")
    with pytest.raises(HubError, match="paused"):
        shop.run()


def test_only_one_process_picks_up_at_a_time(world: World, shop: Till) -> None:
    with world.engine.connect() as other:
        other.execute(text(f"SELECT pg_advisory_lock({FILES}, 1)"))
        with pytest.raises(HubError, match="Another process"):
            shop.run()
        other.execute(text(f"SELECT pg_advisory_unlock({FILES}, 1)"))
    assert shop.run() == {}
    assert shop.run() == {}


class BrokenOff(Exception):  # noqa: N818 - the name says it
    """The process would be gone."""


class Breaking:
    """Takes what it is given, and breaks off now and then, before or after it did."""

    def __init__(self, takes: Any, random: Random) -> None:
        self.takes, self.random = takes, random

    def take(self, connection: Any, parsed: Sequence[Any]) -> Any:
        if self.random.random() < 0.1:
            raise BrokenOff
        taken = self.takes.take(connection, parsed)
        if self.random.random() < 0.1:
            raise BrokenOff
        return taken


def history(random: Random, member: UUID) -> tuple[GenericShop, list[list[dict[str, Any]]]]:
    """A shop, and the orders that each of its files says."""
    made, files = GenericShop(), []
    made.now = made.now.replace(month=3, day=2, hour=7)
    made.step = timedelta(seconds=1)
    for _ in range(random.randrange(2, 5)):
        before = {number: bought.version for number, bought in made.purchases.items()}
        for _ in range(random.randrange(0, 5)):
            _happens(made, random, member)
        changed = [p for n, p in made.purchases.items() if before.get(n) != p.version]
        files.append([stated(made, each) for each in changed])
    return made, files


def stated(made: GenericShop, purchase: Purchase) -> dict[str, Any]:
    document = made.order(purchase)
    if purchase.customer is not None:
        document["customer"] = {"id": purchase.customer}
    return document


def _happens(made: GenericShop, random: Random, member: UUID) -> None:
    kept = [each for each in made.purchases.values() if not each.cancelled]
    if not kept or random.random() < 0.4:
        items = [Item(f"L{i}", random.randrange(100, 3000)) for i in range(random.randrange(1, 4))]
        made.buy(items, customer=random.choice((encode("mem", member), None)))
        return
    purchase = random.choice(kept)
    left = purchase.total - sum(each.minor for each in purchase.refunds)
    if random.random() < 0.2:
        made.cancel(purchase)
    elif left > 0:
        made.refund(purchase, random.randrange(1, left + 1))


@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(range(10), id="some"),
        pytest.param(range(10, 60), id="more", marks=pytest.mark.prove),
    ],
)
def test_histories_by_file_end_in_the_points_of_the_last_state(
    world: World, shop: Till, seeds: range
) -> None:
    """Files come in any order, some twice, some half, and the pick-up breaks off in between."""
    whole = shop.takes
    for seed in seeds:
        random = Random(seed)
        member = world.member()
        made, files = history(random, member)
        connection = till(world.numbers["grocer"], no=100 + seed, name=f"t{seed}")
        shop.connection = connection
        shop.takes = Breaking(whole, random)
        contents = {f"{n}.csv": file_of(n, orders) for n, orders in enumerate(files, 1)}
        drops = [*contents.items(), *random.choices(list(contents.items()), k=2)]
        drops += [(name, content[: len(content) // 2]) for name, content in drops[:1]]
        random.shuffle(drops)
        for name, content in [*drops, *contents.items()]:
            shop.drop(name, content)
            if random.random() < 0.7:
                try:
                    shop.run()
                except BrokenOff:
                    continue
        shop.takes = whole
        shop.run()
        assert shop.left() == []
        mirror = till(world.numbers["mirror"], no=200 + seed, name=f"t{seed}")
        mirrored = replace(shop, connection=mirror, folder=shop.folder)
        last = [stated(made, each) for each in made.purchases.values()]
        mirrored.drop("last.csv", file_of(1, last))
        assert mirrored.run() == {"last.csv": "taken"}
        for number in made.purchases:
            sale = f"t{seed}.{number}"
            assert earned(world, sale) == earned(world, sale, "mirror"), (seed, sale)


@pytest.mark.parametrize(
    "step", [pytest.param(7, id="some"), pytest.param(1, id="every", marks=pytest.mark.prove)]
)
def test_a_pick_up_that_is_killed_goes_on_and_counts_nothing_twice(
    world: World, shop: Till, database_url: str, step: int
) -> None:
    ann = world.member()
    refund = [{"id": "r", "status": "succeeded", "amount": "2.00"}]
    contents = {
        "1.csv": file_of(1, [order(f"A{i}", "10.00", member=ann) for i in range(120)]),
        "2.csv": file_of(2, [order("A1", "10.00", member=ann, revision=2, refunds=refund)]),
        "3.csv": b"nonsense\nend,\n",
    }
    for name, content in contents.items():
        shop.drop(name, content)
    kills = 0
    for touch in range(2, 400, step):
        process = PROCESSES.Process(
            target=run_killed,
            args=(touch, database_url, str(shop.folder), world.numbers["grocer"]),
        )
        process.start()
        process.join(60)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        kills += 1
        with world.engine.connect() as waiting:
            # The server lets go of the lock when it notices that its client is gone.
            waiting.execute(text(f"SELECT pg_advisory_lock({FILES}, 1)"))
            waiting.execute(text(f"SELECT pg_advisory_unlock({FILES}, 1)"))
        found = {*shop.left(), *shop.put_away("done"), *shop.put_away("refused")}
        assert {name for name in found if name.endswith(".csv")} == set(contents), "a file is lost"
    assert kills * step > 30
    assert shop.left() == []
    assert (shop.put_away("done"), shop.put_away("refused")) == (["1.csv", "2.csv"], ["3.csv"])
    assert world.balance(ann)["active"] == 1198
    assert not list((shop.folder / "done").glob(".*.part"))


def test_a_file_that_comes_as_a_message_is_taken_like_one(market: Market) -> None:
    member = market.member("77")
    door, tills = market.connect("generic"), FileShop()
    bought = [tills.buy([Item("L1", 1000)]), tills.buy([Item("L1", 2500)])]
    tills.refund(bought[1], 500)
    whole = tills.sign(tills.file([tills.order(each) for each in bought]))
    assert [door.send(request).status_code for request in (whole, whole)] == [200, 200]
    assert market.work() == {"done": 1}
    assert market.balance(member) == 30
    # What came later says of the first order what was known before.
    assert door.send(tills.sent[0].request).status_code == 200
    market.work()
    assert market.balance(member) == 30
    tills.buy([Item("L1", 700)])
    torn = tills.sign(tills.sent[-1].request.body[:-30])
    assert door.send(torn).status_code == 200
    (dead,) = door.messages(state="dead")
    assert dead["reason"] == "malformed: row 5, sha256: must be 64 digits of 0-9 a-f"
    assert market.balance(member) == 30
    # By message the number is not looked at.
    assert market.scalar("SELECT count(*) FROM order_file") == 0


def command(*arguments: str) -> Result:
    return CliRunner().invoke(connection_app, list(arguments), catch_exceptions=False)


def test_files_are_picked_up_by_command(
    world: World, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COALITION_DATA", str(tmp_path))
    secret, folder = tmp_path / "secret", tmp_path / "drop"
    secret.write_text(GenericShop.signing[0])
    folder.mkdir()
    opened = command(
        "open", "grocer", "generic", "--name", "till", "--secret", f"signing={secret}"
    )  # fmt: skip
    connection = opened.stdout.split()[0]
    ann = world.member()
    content = file_of(1, [order("A", "12.50", member=ann)])
    (folder / "1.csv").write_bytes(content)
    taken = command("files", connection, str(folder))
    assert (taken.exit_code, taken.stdout) == (0, "taken       1.csv  1 orders\n")
    assert world.balance(ann)["active"] == 12
    (folder / "3.csv").write_bytes(file_of(3, []))
    (folder / "4.csv").write_bytes(b"nonsense\nend,\n")
    held = command("files", connection, str(folder))
    assert held.exit_code == 1
    assert "held        3.csv  waits for number 2 of s1" in held.stdout
    assert "            row 1, record: must be one of file, order" in held.stdout
    given_up = command("files", connection, str(folder), "--without", "s1:2")
    assert given_up.stdout.splitlines() == [
        "number 2 of s1 is not waited for any more",
        "taken       3.csv  0 orders",
    ]
    assert command("files", connection, str(folder), "--without", "2").exit_code == 2
