"""Every problem the hub answers with: code, status, title, and what to do about it.

The one source for the hub, which writes RFC 9457 documents from it, and for the SDK, which
turns them into exceptions. ``retryable`` says that the very same request, sent again later
with the same ``Idempotency-Key``, may succeed without anyone changing anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from partner_sdk.wire._problem_table import ROWS
from partner_sdk.wire._read import optional_text, text, whole

__all__ = [
    "CONTENT_TYPE",
    "PROBLEMS",
    "FieldError",
    "Problem",
    "ProblemKind",
    "problem_document",
    "type_uri",
]

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem; ``status`` is the HTTP status it is answered with."""

    code: str
    status: int
    title: str
    what_to_do: str
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; ``pointer`` is a JSON pointer (RFC 6901) into the body."""

    pointer: str
    message: str

    def to_wire(self) -> dict[str, str]:
        return {"pointer": self.pointer, "message": self.message}


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document (RFC 9457); ``extra`` holds the members that only some kinds have."""

    code: str
    status: int
    title: str
    detail: str
    what_to_do: str
    retryable: bool
    errors: tuple[FieldError, ...]
    request_id: str | None
    extra: dict[str, Any]

    @classmethod
    def from_wire(cls, value: Mapping[str, Any]) -> "Problem":
        known = {
            "type", "title", "status", "detail", "code", "what_to_do", "retryable", "errors",
            "request_id",
        }  # fmt: skip
        errors = value.get("errors") or ()
        return cls(
            code=text(value["code"]),
            status=whole(value["status"]),
            title=str(value.get("title", "")),
            detail=str(value.get("detail", "")),
            what_to_do=str(value.get("what_to_do", "")),
            retryable=value.get("retryable") is True,
            errors=tuple(FieldError(str(e["pointer"]), str(e.get("message", ""))) for e in errors),
            request_id=optional_text(value.get("request_id")),
            extra={name: item for name, item in value.items() if name not in known},
        )


#: All kinds by code.
PROBLEMS: dict[str, ProblemKind] = {
    code: ProblemKind(code, status, title, what_to_do, retryable)
    for code, status, retryable, title, what_to_do in ROWS
}


def type_uri(code: str) -> str:
    """Return the ``type`` of a problem: a URI relative to the hub, which explains it there."""
    return f"/problems/{code}"


def problem_document(
    *,
    code: str,
    detail: str | None = None,
    errors: Iterable[FieldError] = (),
    request_id: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Build the RFC 9457 document of a problem, ready for JSON.

    ``detail`` says what is wrong this time; without it the kind's advice stands in. ``extra``
    adds facts (``available``, ``revision``) and cannot replace the members named here.

    Raises:
        KeyError: the code is not in the table.
    """
    kind = PROBLEMS[code]
    document: dict[str, Any] = dict(extra) if extra else {}
    document |= {
        "type": type_uri(code),
        "title": kind.title,
        "status": kind.status,
        "detail": detail or kind.what_to_do,
        "code": code,
        "what_to_do": kind.what_to_do,
        "retryable": kind.retryable,
    }
    listed = [error.to_wire() for error in errors]
    if listed:
        document["errors"] = listed
    if request_id is not None:
        document["request_id"] = request_id
    return document
