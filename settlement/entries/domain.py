"""What an entry is. Amounts are micros of the currency, always above zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, get_args
from uuid import UUID

EntryKind = Literal[
    "payment",
    "interest",
    "penalty",
    "dispute_withheld",
    "dispute_released",
    "ruling",
    "collateral",
    "default_share",
    "default_cover",
    "conversion",
]

KIND_MEANINGS: dict[EntryKind, str] = {
    "payment": "money that was paid, between a party and the clearing house",
    "interest": "interest on what was paid late",
    "penalty": "a penalty by the agreement",
    "dispute_withheld": "a disputed line, taken out of what is due",
    "dispute_released": "a disputed line, back in what is due",
    "ruling": "what the ruling on a dispute changes",
    "collateral": "collateral paid in or out, between a party and the clearing house",
    "default_share": "a party's share of another's default",
    "default_cover": "what covers a party's default",
    "conversion": "what converting a pair's net differs from converting its lines",
}


class EntryDiffers(Exception):  # noqa: N818 - the name says it
    """The cause has an entry of this kind and number already, and another one than this."""


@dataclass(frozen=True, slots=True)
class LineOf:
    """A line of an earlier statement of a party: its window's date and its number."""

    business_date: date
    line_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An obligation to be posted; `cause`, `kind` and `seq` name it for ever.

    `adjusts` is the stated line that each party's line corrects, by party number. On both parties'
    lines `reference` stands as partner_ref and `reason` (else the cause) as reason. `about` holds
    whatever else its maker wants to keep with it, as JSON.
    """

    kind: EntryKind
    debtor: int
    creditor: int
    amount_micros: int
    currency: str
    cause: str
    seq: int = 0
    adjusts: Mapping[int, LineOf] = field(default_factory=dict)
    reference: str | None = None
    reason: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is no obligation. Raises ValueError."""
        if self.debtor == self.creditor or self.amount_micros <= 0:
            raise ValueError("an entry has two parties and an amount above zero")
        if self.kind not in get_args(EntryKind):
            raise ValueError(f"{self.kind} is not a kind of entry")
        if not set(self.adjusts) <= {self.debtor, self.creditor}:
            raise ValueError("an entry corrects lines of its own two parties only")

    @property
    def key(self) -> tuple[str, str, int]:
        """What names it."""
        return (self.cause, self.kind, self.seq)

    @property
    def facts(self) -> dict[str, Any]:
        """Everything beside the amount, as it is kept."""
        facts = dict(self.about)
        if self.adjusts:
            facts["adjusts"] = {
                str(party): {"date": line.business_date.isoformat(), "line": line.line_no}
                for party, line in self.adjusts.items()
            }
        if self.reference:
            facts["reference"] = self.reference
        if self.reason:
            facts["reason"] = self.reason
        return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """An entry as it stands in the books; `business_at` is business time, `posted_at` wall time."""

    no: int
    entry_id: UUID
    window_date: date
    kind: str
    debtor: int
    creditor: int
    amount_micros: int
    currency: str
    cause: str
    seq: int
    about: Mapping[str, Any]
    posted_at: datetime
    business_at: datetime

    def net_of(self, party: int) -> int:
        """The amount as one of its two parties sees it: + receives."""
        return self.amount_micros if party == self.creditor else -self.amount_micros

    def other_than(self, party: int) -> int:
        """The counterparty of one of its two parties."""
        return self.debtor if party == self.creditor else self.creditor


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry as a numbered line of one party's statement.

    `adjusts` is the line that it corrects, `adjusts_statement` the public id of its statement.
    """

    line_no: int
    entry: Posted
    adjusts: LineOf | None
    adjusts_statement: str | None
