"""The document that ``statement.json`` holds: values → JSON types and back."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from partner_sdk.wire.amounts import format_micros, format_micros6, minor_digits, parse_decimal
from partner_sdk.wire.instants import format_instant, parse_instant
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
)

if TYPE_CHECKING:
    from partner_sdk.wire.statement import Statement

__all__ = ["FORMAT", "fields_of", "write_document"]

FORMAT = "coalition.statement/2"


def write_document(statement: "Statement") -> dict[str, Any]:
    """Return the document of a statement."""
    minor = minor_digits(statement.currency)
    window, lines = statement.window, statement.lines
    return {
        "format": FORMAT,
        "statement_id": statement.statement_id,
        "statement_no": statement.statement_no,
        "environment": statement.environment,
        "language": statement.language,
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
        "settlement_currency": statement.settlement_currency,
        "due_on": statement.due_on,
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
        "turnovers": [_turnover_document(t) for t in statement.turnovers],
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
        "beside": list(statement.beside),
        "issued_at": format_instant(statement.issued_at),
    }


def _turnover_document(turnover: Turnover) -> dict[str, Any]:
    return {
        "counterparty": turnover.counterparty,
        "kind": turnover.kind,
        "lines": turnover.lines,
        "points": turnover.points,
        "receivable": format_micros6(turnover.receivable_micros),
        "payable": format_micros6(turnover.payable_micros),
        "adjusting_lines": turnover.adjusting_lines,
        "adjusting_net": format_micros6(turnover.adjusting_net_micros),
        "late_lines": turnover.late_lines,
        "late_net": format_micros6(turnover.late_net_micros),
    }


def _position_document(position: Position, minor: int) -> dict[str, Any]:
    return {
        "counterparty": position.counterparty,
        "name": position.name,
        "receivable": format_micros6(position.receivable_micros),
        "payable": format_micros6(position.payable_micros),
        "exact_net": format_micros6(position.exact_net_micros),
        "residue_in": format_micros6(position.residue_in_micros),
        "rounded_net": format_micros(position.rounded_net_micros, min_digits=minor),
        "residue_out": format_micros6(position.residue_out_micros),
    }


def fields_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of the statement that a document holds.

    Raises:
        InvalidStatement, KeyError, TypeError, ValueError: it holds none.
    """
    if document["format"] != FORMAT:
        raise InvalidStatement(f"the format is not {FORMAT}")
    party, window, lines = document["party"], document["window"], document["lines"]
    previous = document["previous"]
    return {
        "statement_id": _text(document["statement_id"]),
        "statement_no": _count(document["statement_no"]),
        "environment": _text(document["environment"]),
        "language": _text(document["language"]),
        "coalition_name": _text(document["coalition"]["name"]),
        "party": Party(id=_text(party["id"]), slug=_text(party["slug"]), name=_text(party["name"])),
        "window": Window(
            id=_text(window["id"]),
            business_date=_text(window["business_date"]),
            starts_at=parse_instant(window["starts_at"]),
            ends_at=parse_instant(window["ends_at"]),
            time_zone=_text(window["time_zone"]),
        ),
        "currency": _text(document["currency"]),
        "settlement_currency": _text(document["settlement_currency"]),
        "due_on": None if document["due_on"] is None else _text(document["due_on"]),
        "opening_micros": parse_decimal(document["opening"]),
        "net_micros": parse_decimal(document["net"]),
        "closing_micros": parse_decimal(document["closing"]),
        "activity": tuple(
            Activity(
                kind=_text(a["kind"]),
                lines=_count(a["lines"]),
                points=_count(a["points"]),
                net_micros=parse_decimal(a["net"]),
            )
            for a in document["activity"]
        ),
        "turnovers": tuple(_turnover(t) for t in document["turnovers"]),
        "positions": tuple(_position(p) for p in document["positions"]),
        "agreements": tuple(
            AgreementRef(_text(a["id"]), _count(a["version"]), _text(a["terms_sha256"]))
            for a in document["agreements"]
        ),
        "lines": LinesSummary(
            count=_count(lines["count"]),
            points=_count(lines["points"]),
            net_micros=parse_decimal(lines["net"]),
            merkle_root=_text(lines["merkle_root"]),
        ),
        "previous": None
        if previous is None
        else Previous(_text(previous["statement_id"]), _text(previous["sha256"])),
        "files": tuple(
            FileEntry(_text(f["name"]), _count(f["bytes"]), _text(f["sha256"]))
            for f in document["files"]
        ),
        "beside": tuple(_text(name) for name in document["beside"]),
        "issued_at": parse_instant(document["issued_at"]),
    }


def _turnover(document: dict[str, Any]) -> Turnover:
    counterparty = document["counterparty"]
    return Turnover(
        counterparty=None if counterparty is None else _text(counterparty),
        kind=_text(document["kind"]),
        lines=_count(document["lines"]),
        points=_count(document["points"]),
        receivable_micros=parse_decimal(document["receivable"]),
        payable_micros=parse_decimal(document["payable"]),
        adjusting_lines=_count(document["adjusting_lines"]),
        adjusting_net_micros=parse_decimal(document["adjusting_net"]),
        late_lines=_count(document["late_lines"]),
        late_net_micros=parse_decimal(document["late_net"]),
    )


def _position(document: dict[str, Any]) -> Position:
    return Position(
        counterparty=_text(document["counterparty"]),
        name=_text(document["name"]),
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
