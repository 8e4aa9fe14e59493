"""The parties and agreement versions that statements name."""

from __future__ import annotations

from sqlalchemy import Connection, select

from coalition.agreements.tables import agreement
from coalition.feed.facts import AgreementFacts, PartyFacts
from coalition.partners.tables import party


def read_parties(*, connection: Connection) -> tuple[PartyFacts, ...]:
    """Every party, the coalition's own among them, by number."""
    columns = (
        party.c.no,
        party.c.id,
        party.c.kind,
        party.c.slug,
        party.c.name,
        party.c.state,
        party.c.time_zone,
    )
    rows = connection.execute(select(*columns).order_by(party.c.no))
    return tuple(PartyFacts(*row) for row in rows)


def read_agreements(*, connection: Connection, after_no: int = 0) -> tuple[AgreementFacts, ...]:
    """Agreement versions with a number above `after_no`, by number."""
    columns = (
        agreement.c.no,
        agreement.c.id,
        agreement.c.party_no,
        agreement.c.version,
        agreement.c.terms_sha256,
    )
    rows = connection.execute(
        select(*columns).where(agreement.c.no > after_no).order_by(agreement.c.no)
    )
    return tuple(AgreementFacts(*row) for row in rows)
