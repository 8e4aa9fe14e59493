"""What is found out before the rehearsal: what the platform told, its orders, and its codes.

These calls are made for real, as the hub makes them. Nothing is changed at the platform but for a
code worth one unit of the currency, which is made and taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from adapters.contract import (
    Answer,
    Call,
    Facts,
    Fetch,
    Malformed,
    Order,
    Parsed,
    Spend,
    SpendResult,
)
from adapters.registry import adapter_named
from coalition.checkouts.domain import Asks, Connection, Message, Refused, Rejection, Unreachable
from coalition.checkouts.polling.service import is_asked
from coalition.checkouts.processing.reading import Reader, guarded
from coalition.checkouts.processing.values import Taken
from coalition.checkouts.spends.platform import can_redeem
from coalition.checkouts.store import inbox
from coalition.checkouts.store.rejections import list_rejections
from coalition.db.database import Database

__all__ = ["Found", "Paid", "find_out"]

DAYS = 30
"""How long ago an order may have changed to be looked at."""
_LATELY = 2
_MOST_PAGES = 5
_MOST_ORDERS = 10
_MOST_ASKED = 15
_MOST_MESSAGES = 50
_MOST_ROUNDS = 5
_PARALLEL = 4
_ONE = 1_000_000
_LASTS = timedelta(minutes=10)
_TROUBLE = (Unreachable, Refused, Malformed)


@dataclass(frozen=True, slots=True)
class Paid:
    """What came of a code for points: made twice, taken back twice; or the problem."""

    code: str | None = None
    same: bool = False
    problem: str | None = None
    #: Whether the platform wants an order that is open, and there is none.
    needs_order: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of the platform before the rehearsal.

    `parsed` is what its messages in the inbox say; `orders` are those that it was asked for.
    `unasked` says why it could not be asked, `unread` why orders could not be read, `left_out` why
    some do not count. `taken_at` and `refused` are its last message that was taken, and the last
    one refused, since the secrets are what they are.
    """

    parsed: tuple[Parsed, ...] = ()
    orders: tuple[Order, ...] = ()
    unasked: str | None = None
    unread: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    taken_at: datetime | None = None
    refused: Rejection | None = None
    paid: Paid | None = None


def find_out(
    *, database: Database, connection: Connection, asks: Asks, spend: str, wall_now: datetime
) -> Found:
    """Look at the inbox, and ask the platform. `spend` names the code that is made."""
    since = connection.rotated_at or connection.created_at or wall_now
    with database.autocommit() as session:
        messages = inbox.list_messages(
            connection=session,
            connection_no=connection.no,
            state=None,
            before=None,
            limit=_MOST_MESSAGES,
        )
        refusals = list_rejections(
            connection=session, connection_no=connection.no, before=None, limit=1
        )
    heard = [each for each in messages if each.received_at >= since]
    refused = [each for _, each in refusals if each.rejected_at >= since]
    shop = _Shop(connection, asks, database, wall_now)
    said = _read(connection, messages)
    found = Found(
        parsed=tuple(each for each in said if not isinstance(each, Taken)),
        unread=tuple(each.reason or "" for each in said if isinstance(each, Taken)),
        taken_at=heard[0].received_at if heard else None,
        refused=refused[0] if refused else None,
    )
    if is_asked(connection):
        found = shop.orders(found)
    if can_redeem(adapter_named(connection.platform)) and found.unasked is None:
        opened = next((each.id for each in found.orders if each.status == "open"), None)
        found = replace(found, paid=shop.paid(spend, opened))
    return found


