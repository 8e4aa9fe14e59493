"""What all calls share: sending, reading the answer into a typed value, walking through pages."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from partner_sdk.errors import UnexpectedAnswer
from partner_sdk.transport import Transport
from partner_sdk.wire.listings import Page
from partner_sdk.wire.messages import Member
from partner_sdk.wire.sales import MemberRef

__all__ = ["Calls", "MemberLike", "as_object", "given", "member_wire", "path_of"]

#: A member: its hub id as text, a reference to it, or the member itself.
MemberLike = str | MemberRef | Member

T = TypeVar("T")
PAGE_SIZE = "200"
EMPTY_PAGE_SECONDS = 0.1


class Calls:
    """The base of each subject's calls."""

    _transport: Transport

    def _get(
        self, read: Callable[[Any], T], path: str, query: Mapping[str, str] | None = None
    ) -> T:
        return _read(read, self._transport.json(method="GET", path=path, query=query))

    def _put(self, read: Callable[[Any], T], path: str, body: object) -> T:
        return _read(read, self._transport.json(method="PUT", path=path, body=body))

    def _post(self, read: Callable[[Any], T], path: str, body: object, key: str | None = None) -> T:
        answer = self._transport.json(method="POST", path=path, body=body, idempotency_key=key)
        return _read(read, answer)

    def _delete(self, path: str) -> None:
        self._transport.json(method="DELETE", path=path)

    def _list(
        self, read: Callable[[Any], T], path: str, query: Mapping[str, str] | None = None
    ) -> Iterator[T]:
        """Walk through a list, one page at a time, as the caller consumes it."""
        asked = {"limit": PAGE_SIZE, **(query or {})}
        while True:
            page = self._get(Page.from_wire, path, asked)
            for item in page.items:
                yield _read(read, item)
            if page.next_cursor is None:
                return
            if page.next_cursor == asked.get("cursor"):
                raise UnexpectedAnswer("the list does not go on: the same cursor came again")
            asked = {**asked, "cursor": page.next_cursor}
            if not page.items:
                # Entries are being posted just there; they are complete in a moment.
                self._transport.pause(EMPTY_PAGE_SECONDS)


def path_of(*parts: str) -> str:
    """Return the path of a resource, each part percent-encoded.

    Raises:
        ValueError: a part is empty, or one that HTTP clients would fold away.
    """
    if any(part in {"", ".", ".."} for part in parts):
        raise ValueError("an id must not be empty, . or ..")
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def given(**members: object) -> dict[str, Any]:
    """Return the members that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def member_wire(member: MemberLike) -> dict[str, Any]:
    """Write who is meant."""
    if isinstance(member, MemberRef):
        return member.to_wire()
    return {"id": member.id if isinstance(member, Member) else member}


def as_object(value: Any) -> dict[str, Any]:
    """Return a JSON object as it is, or raise TypeError."""
    if not isinstance(value, dict):
        raise TypeError("expected an object")
    return value


def _read(read: Callable[[Any], T], answer: Any) -> T:
    try:
        return read(answer)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnexpectedAnswer(f"the answer has another shape: {error!r}") from error
