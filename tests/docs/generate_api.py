"""The reference of the API, from the endpoints' declarations and their published description."""

from __future__ import annotations

from typing import Any

from sqlalchemy import create_engine

from coalition import __version__
from coalition.app import create_app
from coalition.config import Config
from coalition.http.edge import ENDPOINTS
from coalition.http.endpoint import Endpoint
from coalition.http.field_containers import MAX_LIST_ITEMS
from coalition.http.openapi import describe
from partner_sdk.wire.amounts import MAX_SAFE_INTEGER
from partner_sdk.wire.problems import PROBLEMS
from tests.docs.marked import slug, table

Json = dict[str, Any]
_WHO = {
    "partner": "partner", "operator": "operator", "either": "partner, operator", "public": "anyone",
}  # fmt: skip


def endpoints() -> list[Endpoint]:
    """Every endpoint that an installed hub has, settlement's among them."""
    # The engine connects to nothing until it is used.
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    config = Config(database_url="postgresql://nobody@127.0.0.1:1/none", secret_key=b"0" * 32)
    found: list[Endpoint] = create_app(config, engine=engine).extensions[ENDPOINTS]
    return found


def endpoint_table() -> str:
    """All endpoints, by what they are about."""
    parts = []
    found = endpoints()
    for tag in dict.fromkeys(each.tag for each in found):
        rows = [
            (
                f"[`{_title(each)}`](#{slug(_title(each))})",
                each.summary,
                _WHO[each.caller],
            )
            for each in found
            if each.tag == tag
        ]
        parts.append(
            f"### {tag}\n\n{table(heading=('Endpoint', 'What it does', 'Who'), rows=rows)}"
        )
    return "\n\n".join(parts)


def endpoint_sections() -> str:
    """One section for each endpoint."""
    return "\n\n".join(_section(each) for each in endpoints())


def _section(endpoint: Endpoint) -> str:
    facts = [f"For: {_WHO[endpoint.caller]}."]
    if endpoint.needs_idempotency_key:
        facts.append("Needs an `Idempotency-Key`.")
    if endpoint.body is not None:
        facts.append(f"Body: {_link(endpoint.body.__name__)}.")
    if endpoint.query is not None:
        names = ", ".join(f"`{f.data_key or n}`" for n, f in endpoint.query().fields.items())
        facts.append(f"Query: {names}.")
    statuses = " or ".join(map(str, (endpoint.status, *endpoint.also_statuses)))
    facts.append(f"Answers {statuses}{_answer(endpoint)}.")
    codes = dict.fromkeys([*endpoint.problems, *(k.missing for k in endpoint.path_types.values())])
    if codes:
        listed = ", ".join(f"[`{c}`](problems.md#{c})" for c in PROBLEMS if c in codes)
        facts.append(f"Problems of its own: {listed}.")
    about = f"{endpoint.summary}. {endpoint.description}".strip()
    return f"### {_title(endpoint)}\n\n{about}\n\n{' '.join(facts)}"


def _title(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def _answer(endpoint: Endpoint) -> str:
    if endpoint.answer is not None:
        shape = _link(endpoint.answer.__name__)
        return f" with a page of {shape}" if endpoint.paged else f" with {shape}"
    if endpoint.answer_type != "application/json":
        return f" with `{endpoint.answer_type}`"
    return ""


def _link(name: str) -> str:
    return f"[{name}](#{slug(name)})"


def object_sections() -> str:
    """One section for each named object of the bodies and answers."""
    document = describe(endpoints=endpoints(), version=__version__, currency="EUR")
    schemas: Json = document["components"]["schemas"]
    return "\n\n".join(
        _object(name, schema) for name, schema in sorted(schemas.items()) if name != "Problem"
    )


def _object(name: str, schema: Json) -> str:
    required = schema.get("required", ())
    rows = []
    for field, inner in schema.get("properties", {}).items():
        need = "" if field in required else "may be left out"
        rows.append((f"`{field}`", _type(inner), need, _about(inner)))
    about = schema.get("description", "")
    fields = table(heading=("Field", "Type", "", "Meaning"), rows=rows) if rows else _type(schema)
    return f"### {name}\n\n{about}\n\n{fields}"


def _about(schema: Json) -> str:
    facts = [schema.get("description", "")]
    least, most = schema.get("minimum", 0), schema.get("maximum", MAX_SAFE_INTEGER)
    if schema.get("type") == "integer" and most < MAX_SAFE_INTEGER:
        facts.append(f"{least:,} to {most:,}.".replace(",", " "))
    if schema.get("maxItems", MAX_LIST_ITEMS) != MAX_LIST_ITEMS or schema.get("minItems"):
        facts.append(f"{schema['minItems']} to {schema['maxItems']} items.")
    return " ".join(fact for fact in facts if fact)


def _type(schema: Json) -> str:
    """A few words for a JSON Schema."""
    if "$ref" in schema:
        return _link(schema["$ref"].rpartition("/")[2])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_type(each) for each in schema[several]))
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kinds = schema.get("type", "any")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return " or ".join(_kind(kind, schema) for kind in kinds)


def _kind(kind: str, schema: Json) -> str:
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object":
        names = set(schema.get("properties", ()))
        return "money" if names == {"amount", "currency"} else "object"
    if kind == "string":
        return _text(schema)
    return {"integer": "integer", "boolean": "true or false"}.get(kind, kind)


def _text(schema: Json) -> str:
    pattern = str(schema.get("pattern", ""))
    if schema.get("format") in ("date-time", "date"):
        return {"date-time": "instant", "date": "date"}[schema["format"]]
    if pattern[1:4].isalpha() and pattern[4:5] == "_":
        return f"`{pattern[1:5]}…` id"
    if "(0|[1-9][0-9]{0,11})" in pattern:
        return "decimal"
    if "maxLength" in schema:
        return f"text, {schema.get('minLength', 0)} to {schema['maxLength']}"
    return "text"
