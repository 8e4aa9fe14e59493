"""``statement.json``: the signed account of one party for one window, as values and as bytes.

The bytes are canonical (keys sorted, no blanks, UTF-8, a newline at the end): reading refuses what
writing would not have produced. Amounts are integer micros inside; in the file, ``opening``,
``net``, ``closing`` and ``rounded_net`` are in minor units, all others have six decimals.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from partner_sdk.wire.statement.form import FORMAT, fields_of, write_document
from partner_sdk.wire.statement.parts import (
    Activity,
    AgreementRef,
    FileEntry,
    InvalidStatement,
    LinesSummary,
    Party,
    Position,
    Previous,
    Turnover,
    Window,
    sum_by_kind,
)

__all__ = [
    "FORMAT",
    "Activity",
    "AgreementRef",
    "FileEntry",
    "InvalidStatement",
    "LinesSummary",
    "Party",
    "Position",
    "Previous",
    "Statement",
    "Turnover",
    "Window",
    "sum_by_kind",
]


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything that ``statement.json`` says.

    ``language`` is that of the PDF; ``settlement_currency`` the one that the party pays and is
    paid in; ``due_on`` the day (YYYY-MM-DD) on which the closing is to be paid. ``files`` are
    listed with their hash, ``beside`` names those that cannot be: they are made of this one.
    """

    statement_id: str
    statement_no: int
    environment: str
    language: str
    coalition_name: str
    party: Party
    window: Window
    currency: str
    settlement_currency: str
    due_on: str | None
    opening_micros: int
    net_micros: int
    closing_micros: int
    activity: tuple[Activity, ...]
    turnovers: tuple[Turnover, ...]
    positions: tuple[Position, ...]
    agreements: tuple[AgreementRef, ...]
    lines: LinesSummary
    previous: Previous | None
    files: tuple[FileEntry, ...]
    beside: tuple[str, ...]
    issued_at: datetime

    def to_bytes(self) -> bytes:
        """Write the file."""
        form: dict[str, Any] = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False}
        text = json.dumps(write_document(self), **form)
        return (text + "\n").encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Statement":
        """Read the file.

        Raises:
            InvalidStatement: not JSON, a field missing, unknown or of another type, or another
                spelling than ``to_bytes`` gives.
        """
        try:
            document = json.loads(content)
            statement = cls(**fields_of(document))
            canonical = statement.to_bytes()
        except InvalidStatement:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidStatement(f"not a statement of format {FORMAT}") from error
        if canonical != content:
            raise InvalidStatement("not written in the canonical form")
        return statement
