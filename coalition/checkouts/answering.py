"""Questions of a till that waits: answered within the request, done once for each key.

What a key did is written in the transaction that does it, so the same key again gets the same
answer. What was refused did nothing and is not remembered. An accrual is a sale, which is absolute
by itself: it is stated first, and written down after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection as Database

from adapters.contract import Customer, Facts, Order, Outcome, Question
from adapters.registry import adapter_named
from adapters.sale import wire_id
from coalition.checkouts.domain import Connection, Delivery, Message, kept_key, order_name
from coalition.checkouts.processing import Processing
from coalition.checkouts.processing.recognise import find_contacts, recognise_customers
from coalition.checkouts.store import inbox
from coalition.directory import Snapshot
from coalition.errors import HubError, StaleDirectory
from coalition.events.domain import event_rows
from coalition.events.store import insert_events
from coalition.ledger.store import load_accounts
from coalition.posting_context import PostingContext
from coalition.redemptions.domain import Till
from coalition.redemptions.service import (
    own_redemption,
    price_of,
    quote,
    redeem_points,
    reverse_redemption,
)
from coalition.redemptions.wire import money_of_points, redemption_document
from coalition.sales.service.read import current_answer
from partner_sdk.wire.amounts import minor_digits
from partner_sdk.wire.ids import decode, encode

Said = dict[str, Any]
"""What a till is told (`adapters.contract.questions`)."""
_MOST_FOUND = 10
_DOING = ("redeem", "accrue", "reverse")


class Refusal(Exception):  # noqa: N818 - the name says it
    """A question is answered with a problem; nothing was done."""

    def __init__(self, problem: str, facts: Said | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.facts = facts or {}


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers questions. One for a process."""

    processing: Processing

    def answer(
        self,
        *,
        connection: Connection,
        question: Question,
        delivery: Delivery,
        snapshot: Snapshot,
    ) -> Outcome:
        """The outcome for the adapter's `ack`.

        Raises:
            StaleDirectory: look the connection up again, and ask again.
        """
        context = PostingContext(
            snapshot=snapshot,
            now=self.processing.clocks.business(snapshot),
            new_id=self.processing.new_id,
            party_no=connection.party_no,
        )
        asked = _Asked(self.processing, connection, question, delivery, context)
        try:
            if question.kind not in _DOING:
                with self.processing.database.autocommit() as database:
                    return Outcome("answered", None, asked.look(database))
            if connection.state != "live":
                return Outcome("answered", "connection_in_test")
            return asked.do()
        except Refusal as refusal:
            return Outcome("answered", refusal.problem, refusal.facts)
        except StaleDirectory:
            raise
        except HubError as refusal:
            if refusal.code in ("conflict_retry", "service_unavailable"):
                return Outcome("unavailable", refusal.code)
            return Outcome("answered", refusal.code)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question, and all that is needed to answer it."""

    processing: Processing
    of: Connection
    question: Question
    delivery: Delivery
    context: PostingContext

    def look(self, database: Database) -> Said:
        """What a member has, or who has a contact; nothing is done."""
        if self.question.kind == "search":
            buyer = self.question.customer or Customer()
            found = find_contacts(connection=database, customer=buyer, keys=self.processing.keys)
            return {"members": [self._facts(database, member) for member in found[:_MOST_FOUND]]}
        member = self._member(database)
        if member is None:
            raise Refusal("member_not_found")
        return self._facts(database, member)

    def do(self) -> Outcome:
        """Do it, unless the key did before."""
        with self.processing.database.autocommit() as database:
            known = inbox.find_by_key(
                connection=database, connection_no=self.of.no, key=self.delivery.key
            )
            member = None if known is not None else self._member(database)
        if known is not None:
            return self._repeated(known)
        if member is None and self.question.customer is not None:
            raise Refusal("member_not_found")
        order = None
        if self.question.kind == "accrue":
            order = self._state(self._accrued(self._undone_before()))
        with self.processing.database.transaction() as database:
            kept = inbox.keep(
                connection=database,
                delivery=replace(
                    self.delivery,
                    state="done",
                    about=None if order is None else order.id,
                ),
                directory_version=self.context.snapshot.version,
            )
            if not kept.current:
                raise StaleDirectory
            if kept.new:
                facts = self._done(database, member, order)
                inbox.answer_kept(
                    connection=database,
                    message_id=self.delivery.message_id,
                    connection_no=self.of.no,
                    result={"kind": self.question.kind, "facts": facts} | self._revisions(order),
                )
                return Outcome("answered", None, facts)
        with self.processing.database.autocommit() as database:
            known = inbox.find_by_key(
                connection=database, connection_no=self.of.no, key=self.delivery.key
            )
        return Outcome("unavailable", "conflict_retry") if known is None else self._repeated(known)

    def _repeated(self, known: Message) -> Outcome:
        if known.result.get("kind") != self.question.kind:
            return Outcome("answered", "key_reused")
        return Outcome("repeated", None, known.result["facts"])

    def _done(self, database: Database, member: UUID | None, order: Order | None) -> Said:
        """Do what the question asks for, in the transaction that remembers it."""
        if order is not None:
            facts = self._accrual(database, member, order)
        elif self.question.kind == "redeem":
            facts = self._redeem(database, member)
        else:
            facts = self._reverse(database)
        return facts if member is None else self._facts(database, member) | facts

    def _accrual(self, database: Database, member: UUID | None, order: Order) -> Said:
        sale_id = wire_id(order_name(self.of, order.id))
        try:
            sale = current_answer(
                connection=database, party_no=self.of.party_no, external_id=sale_id
            )
        except HubError:
            return {}  # a guest's, where guests are not kept
        return {"sale": sale_id} | ({} if member is None else {"earned_points": sale.earned})

    def _redeem(self, database: Database, member: UUID | None) -> Said:
        if member is None:
            raise Refusal("member_not_found")
        price, points = price_of(self.context), self.question.points
        if points is None and self.question.amount_micros is not None:
            points = -(-self.question.amount_micros // price.face_micros)
        if not points or points < 0:
            raise Refusal("validation_failed")
        reference = None if self.question.order is None else self.question.order.id[:64]
        try:
            redemption = redeem_points(
                connection=database,
                context=self.context,
                account_id=member,
                points=points,
                till=Till(reference=reference),
            )
        except HubError as refusal:
            if refusal.code != "insufficient_points":
                raise
            raise Refusal(refusal.code, self._facts(database, member)) from None
        document = redemption_document(redemption)
        self._announce(database, "redemption.captured", document)
        return {
            "redemption": document["id"],
            "spent_points": points,
            "spent_micros": points * price.face_micros,
        }

    def _reverse(self, database: Database) -> Said:
        """Undo what another key did: a redemption in whole or part, an accrual as a whole."""
        before = inbox.find_by_key(
            connection=database,
            connection_no=self.of.no,
            key=kept_key(self.question.reverses or ""),
            lock=True,
        )
        kind = None if before is None else before.result.get("kind")
        if before is None or kind not in _DOING:
            raise Refusal("operation_not_found")
        if kind == "reverse":
            raise Refusal("operation_not_reversible")
        if before.result.get("undone"):
            raise Refusal("operation_reversed")
        if kind == "accrue":
            return self._cancel(database, before)
        return self._give_back(database, before)

    def _give_back(self, database: Database, before: Message) -> Said:
        redemption_id = decode("red", before.result["facts"]["redemption"])
        redemption = own_redemption(
            connection=database, context=self.context, redemption_id=redemption_id
        )
        left = redemption.points - redemption.reversed_points
        points = left
        if self.question.amount_micros is not None:
            points = self.question.amount_micros // redemption.face_micros
        if not 0 < points <= left:
            raise Refusal("operation_reversed")
        redemption, reversal_id = reverse_redemption(
            connection=database,
            context=self.context,
            redemption_id=redemption_id,
            points=points,
            reason="reversed at the till",
        )
        document = {
            "id": encode("rev", reversal_id),
            "redemption": encode("red", redemption_id),
            "points": points,
            "amount": money_of_points(points, redemption.face_micros, redemption.currency),
            "reversed_points": redemption.reversed_points,
        }
        self._announce(database, "redemption.reversed", document)
        micros = points * redemption.face_micros
        return {"reversed": "redeem", "reversed_points": points, "reversed_micros": micros}

    def _cancel(self, database: Database, before: Message) -> Said:
        """State an accrual's order as cancelled, as it was accrued, by the next revision."""
        adapter = adapter_named(self.of.platform)
        asked = adapter.parse(request=before.request, settings=self.of.settings)
        order = asked.order if isinstance(asked, Question) else None
        if order is None:
            raise Refusal("operation_not_reversible")
        revision = int(before.result["revision"]) + 1
        sale_id = wire_id(order_name(self.of, order.id))
        earned = current_answer(
            connection=database, party_no=self.of.party_no, external_id=sale_id
        ).earned
        told = int(before.result["told"])
        if inbox.other_accrual_stands(connection=database, accrual=before, told=told):
            earned = 0
        else:
            # In a unit of work of its own, and absolute: should this one fail, it is done again.
            self._state(replace(order, status="cancelled", revision=revision))
        inbox.answer_kept(
            connection=database,
            message_id=before.message_id,
            connection_no=self.of.no,
            result={**before.result, "undone": revision},
        )
        return {"reversed": "accrue", "reversed_points": earned}

    def _undone_before(self) -> int | None:
        """The revision by which an earlier accrual of the same order was undone."""
        order = self.question.order
        if order is None:
            raise Refusal("validation_failed")
        with self.processing.database.autocommit() as database:
            return inbox.undone_revision(
                connection=database,
                connection_no=self.of.no,
                about=order.id,
                told=order.revision,
            )

    def _revisions(self, stated: Order | None) -> Said:
        """By which revision an order was stated, and which one the platform told."""
        if stated is None or self.question.order is None:
            return {}
        return {"revision": stated.revision, "told": self.question.order.revision}

    def _accrued(self, undone: int | None) -> Order:
        order = self.question.order
        if order is None:
            raise Refusal("validation_failed")
        revision = order.revision if undone is None else max(order.revision, undone + 1)
        buyer = self.question.customer or order.customer
        return replace(order, revision=revision, customer=buyer)

    def _state(self, order: Order) -> Order:
        (taken,) = self.processing.take(self.of, [Facts((order,))])
        if taken.became == "later":
            raise HubError("service_unavailable", taken.reason or "the sale was not stated")
        if taken.became == "dead":
            said: Mapping[str, Any] = taken.orders[0] if taken.orders else {}
            raise Refusal(str(said.get("problem", "validation_failed")))
        return order

    def _member(self, database: Database) -> UUID | None:
        if self.question.customer is None:
            return None
        (found,) = recognise_customers(
            connection=database,
            of=self.of,
            buyers=[self.question.customer],
            keys=self.processing.keys,
        )
        return found

    def _facts(self, database: Database, member: UUID) -> Said:
        """What a till is told of a member."""
        facts: Said = {"member": encode("mem", member)}
        try:
            price, spendable = quote(connection=database, context=self.context, account_id=member)
        except HubError:
            # Frozen, locked, or nothing can be spent here: the points are there all the same.
            facts |= {"spendable_points": 0, "spendable_micros": 0}
        else:
            micros = spendable * price.face_micros
            minor = 10 ** (6 - minor_digits(price.currency))
            facts |= {"spendable_points": spendable, "spendable_micros": micros - micros % minor}
        account = load_accounts(connection=database, account_ids=[member], lots_at_most=1)[member]
        return facts | {"points": account.active}

    def _announce(
        self,
        database: Database,
        kind: Literal["redemption.captured", "redemption.reversed"],
        payload: Mapping[str, Any],
    ) -> None:
        insert_events(
            connection=database,
            rows=event_rows(
                snapshot=self.context.snapshot,
                type=kind,
                party_no=self.of.party_no,
                payload=payload,
                now=self.context.now,
                new_id=self.context.new_id,
            ),
        )
