"""Answers of certifications, as the API publishes them."""

from __future__ import annotations

from coalition.checkouts.certification.domain import CASES, GRADES
from coalition.http import fields
from coalition.http.schemas import AnswerSchema


class CertificationCaseAnswer(AnswerSchema):
    """One case, graded."""

    case = fields.Choice(tuple(CASES), required=True)
    asks = fields.Text(max_length=200, required=True, doc="What it asks for.")
    grade = fields.Choice(
        GRADES, required=True, doc="`not_for_it`: the platform cannot do it; `found` says why."
    )
    found = fields.Text(max_length=500, required=True)
    mend = fields.Text(
        max_length=500, required=True, allow_none=True, doc="What to do, where it failed."
    )


class CertificationCountsAnswer(AnswerSchema):
    """How many cases got each grade."""

    passed = fields.WholeNumber(min=0, required=True)
    failed = fields.WholeNumber(min=0, required=True)
    not_for_it = fields.WholeNumber(min=0, required=True)


class CertificationAnswer(AnswerSchema):
    """The report of a run."""

    id = fields.PublicId("crt", required=True)
    connection = fields.PublicId("con", required=True)
    platform = fields.Text(max_length=64, required=True)
    finished_at = fields.Instant(required=True)
    passed = fields.Flag(required=True, doc="No case failed.")
    current = fields.Flag(
        required=True,
        doc="The connection is set as it was then; else run it again.",
    )
    counts = fields.Nested(CertificationCountsAnswer, required=True)
    cases = fields.ListOf(fields.Nested(CertificationCaseAnswer), required=True)
