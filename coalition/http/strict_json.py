"""Reading JSON without surprises, and writing it.

RFC 8259 leaves open what two equal names, NaN, 2^60 or half a surrogate pair mean; parsers differ,
and a signed body must mean one thing. So those are refused. A fraction is refused too: money and
quantities are decimal text, points are whole.

A good body is read by one pass of the C scanner. Only a body that something is wrong with is read
again, to say where.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from coalition.errors import FieldError, HubError
from partner_sdk.wire.amounts import MAX_SAFE_INTEGER

MAX_ERRORS = 50
_SAFE_DIGITS = 15
# A string can hold a control character or half a pair only by an escape, or as C1 and DEL raw.
_SUSPECT = re.compile("[\\\\\x7f-\x9f]")
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class _SuspectError(Exception):
    """Something is wrong; the slow reading says what and where."""


class _Float(str):
    __slots__ = ()


class _Constant(str):
    __slots__ = ()


class _BigInteger(str):
    __slots__ = ()


class _Duplicated(dict[str, Any]):
    """An object in which a name stands twice; `names` are those."""

    names: tuple[str, ...] = ()


def _refuse(_text: str) -> NoReturn:
    raise _SuspectError


def _small(text: str) -> int:
    if len(text) > _SAFE_DIGITS:
        value = int(text) if len(text) < 20 else MAX_SAFE_INTEGER + 1
        if abs(value) > MAX_SAFE_INTEGER:
            raise _SuspectError
        return value
    return int(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _SuspectError
    return found


def _marked_integer(text: str) -> int | _BigInteger:
    try:
        return _small(text)
    except _SuspectError:
        return _BigInteger(text)


def _marked_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    marked = _Duplicated(found)
    seen: set[str] = set()
    marked.names = tuple({name for name, _ in pairs if name in seen or seen.add(name)})  # type: ignore[func-returns-value]
    return marked


_FAST = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_refuse, parse_int=_small, parse_constant=_refuse
)
_SLOW = json.JSONDecoder(
    object_pairs_hook=_marked_object,
    parse_float=_Float,
    parse_int=_marked_integer,
    parse_constant=_Constant,
)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def dump(document: Any) -> bytes:
    """Write a document as UTF-8 JSON without blanks."""
    return _encode(document).encode()


def load_strict(raw: bytes) -> Any:
    """Read a JSON text.

    Raises:
        HubError: `malformed_json`, `number_out_of_range` or `validation_failed`, with a pointer
            for every wrong place where there is one.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise HubError(
            "malformed_json", f"The body is not UTF-8: byte {error.start} does not fit."
        ) from None
    try:
        document = _FAST.decode(text)
    except _SuspectError:
        return _explain(text)
    except RecursionError:
        raise HubError("malformed_json", "The body is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise HubError(
            "malformed_json",
            f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).",
        ) from None
    if _SUSPECT.search(text) is not None:
        return _explain(text)
    return document


def _explain(text: str) -> Any:
    """Read again, find every wrong place, refuse; or return the document if it is clean."""
    try:
        document = _SLOW.decode(text)
        faults = []
        for fault in _faults(document, ""):
            faults.append(fault)
            if len(faults) == MAX_ERRORS:
                break
    except RecursionError:
        raise HubError("malformed_json", "The body is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise HubError(
            "malformed_json",
            f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).",
        ) from None
    if not faults:
        return document
    codes = {code for code, _ in faults}
    for code in ("malformed_json", "number_out_of_range"):
        if code in codes:
            break
    else:
        code = "validation_failed"
    errors = tuple(error for _, error in faults)
    raise HubError(code, f"The body cannot be used: {len(errors)} wrong places.", errors=errors)


def pointer_step(name: str | int) -> str:
    """One step of a JSON pointer (RFC 6901), safe to print whatever the name holds."""
    text = str(name)[:64].replace("~", "~0").replace("/", "~1")
    return "/" + _SURROGATE.sub("\ufffd", _FORBIDDEN.sub("\ufffd", text))


def _faults(value: Any, pointer: str) -> Iterator[tuple[str, FieldError]]:
    """Every wrong place below `value`, in document order."""
    if isinstance(value, dict):
        if isinstance(value, _Duplicated):
            for name in value.names:
                where = pointer + pointer_step(name)
                yield "malformed_json", FieldError(where, "stands more than once in its object")
        for name, inner in value.items():
            where = pointer + pointer_step(name)
            yield from _text_faults(name, where)
            yield from _faults(inner, where)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _faults(inner, f"{pointer}/{index}")
    elif isinstance(value, _Float):
        yield (
            "validation_failed",
            FieldError(pointer, "must not be a fraction: decimals are text, points are whole"),
        )
    elif isinstance(value, _Constant):
        yield "malformed_json", FieldError(pointer, "is not a JSON number")
    elif isinstance(value, _BigInteger):
        yield (
            "number_out_of_range",
            FieldError(pointer, f"must lie within ±{MAX_SAFE_INTEGER} (2^53 - 1)"),
        )
    elif isinstance(value, str):
        yield from _text_faults(value, pointer)


def _text_faults(text: str, pointer: str) -> Iterator[tuple[str, FieldError]]:
    if _SURROGATE.search(text) is not None:
        yield "malformed_json", FieldError(pointer, "holds half of a surrogate pair")
    elif _FORBIDDEN.search(text) is not None:
        yield "validation_failed", FieldError(pointer, "must not hold control characters")
