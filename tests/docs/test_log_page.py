"""The page of the log's formats says what the code writes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from partner_sdk.wire.acceptance import Acceptance
from partner_sdk.wire.tlog.evidence import Evidence
from partner_sdk.wire.tlog.records import agreement_record, certificate_record, statement_record
from tests.docs.pages import DOCS

PAGE = (DOCS / "reference" / "log.md").read_text("utf-8")


def members_of(heading: str) -> list[str]:
    """The members in the table of a section."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def test_the_records_are_spelled_as_they_are_written() -> None:
    for kind, record in (
        ("statement", statement_record(statement_id="stm_1", statement=b"", signature=b"")),
        ("agreement", agreement_record(agreement_id="agr_1", version=1, terms_sha256="")),
        ("certificate", certificate_record(role="root", der=b"-")),
    ):
        (shown,) = re.findall(rf"^\| {kind} \| `(.*)` \|$", PAGE, re.MULTILINE)
        assert list(json.loads(shown)) == list(json.loads(record))


def test_the_members_of_evidence_and_acceptance_are_all_there() -> None:
    evidence = json.loads(Evidence("fork", b"", b"").to_bytes())
    assert members_of("Evidence") == list(evidence)
    accepted = Acceptance("stm_1", "", "key_1", datetime(2026, 1, 1, tzinfo=UTC)).to_text()
    assert members_of("Acceptance") == list(json.loads(accepted))
    for document in (evidence, json.loads(accepted)):
        assert f"`{document['format']}`" in PAGE
