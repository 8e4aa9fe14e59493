"""The reference of the settings and of problems, from the code that uses them."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from coalition.settings import Setting, settings
from partner_sdk.wire.problems import PROBLEMS, ProblemKind
from settlement.config import settlement_settings
from tests.docs.marked import table


def hub_settings() -> str:
    """The table of the hub's settings."""
    return _settings(settings())


def night_settings() -> str:
    """The table of settlement's settings."""
    return _settings(settlement_settings())


def _settings(rows: Sequence[Setting]) -> str:
    return table(
        heading=("Variable", "Default", "What it does"),
        rows=[(f"`{s.variable}`", _default(s.default), s.description) for s in rows],
    )


def _default(text: str) -> str:
    return text if text.startswith("(") else f"`{text}`"


def problem_sections() -> str:
    """One section for each code, by status."""
    parts = []
    for status in sorted({kind.status for kind in PROBLEMS.values()}):
        parts.append(f"## {status} {HTTPStatus(status).phrase}")
        parts += [_problem(kind) for kind in PROBLEMS.values() if kind.status == status]
    return "\n\n".join(parts)


def _problem(kind: ProblemKind) -> str:
    again = " Sending the same request again later may succeed." if kind.retryable else ""
    return f"### `{kind.code}`\n\n{kind.title}. {kind.what_to_do}{again}"


def problem_table() -> str:
    """The overview: code, status, whether a repetition may help."""
    return table(
        heading=("Code", "Status", "Retry"),
        rows=[
            (f"[`{kind.code}`](#{kind.code})", str(kind.status), "yes" if kind.retryable else "")
            for kind in PROBLEMS.values()
        ],
    )
