"""The statement before: whether this one goes on from it."""

from hashlib import sha256
from pathlib import Path

from partner_sdk.verify.findings import Findings
from partner_sdk.verify.sums import check_continuity
from partner_sdk.wire.archive import STATEMENT, InvalidArchive, read_entry
from partner_sdk.wire.statement import InvalidStatement, Statement

__all__ = ["check_previous"]


def check_previous(*, previous: Path, statement: Statement, findings: Findings) -> None:
    """Check that the bundle ``previous`` is the one before the statement.

    The statement, being signed, vouches for the one whose hash it names.
    """
    try:
        with previous.open("rb") as stream:
            content = read_entry(stream=stream, name=STATEMENT)
        before = Statement.from_bytes(content)
    except (InvalidArchive, InvalidStatement):
        findings.add("continuity", previous.name, "is not a bundle whose statement can be read")
        return
    check_continuity(
        statement=statement,
        previous=before,
        previous_sha256=sha256(content).hexdigest(),
        findings=findings,
    )
