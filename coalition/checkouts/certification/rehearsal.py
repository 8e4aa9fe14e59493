"""The hub's own door, inbox, sales and points, for one connection, on a database that is undone.

It differs from what runs in this: the connection is live, and of a number and a name that nothing
else has; the partner is live, for it is certified before that; points are active at once. Whoever
buys is a member enrolled here. What was heard of real customers is stated of that member.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection as Session

from adapters.contract import (
    Answer,
    Call,
    Customer,
    Facts,
    Order,
    Outcome,
    Question,
    Reply,
    Request,
)
from coalition.checkouts.answering import Answering
from coalition.checkouts.certification.store import begin_run
from coalition.checkouts.domain import Connection, Delivery, Unreachable, kept_key
from coalition.checkouts.processing import Processing
from coalition.checkouts.receiving import Door
from coalition.checkouts.service.known import Book, Connections
from coalition.checkouts.store import inbox
from coalition.db.database import Database
from coalition.db.rehearsal import rehearse
from coalition.directory import Clocks, Directory, Snapshot
from coalition.enrolment import enrol_member
from coalition.errors import HubError
from coalition.ids import IdSource
from coalition.members.contacts import ContactKeys
from coalition.posting_context import PostingContext
from coalition.redemptions.domain import Till
from coalition.redemptions.service import hold_points, quote, void_hold
from coalition.sales.service.read import current_answer
from partner_sdk.wire.ids import encode

__all__ = ["Rehearsal", "Said", "rehearsal"]

_NAME = "certification"
_MOST_MESSAGES = 200
_HOLD_LASTS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Said:
    """What the hub made of one statement of an order: its points, or why it was not taken."""

    outcome: str
    points: int = 0
    problem: str | None = None
    detail: str | None = None


class _Nobody:
    """Makes no calls: the platform was asked before."""

    def ask(self, connection: Connection, calls: Sequence[Call]) -> tuple[Answer, ...]:
        """Nothing."""
        del connection, calls
        raise Unreachable("nobody is asked in a rehearsal")


class _AsIfLive(Directory):
    """The directory with the partner live and nothing pending."""

    def __init__(self, party_no: int) -> None:
        super().__init__(monotonic=time.monotonic)
        self._party_no = party_no

    def peek(self) -> Snapshot | None:
        """None: it is always read through the rehearsal's own connection."""
        return None

    def current(self, *, connection: Session) -> Snapshot:
        """The newest one."""
        return self.refresh(connection=connection)

    def refresh(self, *, connection: Session) -> Snapshot:
        """The newest one, changed as said."""
        return _as_if_live(super().refresh(connection=connection), self._party_no)


