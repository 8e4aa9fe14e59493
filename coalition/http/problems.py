"""Turning refusals into RFC 9457 documents. Nothing else in the hub knows how they look."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

from coalition.errors import HubError
from coalition.http.strict_json import dump
from partner_sdk.wire.problems import CONTENT_TYPE, PROBLEMS, FieldError, problem_document

RETRY_AFTER_SECONDS = "1"
# RFC 9110 §11.6.1: an answer 401 says how one may prove who one is.
_CHALLENGE = 'Signature label="coalition", tag="coalition-v1", Bearer realm="coalition"'

_BY_STATUS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "payload_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    429: "rate_limited",
    431: "headers_too_large",
    503: "service_unavailable",
}


def document_of(error: HubError, *, request_id: str) -> dict[str, Any]:
    """The problem document of a refusal."""
    return problem_document(
        code=error.code,
        detail=error.detail,
        errors=[FieldError(each.pointer, each.detail) for each in error.errors],
        request_id=request_id,
        extra=error.facts,
    )


def problem_response(error: HubError, *, request_id: str) -> Response:
    """The answer that reports a refusal."""
    document = document_of(error, request_id=request_id)
    kind = PROBLEMS[error.code]
    response = Response(dump(document), status=kind.status, content_type=CONTENT_TYPE)
    if kind.status == 401:
        response.headers["WWW-Authenticate"] = _CHALLENGE
    elif kind.retryable and kind.status != 500:
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def from_http_exception(
    error: HTTPException, *, request_id: str, allowed: Collection[str]
) -> Response:
    """The answer for what the server itself refused: no such path, method, too large, …

    `allowed` are the methods that the path has, for an answer 405 (RFC 9110 §15.5.6).
    """
    code = _BY_STATUS.get(error.code or 500)
    if code is None:
        code = "bad_request" if 400 <= (error.code or 500) < 500 else "internal_error"
    refusal = HubError(code, PROBLEMS[code].what_to_do)
    response = problem_response(refusal, request_id=request_id)
    if PROBLEMS[code].status == 405:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def facts_of(error: HubError) -> Mapping[str, object]:
    """What the log says of a refusal."""
    return {"code": error.code, "pointers": [each.pointer for each in error.errors[:5]]}
