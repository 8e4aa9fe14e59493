"""Writing planned statements as bundles, streamed from one ordered query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.statement import AgreementRef, Party, Previous, Window
from settlement import hub
from settlement.bundles import BundleWriter, PdfMaker
from settlement.currencies import store as currencies
from settlement.domain.netting import PairView, views_by_party
from settlement.profiles.domain import DEFAULT_PROFILE, Profile
from settlement.profiles.service import read_profiles
from settlement.rendering import (
    LINE_ROW,
    LineHeading,
    LineRow,
    PairPosition,
    StatementFacts,
    pseudonym_key,
    rounding_row,
)
from settlement.signing import StatementSigner
from settlement.steps.entry_lines import read_entry_rows
from settlement.steps.night import Night
from settlement.steps.row_stream import RowStream
from settlement.steps.shares import groups_of, share_of_plans
from settlement.store import lines, nets, runs, statements
from settlement.store.statements import Issued, Plan
from settlement.store.stream import Names, stream_lines

_agreement_of = itemgetter(LINE_ROW.index("agreement"))


class Press(PdfMaker, Protocol):
    """Makes PDFs, and knows whether the newest one lacks the timestamp that it should have."""

    timestamp_missing: bool


@dataclass(frozen=True, slots=True)
class _Window:
    """What all statements of a window have in common."""

    coalition: hub.Coalition
    window: Window
    parties: Mapping[int, hub.PartyFacts]
    pairs: Mapping[str, Mapping[int, tuple[PairView, ...]]]
    agreements: Mapping[str, AgreementRef]
    hashes: Mapping[UUID, str]
    names: Names
    foreign: str | None
    signer: StatementSigner
    profiles: Mapping[int, Profile]
    clearing: Profile
    make_pdf: Press | None


def write_bundles(
    *,
    night: Night,
    business_date: date,
    share: tuple[int, int] = (0, 1),
    wanted: Callable[[], bool] = lambda: True,
) -> int:
    """Write a share of the planned statements; gives how many.

    `share` is which part of how many: several processes may write a night, each reading its
    statements' lines in one pass. Statements are taken under row locks and recorded when their
    bundles are in place; one that somebody else has taken or written is passed over. `wanted` is
    asked between commits.
    """
    with night.database.transaction() as connection:
        planned = statements.read_planned(connection=connection, business_date=business_date)
        plans = share_of_plans(
            plans=planned, part=share[0], parts=share[1], settings=night.settings
        )
        if not plans:
            return 0
        common = _read_window(night, connection, business_date, plans)
    written = 0
    with night.database.transaction() as reader:
        runs.allow_idle(connection=reader)
        chunks = stream_lines(
            connection=reader,
            business_date=business_date,
            starts_at=common.window.starts_at,
            statements=[(plan.party_no, plan.currency) for plan in plans if plan.lines],
            clearing=common.foreign,
            names=common.names,
        )
        with closing(RowStream(chunks)) as rows:
            for group in groups_of(plans=plans):
                if not wanted():
                    return written
                written += _write_group(night, common, group, rows)
                night.observe(business_date, "issue:written")
            rows.expect_end()
    return written


def _write_group(night: Night, common: _Window, group: Sequence[Plan], rows: RowStream) -> int:
    written = 0
    with night.database.transaction() as connection:
        runs.allow_idle(connection=connection)
        for plan in group:
            if not statements.take_planned(connection=connection, statement_id=plan.statement_id):
                rows.skip(plan.lines)
                continue
            entries = read_entry_rows(connection=connection, plan=plan, parties=common.parties)
            issued = _write(night, common, plan, rows, entries)
            statements.mark_issued(
                connection=connection, statement_id=plan.statement_id, issued=issued
            )
            if common.make_pdf is not None and common.make_pdf.timestamp_missing:
                statements.mark_without_timestamp(
                    connection=connection, plan=plan, signed_at=issued.issued_at
                )
            written += 1
    return written


def _write(
    night: Night, common: _Window, plan: Plan, rows: RowStream, entries: Sequence[LineRow]
) -> Issued:
    party = common.parties[plan.party_no]
    views = common.pairs[plan.currency].get(plan.party_no, ())
    slug_of = {view.counterparty: common.parties[view.counterparty].slug for view in views}
    name = bundle_name(slug=party.slug, currency=plan.currency, clearing=common.coalition.currency)
    path = night.statements_folder / common.window.business_date / name
    heading = LineHeading(
        statement_no=plan.no, value_date=common.window.business_date, currency=plan.currency
    )
    key = pseudonym_key(secret=night.pseudonym_secret, party=party.slug)
    used: set[str] = set()
    with BundleWriter(
        path=path, heading=heading, signer=common.signer, pseudonym_key=key, durable=False
    ) as bundle:
        for chunk in rows.take(plan.lines):
            used.update(map(_agreement_of, chunk))
            bundle.add(rows=chunk)
        bundle.add(rows=entries)
        bundle.add(
            rows=[
                rounding_row(
                    counterparty=slug_of[view.counterparty], net_micros=view.rounding_micros
                )
                for view in rounded_views(views=views, slug_of=slug_of)
            ]
        )
        now = night.wall()
        facts = _facts(common, plan, party, views, slug_of, used, now)
        issued = bundle.finish(facts=facts, signed_at=now, make_pdf=common.make_pdf)
    return Issued(
        issued_at=now,
        sha256=issued.statement_sha256,
        merkle_root=issued.merkle_root,
        path=path.relative_to(night.config.data_folder).as_posix(),
        bytes=issued.size_bytes,
    )


def bundle_name(*, slug: str, currency: str, clearing: str) -> str:
    """The file of a party's bundle: another currency than the clearing one is in its name."""
    return f"{slug}.zip" if currency == clearing else f"{slug}.{currency}.zip"


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
    now: datetime,
) -> StatementFacts:
    previous = None
    if plan.previous_id is not None:
        previous = Previous(
            statement_id=ids.encode("stm", plan.previous_id), sha256=common.hashes[plan.previous_id]
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
        agreements=tuple(common.agreements[public_id] for public_id in sorted(used)),
        previous=previous,
        issued_at=now,
        names={slug: common.parties[no].name for no, slug in slug_of.items()},
        profile=common.profiles.get(plan.party_no, DEFAULT_PROFILE),
        clearing=common.clearing,
    )


