"""The hub's errors: a code of the published table, a sentence, and facts. No HTTP in them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong place of the input: a JSON pointer (RFC 6901) and what is wrong there."""

    pointer: str
    detail: str


class HubError(Exception):
    """A refusal. `code` is one of `partner_sdk.wire.problems.PROBLEMS`."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        **facts: str | int | bool | None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.errors = errors
        self.facts = facts


class StaleDirectory(HubError):  # noqa: N818 - the name says it
    """What was computed came from a directory that has changed since; nothing was written.

    The edge reads the directory again and runs the whole request once more, authentication
    included.
    """

    def __init__(self) -> None:
        super().__init__("conflict_retry", "the coalition's directory changed meanwhile")
