"""One question, who asks it, and what a till is told of a member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection as Database

from adapters.contract import Question
from coalition.checkouts.domain import Connection, Delivery
from coalition.checkouts.processing import Processing
from coalition.checkouts.processing.recognise import recognise_customers
from coalition.errors import HubError
from coalition.ledger.store import load_accounts
from coalition.posting_context import PostingContext
from coalition.redemptions.service import quote
from partner_sdk.wire.amounts import minor_digits
from partner_sdk.wire.ids import encode

Said = dict[str, Any]
"""What a till is told (`adapters.contract.questions`)."""


class Refusal(Exception):  # noqa: N818 - the name says it
    """A question is answered with a problem; nothing was done."""

    def __init__(self, problem: str, facts: Said | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.facts = facts or {}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, and all that is needed to answer it."""

    processing: Processing
    of: Connection
    question: Question
    delivery: Delivery
    context: PostingContext

    def member(self, database: Database) -> UUID | None:
        """The member that the question names; None for nobody's."""
        if self.question.customer is None:
            return None
        (found,) = recognise_customers(
            connection=database,
            of=self.of,
            buyers=[self.question.customer],
            keys=self.processing.keys,
        )
        return found

    def facts(self, database: Database, member: UUID) -> Said:
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
