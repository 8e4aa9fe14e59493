"""Routes of releases: the operator's people propose, look, approve and pay."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from coalition.errors import FieldError, HubError
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.paths import PathType, public_id
from coalition.http.schemas import AnswerSchema, Body, validation_failed
from partner_sdk.wire import ids
from partner_sdk.wire.instants import format_instant
from settlement import hub
from settlement.release import service
from settlement.release.domain import STATES, Release
from settlement.release.store import read_releases

routes = Routes(tag="Releases")

_PATH: dict[str, PathType] = {"release_id": public_id("rel", "release_not_found", "The release.")}
_SHA256 = "[0-9a-f]{64}"
_WINDOW = "win_[0-9]{8}"


class ReleaseBody(Body):
    """The window to release."""

    window = fields.Text(max_length=12, pattern=_WINDOW, required=True, example="win_20310303")


class ApprovalBody(Body):
    """What is approved: the hash of the release's document."""

    sha256 = fields.Text(
        max_length=64,
        pattern=_SHA256,
        expected="must be 64 lower-case hex digits",
        required=True,
        doc="SHA-256 of the document as read.",
    )


class WithdrawalBody(Body):
    """Why a proposal is taken back."""

    reason = fields.Text(max_length=500, required=True)


class ReleaseAnswer(AnswerSchema):
    """A release. `changed`: where what was proposed is not what would be released now."""

    id = fields.PublicId("rel", required=True)
    window = fields.Text(max_length=12, pattern=_WINDOW, required=True)
    state = fields.Choice(STATES, required=True)
    sha256 = fields.Text(max_length=64, pattern=_SHA256, required=True)
    maker = fields.Text(max_length=40, required=True)
    proposed_at = fields.Instant(required=True)
    approver = fields.Text(max_length=40, required=True, allow_none=True)
    decided_at = fields.Instant(required=True, allow_none=True)
    reason = fields.Text(max_length=600, required=True, allow_none=True)
    changed = fields.Text(max_length=300, required=True, allow_none=True)


def operator_of(context: RequestContext) -> hub.OperatorFacts:
    """Who of the operator's people asks."""
    person = context.caller.person
    if person is None:
        raise HubError("forbidden", "The key names nobody.")
    return hub.OperatorFacts(person=person, key_id=context.caller.key_id)


@routes.endpoint(
    "POST",
    "/v1/releases",
    summary="Propose to release a window",
    description=(
        "Fixes what would be released: every statement's hash, the positions, the transfers. "
        "Another person approves it."
    ),
    caller="operator",
    body=ReleaseBody,
    answer=ReleaseAnswer,
    status=201,
    problems=("window_not_issued", "release_exists"),
)
def propose_release(context: RequestContext) -> Answer:
    """The caller is its maker."""
    try:
        business_date = ids.decode_window(context.body["window"])
    except ids.InvalidId:
        raise validation_failed(
            (FieldError("/window", "must name a date of the calendar"),)
        ) from None
    found = service.propose(
        connection=context.connection,
        business_date=business_date,
        operator=operator_of(context),
        now=context.wall_now,
        new_id=context.new_id,
    )
    return Answer(_document(found))


@routes.endpoint(
    "GET",
    "/v1/releases",
    summary="List releases, the newest window first",
    caller="operator",
    answer=ReleaseAnswer,
    paged=True,
)
def list_releases(context: RequestContext) -> Answer:
    """All of them; whether a proposal still stands is told of each alone."""
    page = context.page
    found = read_releases(
        connection=context.connection,
        after=None if page.after is None else _key_read(page.after),
        limit=page.limit + 1,
    )
    return Answer(context.paged(found, key=_key, render=_document))


