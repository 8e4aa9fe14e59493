"""What happens at connections, as it happens: kept, settled or dropped, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from adapters.contract import Request
from coalition.checkouts.store import inbox, rejections
from coalition.checkouts.store.connections import StoredConnection
from coalition.db.database import Database
from partner_sdk.wire.ids import decode, encode
from partner_sdk.wire.instants import format_instant

__all__ = ["Follower", "News"]

What = Literal["waiting", "done", "ignored", "dead", "rejected"]
MOST = 200
"""Messages of a connection that are looked at at once; older ones are passed over."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened: to a message that is `new`, or that was seen waiting."""

    connection: str
    platform: str
    at: datetime
    what: What
    reason: str | None
    message: str | None = None
    about: str | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    new: bool = False

    def document(self) -> dict[str, Any]:
        """As JSON, without the message itself."""
        return {
            "connection": self.connection,
            "platform": self.platform,
            "at": format_instant(self.at),
            "what": self.what,
            "reason": self.reason,
            "message": self.message,
            "about": self.about,
            "result": dict(self.result),
        }


@dataclass
class Follower:
    """Looks again and again, and tells what is new since the last look."""

    database: Database
    connections: list[StoredConnection]
    _seen: dict[int, set[UUID]] = field(default_factory=dict)
    _refused: dict[int, int] = field(default_factory=dict)
    _waiting: dict[int, set[UUID]] = field(default_factory=dict)

    def begin(self) -> None:
        """Pass over what is there already."""
        for each in self.connections:
            self._look_at(each)

    def request_of(self, news: News) -> Request | None:
        """The message itself, when it is new."""
        if not news.new or news.message is None:
            return None
        with self.database.autocommit() as connection:
            found = inbox.find_message(
                connection=connection, message_id=decode("msg", news.message)
            )
        return None if found is None else found.request

    def look(self) -> list[News]:
        """What is new, oldest first."""
        found = [news for each in self.connections for news in self._look_at(each)]
        return sorted(found, key=lambda news: news.at)

    def _look_at(self, shop: StoredConnection) -> list[News]:
        name = encode("con", shop.connection_id)
        waiting = self._waiting.setdefault(shop.no, set())
        found = []
        with self.database.autocommit() as connection:
            messages = inbox.list_messages(
                connection=connection,
                connection_no=shop.no,
                state=None,
                before=None,
                limit=MOST,
                bodies=False,
            )
            refused = rejections.list_rejections(
                connection=connection, connection_no=shop.no, before=None, limit=MOST
            )
        seen = self._seen.get(shop.no, set())
        oldest = min(seen) if len(seen) == MOST else UUID(int=0)
        for each in messages:
            # By its id alone one would be passed over that was made first and kept last.
            new = each.message_id not in seen and each.message_id > oldest
            settled = each.message_id in waiting and each.state != "waiting"
            if each.state == "waiting":
                # One that is replayed waits once more.
                waiting.add(each.message_id)
            else:
                waiting.discard(each.message_id)
            if not (new or settled):
                continue
            found.append(
                News(
                    connection=name,
                    platform=shop.platform,
                    at=each.received_at if new else each.settled_at or each.received_at,
                    what=each.state,
                    reason=each.reason,
                    message=encode("msg", each.message_id),
                    about=each.about,
                    result=each.result,
                    new=new,
                )
            )
        self._seen[shop.no] = {each.message_id for each in messages}
        # Those that so many came after are not looked at any more.
        waiting &= self._seen[shop.no]
        highest = self._refused.get(shop.no, 0)
        found += [
            News(name, shop.platform, each.rejected_at, "rejected", f"{each.reason}: {each.detail}")
            for number, each in refused
            if number > highest
        ]
        if refused:
            self._refused[shop.no] = refused[0][0]
        return found
