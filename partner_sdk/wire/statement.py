"""``statement.json``: the signed account of one party for one window, as values and as bytes.

The bytes are canonical (keys sorted, no blanks, UTF-8, a newline at the end): reading refuses what
writing would not have produced. Amounts are integer micros inside; in the file, ``opening``,
``net``, ``closing`` and ``rounded_net`` are in minor units, all others have six decimals.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from partner_sdk.wire.amounts import format_micros, format_micros6, minor_digits, parse_decimal
from partner_sdk.wire.instants import format_instant, parse_instant

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
    "Window",
]

FORMAT = "coalition.statement/1"


class InvalidStatement(ValueError):  # noqa: N818 - the name says it
    """The bytes are not a statement of this format; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Party:
    """Whose statement it is."""

    id: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open interval that the statement covers."""

    id: str
    business_date: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str


@dataclass(frozen=True, slots=True)
class Activity:
    """All lines of one kind: how many, their points, their net (micros, + receives)."""

    kind: str
    lines: int
    points: int
    net_micros: int


@dataclass(frozen=True, slots=True)
class Position:
    """What one counterparty and this party owe each other in the window (micros).

    ``residue_in + exact_net = rounded_net + residue_out``, where ``exact_net`` is
    ``receivable - payable``.
    """

    counterparty: str
    receivable_micros: int
    payable_micros: int
    exact_net_micros: int
    residue_in_micros: int
    rounded_net_micros: int
    residue_out_micros: int


@dataclass(frozen=True, slots=True)
class AgreementRef:
    """A version of an agreement that lines refer to, and the SHA-256 of its terms."""

    id: str
    version: int
    terms_sha256: str


@dataclass(frozen=True, slots=True)
class LinesSummary:
    """The control totals of the lines and the root of their Merkle tree (hex)."""

    count: int
    points: int
    net_micros: int
    merkle_root: str


@dataclass(frozen=True, slots=True)
class Previous:
    """The party's statement before this one: its id and the SHA-256 of its statement.json."""

    statement_id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Another file of the bundle: its length and SHA-256 (hex)."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything that ``statement.json`` says."""

    statement_id: str
    statement_no: int
    environment: str
    coalition_name: str
    party: Party
    window: Window
    currency: str
    opening_micros: int
    net_micros: int
    closing_micros: int
    activity: tuple[Activity, ...]
    positions: tuple[Position, ...]
    agreements: tuple[AgreementRef, ...]
    lines: LinesSummary
    previous: Previous | None
    files: tuple[FileEntry, ...]
    issued_at: datetime

    def to_bytes(self) -> bytes:
        """Write the file."""
        form: dict[str, Any] = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False}
        text = json.dumps(_document(self), **form)
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
            statement = _statement(document)
            canonical = statement.to_bytes()
        except InvalidStatement:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidStatement("not a statement of format coalition.statement/1") from error
        if canonical != content:
            raise InvalidStatement("not written in the canonical form")
        return statement


def _document(statement: Statement) -> dict[str, Any]:
    minor = minor_digits(statement.currency)
    window, lines = statement.window, statement.lines
    return {
        "format": FORMAT,
        "statement_id": statement.statement_id,
        "statement_no": statement.statement_no,
        "environment": statement.environment,
        "coalition": {"name": statement.coalition_name},
        "party": asdict(statement.party),
        "window": {
            "id": window.id,
            "business_date": window.business_date,
            "starts_at": format_instant(window.starts_at),
            "ends_at": format_instant(window.ends_at),
            "time_zone": window.time_zone,
        },
        "currency": statement.currency,
        "opening": format_micros(statement.opening_micros, min_digits=minor),
        "net": format_micros(statement.net_micros, min_digits=minor),
        "closing": format_micros(statement.closing_micros, min_digits=minor),
        "activity": [
            {
                "kind": a.kind,
                "lines": a.lines,
                "points": a.points,
                "net": format_micros6(a.net_micros),
            }
            for a in statement.activity
        ],
        "positions": [_position_document(p, minor) for p in statement.positions],
        "agreements": [asdict(a) for a in statement.agreements],
        "lines": {
            "count": lines.count,
            "points": lines.points,
            "net": format_micros6(lines.net_micros),
            "merkle_root": lines.merkle_root,
            "hash": "sha256",
        },
        "previous": None if statement.previous is None else asdict(statement.previous),
        "files": [asdict(f) for f in statement.files],
        "issued_at": format_instant(statement.issued_at),
    }


def _position_document(position: Position, minor: int) -> dict[str, Any]:
    return {
        "counterparty": position.counterparty,
        "receivable": format_micros6(position.receivable_micros),
        "payable": format_micros6(position.payable_micros),
        "exact_net": format_micros6(position.exact_net_micros),
        "residue_in": format_micros6(position.residue_in_micros),
        "rounded_net": format_micros(position.rounded_net_micros, min_digits=minor),
        "residue_out": format_micros6(position.residue_out_micros),
    }


def _statement(document: dict[str, Any]) -> Statement:
    if document["format"] != FORMAT:
        raise InvalidStatement(f"the format is not {FORMAT}")
    party, window, lines = document["party"], document["window"], document["lines"]
    previous = document["previous"]
    return Statement(
        statement_id=_text(document["statement_id"]),
        statement_no=_count(document["statement_no"]),
        environment=_text(document["environment"]),
        coalition_name=_text(document["coalition"]["name"]),
        party=Party(id=_text(party["id"]), slug=_text(party["slug"]), name=_text(party["name"])),
        window=Window(
            id=_text(window["id"]),
            business_date=_text(window["business_date"]),
            starts_at=parse_instant(window["starts_at"]),
            ends_at=parse_instant(window["ends_at"]),
            time_zone=_text(window["time_zone"]),
        ),
        currency=_text(document["currency"]),
        opening_micros=parse_decimal(document["opening"]),
        net_micros=parse_decimal(document["net"]),
        closing_micros=parse_decimal(document["closing"]),
        activity=tuple(
            Activity(
                kind=_text(a["kind"]),
                lines=_count(a["lines"]),
                points=_count(a["points"]),
                net_micros=parse_decimal(a["net"]),
            )
            for a in document["activity"]
        ),
        positions=tuple(_position(p) for p in document["positions"]),
        agreements=tuple(
            AgreementRef(_text(a["id"]), _count(a["version"]), _text(a["terms_sha256"]))
            for a in document["agreements"]
        ),
        lines=LinesSummary(
            count=_count(lines["count"]),
            points=_count(lines["points"]),
            net_micros=parse_decimal(lines["net"]),
            merkle_root=_text(lines["merkle_root"]),
        ),
        previous=None
        if previous is None
        else Previous(_text(previous["statement_id"]), _text(previous["sha256"])),
        files=tuple(
            FileEntry(_text(f["name"]), _count(f["bytes"]), _text(f["sha256"]))
            for f in document["files"]
        ),
        issued_at=parse_instant(document["issued_at"]),
    )


def _position(document: dict[str, Any]) -> Position:
    return Position(
        counterparty=_text(document["counterparty"]),
        receivable_micros=parse_decimal(document["receivable"]),
        payable_micros=parse_decimal(document["payable"]),
        exact_net_micros=parse_decimal(document["exact_net"]),
        residue_in_micros=parse_decimal(document["residue_in"]),
        rounded_net_micros=parse_decimal(document["rounded_net"]),
        residue_out_micros=parse_decimal(document["residue_out"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidStatement("a field that must be text is not")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidStatement("a field that must be a count is not")
    return value
