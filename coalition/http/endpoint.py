"""Declaring endpoints: what each takes and answers, who may call it, and its unit of work.

The declaration is the one source for serving (`coalition.http.edge`) and for the published
description (`coalition.http.openapi`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from marshmallow import Schema

from coalition.http.context import Answer, Caller, Pieces, RequestContext
from coalition.http.hub import Hub
from coalition.http.paths import BY_NAME, PathType, variables
from coalition.partners.domain import Action
from partner_sdk.wire.problems import PROBLEMS

__all__ = ["Answer", "Caller", "Endpoint", "Pieces", "RequestContext", "Routes"]

MAX_BODY = 256 * 1024
MAX_BATCH_BODY = 2 * 1024 * 1024
JSON = "application/json"

Method = Literal["GET", "POST", "PUT", "DELETE"]
Who = Literal["partner", "operator", "either", "public"]
Mode = Literal["read", "write", "own", "raw"]
Handler = Callable[..., Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation of the API, as declared."""

    method: Method
    path: str
    operation_id: str
    handler: Handler
    tag: str
    summary: str
    description: str
    caller: Who
    mode: Mode
    body: type[Schema] | None
    query: type[Schema] | None
    answer: type[Schema] | None
    status: int
    also_statuses: tuple[int, ...]
    problems: tuple[str, ...]
    parse: Callable[[bytes], Any] | None
    paged: bool
    sensitive: bool
    permission: Action
    path_types: Mapping[str, PathType]
    max_body: int
    answer_type: str

    @property
    def takes_body(self) -> bool:
        """Whether requests have a body of their own."""
        return self.body is not None or self.parse is not None

    @property
    def needs_idempotency_key(self) -> bool:
        """Whether callers must send an Idempotency-Key."""
        return self.method == "POST" and self.mode == "write"


@dataclass(slots=True)
class Routes:
    """The endpoints of one noun; `tag` groups them in the reference.

    `readied` is what a worker does for them before it takes traffic.
    """

    tag: str
    endpoints: list[Endpoint] = field(default_factory=list)
    readied: list[Callable[[Hub], None]] = field(default_factory=list)

    def before_traffic(self, make_ready: Callable[[Hub], None]) -> Callable[[Hub], None]:
        """Have the decorated function run once in each worker, before its first request."""
        self.readied.append(make_ready)
        return make_ready

    def endpoint(
        self,
        method: Method,
        path: str,
        *,
        summary: str,
        caller: Who = "partner",
        body: type[Schema] | None = None,
        query: type[Schema] | None = None,
        answer: type[Schema] | None = None,
        status: int = 200,
        also_statuses: tuple[int, ...] = (),
        problems: tuple[str, ...] = (),
        mode: Mode | None = None,
        parse: Callable[[bytes], Any] | None = None,
        paged: bool = False,
        sensitive: bool = False,
        permission: Action = Action.API,
        path_types: Mapping[str, PathType] | None = None,
        max_body: int = MAX_BODY,
        answer_type: str = JSON,
        description: str = "",
    ) -> Callable[[Handler], Handler]:
        """Declare the decorated function as the handler of one operation.

        `mode` is `read` (autocommit, for GET), `write` (one transaction, committed by the edge;
        a POST then needs an Idempotency-Key), `own` (no connection: the service has a unit of
        work of its own and writes `context.evidence` itself) or `raw` (the handler is given the
        hub and the request as it came: `coalition.http.raw`).
        """
        known = {**BY_NAME, **(path_types or {})}
        types = {name: known[name] for name in variables(path)}
        if unknown := [code for code in problems if code not in PROBLEMS]:
            raise ValueError(f"{method} {path}: unknown problem codes {unknown}")

        def declare(handler: Handler) -> Handler:
            self.endpoints.append(
                Endpoint(
                    method=method,
                    path=path,
                    operation_id=handler.__name__,
                    handler=handler,
                    tag=self.tag,
                    summary=summary,
                    description=description,
                    caller=caller,
                    mode=mode or ("read" if method == "GET" else "write"),
                    body=body,
                    query=query,
                    answer=answer,
                    status=status,
                    also_statuses=also_statuses,
                    problems=problems,
                    parse=parse,
                    paged=paged,
                    sensitive=sensitive,
                    permission=permission,
                    path_types=types,
                    max_body=max_body,
                    answer_type=answer_type,
                )
            )
            return handler

        return declare
