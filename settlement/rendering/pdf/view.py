"""A statement as the template takes it: every text written, every length a share."""

from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from partner_sdk.wire.statement import Statement
from settlement.rendering.pdf.account import account_view, bars_view, gather_sections
from settlement.rendering.pdf.catalogue import Catalogue
from settlement.rendering.pdf.positions import netting_view, positions_view
from settlement.rendering.pdf.spelling import Speller, printable, shorten

__all__ = ["compose_view"]

#: Agreements have no more rows than this.
_AGREEMENTS: Final = 10
_HASH_IN_FOOTER: Final = 16
_BYTES_IN_LINE: Final = 16
#: Where a name stands in small print, it has no more letters than this.
_NAME_IN_SMALL: Final = 60


def compose_view(
    *, statement: Statement, content: bytes, root_sha256: str | None, words: Catalogue
) -> dict[str, Any]:
    """Write all that stands on the pages.

    ``content`` are the bytes of statement.json, ``root_sha256`` the fingerprint (hex) of the root
    certificate that partners trust.
    """
    speller = Speller(language=words.language, currency=statement.currency)
    sections = gather_sections(turnovers=statement.turnovers)
    given: dict[str, Any] = {
        "statement": statement,
        "words": words,
        "speller": speller,
    }
    return {
        "document": _document(statement, content, words),
        "facts": _facts(statement, words, speller),
        "closing": _closing(statement, words, speller),
        "bars": bars_view(sections=sections, **given),
        "account": account_view(sections=sections, **given),
        "positions": positions_view(**given),
        "netting": netting_view(**given),
        "controls": _controls(statement, content, root_sha256, words, speller),
        "verify": _verify(statement, words),
        "acceptance": {
            "heading": words.text("acceptance.heading"),
            "text": words.text("acceptance.text"),
            "field": words.text(
                "acceptance.field",
                party=shorten(printable(statement.party.name), _NAME_IN_SMALL),
            ),
        },
    }


def _document(statement: Statement, content: bytes, words: Catalogue) -> dict[str, Any]:
    coalition = printable(statement.coalition_name)
    digest = sha256(content).hexdigest()[:_HASH_IN_FOOTER]
    issued = statement.issued_at
    return {
        "language": words.language,
        "title": words.text("document.title"),
        "numbered": words.text("document.numbered", number=statement.statement_no),
        "coalition": coalition,
        "party": printable(statement.party.name),
        "running": f"{shorten(coalition, _NAME_IN_SMALL)} · "
        f"{shorten(printable(statement.party.name), _NAME_IN_SMALL)}",
        "date": statement.window.business_date,
        "page": words.text("document.page", page="\x01", pages="\x02").split("\x01"),
        "test": words.text("document.test") if statement.environment == "test" else "",
        "signed": words.text(
            "document.signed", coalition=shorten(coalition, _NAME_IN_SMALL), hash=digest
        ),
        "issued": [
            issued.year, issued.month, issued.day, issued.hour, issued.minute, issued.second,
        ],
    }  # fmt: skip


def _facts(statement: Statement, words: Catalogue, speller: Speller) -> list[tuple[str, str]]:
    window = statement.window

    def local(instant: datetime, time_zone: str) -> str:
        pattern = words.text("facts.instant")
        return speller.instant(instant, time_zone=time_zone, pattern=pattern)

    facts = [
        ("business_date", speller.date(window.business_date)),
        (
            "period",
            words.text(
                "facts.period_value",
                start=local(window.starts_at, window.time_zone),
                end=local(window.ends_at, window.time_zone),
            ),
        ),
        ("time_zone", window.time_zone),
        ("currency", statement.currency),
        ("issued", local(statement.issued_at, "UTC") + " UTC"),
        ("statement_id", statement.statement_id),
        (
            "previous",
            statement.previous.statement_id if statement.previous else words.text("facts.first"),
        ),
    ]
    return [(words.text(f"facts.{name}"), value) for name, value in facts]


def _closing(statement: Statement, words: Catalogue, speller: Speller) -> dict[str, Any]:
    closing = statement.closing_micros
    direction = "receive" if closing > 0 else "pay" if closing < 0 else "none"
    date = speller.date(statement.window.business_date)
    due = speller.date(statement.due_on) if statement.due_on else ""
    return {
        "direction": direction,
        "label": words.text(f"closing.{direction}"),
        "amount": speller.amount(abs(closing)),
        "currency": statement.currency,
        "note": words.text(f"closing.{direction}_note", date=date),
        "due": f"{words.text('facts.due')} {due}" if due else "",
    }


def _controls(
    statement: Statement,
    content: bytes,
    root_sha256: str | None,
    words: Catalogue,
    speller: Speller,
) -> dict[str, Any]:
    lines = statement.lines
    counts = [
        ("line_count", speller.count(lines.count)),
        ("points", speller.count(lines.points)),
        ("net", f"{speller.amount(lines.net_micros)} {statement.currency}"),
    ]
    hashes = [
        ("statement_hash", [sha256(content).hexdigest()]),
        ("merkle_root", [lines.merkle_root]),
    ]
    if statement.previous:
        hashes.append(("previous_hash", [statement.previous.sha256]))
    if root_sha256:
        hashes.append(("root", _fingerprint(root_sha256)))
    more = len(statement.agreements) - _AGREEMENTS
    return {
        "heading": words.text("controls.heading"),
        "counts": [(words.text(f"controls.{name}"), value) for name, value in counts],
        "hashes": [(words.text(f"controls.{name}"), value) for name, value in hashes],
        "agreements_title": words.text("controls.agreements"),
        "agreements": [
            (words.text("controls.agreement", id=a.id, version=a.version), [a.terms_sha256])
            for a in statement.agreements[:_AGREEMENTS]
        ],
        "more": words.plural("controls.more_agreements", more, count=speller.count(more))
        if more > 0
        else "",
    }


def _fingerprint(root_sha256: str) -> list[str]:
    """The fingerprint in the spelling of `openssl x509 -fingerprint`, in lines."""
    pairs = [root_sha256[at : at + 2].upper() for at in range(0, len(root_sha256), 2)]
    return [
        ":".join(pairs[at : at + _BYTES_IN_LINE]) for at in range(0, len(pairs), _BYTES_IN_LINE)
    ]


def _verify(statement: Statement, words: Catalogue) -> dict[str, Any]:
    bundle = f"{statement.party.slug}.zip"
    commands = {
        "root": "openssl x509 -in root.pem -noout -fingerprint -sha256",
        "bundle": f"coalition-partner verify {bundle} --root root.pem",
        "script": f"sha256sum verify.py && python3 verify.py {bundle} --root root.pem",
        "document": "pdfsig statement.pdf",
        "embedded": "pdfdetach -saveall statement.pdf && sha256sum statement.json",
    }
    return {
        "heading": words.text("verify.heading"),
        "intro": words.text("verify.intro"),
        "steps": [
            {
                "title": words.text(f"verify.{name}_title"),
                "text": words.text(f"verify.{name}_text"),
                "command": command,
            }
            for name, command in commands.items()
        ],
    }