class _One(Connections):
    """A book of one connection."""

    def __init__(self, *, database: Database, directory: Directory, only: Connection) -> None:
        super().__init__(database=database, directory=directory, key=b"")
        self._only = only

    def _of(self, snapshot: Snapshot) -> Book:
        only = self._only
        self._book = Book(snapshot, {only.id: only}, {only.no: only})
        return self._book


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The means of the cases. `now` is business time."""

    connection: Connection
    database: Database
    directory: Directory
    processing: Processing
    door: Door
    new_id: IdSource
    wall_now: datetime
    now: datetime

    def receive(self, request: Request) -> Reply:
        """Through the hub's door."""
        return self.door.receive(connection_id=self.connection.id, request=request)

    def messages(self) -> int:
        """How many messages the inbox keeps of this rehearsal."""
        with self.database.autocommit() as session:
            return len(
                inbox.list_messages(
                    connection=session,
                    connection_no=self.connection.no,
                    state=None,
                    before=None,
                    limit=_MOST_MESSAGES,
                )
            )

    def buyer(self) -> UUID:
        """A member who never was before, and never will have been."""
        with self.database.transaction() as session:
            member = enrol_member(
                connection=session, context=self._context(), keys=self.processing.keys
            )
        return member.member_id

    def state(self, order: Order, *, buyer: UUID | None) -> Said:
        """State an order as it is heard from the platform, bought now, by that member or a guest.

        What points paid of it is money here: the redemption is a real one.
        """
        customer = None if buyer is None else Customer(id=encode("mem", buyer))
        said = replace(
            order,
            occurred_at=self.now,
            customer=customer,
            tenders=tuple(
                replace(each, kind="other" if each.kind == "points" else each.kind, redemption=None)
                for each in order.tenders
            ),
            refunds=tuple(replace(each, occurred_at=None) for each in order.refunds),
        )
        (taken,) = self.processing.take(self.connection, [Facts((said,))])
        if not taken.orders:
            return Said(taken.became, detail=taken.reason)
        document = taken.orders[0]
        if "problem" in document:
            return Said("refused", 0, document["problem"], document.get("detail"))
        return Said(document["outcome"], self._worth(document.get("sale")))

    def _worth(self, sale: str | None) -> int:
        if sale is None:
            return 0
        with self.database.autocommit() as session:
            return current_answer(
                connection=session, party_no=self.connection.party_no, external_id=sale
            ).earned

    def ask(self, question: Question, request: Request) -> Outcome:
        """Answer a till's question as the door would."""
        delivery = Delivery(
            message_id=self.new_id(),
            connection_no=self.connection.no,
            key=kept_key(question.key),
            about=None,
            request=request,
            received_at=self.wall_now,
        )
        return Answering(self.processing).answer(
            connection=self.connection,
            question=question,
            delivery=delivery,
            snapshot=self._context().snapshot,
        )

    def spendable(self, buyer: UUID) -> int:
        """The points that a member could spend here now. Raises HubError."""
        with self.database.autocommit() as session:
            _, points = quote(connection=session, context=self._context(), account_id=buyer)
        return points

    def hold_and_let_go(self, buyer: UUID, points: int) -> tuple[int, int]:
        """What the member could spend while points were held, and after. Raises HubError."""
        with self.database.transaction() as session:
            hold = hold_points(
                connection=session,
                context=self._context(),
                account_id=buyer,
                points=points,
                till=Till(reference=_NAME),
                lasts=_HOLD_LASTS,
            )
        held = self.spendable(buyer)
        with self.database.transaction() as session:
            void_hold(connection=session, context=self._context(), hold_id=hold.hold_id)
        return held, self.spendable(buyer)

    def _context(self) -> PostingContext:
        with self.database.autocommit() as session:
            snapshot = self.directory.refresh(connection=session)
        return PostingContext(
            snapshot=snapshot,
            now=self.now,
            new_id=self.new_id,
            party_no=self.connection.party_no,
        )


@contextmanager
def rehearsal(
    *, database: Database, connection: Connection, keys: ContactKeys, wall_now: datetime
) -> Iterator[Rehearsal]:
    """A rehearsal with a connection; all of it is undone at the end.

    Raises:
        HubError: `conflict_retry`: there is another one with this connection.
    """
    with rehearse(database.engine) as undone:
        with undone.transaction() as session:
            if not begin_run(connection=session, connection_no=connection.no):
                raise HubError("conflict_retry", "The connection is being certified just now.")
        # Below zero there are none: it meets no message, order or call of the connection itself.
        only = replace(connection, no=-connection.no, name=_NAME, state="live")
        directory = _AsIfLive(connection.party_no)
        clocks, new_id = Clocks(wall=lambda: wall_now), IdSource()
        processing = Processing(
            database=undone,
            directory=directory,
            clocks=clocks,
            asks=_Nobody(),
            keys=keys,
            new_id=new_id,
            parallel=1,
        )
        connections = _One(database=undone, directory=directory, only=only)
        # The door knows the platform's patience from the first message on.
        snapshot = connections.newest().snapshot
        door = Door(
            database=undone,
            connections=connections,
            answering=Answering(processing),
            new_id=new_id,
            wall=clocks.wall,
            threads=1,
        )
        yield Rehearsal(
            connection=only,
            database=undone,
            directory=directory,
            processing=processing,
            door=door,
            new_id=new_id,
            wall_now=wall_now,
            now=clocks.business(snapshot),
        )


def _as_if_live(snapshot: Snapshot, party_no: int) -> Snapshot:
    """A directory with that partner live, and with its points active as soon as they are earned."""
    party = replace(snapshot.parties[party_no], state="live")
    versions = tuple(
        replace(each, terms=replace(each.terms, pending_days=0))
        for each in snapshot.agreements.get(party_no, ())
    )
    unspendable = snapshot.unspendable if party.lots_blocked else snapshot.unspendable - {party_no}
    return replace(
        snapshot,
        parties={**snapshot.parties, party_no: party},
        party_by_slug={**snapshot.party_by_slug, party.slug: party},
        party_by_id={**snapshot.party_by_id, party.id: party},
        agreements={**snapshot.agreements, party_no: versions},
        agreement_by_no={**snapshot.agreement_by_no, **{each.no: each for each in versions}},
        unspendable=unspendable,
    )
