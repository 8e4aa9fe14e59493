"""Why a file of a bundle says what it says: postings, the PDF's sections, gross amounts.

Those amounts stand in the signed `statement.json`, or are made of it; it is read from the bundle,
so that what is explained is what was issued. Each leads on to lines.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from settlement import hub
from settlement.explain.files.account import explain_picture, explain_row, explain_section
from settlement.explain.files.issued import IssuedFiles, read_issued
from settlement.explain.files.positions import (
    explain_of_position,
    explain_side,
    explain_turnover,
)
from settlement.explain.files.postings import explain_posting, explain_postings
from settlement.explain.sight import Parties
from settlement.explain.subjects import Kind, Subject
from settlement.explain.values import Explanation
from settlement.store.statements import StoredStatement

_ELSEWHERE: tuple[Kind, ...] = ("line", "opening", "net", "closing", "activity", "position")


def is_of_files(subject: Subject) -> bool:
    """Whether the amount is one that is told from the bundle."""
    return subject.kind not in _ELSEWHERE


def explain_in_files(
    *,
    connection: Connection,
    found: StoredStatement,
    subject: Subject,
    parties: Parties,
    heading: str,
    data_folder: Path,
) -> Explanation:
    """An amount of the bundle's files. Raises NothingToExplain."""
    file = IssuedFiles(
        connection=connection,
        found=found,
        statement=read_issued(found, data_folder),
        parties=parties,
        heading=heading,
        clearing=hub.read_coalition(connection=connection).currency,
    )
    kind = subject.kind
    if kind in ("posting", "journal"):
        return explain_posting(file, subject)
    if kind in ("credits", "debits", "sum"):
        return explain_postings(file, subject)
    if kind == "section":
        return explain_row(file, subject) if subject.line_kind else explain_section(file, subject)
    if kind in ("gross", "bilateral"):
        return explain_picture(file, subject)
    if kind in ("exact", "residue_in", "residue_out"):
        return explain_of_position(file, subject)
    return explain_turnover(file, subject) if subject.line_kind else explain_side(file, subject)
