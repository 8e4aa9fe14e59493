"""Routes of the bank's files and entries: the operator's."""

from __future__ import annotations

import base64
import binascii
from datetime import date
from uuid import UUID

from coalition.errors import FieldError, HubError
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.paths import public_id
from coalition.http.schemas import AnswerSchema, Body, validation_failed
from partner_sdk.wire import ids
from settlement.http.release import operator_of
from settlement.payments.files.mt940 import ENCODINGS
from settlement.payments.service import matching
from settlement.payments.service.importing import import_file
from settlement.payments.store.bank import StoredEntry, read_unmatched
from settlement.payments.wire import entry_document

routes = Routes(tag="Payments")

MAX_UPLOAD = 5_000_000
_PATH = {"bank_entry_id": public_id("bnk", "bank_entry_not_found", "The entry of the bank.")}


class BankFileBody(Body):
    """A bank's file."""

    name = fields.Text(max_length=200, required=True, example="2031-03-04.xml")
    content = fields.Text(
        max_length=4_900_000,
        pattern="[A-Za-z0-9+/]+={0,2}",
        expected="must be base64",
        required=True,
        doc="The file's bytes in base64; larger files are imported with the command.",
    )
    encoding = fields.Choice(ENCODINGS, doc="Of an MT940 file that is not UTF-8.")


class ImportAnswer(AnswerSchema):
    """What importing came to; `again`: these very bytes were taken before."""

    kind = fields.Choice(("camt.053", "mt940"), required=True)
    sha256 = fields.Text(max_length=64, pattern="[0-9a-f]{64}", required=True)
    entries = fields.WholeNumber(min=0, required=True)
    new_entries = fields.WholeNumber(min=0, required=True)
    matched = fields.WholeNumber(min=0, required=True)
    unmatched = fields.WholeNumber(min=0, required=True, doc="Entries that wait for a person.")
    again = fields.Flag(required=True)


class BankEntryAnswer(AnswerSchema):
    """An entry of the clearing house's account; the amount is above zero for money that came in."""

    id = fields.PublicId("bnk", required=True)
    account = fields.Text(max_length=34, required=True)
    booked_on = fields.DateOnly(required=True)
    value_on = fields.DateOnly(required=True)
    amount = fields.MoneyField(signed=True, required=True)
    counterparty_name = fields.Text(min_length=0, max_length=140, required=True)
    counterparty_iban = fields.Text(min_length=0, max_length=34, required=True)
    end_to_end = fields.Text(min_length=0, max_length=100, required=True)
    details = fields.Text(min_length=0, max_length=1000, required=True)
    references = fields.ListOf(fields.Text(max_length=25), required=True)
    party = fields.Text(max_length=40, required=True, allow_none=True)
    matched = fields.Choice(
        ("reference", "amount", "person", "aside"), required=True, allow_none=True
    )
    reason = fields.Text(max_length=500, required=True, allow_none=True)
    on_account = fields.MoneyField(required=True)


class MatchBody(Body):
    """Where an entry belongs. Without a party it is set aside: it pays nothing of the coalition."""

    party = fields.Text(max_length=40, pattern="[a-z0-9][a-z0-9-]{0,39}", doc="The party's slug.")
    payments = fields.ListOf(
        fields.PublicId("pay"),
        max_items=200,
        unique=True,
        doc="What it pays, in this order; the rest is on the party's account.",
    )
    reason = fields.Text(max_length=500, required=True)


@routes.endpoint(
    "POST",
    "/v1/bank-files",
    summary="Import a bank's file",
    description=(
        "camt.053.001.02 or .08, or MT940, of one of the clearing house's accounts. A file twice, "
        "or one that overlaps another, changes nothing that is there."
    ),
    caller="operator",
    body=BankFileBody,
    answer=ImportAnswer,
    max_body=MAX_UPLOAD,
    problems=(
        "bank_file_invalid",
        "bank_file_account_unknown",
        "bank_entry_conflict",
        "wrong_currency",
    ),
)
def import_bank_file(context: RequestContext) -> Answer:
    """All of it or nothing."""
    try:
        content = base64.b64decode(context.body["content"], validate=True)
    except binascii.Error:
        raise validation_failed((FieldError("/content", "must be base64"),)) from None
    done = import_file(
        connection=context.connection,
        name=context.body["name"],
        content=content,
        encoding=context.body.get("encoding", "utf-8"),
        person=operator_of(context).person,
        now=context.wall_now,
        new_id=context.new_id,
    )
    return Answer(
        {
            "kind": done.file.kind,
            "sha256": done.file.sha256.hex(),
            "entries": done.file.entries,
            "new_entries": 0 if done.again else done.file.new_entries,
            "matched": done.matched,
            "unmatched": done.unmatched,
            "again": done.again,
        }
    )


@routes.endpoint(
    "GET",
    "/v1/bank-entries",
    summary="List entries of the bank that nobody could match, the oldest first",
    caller="operator",
    answer=BankEntryAnswer,
    paged=True,
)
def list_unmatched(context: RequestContext) -> Answer:
    """For a person to look at."""
    page = context.page
    after = None
    if page.after is not None:
        after = (date.fromisoformat(str(page.after[0])), ids.decode("bnk", str(page.after[1])))
    found = read_unmatched(connection=context.connection, after=after, limit=page.limit + 1)
    return Answer(
        context.paged(
            found,
            key=lambda each: (
                each.booked.booked_on.isoformat(),
                ids.encode("bnk", each.booked.entry_id),
            ),
            render=lambda each: entry_document(entry=each, party=None),
        )
    )


@routes.endpoint(
    "POST",
    "/v1/bank-entries/{bank_entry_id}/match",
    summary="Match an entry of the bank by hand",
    description="On payments of a party, or on its account; or set it aside. With a reason.",
    caller="operator",
    body=MatchBody,
    answer=BankEntryAnswer,
    path_types=_PATH,
    problems=(
        "bank_entry_not_found",
        "bank_entry_matched",
        "payment_not_found",
        "partner_not_found",
        "match_impossible",
    ),
)
def match_bank_entry(context: RequestContext, *, bank_entry_id: UUID) -> Answer:
    """Once: what a person said stays."""
    person, body = operator_of(context).person, context.body
    slug = body.get("party")
    if slug is None:
        if body.get("payments"):
            raise validation_failed(
                (FieldError("/party", "is needed for the payments that are named"),)
            )
        stored = matching.set_aside(
            connection=context.connection,
            entry_id=bank_entry_id,
            reason=body["reason"],
            person=person,
            now=context.wall_now,
        )
        return Answer(_entry(context, stored))
    party = context.snapshot.party_by_slug.get(slug)
    if party is None or party.kind == "clearing":
        raise HubError("partner_not_found", f"There is no party {slug} that pays.")
    stored = matching.match_manually(
        connection=context.connection,
        entry_id=bank_entry_id,
        party_no=party.no,
        item_ids=body.get("payments", []),
        reason=body["reason"],
        person=person,
        now=context.wall_now,
    )
    return Answer(_entry(context, stored))


def _entry(context: RequestContext, stored: StoredEntry) -> dict[str, object]:
    party = None
    if stored.party_no is not None:
        party = context.snapshot.parties[stored.party_no].slug
    return entry_document(entry=stored, party=party)
