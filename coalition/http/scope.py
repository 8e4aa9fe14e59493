"""Around every request, below Flask: its id, its headers, its line in the log, its count.

It runs on every call of a till, so it appends to what goes out rather than build it again, and
writes the log's line in one go (no value in it needs masking: nothing of bodies or headers).
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from coalition import metrics
from coalition.http.hub import Hub
from coalition.http.strict_json import dump
from coalition.logging import bind_request, clear_request, logger
from partner_sdk.wire import ids
from partner_sdk.wire.instants import format_instant

REQUEST_ID = "coalition.request_id"
PUBLIC_REQUEST_ID = "coalition.public_request_id"
PARTY = "coalition.party"
ROUTE = "coalition.route"
NO_ROUTE = "(other)"
_QUIET = frozenset({"/health/live", "/health/ready"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]


class RequestScope:
    """A WSGI application around the hub's."""

    def __init__(self, *, inner: Wsgi, hub: Hub) -> None:
        self._inner = inner
        self._hub = hub
        self._standard = logging.getLogger("coalition.http")
        self._log = logger("coalition.http")
        self._json = hub.config.log_format == "json"

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        began = time.perf_counter()
        request_id = self._hub.new_id()
        public = ids.encode("req", request_id)
        environ[REQUEST_ID], environ[PUBLIC_REQUEST_ID] = request_id, public
        bind_request(request_id=public)

        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            headers.append(("Request-Id", public))
            headers.append(("X-Content-Type-Options", "nosniff"))
            if not any(name == "Cache-Control" for name, _ in headers):
                headers.append(("Cache-Control", "no-store"))
            self._finish(environ, int(status[:3]), time.perf_counter() - began)
            return start_response(status, headers, error)

        try:
            return self._inner(environ, start)
        finally:
            clear_request()

    def _finish(self, environ: Environ, status: int, seconds: float) -> None:
        # Labels and routes have few values, whatever strangers send.
        method = environ["REQUEST_METHOD"]
        method = method if method in _METHODS else "OTHER"
        route = environ.get(ROUTE, NO_ROUTE)
        metrics.observe_request(method=method, route=route, status=status, seconds=seconds)
        if route in _QUIET or not self._standard.isEnabledFor(logging.INFO):
            return
        facts = {
            "method": method,
            "path": _path(environ),
            "status": status,
            "ms": round(seconds * 1000, 2),
            "party": environ.get(PARTY),
        }
        if not self._json:
            self._log.info("request", **facts)
            return
        line = facts | {
            "event": "request",
            "request_id": environ[PUBLIC_REQUEST_ID],
            "level": "info",
            "logger": "coalition.http",
            "timestamp": format_instant(self._hub.clocks.wall()),
        }
        sys.stderr.write(dump(line).decode() + "\n")


def _path(environ: Environ) -> str:
    """The path as text: WSGI hands UTF-8 over as if it were Latin-1 (PEP 3333)."""
    raw: str = environ.get("PATH_INFO", "")
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")
