"""What a handler gets and gives: the request in the hub's own terms, and its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection

from coalition.db.database import Database
from coalition.directory import Snapshot
from coalition.http.hub import Hub
from coalition.http.paging import Page, next_cursor
from coalition.partners.domain import Party


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, proven by a signature or a bearer key."""

    party_no: int
    kind: Literal["partner", "operator"]
    party: Party
    key_id: UUID
    signed: bool
    #: Who of the operator's people asks; None for a partner.
    person: str | None = None

    @property
    def is_operator(self) -> bool:
        """Whether the operator asks, who sees everything."""
        return self.kind == "operator"


@dataclass(frozen=True, slots=True)
class Pieces:
    """A body that is read while it is sent; `size` is its length in bytes."""

    size: int
    blocks: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """A document, bytes, pieces or a file; with a status when it is not the declared one."""

    document: Any
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class RequestContext:
    """One request. `now` is business time, `wall_now` the real one."""

    hub: Hub
    snapshot: Snapshot
    now: datetime
    wall_now: datetime
    request_id: UUID
    _caller: Caller | None = None
    _connection: Connection | None = None
    _page: Page | None = None
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None
    #: Columns of the `signed_request` row that proves this request; None when it is not signed.
    evidence: dict[str, Any] | None = None

    @property
    def caller(self) -> Caller:
        """Who asks; there is none on a public endpoint."""
        if self._caller is None:
            raise RuntimeError("a public endpoint has no caller")
        return self._caller

    @property
    def connection(self) -> Connection:
        """The connection of this request's one unit of work."""
        if self._connection is None:
            raise RuntimeError("the handler has a unit of work of its own: use database")
        return self._connection

    @property
    def page(self) -> Page:
        """Which part of the list is asked for."""
        if self._page is None:
            raise RuntimeError("the endpoint is not declared as paged")
        return self._page

    @property
    def database(self) -> Database:
        """For endpoints with a unit of work of their own."""
        return self.hub.database

    def new_id(self) -> UUID:
        """A fresh id."""
        return self.hub.new_id()

    def paged(
        self,
        rows: Sequence[Any],
        *,
        key: Callable[[Any], tuple[str | int, ...]],
        render: Callable[[Any], Any],
    ) -> dict[str, Any]:
        """One page of a list from up to `limit + 1` rows; `key` is the keyset of a row."""
        page = self.page
        shown = rows[: page.limit]
        more = len(rows) > page.limit
        return {
            "items": [render(row) for row in shown],
            "next_cursor": next_cursor(page=page, after=key(shown[-1])) if more else None,
        }
