"""Routes of the public log: its state, its tiles as static files, and cosignatures of witnesses."""

from __future__ import annotations

import base64
import binascii
import re

from flask import Flask, Response, send_file

from coalition.errors import HubError
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.hub import Hub
from coalition.http.schemas import AnswerSchema, Body
from partner_sdk.wire import ids
from partner_sdk.wire.tlog.checkpoints import cosigner_key
from partner_sdk.wire.tlog.notes import encode_base64
from settlement.log import service
from settlement.log.service import Conflict, InvalidCosignature, Log, WitnessKey

routes = Routes(tag="Log")

_TILE = re.compile(
    r"(?:entries|[0-9]|[1-5][0-9]|6[0-3])/(?:x[0-9]{3}/){0,6}[0-9]{3}"
    r"(?:\.p/(?:[1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?",
    re.ASCII,
)
_FOR_EVER = "public, max-age=31536000, immutable"
_VKEY = r"[!-~]{1,400}"


class WitnessAnswer(AnswerSchema):
    """A partner's key that may cosign, as C2SP spells verifier keys."""

    party = fields.Text(max_length=40, required=True)
    key = fields.Text(max_length=400, pattern=_VKEY, required=True)


class LogAnswer(AnswerSchema):
    """The log: its key, how far it is published, and who may cosign it."""

    origin = fields.Text(max_length=200, required=True)
    key = fields.Text(max_length=400, pattern=_VKEY, required=True)
    next_key = fields.Text(
        max_length=400,
        pattern=_VKEY,
        required=True,
        allow_none=True,
        doc="The key that signs beside it, while it is being replaced.",
    )
    handover = fields.Text(
        max_length=8192,
        pattern="[A-Za-z0-9+/]+={0,2}",
        required=True,
        allow_none=True,
        doc="The note (base64) in which the key before named the newest one; both signed it.",
    )
    size = fields.WholeNumber(min=0, required=True)
    cosignatures_needed = fields.WholeNumber(min=0, required=True)
    witnesses = fields.ListOf(fields.Nested(WitnessAnswer), max_items=10_000, required=True)


class CosignatureBody(Body):
    """A checkpoint of the log with the caller's cosignature, in base64."""

    checkpoint = fields.Text(max_length=8192, pattern="[A-Za-z0-9+/]+={0,2}", required=True)


class CosignatureAnswer(AnswerSchema):
    """The size of the checkpoint that was cosigned."""

    size = fields.WholeNumber(min=1, required=True)


@routes.endpoint(
    "GET",
    "/v1/log",
    answer=LogAnswer,
    caller="either",
    summary="Describe the public log",
    description="What to pin, and who may cosign. Trust a key that you got otherwise, not this.",
    problems=("not_found",),
)
def get_log(context: RequestContext) -> Answer:
    """The log of statements."""
    log = _log(context)
    report = service.report(connection=context.connection)
    witnesses = [
        {
            "party": context.snapshot.parties[key.party_no].slug,
            "key": cosigner_key(
                origin=log.origin,
                key_id=ids.encode("key", key.key_id),
                public_key=key.public_key,
            ).to_text(),
        }
        for key in context.snapshot.keys.values()
        if key.public_key is not None and key.revoked_at is None
    ]
    return Answer(
        {
            "origin": log.origin,
            "key": log.key.to_text(),
            "next_key": None if log.next_key is None else log.next_key.to_text(),
            "handover": None if log.handover is None else encode_base64(log.handover),
            "size": 0 if report is None else report.published_size,
            "cosignatures_needed": log.cosignatures_needed,
            "witnesses": sorted(witnesses, key=lambda each: each["key"]),
        }
    )


@routes.endpoint(
    "GET",
    "/log/checkpoint",
    caller="public",
    mode="read",
    answer_type="text/plain; charset=utf-8",
    summary="Fetch the newest checkpoint of the log",
    description="A signed note (C2SP tlog-checkpoint) with the cosignatures of witnesses.",
    problems=("not_found",),
)
def get_checkpoint(context: RequestContext) -> Answer:
    """The newest published checkpoint."""
    note = service.read_checkpoint(connection=context.connection, log=_log(context))
    if note is None:
        raise HubError("not_found", "The log has no checkpoint yet.")
    return Answer(note, headers={"Cache-Control": "no-cache"})


@routes.endpoint(
    "POST",
    "/v1/log/cosignatures",
    body=CosignatureBody,
    answer=CosignatureAnswer,
    mode="own",
    summary="Cosign a checkpoint of the log",
    description=(
        "A checkpoint that the log's key signed and that the log does not lead to is kept as "
        "evidence, and refused with `log_conflict`."
    ),
    problems=("cosignature_invalid", "log_conflict", "not_found"),
)
def post_cosignature(context: RequestContext) -> Answer:
    """Keep a witness's cosignature."""
    try:
        content = base64.b64decode(context.body["checkpoint"], validate=True)
    except binascii.Error:
        raise HubError("cosignature_invalid", "The checkpoint is not base64.") from None
    caller, snapshot = context.caller, context.hub.fresh_snapshot()
    keys = [
        WitnessKey(key.key_id, key.public_key)
        for key in snapshot.keys.values()
        if key.party_no == caller.party_no and key.public_key and key.revoked_at is None
    ]
    with context.database.transaction() as connection:
        log = service.read_log(connection=connection, name=service.STATEMENTS)
        if log is None:
            raise HubError("not_found", "The log has not begun.")
        try:
            found = service.submit(
                connection=connection,
                log=log,
                content=content,
                party_no=caller.party_no,
                keys=keys,
                now=context.wall_now,
            )
        except InvalidCosignature as error:
            raise HubError("cosignature_invalid", f"The note is {error}.") from None
    if isinstance(found, Conflict):
        # Kept by now; the answer must not undo that.
        raise HubError(
            "log_conflict",
            f"The records of this hub do not lead to that checkpoint of {found.size} records.",
        )
    return Answer({"size": found.size})


def register_tiles(*, app: Flask, hub: Hub) -> None:
    """Serve the tiles below `/log/tile/`, as C2SP tlog-tiles says."""

    @app.get("/log/tile/<path:name>", provide_automatic_options=False)
    def get_tile(name: str) -> Response:
        if _TILE.fullmatch(name) is None:
            raise HubError("not_found", "That is not the name of a tile.")
        with hub.database.autocommit() as connection:
            log = service.read_log(connection=connection, name=service.STATEMENTS)
        if log is None:
            raise HubError("not_found", "The log has not begun.")
        path = hub.config.data_folder / "log" / log.folder_name / "tile" / name
        if not path.is_file():
            raise HubError("not_found", "There is no such tile; a full one replaces narrower ones.")
        response = send_file(path.resolve(), mimetype="application/octet-stream")
        response.headers["Cache-Control"] = _FOR_EVER
        return response


def _log(context: RequestContext) -> Log:
    log = service.read_log(connection=context.connection, name=service.STATEMENTS)
    if log is None:
        raise HubError("not_found", "The log has not begun: it does with the first night.")
    return log


__all__ = ["register_tiles", "routes"]