@dataclass(frozen=True, slots=True)
class _Shop:
    connection: Connection
    asks: Asks
    database: Database
    wall_now: datetime

    def orders(self, found: Found) -> Found:
        """The newest orders of the last days, and those that it told of last, open ones too."""
        try:
            parsed = self._listed()
        except _TROUBLE as trouble:
            return replace(found, unasked=str(trouble) or type(trouble).__name__)
        reader = Reader(
            database=self.database,
            adapter=adapter_named(self.connection.platform),
            connection=self.connection,
            asks=self.asks,
            parallel=_PARALLEL,
            asked_at=self.wall_now,
        )
        whole = [each for each in parsed if isinstance(each, Facts | Fetch)][-_MOST_ORDERS:]
        asked = {each.about for each in whole if isinstance(each, Fetch)}
        for each in found.parsed:
            if isinstance(each, Fetch) and each.about not in asked and len(asked) < _MOST_ASKED:
                asked.add(each.about)
                whole.append(each)
        sources = reader.read(whole)
        ends = [each.ended for each in sources if each.ended is not None]
        return replace(
            found,
            orders=tuple(heard.order for source in sources for heard in source.heard),
            unread=(
                *found.unread,
                *(each.reason or "" for each in ends if each.became != "ignored"),
            ),
            left_out=tuple(each.reason or "" for each in ends if each.became == "ignored"),
        )

    def _listed(self) -> list[Parsed]:
        """What changed lately; where that is nothing, what changed in the last month."""
        return self._pages(_LATELY) or self._pages(DAYS)

    def _pages(self, days: int) -> list[Parsed]:
        adapter, cursor = adapter_named(self.connection.platform), None
        found: list[Parsed] = []
        for _ in range(_MOST_PAGES):
            call = adapter.poll(
                since=self.wall_now - timedelta(days=days),
                until=self.wall_now,
                cursor=cursor,
                settings=self.connection.settings,
            )
            (answer,) = self._ask((call,))
            page = adapter.polled(answer=answer, cursor=cursor, settings=self.connection.settings)
            found += page.parsed
            cursor = page.cursor
            if cursor is None:
                break
        return found

    def paid(self, name: str, order: str | None) -> Paid:
        """Make a code of one unit and take it back, each twice, as after a lost answer."""
        spend = Spend(
            id=name,
            amount_micros=_ONE,
            currency=self.connection.settings.currency,
            order=order,
            expires_at=self.wall_now + _LASTS,
        )
        if order is None and self._is_for_an_order(spend):
            return Paid(needs_order=True)
        made = SpendResult()
        try:
            made = self._made(spend)
            again = self._made(spend)
            undone = [self._undone(spend, made) for _ in range(2)]
        except _TROUBLE as trouble:
            with suppress(*_TROUBLE):
                self._undone(spend, made)
            return Paid(made.code, problem=str(trouble) or type(trouble).__name__)
        problem = next((each.problem for each in (made, again, *undone) if each.problem), None)
        return Paid(made.code, made.code == again.code, problem)

    def _is_for_an_order(self, spend: Spend) -> bool:
        """Whether what the platform is told depends on which order is paid."""
        adapter, settings = adapter_named(self.connection.platform), self.connection.settings
        calls = [
            adapter.redeem(spend=replace(spend, order=order), settings=settings)
            for order in ("1", "2")
        ]
        return calls[0] != calls[1]

    def _made(self, spend: Spend) -> SpendResult:
        adapter, settings = adapter_named(self.connection.platform), self.connection.settings

        def read(answers: tuple[Answer, ...]) -> SpendResult:
            return adapter.redeemed(spend=spend, answers=answers, settings=settings)

        return self._rounds(adapter.redeem(spend=spend, settings=settings), read)

    def _undone(self, spend: Spend, made: SpendResult) -> SpendResult:
        adapter, settings = adapter_named(self.connection.platform), self.connection.settings

        def read(answers: tuple[Answer, ...]) -> SpendResult:
            return adapter.undone(spend=spend, answers=answers, settings=settings)

        return self._rounds(adapter.undo(spend=spend, result=made, settings=settings), read)

    def _rounds(
        self, calls: tuple[Call, ...], read: Callable[[tuple[Answer, ...]], SpendResult]
    ) -> SpendResult:
        for _ in range(_MOST_ROUNDS):
            result = read(self._ask(calls))
            if not result.more:
                return result
            calls = result.more
        raise Malformed("the platform always wants to be asked more")

    def _ask(self, calls: tuple[Call, ...]) -> tuple[Answer, ...]:
        return self.asks.ask(self.connection, calls)


def _read(connection: Connection, messages: Sequence[Message]) -> list[Parsed | Taken]:
    """What messages say, or why they cannot be read."""
    adapter = adapter_named(connection.platform)

    def read(message: Message) -> Parsed | Taken:
        return adapter.parse(request=message.request, settings=connection.settings)

    return [guarded(partial(read, each), connection) for each in messages]
