"""Disputes on the wire: what a partner sends, and the hub's answers as typed values."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from partner_sdk.wire._read import instant, optional_text, text, whole
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.instants import parse_instant

__all__ = [
    "MAX_EVIDENCE_BYTES",
    "Dispute",
    "DisputeEvent",
    "DisputedLine",
    "Evidence",
    "ShownEvidence",
]

Wire = Mapping[str, Any]

#: The bytes that one piece of evidence may have; what is larger is kept elsewhere and referred to.
MAX_EVIDENCE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of evidence to show: its bytes, or where they are kept; ``sha256`` is hex."""

    name: str
    sha256: str
    content: bytes | None = None
    reference: str | None = None

    @classmethod
    def of(cls, *, name: str, content: bytes, reference: str | None = None) -> "Evidence":
        """Show bytes; with a reference only their hash is sent, and the reference.

        Raises:
            ValueError: too large to be sent.
        """
        if reference is None and len(content) > MAX_EVIDENCE_BYTES:
            raise ValueError(
                f"{name} exceeds {MAX_EVIDENCE_BYTES} bytes; say where it is kept instead"
            )
        sha256 = hashlib.sha256(content).hexdigest()
        return cls(name, sha256, None if reference else content, reference)

    def to_wire(self) -> dict[str, str]:
        """Write it as the hub reads it."""
        wire = {"name": self.name, "sha256": self.sha256}
        if self.content is not None:
            wire["content"] = base64.b64encode(self.content).decode()
        if self.reference is not None:
            wire["reference"] = self.reference
        return wire


@dataclass(frozen=True, slots=True)
class DisputedLine:
    """A disputed line of one's own statement; amounts are signed for oneself."""

    line: int
    kind: str
    disputed: Money
    upheld: Money | None

    @classmethod
    def from_wire(cls, value: Wire) -> "DisputedLine":
        upheld = value.get("upheld")
        return cls(
            line=whole(value["line"]),
            kind=text(value["kind"]),
            disputed=Money.from_wire(value["disputed"]),
            upheld=None if upheld is None else Money.from_wire(upheld),
        )


@dataclass(frozen=True, slots=True)
class DisputeEvent:
    """What happened; ``by`` is None where nobody did it: a deadline passed."""

    kind: str
    by: str | None
    text: str
    at: datetime

    @classmethod
    def from_wire(cls, value: Wire) -> "DisputeEvent":
        return cls(
            kind=text(value["kind"]),
            by=optional_text(value.get("by")),
            text=text(value["text"]),
            at=parse_instant(value["at"]),
        )


@dataclass(frozen=True, slots=True)
class ShownEvidence:
    """A piece of evidence in a dispute, without its bytes."""

    no: int
    by: str
    name: str
    sha256: str
    bytes: int | None
    reference: str | None

    @classmethod
    def from_wire(cls, value: Wire) -> "ShownEvidence":
        size = value.get("bytes")
        return cls(
            no=whole(value["no"]),
            by=text(value["by"]),
            name=text(value["name"]),
            sha256=text(value["sha256"]),
            bytes=None if size is None else whole(size),
            reference=optional_text(value.get("reference")),
        )


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute; ``state``: open, rejected, escalated or closed. Lists leave out the last two."""

    id: str
    state: str
    reason: str
    claimant: str
    respondent: str
    statement: str
    window: str
    lines: tuple[DisputedLine, ...]
    withheld: Money
    upheld: Money
    due_at: datetime | None
    outcome: str | None
    closed_by: str | None
    opened_at: datetime
    closed_at: datetime | None
    history: tuple[DisputeEvent, ...]
    evidence: tuple[ShownEvidence, ...]

    @classmethod
    def from_wire(cls, value: Wire) -> "Dispute":
        return cls(
            id=text(value["id"]),
            state=text(value["state"]),
            reason=text(value["reason"]),
            claimant=text(value["claimant"]),
            respondent=text(value["respondent"]),
            statement=text(value["statement"]),
            window=text(value["window"]),
            lines=tuple(DisputedLine.from_wire(item) for item in value["lines"]),
            withheld=Money.from_wire(value["withheld"]),
            upheld=Money.from_wire(value["upheld"]),
            due_at=instant(value.get("due_at")),
            outcome=optional_text(value.get("outcome")),
            closed_by=optional_text(value.get("closed_by")),
            opened_at=parse_instant(value["opened_at"]),
            closed_at=instant(value.get("closed_at")),
            history=tuple(DisputeEvent.from_wire(item) for item in value.get("history", ())),
            evidence=tuple(ShownEvidence.from_wire(item) for item in value.get("evidence", ())),
        )
