"""From orders to sales: who bought, by which revision, what the hub made of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.exc import SQLAlchemyError

from adapters.contract import Malformed, Order
from adapters.sale import to_sale
from coalition.checkouts.domain import Connection, KnownOrder, order_name, revision_to_state
from coalition.checkouts.processing.recognise import recognise
from coalition.checkouts.processing.values import Heard, Spends
from coalition.checkouts.store import orders as rows
from coalition.db.database import Database
from coalition.db.writing import WriteSet
from coalition.directory import Clocks, Directory, Snapshot
from coalition.errors import HubError, StaleDirectory
from coalition.members.contacts import ContactKeys
from coalition.posting_context import PostingContext
from coalition.sales.parse import parse_sale
from coalition.sales.service import SaleAnswer, put_sales
from coalition.sales.service.read import revisions
from partner_sdk.wire.ids import decode, encode
from partner_sdk.wire.sales import MemberRef, Sale

BATCH = 100
"""Orders of one transaction."""
_ATTEMPTS = 5
_PASSING = frozenset(
    {
        "agreement_not_in_force",
        "cap_reached",
        "conflict_retry",
        "member_frozen",
        "occurred_at_in_future",
        "partner_not_live",
        "partner_state_forbids",
        "service_unavailable",
    }
)


@dataclass(frozen=True, slots=True)
class Stated:
    """What became of one order as heard. `problem` and `detail` say why the hub did not take it."""

    order_id: str
    outcome: str
    sale_id: str | None = None
    revision: int | None = None
    points: int | None = None
    change: int | None = None
    member: UUID | None = None
    problem: str | None = None
    detail: str | None = None

    @property
    def passes(self) -> bool:
        """Whether the refusal may pass by itself."""
        return self.problem in _PASSING

    def document(self) -> dict[str, Any]:
        """For the message's result."""
        document: dict[str, Any] = {"order": self.order_id, "outcome": self.outcome}
        if self.sale_id is not None:
            document["sale"] = self.sale_id
        for name in ("revision", "points", "change", "problem", "detail"):
            value = getattr(self, name)
            if value is not None:
                document[name] = value
        if self.member is not None:
            document["member"] = encode("mem", self.member)
        return document


