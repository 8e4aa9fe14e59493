"""From what messages say to orders: fetch what must be asked, assemble what came in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, cast

import orjson

from adapters.contract import (
    Adapter,
    Answer,
    Assembler,
    Facts,
    Fetch,
    Ignored,
    Malformed,
    NotNow,
    Parsed,
    Part,
    Parts,
    Question,
)
from coalition.checkouts.domain import Asks, Connection, Refused, Unreachable
from coalition.checkouts.processing.values import Heard, Source, Taken
from coalition.checkouts.store.orders import keep_parts, load_parts
from coalition.db.database import Database
from coalition.db.state import server_clock
from coalition.logging import logger

_log = logger(__name__)

MOST_ROUNDS = 10
"""How often an adapter may ask on before it is held to ask for ever."""
_PASSING = frozenset({408, 425, 429})
_NOT_LET_IN = frozenset({401, 403})


@dataclass(slots=True)
class _Wanted:
    """A fetch, and for which of the things to take it is made."""

    fetch: Fetch
    of: set[int]


@dataclass(slots=True)
class Reader:
    """Reads one batch of one connection."""

    database: Database
    adapter: Adapter
    connection: Connection
    asks: Asks
    parallel: int
    asked_at: datetime | None = None
    sources: list[Source] = field(default_factory=list)
    _wanted: dict[bytes, _Wanted] = field(default_factory=dict)
    _abouts: dict[str, set[int]] = field(default_factory=dict)
    _parts: dict[tuple[str, str], Part] = field(default_factory=dict)

    def read(self, parsed: Sequence[Parsed | Taken]) -> list[Source]:
        """What was heard in each, or how it ended."""
        self.sources = [Source() for _ in parsed]
        for index, each in enumerate(parsed):
            if isinstance(each, Taken):
                self.sources[index].ended = each
            else:
                self._sort(each, {index})
        for _ in range(MOST_ROUNDS):
            if not self._wanted and not self._abouts:
                return self.sources
            self._fetch()
            self._assemble()
        for wanted in self._wanted.values():
            self._end(wanted.of, Taken("dead", "the adapter never stops asking"))
        return self.sources

    def _sort(self, parsed: Parsed, of: set[int]) -> None:
        """Put aside what is to be done next for one thing that was read."""
        match parsed:
            case Ignored(reason=reason):
                self._end(of, Taken("ignored", reason))
            case Fetch():
                self._wanted.setdefault(_key(parsed), _Wanted(parsed, set())).of.update(of)
            case Parts(parts=parts):
                for part in parts:
                    self._parts.setdefault((part.about, part.key), part)
                    self._abouts.setdefault(part.about, set()).update(of)
            case Facts(orders=orders):
                for order in orders:
                    self._hear(Heard(order), of)
                if not orders:
                    self._end(of, Taken("ignored", "it says nothing of any order"))
            case Question(order=None):
                self._end(of, Taken("ignored", "a question, answered when it was asked"))
            case Question(order=order):
                self._hear(Heard(cast("Any", order)), of)

    def _hear(self, heard: Heard, of: Iterable[int]) -> None:
        for index in of:
            self.sources[index].heard.append(heard)

    def _end(self, of: Iterable[int], taken: Taken) -> None:
        for index in of:
            self.sources[index].ended = taken

    def _fetch(self) -> None:
        """Make all calls that are wanted, and read the answers."""
        wanted, self._wanted = list(self._wanted.values()), {}
        if not wanted:
            return
        if self.asked_at is None:
            with self.database.autocommit() as connection:
                self.asked_at = server_clock(connection=connection)
        if len(wanted) == 1:
            found = [self._ask(wanted[0].fetch)]
        else:
            with ThreadPoolExecutor(self.parallel) as pool:
                found = list(pool.map(lambda each: self._ask(each.fetch), wanted))
        for each, outcome in zip(wanted, found, strict=True):
            match outcome:
                case Taken():
                    self._end(each.of, outcome)
                case Facts(orders=orders) if orders:
                    for order in orders:
                        self._hear(Heard(order, self.asked_at), each.of)
                case _:
                    self._sort(outcome, each.of)

    def _ask(self, fetch: Fetch) -> Parsed | Taken:
        """Make the calls of one fetch and read the answers."""

        def work() -> Parsed | Taken:
            answers = self.asks.ask(self.connection, fetch.calls)
            trouble = _trouble(answers)
            if trouble is not None:
                return trouble
            return self.adapter.resolve(
                fetch=fetch, answers=answers, settings=self.connection.settings
            )

        return guarded(work, self.connection)

    def _assemble(self) -> None:
        """Keep the parts, and read each order by all parts that are known of it."""
        abouts, self._abouts = self._abouts, {}
        if not abouts:
            return
        parts, self._parts = list(self._parts.values()), {}
        no = self.connection.no
        with self.database.autocommit() as connection:
            keep_parts(connection=connection, connection_no=no, parts=parts)
            # In a statement after: of two that keep parts at once, the later one sees both.
            known = load_parts(connection=connection, connection_no=no, abouts=abouts)
        for about, of in abouts.items():
            outcome = guarded(partial(self._whole, about, known), self.connection)
            if isinstance(outcome, Taken):
                self._end(of, outcome)
            else:
                self._sort(outcome, of)

    def _whole(self, about: str, known: Mapping[str, tuple[Part, ...]]) -> Parsed:
        assembler = cast("Assembler", self.adapter)  # who says Parts has it
        return assembler.assemble(
            about=about, parts=known[about], settings=self.connection.settings
        )


def guarded(work: Callable[[], Parsed | Taken], connection: Connection) -> Parsed | Taken:
    """Run an adapter's work; what it raises becomes what is to be done about it."""
    try:
        return work()
    except NotNow as refusal:
        return Taken("later", f"not told: {refusal}")
    except Malformed as fault:
        return Taken("dead", f"malformed: {fault}")
    except Unreachable as trouble:
        return Taken("later", f"unreachable: {trouble.detail}", retry_at=trouble.retry_at)
    except Refused as refusal:
        return Taken("later", f"not let in: {refusal.detail}")
    except Exception as error:  # noqa: BLE001 - an adapter's fault must not stop other messages
        _log.exception(
            "adapter_failed", platform=connection.platform, connection=str(connection.id)
        )
        return Taken("later", f"the adapter failed: {type(error).__name__}")


def _trouble(answers: Iterable[Answer]) -> Taken | None:
    """Answers that say nothing of the order, but that the platform cannot or will not answer."""
    for answer in answers:
        if answer.status >= 500 or answer.status in _PASSING:
            return Taken("later", f"unreachable: the platform answered {answer.status}")
        if answer.status in _NOT_LET_IN:
            return Taken("later", f"not let in: the platform answered {answer.status}")
    return None


def _key(fetch: Fetch) -> bytes:
    """What is the same of two fetches that ask the same."""
    calls = [
        [call.method, call.path, call.body.hex(), dict(call.headers), call.key]
        for call in fetch.calls
    ]
    return orjson.dumps([fetch.about, calls, fetch.carry], default=str, option=orjson.OPT_SORT_KEYS)
