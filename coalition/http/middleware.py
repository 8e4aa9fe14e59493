"""Every error that leaves a view becomes a problem document, whatever it is."""

from __future__ import annotations

from flask import Flask, Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from coalition import metrics
from coalition.db.faults import from_database_error
from coalition.errors import HubError
from coalition.http.hub import Hub
from coalition.http.problems import (
    facts_of,
    from_http_exception,
    problem_response,
)
from coalition.http.scope import PUBLIC_REQUEST_ID, RequestScope
from coalition.logging import logger

_log = logger("coalition.http")


def install(*, app: Flask, hub: Hub) -> None:
    """Give the application its request scope and its error handlers."""
    app.wsgi_app = RequestScope(inner=app.wsgi_app, hub=hub)  # type: ignore[method-assign]  # as Flask asks
    app.register_error_handler(HubError, _refused)
    app.register_error_handler(HTTPException, _not_served)
    app.register_error_handler(Exception, _failed)


def _refused(error: HubError) -> Response:
    metrics.PROBLEMS.labels(error.code).inc()
    _log.info("refused", **facts_of(error))
    return problem_response(error, request_id=request.environ[PUBLIC_REQUEST_ID])


def _not_served(error: HTTPException) -> Response:
    request_id = request.environ[PUBLIC_REQUEST_ID]
    return from_http_exception(error, request_id=request_id, allowed=_methods(error))


def _methods(error: HTTPException) -> set[str]:
    """The methods of the path. A fixed path, such as `/v1/members/lookup`, has its own only,
    though `/v1/members/{member_id}` fits it too.
    """
    own = [rule for rule in current_app.url_map.iter_rules() if rule.rule == request.path]
    if own:
        return {method for rule in own for method in rule.methods or ()}
    return set(getattr(error, "valid_methods", None) or ())


def _failed(error: Exception) -> Response:
    refusal = from_database_error(error) if isinstance(error, SQLAlchemyError) else None
    if refusal is not None:
        _log.warning("database_unavailable", error=type(error).__name__)
        return _refused(refusal)
    # The answer says nothing of what is inside; the log has it, under the same id.
    _log.exception("failed", exc_info=error)
    detail = "The hub failed to do this; nothing of it was kept."
    return _refused(HubError("internal_error", detail))
