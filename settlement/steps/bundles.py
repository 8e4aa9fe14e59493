"""Writing planned statements as bundles, streamed from one ordered query."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.statement import AgreementRef, Party, Previous, Window
from settlement import hub
from settlement.bundles import BundleWriter
from settlement.domain.netting import PairView, views_by_party
from settlement.rendering import (
    LINE_ROW,
    LineHeading,
    PairPosition,
    StatementFacts,
    pseudonym_key,
    rounding_row,
)
from settlement.signing import StatementSigner
from settlement.steps.night import Night
from settlement.steps.plan import IncompleteLines
from settlement.store import lines, nets, statements
from settlement.store.statements import Issued, Plan

_BATCH = 16
_AGREEMENT = LINE_ROW.index("agreement")

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Window:
    """What all statements of a window have in common."""

    coalition: hub.Coalition
    window: Window
    parties: Mapping[int, hub.PartyFacts]
    pairs: Mapping[int, tuple[PairView, ...]]
    agreements: Mapping[str, tuple[int, str]]
    signer: StatementSigner


def write_bundles(
    *, night: Night, business_date: date, wanted: Callable[[], bool] = lambda: True
) -> int:
    """Write planned statements until none is left to take; gives how many.

    Several processes may do so at once: each takes statements under row locks, and commits with
    the record of each what its bundle holds. `wanted` is asked between batches.
    """
    written = 0
    with night.database.transaction() as connection:
        common = _read_window(night, connection, business_date)
    while wanted():
        with night.database.transaction() as connection:
            plans = statements.take_planned(
                connection=connection, business_date=business_date, limit=_BATCH
            )
            if not plans:
                return written
            _write_batch(night, connection, common, plans)
            night.observe(business_date, "issue:written")
        written += len(plans)
    return written


def _write_batch(
    night: Night, connection: Connection, common: _Window, plans: tuple[Plan, ...]
) -> None:
    plans = tuple(sorted(plans, key=lambda plan: plan.party_no))
    hashes = statements.read_hashes(
        connection=connection,
        statement_ids=[plan.previous_id for plan in plans if plan.previous_id],
    )
    chunks = lines.stream_lines(
        connection=connection,
        business_date=plans[0].business_date,
        parties=[plan.party_no for plan in plans],
    )
    with closing(_Rows(chunks)) as rows:
        for plan in plans:
            issued = _write(night, common, plan, rows, hashes)
            statements.mark_issued(
                connection=connection, statement_id=plan.statement_id, issued=issued
            )
        rows.expect_end()


def _write(
    night: Night, common: _Window, plan: Plan, rows: _Rows, hashes: Mapping[UUID, str]
) -> Issued:
    party = common.parties[plan.party_no]
    views = common.pairs.get(plan.party_no, ())
    slug_of = {view.counterparty: common.parties[view.counterparty].slug for view in views}
    path = night.statements_folder / common.window.business_date / f"{party.slug}.zip"
    heading = LineHeading(
        statement_no=plan.no, value_date=common.window.business_date, currency=plan.currency
    )
    key = pseudonym_key(secret=night.pseudonym_secret, party=party.slug)
    used: set[str] = set()
    with BundleWriter(
        path=path, heading=heading, signer=common.signer, pseudonym_key=key, durable=False
    ) as bundle:
        for chunk in rows.take(plan.lines):
            used.update(row[_AGREEMENT] for row in chunk)
            bundle.add(rows=chunk)
        bundle.add(
            rows=[
                rounding_row(
                    counterparty=slug_of[view.counterparty], net_micros=view.rounding_micros
                )
                for view in rounded_views(views=views, slug_of=slug_of)
            ]
        )
        now = night.wall()
        facts = _facts(common, plan, party, views, slug_of, used, hashes, now)
        issued = bundle.finish(facts=facts, signed_at=now)
    return Issued(
        issued_at=now,
        sha256=issued.statement_sha256,
        merkle_root=issued.merkle_root,
        path=path.relative_to(night.config.data_folder).as_posix(),
        bytes=issued.size_bytes,
    )


def rounded_views(*, views: tuple[PairView, ...], slug_of: Mapping[int, str]) -> list[PairView]:
    """The pairs that have a line of rounding, in the order of those lines."""
    rounded = [view for view in views if view.rounding_micros]
    return sorted(rounded, key=lambda view: slug_of[view.counterparty])


def _facts(
    common: _Window,
    plan: Plan,
    party: hub.PartyFacts,
    views: tuple[PairView, ...],
    slug_of: Mapping[int, str],
    used: set[str],
    hashes: Mapping[UUID, str],
    now: datetime,
) -> StatementFacts:
    previous = None
    if plan.previous_id is not None:
        previous = Previous(
            statement_id=ids.encode("stm", plan.previous_id), sha256=hashes[plan.previous_id]
        )
    return StatementFacts(
        statement_id=plan.public_id,
        environment=common.coalition.environment,
        coalition_name=common.coalition.name,
        party=Party(id=ids.encode("prt", party.id), slug=party.slug, name=party.name),
        window=common.window,
        currency=plan.currency,
        opening_micros=plan.opening_micros,
        closing_micros=plan.closing_micros,
        positions=tuple(
            PairPosition(
                counterparty=slug_of[view.counterparty],
                residue_in_micros=view.residue_in_micros,
                rounded_net_micros=view.rounded_micros,
                residue_out_micros=view.residue_out_micros,
            )
            for view in views
        ),
        agreements=tuple(
            AgreementRef(public_id, *common.agreements[public_id]) for public_id in sorted(used)
        ),
        previous=previous,
        issued_at=now,
    )


def _read_window(night: Night, connection: Connection, business_date: date) -> _Window:
    coalition = hub.read_coalition(connection=connection)
    window = hub.read_window(connection=connection, business_date=business_date)
    if window is None:
        raise hub.WindowOutOfOrder(f"the window of {business_date} is open")
    pairs = nets.read_pairs(
        connection=connection, business_date=business_date, currency=coalition.currency
    )
    return _Window(
        coalition=coalition,
        window=Window(
            id=ids.encode_window(business_date),
            business_date=business_date.isoformat(),
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            time_zone=str(coalition.time_zone),
        ),
        parties={party.no: party for party in hub.read_parties(connection=connection)},
        pairs=views_by_party(pairs=pairs),
        agreements=lines.read_agreement_hashes(connection=connection),
        signer=night.keystore.signer(now=night.wall()),
    )


class _Rows:
    """A stream of lists of rows, handed out statement by statement."""

    def __init__(self, chunks: Iterator[Rows]) -> None:
        self._chunks = chunks
        self._rest: Rows = []

    def take(self, count: int) -> Iterator[Rows]:
        """Exactly the next `count` rows, in lists. Raises IncompleteLines if there are fewer."""
        while count:
            chunk = self._rest or next(self._chunks, [])
            if not chunk:
                raise IncompleteLines(f"{count} lines of a statement have no details")
            self._rest = chunk[count:]
            head = chunk[:count] if self._rest else chunk
            count -= len(head)
            yield head

    def expect_end(self) -> None:
        """Raises IncompleteLines if a row is left that no statement asked for."""
        if self._rest or next(self._chunks, []):
            raise IncompleteLines("there are more lines than the statements have")

    def close(self) -> None:
        """Let go of the cursor."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()
