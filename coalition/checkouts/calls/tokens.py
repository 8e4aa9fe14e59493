"""Tokens that platforms give for a while: got by a login, kept in memory, never written down."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from adapters.contract import Call, Login
from coalition.checkouts.domain import Connection, Refused, Unreachable

LONGEST_MARGIN = timedelta(minutes=1)
"""How long before its end a token is replaced, at most; of a short life a tenth."""
LONGEST_LIFE = timedelta(days=1)
"""For how long a token is kept at most, whatever the platform says."""
YOUNG = timedelta(seconds=30)
"""A token this new that is not taken is not replaced: another would fare no better."""
PAUSE = timedelta(minutes=1)
"""For how long a login that was refused is not tried again with the same secrets."""
_MOST_DIGITS, _MOST_SECONDS = 10, 10_000_000_000


@dataclass(frozen=True, slots=True)
class Token:
    """What proves the hub until `good_until`, which is a little before it ends (wall time)."""

    value: str = field(repr=False)
    got_at: datetime
    good_until: datetime

    def is_young(self, wall_now: datetime) -> bool:
        """Whether it was got just now."""
        return wall_now < self.got_at + YOUNG


@dataclass(slots=True)
class _Kept:
    """What is known of one connection's login, by what it proves itself with."""

    proof: bytes
    lock: threading.Lock = field(default_factory=threading.Lock)
    token: Token | None = None
    #: How the login was refused, and until when it is not tried again.
    refused: tuple[Refused, datetime] | None = None


class Tokens:
    """The tokens of a process, by connection. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[UUID, _Kept] = {}

    def get(
        self,
        *,
        connection: Connection,
        call: Call,
        wall: Callable[[], datetime],
        log_in: Callable[[], Token],
        instead_of: Token | None = None,
    ) -> Token:
        """The connection's token: what is kept, or what `log_in` gets, which makes the call.

        `instead_of` was not taken by the platform. One thread logs in, the others wait for it.

        Raises:
            Refused: the platform does not take the login, or did not a moment ago.
            Unreachable: it could not be asked.
        """
        kept = self._of(connection, call)
        with kept.lock:
            now, token = wall(), kept.token
            if token is not None and token is not instead_of and now < token.good_until:
                return token
            if kept.refused is not None and now < kept.refused[1]:
                refused = kept.refused[0]
                raise Refused(refused.status, refused.detail)
            kept.token = kept.refused = None
            try:
                kept.token = log_in()
            except Refused as refused:
                kept.refused = (refused, now + PAUSE)
                raise
            return kept.token

    def _of(self, connection: Connection, call: Call) -> _Kept:
        """What is kept of it; of other secrets or another address nothing is."""
        said = f"{connection.settings.store_url}\n{call.path}\n".encode() + call.body
        proof = hashlib.sha256(said).digest()
        with self._lock:
            kept = self._kept.get(connection.id)
            if kept is None or kept.proof != proof:
                kept = self._kept[connection.id] = _Kept(proof)
            return kept


def login_call(login: Login, secret: Callable[[str], str]) -> Call:
    """The call that asks for a token; `secret` gives a connection's secret by its name."""
    said = dict(login.says) | {name: secret(named) for name, named in login.proves.items()}
    if login.form:
        kind, body = "application/x-www-form-urlencoded", urlencode(said)
    else:
        kind, body = "application/json", json.dumps(said)
    return Call("POST", login.path, body.encode(), {"Content-Type": kind})


def read_token(login: Login, body: bytes, wall_now: datetime) -> Token:
    """The token of an answer to a login.

    Raises:
        Unreachable: there is none in it.
    """
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    value, lasts = _at(said, login.token), _at(said, login.lasts)
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
        raise Unreachable("the platform answered a login without a token")
    seconds = _seconds(lasts)
    if seconds is None:
        raise Unreachable("the platform gave a token and does not say how long it is good")
    life = min(timedelta(seconds=seconds), LONGEST_LIFE)
    return Token(value, wall_now, wall_now + life - min(life / 10, LONGEST_MARGIN))


def _at(said: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        said = said.get(name) if isinstance(said, Mapping) else None
    return said


def _seconds(lasts: object) -> int | None:
    """A number of seconds, which some write as text."""
    if isinstance(lasts, str) and lasts.isascii() and lasts.isdecimal():
        lasts = int(lasts[:_MOST_DIGITS])
    if isinstance(lasts, int) and not isinstance(lasts, bool) and lasts > 0:
        return min(lasts, _MOST_SECONDS)
    return None
