"""Serving what does not speak the hub's own language: bytes in, bytes out, no caller, no JSON.

Nothing here goes to the database: the handler decides when, and for how long it waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Request, Response, request

from coalition.http.context import Answer
from coalition.http.endpoint import Endpoint
from coalition.http.hub import Hub
from coalition.http.paths import read_path
from coalition.http.reading import receive
from coalition.http.scope import ROUTE


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it came; `url` is the address that was called, as far as the server knows."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = field(repr=False)


class RawEdge:
    """The view of one endpoint."""

    def __init__(self, hub: Hub, endpoint: Endpoint) -> None:
        self.__name__ = endpoint.operation_id
        self._hub = hub
        self._endpoint = endpoint

    def __call__(self, **path: str) -> Response:
        """Answer one request. Refusals are raised; the application turns them into problems."""
        present: Request = request._get_current_object()  # type: ignore[attr-defined]  # werkzeug's own
        present.environ[ROUTE] = self._endpoint.path
        incoming = receive(present, max_body=self._endpoint.max_body)
        headers = dict(incoming.headers)
        if present.content_type:
            headers["content-type"] = present.content_type
        answer: Answer = self._endpoint.handler(
            self._hub,
            RawRequest(
                method=incoming.method,
                url=incoming.url,
                headers=headers,
                query=present.args.to_dict(),
                body=incoming.body,
            ),
            **read_path(self._endpoint.path_types, path),
        )
        response = Response(answer.document, status=answer.status)
        if not any(name.lower() == "content-type" for name in answer.headers):
            del response.headers["Content-Type"]
        for name, value in answer.headers.items():
            response.headers[name] = value
        return response
