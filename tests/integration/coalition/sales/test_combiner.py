"""Sales that come together are written together, and each is answered as if it had come alone."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import OperationalError

from coalition.db.locks import WINDOW
from coalition.db.state import bump_directory
from coalition.db.writing import WriteSet
from coalition.errors import HubError, StaleDirectory
from coalition.events.store import EVENT_NEW
from coalition.sales.combiner import Combiner
from coalition.sales.domain import SalePut
from coalition.sales.parse import parse_sale
from coalition.sales.service import SaleAnswer
from partner_sdk.wire.ids import encode
from tests.coalition_world import FUEL_TERMS, World, refund

TOGETHER = 24


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine)
    made.partner("grocer")
    made.partner("fuel", FUEL_TERMS)
    return made


@pytest.fixture
def combiner(world: World) -> Combiner:
    return Combiner(database=world.database)


def put_of(
    world: World, sale_id: str, member: UUID | None, amount: str = "10.00", **more: Any
) -> SalePut:
    body = world.sale_body(member, ("food", "1", amount), **more)
    return parse_sale(external_id=sale_id, body=body, zone=world.snapshot().hub.time_zone)


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run calls in threads that start together; a HubError is a result too."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return call()
        except HubError as refusal:
            return refusal

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def transactions(world: World) -> int:
    """How many transactions wrote the sales there are."""
    with world.database.autocommit() as connection:
        count = text("SELECT count(DISTINCT xmin::text) FROM sale")
        return int(connection.execute(count).scalar_one())


def call_behind_a_closed_door(
    world: World, calls: Sequence[Callable[[], Any]], waiting: int
) -> list[Any]:
    """Run calls while the window's lock is held until `waiting` statements wait for it."""
    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(*WINDOW)))
            answers = pool.submit(at_once, calls)
            blocked = text(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                f" AND classid = {WINDOW[0]} AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            for _ in range(1000):
                if connection.execute(blocked).scalar_one() >= waiting:
                    break
                connection.execute(text("SELECT pg_sleep(0.01)"))
            # The rest has time to be computed and to gather behind the first.
            connection.execute(text("SELECT pg_sleep(0.5)"))
        return answers.result()


def test_a_lonely_sale_is_answered_as_ever(world: World, combiner: Combiner) -> None:
    ann = world.member()
    answer = combiner.put_sale(context=world.context("grocer"), put=put_of(world, "S1", ann))
    assert (answer.outcome, answer.earned, answer.account_id) == ("created", 10, ann)
    assert world.balance(ann)["active"] == 10


@pytest.mark.parametrize("writers", [1, 2])
def test_what_gathers_behind_one_statement_is_written_by_the_next(
    world: World, writers: int
) -> None:
    # However slow the machine, nothing waits too long.
    combiner = Combiner(database=world.database, writers=writers, monotonic=lambda: 0.0)
    members = [world.member() for _ in range(TOGETHER)]
    context = world.context("grocer")
    answers = call_behind_a_closed_door(
        world,
        [
            lambda p=p: combiner.put_sale(context=context, put=p)
            for p in [put_of(world, f"S{i}", m) for i, m in enumerate(members)]
        ],
        waiting=writers,
    )
    assert [answer.outcome for answer in answers] == ["created"] * TOGETHER
    assert [answer.external_id for answer in answers] == [f"S{i}" for i in range(TOGETHER)]
    assert [world.balance(member)["active"] for member in members] == [10] * TOGETHER
    # Those that led, and then all the others (but for one that was late).
    assert transactions(world) <= writers + 2


def test_sales_of_one_member_in_one_statement_add_up(world: World, combiner: Combiner) -> None:
    ann = world.member()
    context = world.context("grocer")
    answers = call_behind_a_closed_door(
        world,
        [
            lambda i=i: combiner.put_sale(context=context, put=put_of(world, f"S{i}", ann))
            for i in range(TOGETHER)
        ],
        waiting=1,
    )
    assert {answer.outcome for answer in answers} == {"created"}
    assert world.balance(ann)["active"] == 10 * TOGETHER


def test_sales_of_several_partners_go_into_one_statement(world: World, combiner: Combiner) -> None:
    ann = world.member()
    contexts = [world.context("grocer"), world.context("fuel")]
    puts = [put_of(world, "S1", ann), put_of(world, "S1", ann)]
    answers = at_once(
        [
            lambda c=c, p=p: combiner.put_sale(context=c, put=p)
            for c, p in zip(contexts, puts, strict=True)
        ]
    )
    assert [answer.outcome for answer in answers] == ["created", "created"]


def test_one_that_cannot_be_written_spoils_nothing_for_the_others(
    world: World, combiner: Combiner
) -> None:
    """Among them a member in debt, an unknown member, and a sale that was stated before."""
    context = world.context("grocer")
    ann, debtor = world.member(), world.member()
    owed = put_of(world, "D1", debtor, "40.00")
    combiner.put_sale(context=context, put=owed)
    world.redeem("fuel", debtor, 40)
    body = world.sale_body(debtor, ("food", "1", "40.00"), refunds=[refund("r1", "40.00")])
    world.put("grocer", "D1", body)
    assert world.balance(debtor)["debt"] == 40
    known = put_of(world, "S-known", ann)
    combiner.put_sale(context=context, put=known)
    puts = [put_of(world, f"S{i}", ann) for i in range(TOGETHER)]
    puts += [put_of(world, "D2", debtor, "15.00"), put_of(world, "U1", uuid4()), known]
    answers = call_behind_a_closed_door(
        world,
        [lambda p=p: combiner.put_sale(context=context, put=p) for p in puts],
        waiting=1,
    )
    assert [answer.outcome for answer in answers[:TOGETHER]] == ["created"] * TOGETHER
    in_debt, unknown, again = answers[TOGETHER:]
    assert (in_debt.outcome, in_debt.earned) == ("created", 15)
    assert isinstance(unknown, HubError)
    assert unknown.code == "member_not_found"
    assert again.outcome == "unchanged"
    assert world.balance(ann)["active"] == 10 * (TOGETHER + 1)
    assert world.balance(debtor) == {"active": 0, "pending": 0, "held": 0, "debt": 25}


def test_the_same_sale_from_many_threads_is_created_once(world: World, combiner: Combiner) -> None:
    ann = world.member()
    context = world.context("grocer")
    put = put_of(world, "S1", ann)
    answers = at_once([lambda: combiner.put_sale(context=context, put=put)] * TOGETHER)
    outcomes = sorted(answer.outcome for answer in answers)
    assert outcomes == ["created"] + ["unchanged"] * (TOGETHER - 1)
    assert world.balance(ann)["active"] == 10


def test_a_directory_that_moved_is_said_to_every_caller(world: World, combiner: Combiner) -> None:
    ann = world.member()
    context = world.context("grocer")
    with world.database.transaction() as connection:
        bump_directory(connection=connection)
    answers = at_once(
        [
            lambda i=i: combiner.put_sale(context=context, put=put_of(world, f"S{i}", ann))
            for i in range(6)
        ]
    )
    assert all(isinstance(answer, StaleDirectory) for answer in answers)
    fresh = combiner.put_sale(context=world.context("grocer"), put=put_of(world, "S0", ann))
    assert fresh.outcome == "created"


def test_what_is_not_simple_goes_its_own_way(world: World, combiner: Combiner) -> None:
    """A sale by card of nobody is refused; a changed sale is changed."""
    ann = world.member()
    context = world.context("grocer")
    body = world.sale_body(ann, ("food", "1", "10.00")) | {"member": {"card": "0000000000000000"}}
    by_card = parse_sale(external_id="C1", body=body, zone=context.snapshot.hub.time_zone)
    with pytest.raises(HubError) as caught:
        combiner.put_sale(context=context, put=by_card)
    assert caught.value.code == "card_not_found"
    combiner.put_sale(context=context, put=put_of(world, "S1", ann))
    changed = combiner.put_sale(context=context, put=put_of(world, "S1", ann, "4.00", revision=2))
    assert (changed.outcome, changed.change) == ("updated", -6)


def test_what_waited_long_is_stated_with_new_ids(world: World) -> None:
    """A list of entries may have gone on beyond the ids that it had."""
    ann, made = world.member(), list[UUID]()

    def new_id() -> UUID:
        made.append(world.new_id())
        return made[-1]

    hours = itertools.count(0.0, 3600.0)
    slow = Combiner(database=world.database, monotonic=lambda: next(hours))
    context = replace(world.context("grocer"), new_id=new_id)
    assert slow.put_sale(context=context, put=put_of(world, "S1", ann)).outcome == "created"
    with world.database.autocommit() as connection:
        movement_id = connection.execute(text("SELECT movement_id FROM movement")).scalar_one()
    assert made.index(movement_id) >= len(made) // 2


def test_the_callers_own_rows_are_written_with_each_sale(world: World, combiner: Combiner) -> None:
    ann = world.member()
    context = world.context("grocer")

    def extra() -> WriteSet:
        writes = WriteSet()
        writes.add(
            EVENT_NEW,
            {
                "event_id": world.new_id(),
                "party_no": context.party_no,
                "type": "sale.posted",
                "payload": {"member": encode("mem", ann)},
                "recorded_at": context.now,
            },
        )
        return writes

    at_once(
        [
            lambda i=i: combiner.put_sale(
                context=context, put=put_of(world, f"S{i}", ann), extra=extra
            )
            for i in range(8)
        ]
    )
    with world.database.autocommit() as connection:
        assert connection.execute(text("SELECT count(*) FROM event")).scalar_one() == 8


def test_nobody_is_left_waiting_when_connections_are_lost(world: World, combiner: Combiner) -> None:
    """The statement that carries them fails; each then fares as it would alone."""
    ann = world.member()
    context = world.context("grocer")
    body = world.sale_body(ann, ("food", "1", "10.00"))
    zone = context.snapshot.hub.time_zone
    puts = [parse_sale(external_id=f"S{i}", body=body, zone=zone) for i in range(TOGETHER)]

    def call(i: int) -> SaleAnswer | OperationalError:
        try:
            return combiner.put_sale(context=context, put=puts[i])
        except OperationalError as error:
            return error

    lose = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    at_once([lambda i=i: call(i) for i in range(4)])
    with world.database.transaction() as connection:
        connection.execute(lose)
    for answer in at_once([lambda i=i: call(i) for i in range(TOGETHER)]):
        assert isinstance(answer, OperationalError) or answer.outcome in ("created", "unchanged")
    for _ in range(8):  # connections that were kept are found out one by one
        answers = at_once([lambda i=i: call(i) for i in range(TOGETHER)])
        if not any(isinstance(answer, OperationalError) for answer in answers):
            break
    assert all(answer.outcome in ("created", "unchanged") for answer in answers)
    assert world.balance(ann)["active"] == 10 * TOGETHER
