"""Questions of a till that waits: answered within the request, done once for each key.

What a key did is written in the transaction that does it, so the same key again gets the same
answer. What was refused did nothing and is not remembered. An accrual is a sale, which is absolute
by itself: it is stated first, and written down after.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection as Database

from adapters.contract import Customer, Order, Outcome, Question
from coalition.checkouts.answering import earning, spending
from coalition.checkouts.answering.asked import Asked, Refusal, Said
from coalition.checkouts.domain import Connection, Delivery, Message, kept_key
from coalition.checkouts.processing import Processing
from coalition.checkouts.processing.recognise import find_contacts
from coalition.checkouts.store import inbox
from coalition.checkouts.store.answers import answer_kept, lock_order
from coalition.directory import Snapshot
from coalition.errors import HubError, StaleDirectory
from coalition.posting_context import PostingContext

_MOST_FOUND = 10
_DOING = ("redeem", "accrue", "reverse")


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
        asked = Asked(self.processing, connection, question, delivery, context)
        try:
            if question.kind not in _DOING:
                with self.processing.database.autocommit() as database:
                    return Outcome("answered", None, _look(asked, database))
            if connection.state != "live":
                return Outcome("answered", "connection_in_test")
            return _do(asked)
        except Refusal as refusal:
            return Outcome("answered", refusal.problem, refusal.facts)
        except StaleDirectory:
            raise
        except HubError as refusal:
            if refusal.code in ("conflict_retry", "service_unavailable"):
                return Outcome("unavailable", refusal.code)
            return Outcome("answered", refusal.code)


def _look(asked: Asked, database: Database) -> Said:
    """What a member has, or who has a contact; nothing is done."""
    if asked.question.kind == "search":
        buyer, keys = asked.question.customer or Customer(), asked.processing.keys
        found = find_contacts(connection=database, customer=buyer, keys=keys)
        return {"members": [asked.facts(database, member) for member in found[:_MOST_FOUND]]}
    member = asked.member(database)
    if member is None:
        raise Refusal("member_not_found")
    return asked.facts(database, member)


def _do(asked: Asked) -> Outcome:
    """Do what is asked, unless the key did before."""
    with asked.processing.database.autocommit() as database:
        known = _known(asked, database)
        member = None if known is not None else asked.member(database)
    if known is not None:
        return _repeated(asked, known)
    if member is None and asked.question.customer is not None:
        raise Refusal("member_not_found")
    order = earning.accrue(asked) if asked.question.kind == "accrue" else None
    with asked.processing.database.transaction() as database:
        kept = inbox.keep(
            connection=database,
            delivery=replace(
                asked.delivery, state="done", about=None if order is None else kept_key(order.id)
            ),
            directory_version=asked.context.snapshot.version,
        )
        if not kept.current:
            raise StaleDirectory
        if kept.new:
            facts = _done(asked, database, member, order)
            answer_kept(
                connection=database,
                message_id=asked.delivery.message_id,
                connection_no=asked.of.no,
                result={
                    "kind": asked.question.kind,
                    "facts": facts,
                    **earning.revisions(asked, order),
                },
            )
            return Outcome("answered", None, facts)
    with asked.processing.database.autocommit() as database:
        known = _known(asked, database)
    return Outcome("unavailable", "conflict_retry") if known is None else _repeated(asked, known)


def _known(asked: Asked, database: Database) -> Message | None:
    return inbox.find_by_key(connection=database, connection_no=asked.of.no, key=asked.delivery.key)


def _repeated(asked: Asked, known: Message) -> Outcome:
    if known.result.get("kind") != asked.question.kind:
        return Outcome("answered", "key_reused")
    return Outcome("repeated", None, known.result["facts"])


def _done(asked: Asked, database: Database, member: UUID | None, order: Order | None) -> Said:
    """Do what the question asks for, in the transaction that remembers it."""
    if order is not None:
        facts = earning.accrual(asked, database, member, order)
    elif asked.question.kind == "redeem":
        facts = spending.redeem(asked, database, member)
    else:
        facts = _reverse(asked, database)
    return facts if member is None else asked.facts(database, member) | facts


def _reverse(asked: Asked, database: Database) -> Said:
    """Undo what another key did: a redemption in whole or part, an accrual as a whole."""
    key = kept_key(asked.question.reverses or "")
    before = inbox.find_by_key(connection=database, connection_no=asked.of.no, key=key)
    if before is not None and before.about is not None:
        lock_order(connection=database, connection_no=asked.of.no, about=before.about)
    # Once more, as it is now that nobody else undoes it.
    before = inbox.find_by_key(connection=database, connection_no=asked.of.no, key=key, lock=True)
    kind = None if before is None else before.result.get("kind")
    if before is None or kind not in _DOING:
        raise Refusal("operation_not_found")
    if kind == "reverse":
        raise Refusal("operation_not_reversible")
    if before.result.get("undone"):
        raise Refusal("operation_reversed")
    if kind == "accrue":
        return earning.cancel(asked, database, before)
    return spending.give_back(asked, database, before)
