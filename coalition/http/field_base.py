"""The base of fields on the wire: strict reading, and an exact JSON Schema of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow

Json = dict[str, Any]
CURRENCY_PATTERN = "^[A-Z]{3}$"
_AMOUNT = r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?"


class WireField(marshmallow.fields.Field[Any]):
    """A field with a JSON Schema of its own; `doc` is its description in the reference."""

    default_error_messages = {  # noqa: RUF012 - declared so by the base
        "required": "is required",
        "null": "must not be null",
        "validator_failed": "is not valid",
    }

    def __init__(self, *, doc: str = "", example: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.doc = doc
        self.example = example

    def json_schema(self) -> Json:
        """The schema of a value that is not null."""
        raise NotImplementedError

    def read(self, value: Any) -> Any:
        """The value in the hub's own terms. Raises ValidationError."""
        raise NotImplementedError

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        del attr, data, kwargs
        return self.read(value)

    def published(self) -> Json:
        """The schema as published: null allowed if it is, with description and example."""
        schema = self.json_schema()
        if self.allow_none:
            if "type" in schema and "enum" not in schema and "$ref" not in schema:
                schema["type"] = [schema["type"], "null"]
            else:
                schema = {"anyOf": [schema, {"type": "null"}]}
        if self.doc:
            schema["description"] = self.doc
        if self.example is not None:
            schema["examples"] = [self.example]
        return schema


def id_schema(prefix: str) -> Json:
    """The schema of a public id."""
    return {"type": "string", "pattern": f"^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"}


def decimal_schema(digits_after: int, *, signed: bool = False) -> Json:
    """The schema of plain decimal text."""
    amount = _AMOUNT.replace("{1,6}", f"{{1,{digits_after}}}")
    return {"type": "string", "pattern": f"^{'-?' if signed else ''}{amount}$"}
