"""What passes between the hub and a platform: requests received, calls made, and what is proven."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


class Malformed(ValueError):  # noqa: N818 - the name says it
    """A message is signed as it should be, but says nothing that the platform's API promises.

    The message names the place, never the content.
    """


class Headers(Mapping[str, str]):
    """Header fields, whatever the case of their names; of a repeated one, the first."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        pairs = fields.items() if isinstance(fields, Mapping) else fields
        self._fields: dict[str, str] = {}
        for name, value in pairs:
            self._fields.setdefault(name.lower(), value)

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        """Names only: values may be credentials."""
        return f"Headers({sorted(self._fields)})"


class NotNow(Malformed):
    """The platform answered with success that it cannot or will not tell: ask again later.

    Some say so in the body of an answer 200: too many calls, a token without a right.
    """


@dataclass(frozen=True, slots=True)
class Request:
    """What the platform sent. `url` is the address that it was told to call, as it was told."""

    method: str
    url: str
    headers: Headers
    body: bytes = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a platform signs with: newest first, two during a rotation. `extra`: named others."""

    signing: tuple[str, ...] = field(repr=False)
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Verified:
    """The platform sent it. `signed_at` is the instant that it signed, where it signs one."""

    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """It is not taken: `reason` is one of `REASONS`, `detail` says what to look at (no secrets)."""

    reason: Literal["signature_missing", "signature_wrong", "stale", "from_the_future", "malformed"]
    detail: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request for the hub to make: `path` is relative to the store's address, or absolute.

    `key` makes a repeated call harmless where the platform takes such a key; the credentials are
    added by the hub as the manifest says.
    """

    method: Literal["GET", "POST", "PUT", "DELETE", "PATCH"]
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform answered to a call."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer that the platform gets."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
