"""Reading a request: its bytes within their limit, body, query, headers, target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Request
from marshmallow import Schema
from werkzeug.exceptions import RequestEntityTooLarge

from coalition.errors import FieldError, HubError
from coalition.http.endpoint import Endpoint
from coalition.http.schemas import load_object, validation_failed
from coalition.http.strict_json import load_strict

_IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_PLAIN = re.compile("[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*")
_PAGING = frozenset({"cursor", "limit"})


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came, before it is known whose it is."""

    request: Request
    method: str
    url: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def receive(request: Request, *, max_body: int) -> Incoming:
    """Read the bytes, at most `max_body` of them.

    Raises:
        HubError: `payload_too_large`, or `bad_request` for a body that ends early.
    """
    environ = request.environ
    body = _read_all(request, max_body)
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or request.full_path
    if not target.startswith("/"):
        # A proxy may send the absolute form (RFC 9112 §3.2.2); its path is what was signed.
        target = "/" + target.split("://", 1)[-1].partition("/")[2]
    return Incoming(
        request=request,
        method=request.method,
        url=f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}{target}",
        path=request.path,
        headers=headers,
        body=body,
    )


def _read_all(request: Request, max_body: int) -> bytes:
    """The whole body. Half of one must never pass for one: servers cut it at a lost connection."""
    declared = request.content_length
    # One byte more than allowed tells a body in chunks, whose length nobody declared.
    request.max_content_length = max_body + 1
    try:
        body = (
            b"" if declared is not None and declared > max_body else request.get_data(cache=False)
        )
    except RequestEntityTooLarge:
        declared, body = max_body + 1, b""
    except Exception:  # noqa: BLE001 - nothing but the server's reader runs here, with its own errors
        raise HubError("bad_request", "The body ended early or is not well framed.") from None
    if len(body) > max_body or (declared is not None and declared > max_body):
        detail = f"The body exceeds {max_body} bytes."
        raise HubError("payload_too_large", detail, max_bytes=max_body)
    if declared is not None and len(body) != declared:
        raise HubError("bad_request", "The body is shorter than its Content-Length.")
    return body


def read_body(
    endpoint: Endpoint,
    schema: Schema | None,
    *,
    body: bytes,
    content_type: str | None,
    content_encoding: str,
) -> Any:
    """The body in the hub's own terms.

    Raises:
        HubError: 400, 415 or 422.
    """
    if not endpoint.takes_body:
        if body.strip() not in (b"", b"{}"):
            raise validation_failed((FieldError("", "must be empty"),))
        return None
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type != "application/json" or content_encoding not in ("", "identity"):
        detail = "The body must be application/json, without a Content-Encoding."
        raise HubError("unsupported_media_type", detail)
    if endpoint.parse is not None:
        return endpoint.parse(body)
    if schema is None:
        raise RuntimeError("an endpoint with a body has a schema or a parser")
    return load_object(schema, load_strict(body))


def read_query(
    endpoint: Endpoint, schema: Schema | None, request: Request
) -> tuple[dict[str, str], dict[str, Any]]:
    """The query as text, and its filters in the hub's own terms.

    Raises:
        HubError: `validation_failed`; pointers begin with `/query`.
    """
    if not request.query_string:
        # A required parameter may be missing.
        return {}, {} if schema is None else _load_query(schema, {})
    texts: dict[str, str] = {}
    faults = []
    for name, values in request.args.lists():
        texts[name] = values[0]
        if len(values) > 1:
            faults.append(FieldError("/query/" + name[:64], "must be given once"))
        if _PLAIN.fullmatch(name) is None or _PLAIN.fullmatch(values[0]) is None:
            faults.append(FieldError("/query", "must not hold control characters"))
    if faults:
        raise validation_failed(tuple(faults))
    filters = {
        name: value for name, value in texts.items() if not (endpoint.paged and name in _PAGING)
    }
    if schema is None:
        if filters:
            raise validation_failed(
                tuple(
                    FieldError("/query/" + name[:64], "is not a parameter of this call")
                    for name in filters
                )
            )
        return texts, {}
    return texts, _load_query(schema, filters)


def _load_query(schema: Schema, filters: Mapping[str, str]) -> dict[str, Any]:
    try:
        return load_object(schema, dict(filters))
    except HubError as error:
        raise validation_failed(
            tuple(FieldError("/query" + each.pointer, each.detail) for each in error.errors)
        ) from None


def read_idempotency_key(headers: Mapping[str, str]) -> str:
    """The Idempotency-Key.

    Raises:
        HubError: `idempotency_key_missing` (or malformed).
    """
    key = headers.get("idempotency-key", "")
    if _IDEMPOTENCY_KEY.fullmatch(key) is None:
        what = "is malformed" if key else "is missing"
        raise HubError("idempotency_key_missing", f"The Idempotency-Key {what}.")
    return key