def _read_window(
    night: Night, connection: Connection, business_date: date, plans: Sequence[Plan]
) -> _Window:
    coalition = hub.read_coalition(connection=connection)
    window = hub.read_window(connection=connection, business_date=business_date)
    if window is None:
        raise hub.WindowOutOfOrder(f"the window of {business_date} is open")
    parties = {party.no: party for party in hub.read_parties(connection=connection)}
    signer = night.keystore.signer(now=night.wall())
    agreements = lines.read_agreement_labels(connection=connection)
    profiles = read_profiles(connection=connection)
    clearing = next(party.no for party in parties.values() if party.kind == "clearing")
    has_others = hub.read_currencies(connection=connection) != (coalition.currency,)
    return _Window(
        coalition=coalition,
        window=Window(
            id=ids.encode_window(business_date),
            business_date=business_date.isoformat(),
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            time_zone=str(coalition.time_zone),
        ),
        parties=parties,
        pairs={
            currency: views_by_party(
                pairs=nets.read_pairs(
                    connection=connection, business_date=business_date, currency=currency
                )
            )
            for currency in sorted({plan.currency for plan in plans})
        },
        agreements={
            label.public_id: AgreementRef(label.public_id, int(label.version), label.terms_sha256)
            for label in agreements.values()
        },
        hashes=statements.read_hashes(
            connection=connection,
            statement_ids=[plan.previous_id for plan in plans if plan.previous_id],
        ),
        names=Names(
            slugs={no: party.slug for no, party in parties.items()},
            time_zones={no: party.time_zone for no, party in parties.items()},
            agreements=agreements,
            adjusted=lines.read_adjusted_statements(
                connection=connection,
                business_date=business_date,
                parties=[plan.party_no for plan in plans],
                clearing=coalition.currency,
            ),
            rates=currencies.read_window_rates(connection=connection, business_date=business_date),
        ),
        foreign=coalition.currency if has_others else None,
        profiles=profiles,
        clearing=profiles.get(clearing, DEFAULT_PROFILE),
        signer=signer,
        make_pdf=_press(night, signer),
    )


def _press(night: Night, signer: StatementSigner) -> Press | None:
    if night.settings.pdf != "yes":
        return None
    # Imported where it is needed: the libraries of PDFs take a second.
    from settlement.steps.pdf import PdfPress

    return PdfPress(signer=signer, settings=night.settings)
