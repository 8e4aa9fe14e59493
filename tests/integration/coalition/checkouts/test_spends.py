"""Points paid at a checkout: held, made, captured by the order, given back with it, or let go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import Engine, text

from adapters.contract import Answer, Call, Customer
from adapters.testing.square import SquareShop
from adapters.testing.stripe import StripeShop
from coalition.checkouts.domain import Asks, Connection
from coalition.checkouts.spends.domain import GRACE, LEASE
from coalition.errors import HubError
from coalition.redemptions.jobs import expire_holds
from partner_sdk.wire.amounts import Money
from tests.integration.coalition.checkouts.spending import GOODS, Spending, name_of, spending


@pytest.fixture
def at(engine: Engine) -> Iterator[Spending]:
    with spending(engine) as made:
        yield made


def test_the_shopper_gets_a_code_worth_the_points_and_the_points_are_held(at: Spending) -> None:
    made = at.want(350)
    assert (made.state, made.problem, made.code) == ("made", None, f"points-{name_of(made)}")
    assert list(at.shop.spent.values()) == [350]
    assert at.points() == (650, 350)


def test_an_amount_is_paid_by_as_many_points_as_it_is_worth(at: Spending) -> None:
    made = at.want(points=None, amount=Money(3_509_999, "EUR"))  # type: ignore[arg-type]
    assert (made.points, made.amount_micros) == (350, 3_500_000)
    with pytest.raises(HubError) as refused:
        at.want(points=None, amount=Money(9_999, "EUR"), reference="2")  # type: ignore[arg-type]
    assert refused.value.code == "validation_failed"


def test_an_order_that_paid_with_the_code_captures_the_points(at: Spending) -> None:
    made = at.want(350)
    at.buy(made)
    (used,) = at.tell().items()
    after = at.spend(made)
    assert (after.state, after.redemption_id is not None) == ("used", True)
    assert used[0] == name_of(made)
    assert used[1].startswith("red_")
    assert at.points() == (650, 0)
    assert at.redemption(made) == (350, 0)
    assert at.tell() == dict([used]), "told again, it is the same redemption"
    assert at.points() == (650, 0)


def test_what_the_order_did_not_need_is_released(at: Spending) -> None:
    made = at.want(900)
    at.buy(made, [replace(GOODS[0], minor=500)])
    at.tell()
    assert at.redemption(made) == (500, 0)
    assert at.points() == (500, 0)


def test_the_same_reference_is_the_same_spend(at: Spending) -> None:
    first, second = at.want(350), at.want(350)
    assert (first.spend_id, first.code) == (second.spend_id, second.code)
    assert at.points() == (650, 350)
    for other in (
        {"points": 351},
        {"order_id": "another"},
        {"points": None, "amount": Money(3_500_000, "USD")},
    ):
        with pytest.raises(HubError) as refused:
            at.want(**other)  # type: ignore[arg-type]
        assert refused.value.code == "spend_reference_taken"
    assert at.want(points=None, amount=Money(3_500_000, "EUR")) == second  # type: ignore[arg-type]


def test_more_points_than_there_are_make_no_code(at: Spending) -> None:
    with pytest.raises(HubError) as refused:
        at.want(1001)
    assert refused.value.code == "insufficient_points"
    assert at.shop.spent == {}
    assert at.work() == 0


@pytest.mark.parametrize("state", ["test", "paused"])
def test_only_a_live_connection_spends(at: Spending, state: str) -> None:
    at.checkout = replace(at.checkout, state=state)  # type: ignore[arg-type]
    with pytest.raises(HubError) as refused:
        at.want()
    assert refused.value.code == "connection_not_live"


def test_where_points_cannot_be_paid_there_is_no_spend(at: Spending) -> None:
    at.checkout = replace(at.checkout, platform="adyen")
    with pytest.raises(HubError) as refused:
        at.want()
    assert refused.value.code == "spending_not_supported"
    assert at.points() == (1000, 0)


def test_points_pay_in_a_session_of_stripe_and_come_back_with_its_money(engine: Engine) -> None:
    with spending(engine, StripeShop(), "stripe") as at:
        made = at.want(900)
        bought = at.buy(made)
        at.tell()
        assert (at.spend(made).state, at.redemption(made)) == ("used", (900, 0))
        # 21.00 were paid with money: a third, then the rest, by amounts that do not divide.
        for minor, back in ((700, 300), (1, 300), (1399, 900)):
            at.pass_time(seconds=1)
            with at.server.lock:
                at.shop.refund(bought, minor)
            at.tell()
            assert at.redemption(made) == (900, back)
        assert at.points() == (1000, 0)
        free = at.want(500, reference="cart-2")
        at.buy(free, [replace(GOODS[0], minor=400)])
        at.tell()
        assert at.redemption(free) == (400, 0), "nothing was to pay, and points paid it"


def test_points_pay_an_open_order_of_square_and_come_back_with_it(engine: Engine) -> None:
    with spending(engine, SquareShop(), "square") as at:
        bought, other = at.shop.open(GOODS), at.shop.open(GOODS)
        assert at.want(900, reference="no-order").problem == "say which open order it is"
        made = at.want(900, order_id=at.shop.order_id(bought))
        assert made.code == f"points-{name_of(made)}"
        undone = at.want(100, reference="cart-2", order_id=at.shop.order_id(other))
        assert at.stop(undone).state == "undone"
        with at.server.lock:
            at.shop.pay(bought, code=made.code)
        at.tell()
        assert (at.spend(made).state, at.redemption(made)) == ("used", (900, 0))
        for minor, lines, back in ((1400, [("A", 1400, 1)], 600), (700, [], 900)):
            # Square may be asked ten times a second.
            at.pass_time(seconds=1)
            with at.server.lock:
                at.shop.refund(bought, minor, lines)
            at.tell()
            assert at.redemption(made) == (900, back)
        assert at.points() == (1000, 0)
        at.server.fail(400)
        at.server.fail(422)
        refused = at.want(10, reference="cart-3", order_id=at.shop.order_id(other))
        # Why there is none, and not why it could not be taken back; nobody knows if it was made.
        assert (refused.state, refused.problem) == ("failed", "Square answered 400")
        assert at.points() == (990, 10)


def test_a_spend_that_is_stopped_pays_nothing_and_its_points_are_back(at: Spending) -> None:
    made = at.want()
    stopped = at.stop(made)
    assert (stopped.state, stopped.undo) == ("undone", False)
    assert at.shop.spent == {}
    assert at.points() == (1000, 0)
    assert at.hold_state(made) == "voided"
    assert at.stop(made) == stopped
    assert at.work() == 0


def test_a_code_whose_time_is_over_is_taken_back_and_the_points_return(at: Spending) -> None:
    made = at.want()
    assert at.work() == 0, "nothing is due before"
    at.pass_time(minutes=31)
    assert at.work() == 1
    assert at.shop.spent == {}
    assert at.spend(made).state == "undone"
    # An order made in time may be told late; after that the hold runs out by itself.
    assert at.points() == (650, 350)
    at.pass_time(seconds=GRACE.total_seconds())
    expire_holds(database=at.world.database, directory=at.world.directory, until=at.world.now)
    assert at.points() == (1000, 0)


def test_an_order_that_is_told_late_still_captures(at: Spending) -> None:
    made = at.want()
    at.buy(made)
    at.pass_time(minutes=31)
    at.work()
    assert at.spend(made).state == "undone"
    at.tell()
    assert at.spend(made).state == "used"
    assert at.redemption(made) == (350, 0)
    assert at.points() == (650, 0)


def test_an_order_told_when_the_hold_is_gone_takes_the_points_anew(at: Spending) -> None:
    made = at.want()
    at.buy(made)
    at.stop(made)
    assert at.points() == (1000, 0)
    at.tell()
    assert at.spend(made).state == "used"
    assert at.points() == (650, 0)


def test_an_order_told_when_the_points_are_gone_says_so(at: Spending) -> None:
    made = at.want()
    at.buy(made)
    at.stop(made)
    at.world.redeem("grocer", at.ann, 900)
    assert at.tell() == {}
    after = at.spend(made)
    assert (after.state, after.problem) == ("failed", "insufficient_points")
    # The points come back from elsewhere, and the order is told again.
    at.world.put("grocer", "s-2", at.world.sale_body(at.ann, ("food", "1", "300.00")))
    assert list(at.tell()) == [name_of(made)]
    assert at.spend(made).state == "used"
    assert at.points() == (50, 0)


def test_a_refund_gives_its_share_of_the_points_back(at: Spending) -> None:
    made = at.want(900)
    bought = at.buy(made)
    at.tell()
    assert at.points() == (100, 0)
    # Item A was 20.00 of 30.00; 6.00 of it were paid with points, 14.00 with money.
    with at.server.lock:
        at.shop.refund(bought, 1400, [("A", 1400, 1)])
    at.tell()
    assert at.redemption(made) == (900, 600)
    assert at.points() == (700, 0)
    with at.server.lock:
        at.shop.refund(bought, 700, [("B", 700, 2)])
    at.tell()
    assert at.redemption(made) == (900, 900)
    at.tell()
    assert at.points() == (1000, 0)


def test_a_cancelled_order_gives_all_points_back_and_its_code_is_taken_back(at: Spending) -> None:
    made = at.want()
    bought = at.buy(made)
    at.tell()
    with at.server.lock:
        at.shop.cancel(bought)
    at.tell()
    assert at.redemption(made) == (350, 350)
    assert at.points() == (1000, 0)
    assert at.work() == 1
    assert at.shop.spent == {}
    assert (at.spend(made).state, at.spend(made).undo) == ("used", False)
    at.tell()
    assert at.work() == 0, "told again, it is not taken back again"


def test_an_order_that_dies_before_it_was_heard_of_lets_go_of_the_points(at: Spending) -> None:
    made = at.want()
    bought = at.buy(made)
    with at.server.lock:
        at.shop.cancel(bought)
    assert at.tell() == {}
    assert at.points() == (1000, 0)
    assert at.work() == 1
    assert at.spend(made).state == "undone"
    assert at.shop.spent == {}


def test_older_news_of_an_order_change_nothing(at: Spending) -> None:
    made = at.want()
    bought = at.buy(made)
    paid = at.orders()
    at.tell(paid)
    with at.server.lock:
        at.shop.cancel(bought)
    at.tell()
    assert list(at.tell(paid)) == [name_of(made)]
    assert at.redemption(made) == (350, 350)


def test_a_refund_heard_of_first_ends_alike(at: Spending) -> None:
    made = at.want(900)
    bought = at.buy(made)
    with at.server.lock:
        at.shop.refund(bought, 1400, [("A", 1400, 1)])
    at.tell()
    assert at.redemption(made) == (900, 600)


def test_another_connections_spend_is_nothing_here(at: Spending) -> None:
    made = at.want()
    at.buy(made)
    told = at.orders()
    other = replace(at.checkout, no=8)
    home, at.checkout = at.checkout, other
    assert at.tell(told) == {}
    at.checkout = home
    assert at.spend(made).state == "made"


def test_a_connection_in_test_posts_nothing(at: Spending) -> None:
    made = at.want()
    at.buy(made)
    told = at.orders()
    at.checkout = replace(at.checkout, state="test")
    assert at.tell(told) == {}
    assert at.points() == (650, 350)


def test_a_platform_that_is_down_gets_it_later(at: Spending) -> None:
    at.server.fail(503)
    wanted = at.want()
    assert (wanted.state, wanted.code, wanted.attempts) == ("wanted", None, 1)
    assert at.points() == (650, 350)
    assert at.work() == 0, "not at once again"
    at.pass_time(seconds=10)
    assert at.work() == 1
    assert at.spend(wanted).state == "made"
    assert list(at.shop.spent.values()) == [350]


def test_a_platform_that_says_no_in_an_answer_of_success_gets_it_later(at: Spending) -> None:
    at.server.fail(200)
    wanted = at.want()
    assert (wanted.state, wanted.problem) == ("wanted", "Shopify answered errors: unnamed")
    at.pass_time(seconds=10)
    assert at.work() == 1
    assert at.spend(wanted).state == "made"


def test_a_platform_that_is_down_for_too_long_gets_it_never(at: Spending) -> None:
    at.server.fail(503, times=1000)
    wanted = at.want()
    for _ in range(40):
        at.pass_time(minutes=1)
        at.work()
    at.server._troubles.clear()
    at.pass_time(hours=2)
    at.work()
    assert at.spend(wanted).state == "undone"
    assert at.shop.spent == {}


def test_a_platform_that_refuses_fails_the_spend_and_frees_the_points(at: Spending) -> None:
    at.server.fail(422)
    made = at.want()
    assert made.state == "failed"
    assert made.problem is not None
    assert "422" in made.problem
    assert at.points() == (1000, 0)
    assert at.work() == 0


def test_wrong_credentials_are_shown_and_tried_again(at: Spending) -> None:
    at.server.fail(401)
    made = at.want()
    assert made.state == "wanted"
    assert made.problem is not None
    assert "credentials" in made.problem
    at.pass_time(seconds=10)
    at.work()
    assert at.spend(made).state == "made"


def test_what_cannot_be_taken_back_now_is_taken_back_later(at: Spending) -> None:
    made = at.want()
    at.server.fail(500)
    stopped = at.stop(made)
    assert (stopped.state, stopped.undo) == ("made", True)
    assert at.points() == (650, 350), "while the code may pay, its points are held"
    at.pass_time(minutes=1)
    assert at.work() == 1
    assert at.spend(made).state == "undone"
    assert at.points() == (1000, 0)


def test_who_buys_is_sealed_and_forgotten_once_the_code_is_there(at: Spending) -> None:
    at.server.fail(503)
    wanted = at.want(customer=Customer(id="77", email="ann@example.com"))
    with at.world.database.autocommit() as connection:
        row = str(connection.execute(text("SELECT * FROM spend")).one())
    assert "ann@" not in row
    assert wanted.customer is not None
    at.pass_time(seconds=10)
    at.work()
    assert at.spend(wanted).customer is None


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Dying:
    """Asks, and dies at one point: before or after the n-th call."""

    asks: Asks
    at: int
    asked: int = 0
    moments: list[str] = field(default_factory=list)

    def ask(self, connection: Connection, calls: Sequence[Call]) -> tuple[Answer, ...]:
        self._moment()
        answers = self.asks.ask(connection, calls)
        self._moment()
        return answers

    def _moment(self) -> None:
        self.asked += 1
        if self.asked == self.at:
            raise Killed


@pytest.mark.parametrize("moment", [1, 2])
def test_killed_while_it_is_made_it_is_made_once(at: Spending, moment: int) -> None:
    whole = at.means
    at.means = replace(whole, ask=Dying(whole.ask, moment))
    with pytest.raises(Killed):
        at.want()
    at.means = whole
    assert at.work() == 0, "another may still be at it"
    at.pass_time(seconds=LEASE.total_seconds() + 1)
    assert at.work() == 1
    made = at.want()
    assert made.state == "made"
    assert list(at.shop.spent.values()) == [350]
    assert at.points() == (650, 350)


@pytest.mark.parametrize("moment", [1, 2, 3, 4])
def test_killed_while_it_is_taken_back_it_is_taken_back_once(at: Spending, moment: int) -> None:
    made = at.want()
    whole = at.means
    at.means = replace(whole, ask=Dying(whole.ask, moment))
    with pytest.raises(Killed):
        at.stop(made)
    at.means = whole
    at.pass_time(seconds=LEASE.total_seconds() + 1)
    assert at.work() == 1
    assert at.spend(made).state == "undone"
    assert at.shop.spent == {}
    assert at.points() == (1000, 0)


def test_an_order_that_comes_before_the_code_was_written_down_is_right(at: Spending) -> None:
    whole = at.means
    at.means = replace(whole, ask=Dying(whole.ask, 2))
    with pytest.raises(Killed):
        at.want()
    at.means = whole
    (code,) = at.shop.codes  # type: ignore[attr-defined]
    with at.server.lock:
        at.shop.buy(GOODS, code=code)
    assert len(at.tell()) == 1
    assert at.points() == (650, 0)
    at.pass_time(hours=2)
    assert at.work() == 0
    assert at.points() == (650, 0)


@dataclass
class Meddling:
    """Does something else while the platform is asked."""

    asks: Asks
    meanwhile: list[object] = field(default_factory=list)

    def ask(self, connection: Connection, calls: Sequence[Call]) -> tuple[Answer, ...]:
        answers = self.asks.ask(connection, calls)
        while self.meanwhile:
            self.meanwhile.pop()()  # type: ignore[operator]
        return answers


def test_stopped_while_it_is_made_it_is_taken_back_at_once(at: Spending) -> None:
    whole = at.means

    def stop() -> None:
        at.means = whole
        with at.world.database.autocommit() as connection:
            spend_id = connection.execute(text("SELECT spend_id FROM spend")).scalar_one()
            found = at.spend(replace(_nothing(at), spend_id=spend_id))
        stopped = at.stop(found)
        assert (stopped.state, stopped.undo) == ("wanted", True)

    at.means = replace(whole, ask=Meddling(whole.ask, [stop]))
    made = at.want()
    assert made.state == "undone"
    assert at.shop.spent == {}
    assert at.points() == (1000, 0)


def test_settled_while_it_is_taken_back_it_stays_used(at: Spending) -> None:
    made = at.want()
    at.buy(made)
    whole = at.means

    def tell() -> None:
        at.means = whole
        at.tell()

    at.means = replace(whole, ask=Meddling(whole.ask, [tell]))
    at.stop(made)
    assert at.spend(made).state == "used"
    assert at.points() == (650, 0)


def _nothing(at: Spending) -> object:
    """Any spend's row."""
    from coalition.checkouts.spends import store

    with at.world.database.autocommit() as connection:
        return store.list_spends(connection=connection, connection_no=7, after=None, limit=1)[0]
