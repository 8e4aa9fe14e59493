"""Certifications in wire form."""

from __future__ import annotations

from collections import Counter
from typing import Any

from coalition.checkouts.certification.domain import GRADES, Certification, case_documents
from coalition.checkouts.certification.service import is_current
from coalition.checkouts.store.connections import StoredConnection
from partner_sdk.wire.ids import encode
from partner_sdk.wire.instants import format_instant


def certification_document(made: Certification, stored: StoredConnection) -> dict[str, Any]:
    """A report as the partner and the operator see it."""
    counts = Counter(each.grade for each in made.cases)
    return {
        "id": encode("crt", made.id),
        "connection": encode("con", stored.connection_id),
        "platform": stored.platform,
        "finished_at": format_instant(made.finished_at),
        "passed": made.passed,
        "current": is_current(made, stored),
        "counts": {grade: counts[grade] for grade in GRADES},
        "cases": case_documents(made.cases),
    }
