"""From orders to sales: who bought, by which revision, what the hub made of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import orjson

from adapters.contract import Malformed
from adapters.sale import to_sale
from coalition.checkouts.domain import Connection, KnownOrder, fits, order_name, shown
from coalition.checkouts.processing.recognise import recognise
from coalition.checkouts.processing.stating.putting import Putting
from coalition.checkouts.processing.stating.values import Stated, Unit
from coalition.checkouts.processing.values import Heard, Spends
from coalition.checkouts.store import orders as rows
from coalition.db.database import Database
from coalition.directory import Clocks, Directory
from coalition.errors import HubError
from coalition.members.contacts import ContactKeys
from partner_sdk.wire.sales import MemberRef

__all__ = ["Stated", "Stating"]

BATCH = 100
"""Orders of one transaction."""
_NO_NAME = "the order's id is too long, or has characters that cannot be printed"


@dataclass(frozen=True, slots=True)
class Stating:
    """States orders of one connection."""

    database: Database
    directory: Directory
    clocks: Clocks
    new_id: Callable[[], UUID]
    keys: ContactKeys
    connection: Connection
    spends: Spends

    def state(self, heard: Sequence[Heard]) -> list[Stated]:
        """State orders; an answer to each, in their order. Nothing is raised for one order's sake.

        Raises:
            SQLAlchemyError: the database cannot be reached; what was stated so far is.
        """
        answers: dict[int, Stated] = {}
        for start in range(0, len(heard), BATCH):
            part = dict(enumerate(heard[start : start + BATCH], start))
            answers.update(self._batch(part))
        return [answers[index] for index in range(len(heard))]

    def _batch(self, heard: Mapping[int, Heard]) -> dict[int, Stated]:
        answers = {
            index: Stated(shown(each.order.id), "refused", problem="malformed", detail=_NO_NAME)
            for index, each in heard.items()
            if not fits(each.order.id)
        }
        heard = {index: each for index, each in heard.items() if index not in answers}
        orders = [each.order for each in heard.values()]
        try:
            spent = self.spends.used(connection=self.connection, orders=orders)
        except HubError as refusal:
            return answers | {
                index: Stated(each.order.id, "refused", problem=refusal.code, detail=refusal.detail)
                for index, each in heard.items()
            }
        with self.database.autocommit() as connection:
            members = recognise(
                connection=connection,
                of=self.connection,
                orders=orders,
                keys=self.keys,
            )
            known = rows.load_known(
                connection=connection,
                connection_no=self.connection.no,
                order_ids={each.order.id for each in heard.values()},
            )
        units: dict[tuple[str, int, bytes], Unit] = {}
        for (index, each), member in zip(heard.items(), members, strict=True):
            made = self._unit(index, each, member, known, spent)
            if isinstance(made, Stated):
                answers[index] = made
                continue
            key = (made.order.id, made.order.revision, made.digest)
            same = units.get(key)
            units[key] = made if same is None else replace(same, of=(*same.of, index))
        # Of one order the older first, so that each is compared with what was said before it.
        queue = sorted(units.values(), key=lambda unit: (unit.order.id, unit.order.revision))
        putting = Putting(
            database=self.database,
            directory=self.directory,
            clocks=self.clocks,
            new_id=self.new_id,
            connection=self.connection,
        )
        answers.update(putting.put(queue, known))
        return answers

    def _unit(
        self,
        index: int,
        heard: Heard,
        member: MemberRef | None,
        known: Mapping[str, KnownOrder],
        spent: Mapping[str, str],
    ) -> Unit | Stated:
        order = heard.order
        if member is None and self.connection.guests == "ignore" and order.id not in known:
            return Stated(order.id, "guest")
        named = replace(
            order,
            id=order_name(self.connection, order.id),
            tenders=tuple(
                replace(tender, redemption=_redemption(tender.redemption, spent))
                for tender in order.tenders
            ),
        )
        try:
            sale = to_sale(order=named, settings=self.connection.settings, member=member)
        except Malformed as fault:
            return Stated(order.id, "refused", problem="malformed", detail=str(fault))
        if sale is None:
            return Stated(order.id, "open")
        body = sale.to_wire()
        del body["revision"]
        digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).digest()
        return Unit(order, heard.asked_at, sale, digest, (index,))


def _redemption(spend: str | None, spent: Mapping[str, str]) -> str | None:
    """The redemption behind a points tender; one that names itself needs no looking up."""
    if spend is None:
        return None
    return spent.get(spend) or (spend if spend.startswith("red_") else None)
