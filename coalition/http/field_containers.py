"""Fields that hold others: lists, nested objects, free objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow
from marshmallow import ValidationError

from coalition.http.field_base import Json, WireField

MAX_LIST_ITEMS = 1000
MAX_OBJECT_DEPTH = 12


class AnyObject(WireField):
    """A free JSON object; its reader is elsewhere and says so."""

    def __init__(
        self,
        *,
        schema: Json | None = None,
        like: type[marshmallow.Schema] | None = None,
        **options: Any,
    ) -> None:
        """`schema` is what is published; or `like` is, as what is meant but not required."""
        super().__init__(**options)
        self.schema = schema
        self.like = like

    def json_schema(self) -> Json:
        """Any object, or the schema given."""
        if self.like is not None:
            meant = {"$ref": f"#/components/schemas/{self.like.__name__}"}
            return {"anyOf": [meant, {"type": "object"}]}
        return dict(self.schema) if self.schema is not None else {"type": "object"}

    def read(self, value: Any) -> Mapping[str, Any]:
        """Read it; see the class."""
        if not isinstance(value, dict):
            raise ValidationError("must be an object")
        if _depth(value, MAX_OBJECT_DEPTH) > MAX_OBJECT_DEPTH:
            raise ValidationError(f"must not be nested deeper than {MAX_OBJECT_DEPTH}")
        return value


class ListOf(WireField):
    """A list of one kind of item."""

    def __init__(
        self,
        inner: WireField,
        *,
        min_items: int = 0,
        max_items: int = MAX_LIST_ITEMS,
        unique: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.inner = inner
        self.min_items, self.max_items, self.unique = min_items, max_items, unique

    def json_schema(self) -> Json:
        """An array with its bounds."""
        schema: Json = {
            "type": "array",
            "items": self.inner.published(),
            "minItems": self.min_items,
            "maxItems": self.max_items,
        }
        if self.unique:
            schema["uniqueItems"] = True
        return schema

    def read(self, value: Any) -> list[Any]:
        """Read every item; what is wrong is told by index."""
        if not isinstance(value, list):
            raise ValidationError("must be a list")
        if not self.min_items <= len(value) <= self.max_items:
            raise ValidationError(f"must have {self.min_items} to {self.max_items} items")
        loaded, faults = [], {}
        for index, each in enumerate(value):
            try:
                loaded.append(self.inner.deserialize(each))
            except ValidationError as error:
                faults[index] = error.messages
        if faults:
            raise ValidationError(faults)
        if self.unique and any(each in loaded[:index] for index, each in enumerate(loaded)):
            raise ValidationError("must not name the same item twice")
        return loaded


class Nested(WireField):
    """An object described by a schema of its own."""

    def __init__(self, schema: type[marshmallow.Schema], **options: Any) -> None:
        super().__init__(**options)
        self.schema_class = schema
        self._loader: marshmallow.Schema | None = None

    def json_schema(self) -> Json:
        """A reference to the named schema."""
        return {"$ref": f"#/components/schemas/{self.schema_class.__name__}"}

    def read(self, value: Any) -> Any:
        """Read it; see the class."""
        if self._loader is None:
            self._loader = self.schema_class()
        if not isinstance(value, dict):
            raise ValidationError("must be an object")
        return self._loader.load(value)


def _depth(value: Any, left: int) -> int:
    if left < 0 or not isinstance(value, (dict, list)):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max((_depth(each, left - 1) for each in inner), default=0)
