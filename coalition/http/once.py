"""Doing what a request asks for once for each key; a repetition gets the first one's answer."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta

from flask import Response

from coalition.db.transactions import Conflict
from coalition.errors import HubError, StaleDirectory
from coalition.http import store
from coalition.http.context import Answer, RequestContext
from coalition.http.endpoint import Endpoint
from coalition.http.hub import Hub
from coalition.http.reading import Incoming
from coalition.http.responses import respond, respond_again
from coalition.sealing import place, seal, unseal

_SEALED_KEY = "saved answers"


class CurrentRefusal(Exception):  # noqa: N818 - it carries one
    """A refusal by a handler whose transaction had just proven the directory to be the newest."""

    def __init__(self, refusal: HubError) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def once(
    *,
    endpoint: Endpoint,
    incoming: Incoming,
    context: RequestContext,
    key: str,
    nonce: str,
    handler: Callable[[], Answer],
) -> Response:
    """Run the handler unless its answer is known already. `nonce` is the signature's, if any.

    Raises:
        StaleDirectory: another directory holds by now.
        Conflict: the first with the key ended while this one ran.
        CurrentRefusal: the handler refused.
        HubError: `idempotency_in_progress`, `idempotency_key_reused`, `request_replayed`,
            `idempotency_answer_gone`.
    """
    hub, connection, party_no = context.hub, context.connection, context.caller.party_no
    lock = int.from_bytes(
        hashlib.sha256(b"%d:%s" % (party_no, key.encode())).digest()[:8], "big", signed=True
    )
    guarded = store.guard(connection=connection, lock=lock, party_no=party_no, key=key, nonce=nonce)
    if not guarded.free:
        raise HubError("idempotency_in_progress", "The first request with this key still runs.")
    if guarded.version != context.snapshot.version:
        raise StaleDirectory
    # Keyed: whoever steals the table cannot try which phone number a body held.
    digest = hmac.digest(
        hub.key("idempotency"),
        f"{incoming.method} {incoming.path}\n".encode() + incoming.body,
        "sha256",
    )
    at = place(table="idempotency", row=f"{party_no}/{key}", column="answer")
    if guarded.saved is not None:
        return _again(guarded.saved, endpoint=endpoint, digest=digest, hub=hub, at=at)
    if guarded.refused:
        raise HubError("request_replayed", "It was refused: sign it again with a new nonce.")
    try:
        response = respond(handler(), endpoint)
    except StaleDirectory:
        raise
    except HubError as refusal:
        # The first with the key may have ended after the guard looked and before it held the lock,
        # and this be refused for what that did: all of it anew. Had this one not been refused, it
        # would find the key taken at its end, and come to the same.
        if store.is_answered(connection=connection, party_no=party_no, key=key):
            raise Conflict from refusal
        raise CurrentRefusal(refusal) from refusal
    answer = bytes(response.get_data())
    if endpoint.sensitive:
        answer = seal(
            key=hub.key(_SEALED_KEY),
            secret=answer,
            at=at,
            nonce=hub.random(12),
        )
    days = timedelta(days=hub.config.answer_days)
    store.save_answer(
        connection=connection,
        party_no=party_no,
        key=key,
        answer=store.SavedAnswer(digest, response.status_code, answer),
        recorded_at=context.wall_now,
        kept_until=context.wall_now + (days if context.idempotency_key else store.SIGNATURE_LASTS),
        evidence=context.evidence,
    )
    return response


def _again(
    saved: store.SavedAnswer, *, endpoint: Endpoint, digest: bytes, hub: Hub, at: bytes
) -> Response:
    if saved.answer is None:
        raise HubError(
            "idempotency_answer_gone", "What this key did is done; its answer is not kept."
        )
    if saved.request_hmac != digest:
        raise HubError("idempotency_key_reused", "This Idempotency-Key came with another request.")
    body = saved.answer
    if endpoint.sensitive:
        body = unseal(key=hub.key(_SEALED_KEY), sealed=body, at=at)
    return respond_again(body, status=saved.status, endpoint=endpoint)
