"""Around every request: its id, its line in the log, its count, its headers; its errors."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from coalition import metrics
from coalition.errors import HubError
from coalition.http.hub import Hub
from coalition.http.problems import (
    facts_of,
    from_database_error,
    from_http_exception,
    problem_response,
)
from coalition.logging import bind_request, clear_request, logger
from partner_sdk.wire import ids

_log = logger("coalition.http")
_QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})


def install(*, app: Flask, hub: Hub) -> None:
    """Wrap the application's requests."""

    @app.before_request
    def begin() -> None:
        request_id = hub.new_id()
        public = ids.encode("req", request_id)
        request.environ["coalition.request_id"] = request_id
        g.request_id = public
        g.began = time.perf_counter()
        bind_request(request_id=public)

    @app.after_request
    def finish(response: Response) -> Response:
        headers = response.headers
        headers["Request-Id"] = g.request_id
        headers["X-Content-Type-Options"] = "nosniff"
        headers.setdefault("Cache-Control", "no-store")
        seconds = time.perf_counter() - g.began
        rule = "(none)" if request.url_rule is None else request.url_rule.rule
        status = response.status_code
        metrics.observe_request(method=_method(), route=rule, status=status, seconds=seconds)
        if rule not in _QUIET:
            _log.info(
                "request",
                method=_method(),
                path=request.path,
                status=status,
                ms=round(seconds * 1000, 2),
                party=request.environ.get("coalition.party"),
            )
        return response

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        clear_request()

    @app.errorhandler(HubError)
    def refused(error: HubError) -> Response:
        metrics.PROBLEMS.labels(error.code).inc()
        _log.info("refused", **facts_of(error))
        return problem_response(error, request_id=g.request_id)

    @app.errorhandler(HTTPException)
    def not_served(error: HTTPException) -> Response:
        return from_http_exception(error, request_id=g.request_id)

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        refusal = from_database_error(error) if isinstance(error, SQLAlchemyError) else None
        if refusal is not None:
            _log.warning("database_unavailable", error=type(error).__name__)
            return refused(refusal)
        # The answer says nothing of what is inside; the log has it, under the same id.
        _log.exception("failed")
        detail = "The hub failed to do this; nothing of it was kept."
        return refused(HubError("internal_error", detail))


def _method() -> str:
    """The method, if it is one: a label must not grow with what strangers send."""
    known = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
    return request.method if request.method in known else "OTHER"
