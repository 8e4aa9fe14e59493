"""Who sees what of a line.

The coalition itself sees everything. A party sees what stands on its own receipts; of a
counterparty's copy neither receipt, till, reference nor time of day, and the pairwise pseudonyms
that its lines have; of lots that another party issued neither the sale that made them nor their
prices beyond the one that its own line applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from partner_sdk.wire import ids
from settlement import hub
from settlement.rendering import pairwise_pseudonym, pseudonym_key
from settlement.store.lines import LineKey
from settlement.store.statements import StoredStatement

Parties = Mapping[int, hub.PartyFacts]


@dataclass(frozen=True, slots=True)
class Sight:
    """Who looks: a party at its own statement, or the coalition (`sees_all`).

    `secret` is what pairwise pseudonyms are made with.
    """

    sees_all: bool
    secret: bytes


@dataclass(frozen=True, slots=True)
class View:
    """One line, everything behind it, and what of that may be seen."""

    found: StoredStatement
    key: LineKey
    facts: hub.LineFacts
    parties: Parties
    sight: Sight

    @property
    def party_no(self) -> int:
        return self.found.plan.party_no

    @property
    def receipts(self) -> bool:
        """Whether receipt, till and times of the movement are seen."""
        return self.sight.sees_all or self.key.own

    @property
    def terms(self) -> bool:
        """Whether the lot's prices are seen: its issuer's and funder's business."""
        return self.sight.sees_all or self.party_no in (
            self.facts.lot.issuer,
            self.facts.lot.funder,
        )

    @property
    def origin(self) -> bool:
        """Whether the lot's own story is seen: its sale, size and dates."""
        if self.sight.sees_all:
            return True
        return self.key.own and self.party_no == self.facts.lot.issuer

    @property
    def owed(self) -> hub.ObligationFacts | None:
        return next((o for o in self.facts.obligations if o.seq == self.key.seq), None)

    def slug(self, party_no: int) -> str:
        return self.parties[party_no].slug

    def name(self, prefix: str, value: UUID) -> str:
        """A movement's or lot's id as this party's lines spell it."""
        if self.receipts:
            return ids.encode(prefix, value)
        key = pseudonym_key(secret=self.sight.secret, party=self.slug(self.party_no))
        return pairwise_pseudonym(key=key, prefix=prefix, value=value)
