"""Parts of the published description that are not one operation's: problems, security."""

from __future__ import annotations

from typing import Any

from apispec import APISpec

from coalition.http.endpoint import Endpoint
from partner_sdk.wire.problems import PROBLEMS

Json = dict[str, Any]

_AUTHENTICATION = (
    "unauthorized",
    "signature_missing",
    "signature_invalid",
    "signature_stale",
    "clock_skew",
    "key_unknown",
    "key_revoked",
    "forbidden",
    "test_environment_only",
    "partner_not_live",
    "partner_state_forbids",
)
_BODY = (
    "malformed_json",
    "validation_failed",
    "number_out_of_range",
    "payload_too_large",
    "unsupported_media_type",
)
_IDEMPOTENCY = (
    "idempotency_key_missing",
    "idempotency_key_reused",
    "idempotency_answer_gone",
    "idempotency_in_progress",
)
_ALWAYS = (
    "bad_request",
    "conflict_retry",
    "internal_error",
    "payload_too_large",
    "rate_limited",
    "service_unavailable",
    "validation_failed",
)


def problem_codes(endpoint: Endpoint) -> tuple[str, ...]:
    """Every code that the endpoint can answer, in the order of the published table."""
    codes = {*endpoint.problems, *_ALWAYS}
    if endpoint.caller != "public":
        codes.update(_AUTHENTICATION)
    if endpoint.takes_body:
        codes.update(_BODY)
    if endpoint.needs_idempotency_key:
        codes.update(_IDEMPOTENCY)
    if endpoint.paged:
        codes.update(("invalid_cursor", "limit_out_of_range"))
    codes.update(kind.missing for kind in endpoint.path_types.values())
    return tuple(code for code in PROBLEMS if code in codes)


def problem_schema() -> Json:
    """The schema of every refusal."""
    text = {"type": "string"}
    error = {
        "type": "object",
        "properties": {"pointer": text, "message": text},
        "required": ["pointer", "message"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": "What is wrong and what to do (RFC 9457).",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": text,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": text,
            "code": {"type": "string", "enum": list(PROBLEMS)},
            "what_to_do": text,
            "retryable": {"type": "boolean"},
            "errors": {"type": "array", "items": error},
            "request_id": text,
        },
        "required": [
            "type", "title", "status", "detail", "code", "what_to_do", "retryable", "request_id",
        ],
    }  # fmt: skip


def describe_security(spec: APISpec) -> None:
    """Add the ways in which callers prove who they are."""
    add = spec.components.security_scheme
    add(
        "signature",
        {
            "type": "apiKey",
            "in": "header",
            "name": "Signature",
            "description": (
                "HTTP Message Signature (RFC 9421) with Ed25519. Label `coalition`; covers "
                "`@method`, `@authority`, `@target-uri`, `content-digest` (when there is a body) "
                "and `idempotency-key` (when sent); parameters created, keyid, alg, nonce, tag. "
                "Good for 300 seconds."
            ),
        },
    )
    add(
        "signatureInput",
        {
            "type": "apiKey",
            "in": "header",
            "name": "Signature-Input",
            "description": "What the signature covers, and its parameters (RFC 9421).",
        },
    )
    add(
        "bearer",
        {
            "type": "http",
            "scheme": "bearer",
            "description": "The operator's key; in a test environment also a partner's.",
        },
    )
