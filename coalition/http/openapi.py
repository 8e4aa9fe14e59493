"""The published description of the API (OpenAPI 3.1), made from the endpoints' declarations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apispec import APISpec
from marshmallow import Schema

from coalition.http.endpoint import JSON, Endpoint
from coalition.http.field_base import CURRENCY_PATTERN, WireField
from coalition.http.openapi_parts import describe_security, problem_codes, problem_schema
from coalition.http.paging import DEFAULT_LIMIT, MAX_CURSOR_LENGTH, MAX_LIMIT
from coalition.http.schemas import object_schema
from partner_sdk.wire.problems import CONTENT_TYPE, PROBLEMS

Json = dict[str, Any]

_SIGNED_OR_BEARER: list[Json] = [{"signature": [], "signatureInput": []}, {"bearer": []}]


def describe(*, endpoints: Iterable[Endpoint], version: str, currency: str) -> Json:
    """The OpenAPI document; the coalition has one currency, and amounts are in it."""
    spec = APISpec(
        title="Coalition network",
        version=version,
        openapi_version="3.1.0",
        info={
            "description": (
                "One points currency, many brands. Partners sign their requests (RFC 9421, label "
                "`coalition`, tag `coalition-v1`); a test environment also takes bearer keys. "
                "Amounts are decimal text, points whole numbers, instants RFC 3339. Every "
                "refusal is a problem document (RFC 9457) whose `code` is in the table at "
                "`/problems/{code}`."
            ),
        },
    )
    describe_security(spec)
    schemas = _Schemas(spec)
    paths: dict[str, Json] = {}
    tags: list[str] = []
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
        if endpoint.tag not in tags:
            tags.append(endpoint.tag)
    for tag in tags:
        spec.tag({"name": tag})
    for path, operations in paths.items():
        spec.path(path=path, operations=operations)
    document: Json = spec.to_dict()
    _in_currency(document, currency)
    return document


def _in_currency(part: Any, currency: str) -> None:
    """Say of every currency code which one it is."""
    if isinstance(part, dict):
        if part.get("pattern") == CURRENCY_PATTERN:
            part.clear()
            part.update({"type": "string", "enum": [currency]})
        for inner in part.values():
            _in_currency(inner, currency)
    elif isinstance(part, list):
        for inner in part:
            _in_currency(inner, currency)


class _Schemas:
    """The named schemas of the description; each is added when first referred to."""

    def __init__(self, spec: APISpec) -> None:
        self._spec = spec
        self._known: dict[str, type[Schema]] = {}
        spec.components.schema("Problem", problem_schema())

    def reference(self, schema: type[Schema]) -> Json:
        """A reference to a schema; two classes of one name must say the same."""
        name = schema.__name__
        known = self._known.get(name)
        if known is None:
            self._known[name] = schema
            published, referred = object_schema(schema)
            self._spec.components.schema(name, published)
            for each in referred:
                self.reference(each)
        elif known is not schema and object_schema(known)[0] != object_schema(schema)[0]:
            raise ValueError(f"two schemas are called {name}")
        return {"$ref": f"#/components/schemas/{name}"}


def _operation(endpoint: Endpoint, schemas: _Schemas) -> Json:
    operation: Json = {
        "operationId": endpoint.operation_id,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": _description(endpoint),
        "parameters": list(_parameters(endpoint)),
        "responses": _responses(endpoint, schemas),
        "security": [] if endpoint.caller == "public" else _SIGNED_OR_BEARER,
    }
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": schemas.reference(endpoint.body)}},
        }
    elif endpoint.mode == "raw":
        operation["requestBody"] = {"content": {"*/*": {"schema": {}}}}
    return operation


def _description(endpoint: Endpoint) -> str:
    who = {
        "partner": "For partners.",
        "operator": "For the operator.",
        "either": "For partners and the operator.",
        "public": "For anyone.",
    }[endpoint.caller]
    return f"{endpoint.description} {who}".strip()


def _parameters(endpoint: Endpoint) -> Iterable[Json]:
    for name, kind in endpoint.path_types.items():
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": kind.what,
            "schema": kind.schema,
        }
    if endpoint.query is not None:
        for name, field in endpoint.query().fields.items():
            if isinstance(field, WireField):
                yield {
                    "name": field.data_key or name,
                    "in": "query",
                    "required": field.required,
                    "schema": field.published(),
                }
    if endpoint.paged:
        limit: Json = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}
        cursor: Json = {
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]+$",
            "minLength": 24,
            "maxLength": MAX_CURSOR_LENGTH,
        }
        yield {
            "name": "limit",
            "in": "query",
            "description": "How many items at most.",
            "schema": limit | {"default": DEFAULT_LIMIT},
        }
        yield {
            "name": "cursor",
            "in": "query",
            "description": "`next_cursor` of the page before, unchanged.",
            "schema": cursor,
        }
    if endpoint.needs_idempotency_key:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": (
                "One for each operation; the same for a repetition of it. A key is good once, for "
                "ever; the answer is given again for COALITION_ANSWER_DAYS (30)."
            ),
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        }


def _responses(endpoint: Endpoint, schemas: _Schemas) -> Json:
    responses: Json = {}
    for status in (endpoint.status, *endpoint.also_statuses):
        responses[str(status)] = _success(endpoint, status, schemas)
    by_status: dict[int, list[str]] = {}
    for code in problem_codes(endpoint):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = {
            "description": " or ".join(f"`{code}`" for code in codes),
            "headers": _headers(status),
            "content": {
                CONTENT_TYPE: {
                    "schema": {
                        "allOf": [
                            {"$ref": "#/components/schemas/Problem"},
                            {"properties": {"code": {"enum": codes}}},
                        ]
                    }
                }
            },
        }
    return responses


def _success(endpoint: Endpoint, status: int, schemas: _Schemas) -> Json:
    response: Json = {"description": endpoint.summary, "headers": _headers(status)}
    if endpoint.needs_idempotency_key:
        response["headers"]["Idempotency-Replayed"] = {
            "description": "`true` when this is the saved answer of an earlier request.",
            "schema": {"type": "string", "enum": ["true"]},
        }
    if status == 204:
        return response
    if endpoint.answer is None:
        of_json = endpoint.answer_type == JSON or endpoint.answer_type.endswith("+json")
        schema: Json = {} if of_json else {"type": "string"}
    elif endpoint.paged:
        schema = {
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": schemas.reference(endpoint.answer)},
                "next_cursor": {"type": ["string", "null"]},
            },
            "required": ["items", "next_cursor"],
            "additionalProperties": False,
        }
    else:
        schema = schemas.reference(endpoint.answer)
    response["content"] = {endpoint.answer_type: {"schema": schema}}
    return response


def _headers(status: int) -> Json:
    headers: Json = {
        "Request-Id": {
            "description": "Names this request in the hub's log.",
            "required": True,
            "schema": {"type": "string"},
        }
    }
    if status in (429, 503):
        headers["Retry-After"] = {
            "description": "Seconds to wait.",
            "required": True,
            "schema": {"type": "string", "pattern": "^[0-9]+$"},
        }
    return headers
