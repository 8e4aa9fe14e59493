"""Asking platforms that speak GraphQL, and reading their answers, which are 200 for errors too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from adapters.contract import Answer, Call, NotNow
from adapters.reading import object_at, records
from adapters.webshop import answered

__all__ = ["data", "graphql", "refused"]


def graphql(path: str, query: str, variables: Mapping[str, Any], key: str | None = None) -> Call:
    """A call of it; `key` names what it makes."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    return Call("POST", path, body, {"Content-Type": "application/json"}, key)


def data(answer: Answer, platform: str) -> Mapping[str, Any]:
    """The data of an answer.

    Raises:
        NotNow: it holds errors: most tell of a right that is missing, or that it is asked too fast.
        Malformed: it is no success, or holds nothing.
    """
    said = object_at(answered(answer, "graphql"), f"{platform}'s answer")
    if said.get("errors"):
        raise NotNow(f"{platform} answered errors: {_codes(said['errors'])}")
    return object_at(said.get("data"), "data")


def refused(said: Mapping[str, Any], mutation: str, *, under: str = "errors") -> list[str]:
    """The codes of what a mutation did not do, which it lists `under` a name. Raises Malformed."""
    told = object_at(said.get(mutation), mutation)
    return [str(one.get("code")) for one in records(told.get(under), under)]


def _codes(errors: Any) -> str:
    """The names of errors (`THROTTLED`, `PermissionDenied`), which hold nothing of the order."""
    listed = errors if isinstance(errors, list) else [errors]
    return ", ".join(sorted({_code(error) for error in listed}))


def _code(error: Any) -> str:
    extensions = error.get("extensions") if isinstance(error, Mapping) else None
    if not isinstance(extensions, Mapping):
        return "unnamed"
    # Shopify's code stands in the extensions, Saleor's in their exception.
    for place in (extensions, extensions.get("exception")):
        code = place.get("code") if isinstance(place, Mapping) else None
        if isinstance(code, str) and code.isidentifier():
            return code
    return "unnamed"