@routes.endpoint(
    "GET",
    "/v1/releases/{release_id}",
    summary="Get a release",
    caller="operator",
    answer=ReleaseAnswer,
    path_types=_PATH,
    problems=("release_not_found",),
)
def get_release(context: RequestContext, *, release_id: UUID) -> Answer:
    """With what has changed since it was proposed."""
    found = service.get(connection=context.connection, release_id=release_id)
    changed = service.what_changed(connection=context.connection, found=found)
    return Answer(_document(found, changed))


@routes.endpoint(
    "GET",
    "/v1/releases/{release_id}/document",
    summary="Get what a release releases",
    description="The exact bytes of which an approval names the SHA-256.",
    caller="operator",
    path_types=_PATH,
    problems=("release_not_found",),
)
def get_release_document(context: RequestContext, *, release_id: UUID) -> Answer:
    """Canonical JSON."""
    return Answer(service.get(connection=context.connection, release_id=release_id).document)


@routes.endpoint(
    "POST",
    "/v1/releases/{release_id}/approve",
    summary="Approve a release",
    description=(
        "By another person than its maker, and by its hash. If anything has changed since it was "
        "proposed, the answer's state is void, and nothing is released."
    ),
    caller="operator",
    body=ApprovalBody,
    answer=ReleaseAnswer,
    path_types=_PATH,
    problems=(
        "release_not_found",
        "release_not_open",
        "release_needs_another_person",
        "release_hash_differs",
        "cosignatures_missing",
        "window_not_issued",
    ),
)
def approve_release(context: RequestContext, *, release_id: UUID) -> Answer:
    """The window is released by it."""
    found = service.approve(
        connection=context.connection,
        release_id=release_id,
        sha256=context.body["sha256"],
        operator=operator_of(context),
        now=context.wall_now,
        new_id=context.new_id,
    )
    return Answer(_document(found))


@routes.endpoint(
    "POST",
    "/v1/releases/{release_id}/withdraw",
    summary="Withdraw a release",
    caller="operator",
    body=WithdrawalBody,
    answer=ReleaseAnswer,
    path_types=_PATH,
    problems=("release_not_found", "release_not_open"),
)
def withdraw_release(context: RequestContext, *, release_id: UUID) -> Answer:
    """Before it is approved; then the window can be proposed again."""
    found = service.withdraw(
        connection=context.connection,
        release_id=release_id,
        reason=context.body["reason"],
        operator=operator_of(context),
        now=context.wall_now,
    )
    return Answer(_document(found))


@routes.endpoint(
    "POST",
    "/v1/releases/{release_id}/payment-file",
    summary="Write a release's payment file",
    description=(
        "What the bank is told to pay, as ISO 20022 pain.001.001.09. It is written once; whoever "
        "asks again gets the same bytes."
    ),
    caller="operator",
    answer_type="application/xml",
    path_types=_PATH,
    problems=("release_not_found", "release_not_approved", "nothing_to_pay"),
)
def write_release_payment_file(context: RequestContext, *, release_id: UUID) -> Answer:
    """For the bank, as it is."""
    file = service.payment_file(
        connection=context.connection,
        release_id=release_id,
        operator=operator_of(context),
        now=context.wall_now,
    )
    disposition = f'attachment; filename="{file.message_id}.xml"'
    return Answer(file.content, headers={"Content-Disposition": disposition})


def _document(found: Release, changed: str | None = None) -> dict[str, Any]:
    return {
        "id": found.public_id,
        "window": ids.encode_window(found.business_date),
        "state": found.state,
        "sha256": found.sha256.hex(),
        "maker": found.maker,
        "proposed_at": format_instant(found.proposed_at),
        "approver": found.approver,
        "decided_at": None if found.decided_at is None else format_instant(found.decided_at),
        "reason": found.reason,
        "changed": changed,
    }


def _key(found: Release) -> tuple[str | int, ...]:
    return (found.business_date.isoformat(), found.public_id)


def _key_read(key: tuple[str | int, ...]) -> tuple[date, UUID]:
    return date.fromisoformat(str(key[0])), ids.decode("rel", str(key[1]))
