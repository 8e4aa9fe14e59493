"""Putting sales, many in one unit of work; what others state meanwhile is looked at again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from coalition.checkouts.domain import Connection, KnownOrder, revision_to_state
from coalition.checkouts.processing.stating.values import (
    Stated,
    Unit,
    answered,
    nothing_new,
    refused,
)
from coalition.checkouts.store import orders as rows
from coalition.db.database import Database
from coalition.db.writing import WriteSet
from coalition.directory import Clocks, Directory, Snapshot
from coalition.errors import HubError, StaleDirectory
from coalition.posting_context import PostingContext
from coalition.sales.parse import parse_sale
from coalition.sales.service import SaleAnswer, put_sales
from coalition.sales.service.read import revisions
from partner_sdk.wire.ids import decode

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Putting:
    """Puts sales of one connection."""

    database: Database
    directory: Directory
    clocks: Clocks
    new_id: Callable[[], UUID]
    connection: Connection

    def put(self, queue: Sequence[Unit], known: Mapping[str, KnownOrder]) -> dict[int, Stated]:
        """Put what is new; what others stated meanwhile is looked at once more."""
        answers: dict[int, Stated] = {}
        known = dict(known)
        taken: Mapping[str, int] = {}
        for _ in range(_ATTEMPTS):
            chosen: list[Unit] = []
            for unit in queue:
                revision = self._revision(unit, known, taken)
                if revision is None:
                    answers.update(nothing_new(unit, known.get(unit.order.id)))
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
            answers.update(dict.fromkeys(unit.of, refused(unit, problem)))
        return answers

    def _revision(
        self, unit: Unit, known: Mapping[str, KnownOrder], taken: Mapping[str, int]
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

    def _shown(self, unit: Unit) -> dict[int, Stated]:
        """A connection in test: what would be stated, if the hub could read it."""
        try:
            self._parsed(unit)
        except HubError as refusal:
            return dict.fromkeys(unit.of, refused(unit, refusal))
        member = None if unit.sale.member is None else decode("mem", unit.sale.member.id or "")
        shown = Stated(unit.order.id, "not_stated", unit.sale.id, unit.stated, member=member)
        return dict.fromkeys(unit.of, shown)

    def _put(self, units: Sequence[Unit], known: Mapping[str, KnownOrder]) -> dict[int, Stated]:
        """Put sales in one unit of work, by the first index of each; where it fails, each alone."""
        found: dict[int, Stated] = {}
        puts = []
        for unit in units:
            try:
                puts.append((unit, self._parsed(unit)))
            except HubError as refusal:
                found[unit.of[0]] = refused(unit, refusal)
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
            stated = answered(unit, answer)
            found[unit.of[0]] = stated
            if stated.problem != "sale_revision_conflict":
                outcomes[(unit.order.id, unit.stated)] = stated.problem
        with self.database.autocommit() as connection:
            rows.say_outcomes(
                connection=connection, connection_no=self.connection.no, outcomes=outcomes
            )
        return found

    def _try(
        self, puts: Sequence[Any], units: Sequence[Unit], known: Mapping[str, KnownOrder]
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

    def _parsed(self, unit: Unit) -> Any:
        body = replace(unit.sale, revision=unit.stated).to_wire()
        return parse_sale(
            external_id=body.pop("id"),
            body=body,
            zone=ZoneInfo(self.connection.settings.time_zone),
        )


def _known(unit: Unit) -> KnownOrder:
    return KnownOrder(
        unit.order.id, unit.order.revision, unit.stated, unit.digest, unit.asked_at, rows.UNSURE
    )
