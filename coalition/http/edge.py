"""Serving one endpoint: who asks, what for, in which unit of work; answer or problem.

Only here is anything committed. A POST is guarded by its Idempotency-Key: the key's advisory lock
is taken without waiting, the saved answer is looked for, and answer, evidence and business rows
are written in one transaction. What is refused changed nothing and saves nothing but its nonce: the
same request may be sent again, signed anew, while whoever captured the refused one cannot try it
until it succeeds. A signed PUT or DELETE is guarded by its nonce in the same way: replayed, it gets
its first answer and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from flask import Flask, Request, Response, request
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from coalition.db.faults import RETRY_STATES, sqlstate
from coalition.db.transactions import Conflict
from coalition.directory import Snapshot
from coalition.errors import HubError, StaleDirectory
from coalition.http import store
from coalition.http.authentication import authenticate
from coalition.http.context import Caller, RequestContext
from coalition.http.endpoint import Endpoint, Routes
from coalition.http.hub import Hub
from coalition.http.once import CurrentRefusal, once
from coalition.http.paging import bind, read_page
from coalition.http.paths import flask_rule, read_path
from coalition.http.raw import RawEdge
from coalition.http.reading import (
    Incoming,
    read_body,
    read_idempotency_key,
    read_query,
    receive,
)
from coalition.http.responses import respond
from coalition.http.scope import PARTY, REQUEST_ID, ROUTE
from coalition.partners.domain import check_allowed
from partner_sdk.wire.problems import PROBLEMS
from partner_sdk.wire.signing import VerifiedSignature

MAX_ATTEMPTS = 5
ENDPOINTS = "coalition.endpoints"
READIED = "coalition.readied"
_EVIDENCE_HEADERS = ("content-digest", "idempotency-key", "signature", "signature-input")


def mount(*, app: Flask, hub: Hub, routes: Routes) -> None:
    """Serve the endpoints of a noun, and have them described."""
    app.extensions.setdefault(READIED, []).extend(routes.readied)
    declared: list[Endpoint] = app.extensions.setdefault(ENDPOINTS, [])
    for endpoint in routes.endpoints:
        if any(endpoint.operation_id == each.operation_id for each in declared):
            raise ValueError(f"two operations are called {endpoint.operation_id}")
        declared.append(endpoint)
        app.add_url_rule(
            flask_rule(endpoint.path),
            endpoint=endpoint.operation_id,
            view_func=RawEdge(hub, endpoint) if endpoint.mode == "raw" else Edge(hub, endpoint),
            methods=[endpoint.method],
            provide_automatic_options=False,
        )


@dataclass(slots=True)
class _Used:
    """The signature that a request came with, once it was found to be good."""

    party_no: int = 0
    nonce: str = ""


class Edge:
    """The view of one endpoint."""

    def __init__(self, hub: Hub, endpoint: Endpoint) -> None:
        self.__name__ = endpoint.operation_id
        self._hub = hub
        self._endpoint = endpoint
        self._max_body = min(endpoint.max_body, hub.config.max_body_bytes)
        self._body = endpoint.body() if endpoint.body and endpoint.parse is None else None
        self._query = endpoint.query() if endpoint.query else None
        database = hub.database
        self._unit: Callable[[], AbstractContextManager[Connection]] = (
            database.autocommit if endpoint.mode == "read" else database.transaction
        )

    def __call__(self, **path: str) -> Response:
        """Answer one request. Refusals are raised; the application turns them into problems.

        A refusal stands only if the directory that it was computed from is the newest: a partner
        that has just gone live is not told by another worker that it has not.
        """
        # The request itself: each look through Flask's proxy costs more than what it finds.
        present: Request = request._get_current_object()  # type: ignore[attr-defined]  # werkzeug's own
        present.environ[ROUTE] = self._endpoint.path
        incoming = receive(present, max_body=self._max_body)
        used = _Used()
        try:
            return self._attempts(incoming, path, used)
        except HubError as refusal:
            self._remember(used, refusal)
            raise

    def _attempts(self, incoming: Incoming, path: dict[str, str], used: _Used) -> Response:
        hub = self._hub
        snapshot = hub.snapshot()
        for _ in range(MAX_ATTEMPTS - 1):
            try:
                return self._attempt(incoming, snapshot, path, used)
            except CurrentRefusal as current:
                raise current.refusal from None
            except (Conflict, StaleDirectory):
                snapshot = hub.fresh_snapshot()
            except HubError as refusal:
                newest = hub.recheck(snapshot, anonymous=PROBLEMS[refusal.code].status == 401)
                if newest is snapshot:
                    raise
                snapshot = newest
            except SQLAlchemyError as error:
                if sqlstate(error) not in RETRY_STATES:
                    raise
        try:
            return self._attempt(incoming, snapshot, path, used)
        except CurrentRefusal as current:
            raise current.refusal from None
        except Conflict:
            raise HubError("conflict_retry", "Others change the same thing just now.") from None

    def _remember(self, used: _Used, refusal: HubError) -> None:
        """Let the signature of a refused request be good for nothing more.

        While the first with a key still runs, its nonce may be that of the second: it is left.
        """
        if self._endpoint.mode != "write" or not used.nonce:
            return
        if refusal.code in ("idempotency_in_progress", "request_replayed"):
            return
        with self._hub.database.autocommit() as connection:
            store.remember_refused(
                connection=connection,
                party_no=used.party_no,
                nonce=used.nonce,
                refused_at=self._hub.clocks.wall(),
            )

    def _attempt(
        self, incoming: Incoming, snapshot: Snapshot, path: dict[str, str], used: _Used
    ) -> Response:
        endpoint, hub = self._endpoint, self._hub
        wall_now = hub.clocks.wall()
        caller, signature = None, None
        if endpoint.caller != "public":
            caller, signature = authenticate(
                snapshot=snapshot,
                method=incoming.method,
                url=incoming.url,
                headers=incoming.headers,
                body=incoming.body,
                wall_now=wall_now,
            )
            if signature is not None:
                used.party_no, used.nonce = caller.party_no, signature.nonce
            self._admit(incoming, caller)
        values = read_path(endpoint.path_types, path) if path else {}
        texts, query = read_query(endpoint, self._query, incoming.request)
        context = RequestContext(
            hub=hub,
            snapshot=snapshot,
            now=hub.clocks.business(snapshot),
            wall_now=wall_now,
            request_id=incoming.request.environ[REQUEST_ID],
            _caller=caller,
            body=read_body(
                endpoint,
                self._body,
                body=incoming.body,
                content_type=incoming.request.content_type,
                content_encoding=incoming.headers.get("content-encoding", ""),
            ),
            query=query,
        )
        if endpoint.paged:
            party_no = 0 if caller is None else caller.party_no
            binding = bind(
                operation=endpoint.operation_id,
                path=incoming.path,
                query=texts,
                party_no=party_no,
            )
            context._page = read_page(query=texts, key=hub.key("cursors"), binding=binding)
        if endpoint.needs_idempotency_key:
            context.idempotency_key = read_idempotency_key(incoming.headers)
        if signature is not None and caller is not None and endpoint.mode != "read":
            context.evidence = _evidence(incoming, context, caller)
        return self._work(incoming, context, signature, values)

    def _admit(self, incoming: Incoming, caller: Caller) -> None:
        incoming.request.environ[PARTY] = caller.party.slug
        who = self._endpoint.caller
        if who != "either" and who != caller.kind:
            raise HubError("forbidden", f"This call is for the {who} only.")
        if not caller.is_operator:
            check_allowed(party=caller.party, action=self._endpoint.permission)

    def _work(
        self,
        incoming: Incoming,
        context: RequestContext,
        signature: VerifiedSignature | None,
        values: dict[str, Any],
    ) -> Response:
        endpoint = self._endpoint
        if endpoint.mode == "own":
            return respond(endpoint.handler(context, **values), endpoint)
        with self._unit() as connection:
            context._connection = connection
            if endpoint.mode == "read":
                return respond(endpoint.handler(context, **values), endpoint)
            key = context.idempotency_key
            if key is None and signature is not None:
                key = store.key_of_nonce(signature.nonce)
            if key is None:
                return respond(endpoint.handler(context, **values), endpoint)
            nonce = "" if signature is None else signature.nonce
            return once(
                endpoint=endpoint,
                incoming=incoming,
                context=context,
                key=key,
                nonce=nonce,
                handler=lambda: endpoint.handler(context, **values),
            )


def _evidence(incoming: Incoming, context: RequestContext, caller: Caller) -> dict[str, Any]:
    headers = {
        name: incoming.headers[name] for name in _EVIDENCE_HEADERS if name in incoming.headers
    }
    return {
        "received_at": context.wall_now,
        "request_id": context.request_id,
        "party_no": caller.party_no,
        "key_id": caller.key_id,
        "method": incoming.method,
        "target": incoming.url,
        "headers": headers,
        "body": incoming.body,
    }
