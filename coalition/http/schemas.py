"""Bases of the objects on the wire, and turning what is wrong with them into pointers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import marshmallow
from marshmallow import RAISE, Schema, ValidationError, validates_schema

from coalition.errors import FieldError, HubError
from coalition.http import fields
from coalition.http.strict_json import MAX_ERRORS, pointer_step

_UNKNOWN = "is not a field of this object"


class _Strict(Schema):
    class Meta:
        """An unknown field is an error: a misspelt one must not be ignored."""

        unknown = RAISE

    error_messages = {"unknown": _UNKNOWN, "type": "must be an object"}  # noqa: RUF012 - theirs

    exactly_one: ClassVar[tuple[str, ...]] = ()
    """Names of fields of which exactly one must be given."""
    at_least_one: ClassVar[tuple[str, ...]] = ()
    """Names of fields of which one or more must be given."""

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _check_choice(self, _data: Any, original: Any, **_options: Any) -> None:
        if not isinstance(original, Mapping):
            return
        if self.exactly_one and sum(name in original for name in self.exactly_one) != 1:
            raise ValidationError("must have exactly one of " + ", ".join(self.exactly_one))
        if self.at_least_one and not any(name in original for name in self.at_least_one):
            raise ValidationError("must have one or more of " + ", ".join(self.at_least_one))


class Body(_Strict):
    """Base of request bodies."""


class Query(_Strict):
    """Base of query parameters; values arrive as text."""


class AnswerSchema(_Strict):
    """Base of answers: published, and what the answers are tested against."""


def load_object(schema: Schema, document: Any) -> dict[str, Any]:
    """Load a document by its schema.

    Raises:
        HubError: `validation_failed` with every wrong place.
    """
    try:
        return dict(schema.load(document))
    except ValidationError as error:
        raise validation_failed(tuple(flatten(error.messages, ""))) from None


def validation_failed(errors: tuple[FieldError, ...]) -> HubError:
    """The refusal for wrong fields; a long list is cut."""
    where = ", ".join(error.pointer or "the body" for error in errors[:3])
    more = f" and {len(errors) - 3} more" if len(errors) > 3 else ""
    return HubError("validation_failed", f"Wrong: {where}{more}.", errors=errors[:MAX_ERRORS])


def flatten(messages: Any, pointer: str) -> Iterator[FieldError]:
    """marshmallow's nested messages as pointers."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            step = "" if name == "_schema" else pointer_step(name)
            yield from flatten(inner, pointer + step)
    elif isinstance(messages, list):
        for each in messages:
            yield from flatten(each, pointer)
    else:
        yield FieldError(pointer, str(messages))


def object_schema(schema: type[Schema]) -> tuple[dict[str, Any], list[type[Schema]]]:
    """The JSON Schema of a class, and the classes that it refers to."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    referred: list[type[Schema]] = []
    for name, field in schema().fields.items():
        if not isinstance(field, fields.WireField):
            raise TypeError(f"{schema.__name__}.{name} is not a field of coalition.http.fields")
        key = field.data_key or name
        properties[key] = field.published()
        if field.required:
            required.append(key)
        referred.extend(_referred(field))
    published: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    if required:
        published["required"] = required
    if doc := (schema.__doc__ or "").strip():
        published["description"] = " ".join(doc.split())
    published |= _choice_of(schema, set(properties))
    return published, referred


def _choice_of(schema: type[Schema], names: set[str]) -> dict[str, Any]:
    one: tuple[str, ...] = getattr(schema, "exactly_one", ())
    some: tuple[str, ...] = getattr(schema, "at_least_one", ())
    if one and set(one) == names:
        return {"minProperties": 1, "maxProperties": 1}
    if one:
        return {"oneOf": [{"required": [name]} for name in one]}
    if some and set(some) == names:
        return {"minProperties": 1}
    if some:
        return {"anyOf": [{"required": [name]} for name in some]}
    return {}


def _referred(field: marshmallow.fields.Field[Any]) -> Iterator[type[Schema]]:
    if isinstance(field, fields.Nested):
        yield field.schema_class
    elif isinstance(field, fields.AnyObject) and field.like is not None:
        yield field.like
    elif isinstance(field, fields.ListOf):
        yield from _referred(field.inner)