@dataclass(frozen=True, slots=True)
class _Unit:
    """One order to be stated, and of which of the heard it is the statement."""

    order: Order
    asked_at: datetime | None
    sale: Sale
    digest: bytes
    of: tuple[int, ...]
    stated: int = 0


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
        answers: dict[int, Stated] = {}
        orders = [each.order for each in heard.values()]
        try:
            spent = self.spends.used(connection=self.connection, orders=orders)
        except HubError as refusal:
            return {
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
        units: dict[tuple[str, int, bytes], _Unit] = {}
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
        answers.update(self._put_all(queue, known))
        return answers

    def _unit(
        self,
        index: int,
        heard: Heard,
        member: MemberRef | None,
        known: Mapping[str, KnownOrder],
        spent: Mapping[str, str],
    ) -> _Unit | Stated:
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
        return _Unit(order, heard.asked_at, sale, digest, (index,))

    def _put_all(
        self, queue: Sequence[_Unit], known: Mapping[str, KnownOrder]
    ) -> dict[int, Stated]:
        """Put what is new; what others stated meanwhile is looked at once more."""
        answers: dict[int, Stated] = {}
        known = dict(known)
        taken: Mapping[str, int] = {}
        for _ in range(_ATTEMPTS):
            chosen: list[_Unit] = []
            for unit in queue:
                revision = self._revision(unit, known, taken)
                if revision is None:
                    answers.update(_same(unit, "nothing_new", known.get(unit.order.id)))
                    continue
                chosen.append(replace(unit, stated=revision))
                before = known.get(unit.order.id)
                if before is None or revision > before.stated:
                    known[unit.order.id] = _known(chosen[-1])
            if not self.connection.posts:
                for unit in chosen:
                    answers.update(self._shown(unit))
                return answers
            if not chosen:
                return answers
            found = self._put(chosen, known)
            again = [u for u in chosen if found[u.of[0]].problem == "sale_revision_conflict"]
            for unit in chosen:
                if unit not in again:
                    answers.update(dict.fromkeys(unit.of, found[unit.of[0]]))
            if not again:
                return answers
            queue = [replace(unit, stated=0) for unit in again]
            with self.database.autocommit() as connection:
                known = rows.load_known(
                    connection=connection,
                    connection_no=self.connection.no,
                    order_ids={unit.order.id for unit in queue},
                )
                taken = revisions(
                    connection=connection,
                    party_no=self.connection.party_no,
                    external_ids=[unit.sale.id for unit in queue],
                )
        for unit in queue:
            problem = HubError("conflict_retry", "Others state the same order just now.")
            answers.update(dict.fromkeys(unit.of, _refused(unit, problem)))
        return answers

    def _revision(
        self, unit: _Unit, known: Mapping[str, KnownOrder], taken: Mapping[str, int]
    ) -> int | None:
        """By which revision to state an order; `taken`: those under which other things stand."""
        revision = revision_to_state(
            known=known.get(unit.order.id),
            revision=unit.order.revision,
            digest=unit.digest,
            asked_at=unit.asked_at,
        )
        stands = taken.get(unit.sale.id)
        if revision is not None and stands == revision:
            return stands + 1
        return revision

    def _shown(self, unit: _Unit) -> dict[int, Stated]:
        """A connection in test: what would be stated, if the hub could read it."""
        try:
            self._parsed(unit)
        except HubError as refusal:
            return dict.fromkeys(unit.of, _refused(unit, refusal))
        member = None if unit.sale.member is None else decode("mem", unit.sale.member.id or "")
        shown = Stated(unit.order.id, "not_stated", unit.sale.id, unit.stated, member=member)
        return dict.fromkeys(unit.of, shown)

    def _put(self, units: Sequence[_Unit], known: Mapping[str, KnownOrder]) -> dict[int, Stated]:
        """Put sales in one unit of work, by the first index of each; where it fails, each alone."""
        found: dict[int, Stated] = {}
        puts = []
        for unit in units:
            try:
                puts.append((unit, self._parsed(unit)))
            except HubError as refusal:
                found[unit.of[0]] = _refused(unit, refusal)
        try:
            answers = self._try([put for _, put in puts], [unit for unit, _ in puts], known)
        except SQLAlchemyError:
            if len(units) == 1:
                raise
            for unit in units:
                found.update(self._put([unit], known))
            return found
        outcomes: dict[tuple[str, int], str | None] = {}
        for (unit, _), answer in zip(puts, answers, strict=True):
            stated = _stated(unit, answer)
            found[unit.of[0]] = stated
            if stated.problem != "sale_revision_conflict":
                outcomes[(unit.order.id, unit.stated)] = stated.problem
        with self.database.autocommit() as connection:
            rows.say_outcomes(
                connection=connection, connection_no=self.connection.no, outcomes=outcomes
            )
        return found

    def _try(
        self, puts: Sequence[Any], units: Sequence[_Unit], known: Mapping[str, KnownOrder]
    ) -> Sequence[SaleAnswer | HubError]:
        if not puts:
            return []
        newest = [known[order] for order in {unit.order.id for unit in units} if order in known]
        stating = {(unit.order.id, unit.stated) for unit in units}

        def extra() -> WriteSet:
            writes = WriteSet()
            rows.queue_known(
                writes=writes,
                connection_no=self.connection.no,
                known=[each for each in newest if (each.order_id, each.stated) in stating],
            )
            return writes

        refusal = HubError("conflict_retry", "The directory changes all the time.")
        for attempt in range(_ATTEMPTS):
            try:
                return put_sales(
                    database=self.database,
                    context=self._context(fresh=attempt > 0),
                    puts=puts,
                    extra=extra,
                )
            except StaleDirectory:
                continue
            except HubError as error:
                refusal = error
                break
        return [refusal] * len(puts)

    def _context(self, *, fresh: bool) -> PostingContext:
        snapshot: Snapshot | None = None if fresh else self.directory.peek()
        if snapshot is None:
            with self.database.autocommit() as connection:
                snapshot = self.directory.refresh(connection=connection)
        return PostingContext(
            snapshot=snapshot,
            now=self.clocks.business(snapshot),
            new_id=self.new_id,
            party_no=self.connection.party_no,
        )

    def _parsed(self, unit: _Unit) -> Any:
        body = replace(unit.sale, revision=unit.stated).to_wire()
        return parse_sale(
            external_id=body.pop("id"),
            body=body,
            zone=ZoneInfo(self.connection.settings.time_zone),
        )


def _known(unit: _Unit) -> KnownOrder:
    return KnownOrder(
        unit.order.id, unit.order.revision, unit.stated, unit.digest, unit.asked_at, rows.UNSURE
    )


def _redemption(spend: str | None, spent: Mapping[str, str]) -> str | None:
    """The redemption behind a points tender; one that names itself needs no looking up."""
    if spend is None:
        return None
    return spent.get(spend) or (spend if spend.startswith("red_") else None)


def _stated(unit: _Unit, answer: SaleAnswer | HubError) -> Stated:
    if isinstance(answer, HubError):
        return _refused(unit, answer)
    return Stated(
        unit.order.id,
        answer.outcome,
        answer.external_id,
        answer.revision,
        answer.earned,
        answer.change,
        answer.account_id,
    )


def _refused(unit: _Unit, refusal: HubError) -> Stated:
    places = "; ".join(f"{each.pointer}: {each.detail}" for each in refusal.errors[:3])
    return Stated(
        unit.order.id,
        "refused",
        unit.sale.id,
        unit.stated or None,
        problem=refusal.code,
        detail=f"{refusal.detail} {places}".strip(),
    )


def _same(unit: _Unit, outcome: str, known: KnownOrder | None) -> dict[int, Stated]:
    stated = Stated(unit.order.id, outcome, unit.sale.id, None if known is None else known.stated)
    return dict.fromkeys(unit.of, stated)
