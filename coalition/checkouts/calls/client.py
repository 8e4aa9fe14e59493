"""Asking a platform: credentials, pace, patience, and a log that holds no secret."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from adapters.contract import (
    Answer,
    Call,
    Credentials,
    Headers,
    Limits,
    Login,
    Manifest,
    Secrets,
)
from adapters.registry import adapter_named
from coalition.checkouts.calls.domain import Asked
from coalition.checkouts.calls.proof import address_of, all_secrets, headers_of, secret_of, without
from coalition.checkouts.calls.store import keep_quiet, log_call, take_turn
from coalition.checkouts.calls.tokens import Token, Tokens, login_call, read_token
from coalition.checkouts.domain import Connection, Refused, Unreachable
from coalition.db.database import Database
from coalition.outgoing.pinned import NoAnswer, PinnedClient, Response
from coalition.outgoing.targets import TargetRefused

MOST_BYTES = 8 * 1024 * 1024
"""The longest answer that is read."""
SHORTEST_QUIET, LONGEST_QUIET = timedelta(milliseconds=250), timedelta(hours=1)
"""How long the hub is silent after an answer 429, whatever the platform says."""
_LONGEST_PATH, _LONGEST_DETAIL, _LONGEST_KEY = 300, 200, 200


@dataclass(frozen=True, slots=True)
class Client:
    """Makes the calls that adapters ask for. Safe to share between threads.

    `patience` is how many seconds in all it waits for its turn, or because the platform says so,
    before it gives up with `Unreachable`. `tokens` are those of the process.
    """

    database: Database
    send: PinnedClient
    wall: Callable[[], datetime]
    tokens: Tokens = field(default_factory=Tokens)
    patience: float = 20.0
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    most_bytes: int = field(default=MOST_BYTES)

    def ask(self, connection: Connection, calls: Sequence[Call]) -> tuple[Answer, ...]:
        """Make the calls one after another; answers in their order.

        Raises:
            Unreachable: no answer, an error of the platform's own (5xx), or too fast for it.
            Refused: 401, 403, a redirect, or an address that the hub does not call.
        """
        manifest = adapter_named(connection.platform).manifest
        until = self.monotonic() + self.patience
        return tuple(self._ask(connection, call, manifest, until) for call in calls)

    def _ask(self, shop: Connection, call: Call, manifest: Manifest, until: float) -> Answer:
        login, limits = manifest.credentials.login, manifest.limits
        if login is None:
            response = self._answered(shop, call, manifest.credentials, limits, until)
        else:
            response = self._with_token(shop, call, manifest, login, until)
        if response.status in (401, 403):
            raise Refused(
                response.status,
                f"the platform answered {response.status}: are the credentials right?",
            )
        return Answer(response.status, Headers(response.headers), response.body)

    def _with_token(
        self, shop: Connection, call: Call, manifest: Manifest, login: Login, until: float
    ) -> Response:
        """The answer to a call with a token; once with another, where that one is not taken."""
        credentials, limits = manifest.credentials, manifest.limits
        asking = login_call(login, lambda name: secret_of(shop.secrets, name))

        def log_in() -> Token:
            response = self._answered(shop, asking, Credentials("none"), limits, until)
            if not 200 <= response.status < 300:
                raise Refused(
                    response.status,
                    f"the platform answered {response.status} to the login: are "
                    f"{' and '.join(login.proves.values())} right?",
                )
            return read_token(login, response.body, self.wall())

        def ask(token: Token) -> Response:
            extra = {**shop.secrets.extra, credentials.secret: token.value}
            known = replace(shop, secrets=Secrets(shop.secrets.signing, extra))
            return self._answered(known, call, credentials, limits, until)

        def get(instead_of: Token | None = None) -> Token:
            return self.tokens.get(
                connection=shop, call=asking, wall=self.wall, log_in=log_in, instead_of=instead_of
            )

        token = get()
        response = ask(token)
        if response.status == 401 and not token.is_young(self.wall()):
            response = ask(get(instead_of=token))
        return response

    def _answered(
        self, shop: Connection, call: Call, credentials: Credentials, limits: Limits, until: float
    ) -> Response:
        """The answer to a call, whatever it says of the credentials."""
        while True:
            self._wait_for_turn(shop.no, limits, until)
            response = self._make(shop, call, credentials)
            if response.status in (429, 503):
                quiet = self._quiet(response, limits)
                if response.status == 429 or quiet is not None:
                    usual = timedelta(seconds=limits.seconds)
                    self._keep_quiet(shop.no, usual if quiet is None else quiet)
                    continue
            if response.status >= 500:
                raise Unreachable(f"the platform answered {response.status}")
            if 300 <= response.status < 400:
                raise Refused(
                    response.status,
                    f"the platform answered {response.status}: redirects are not followed; "
                    "set the address that it leads to",
                )
            return response

    def _wait_for_turn(self, no: int, limits: Limits, until: float) -> None:
        while True:
            now = self.wall()
            with self.database.autocommit() as connection:
                wait = take_turn(
                    connection=connection,
                    connection_no=no,
                    calls=limits.calls,
                    seconds=limits.seconds,
                    wall_now=now,
                )
            if not wait:
                return
            if self.monotonic() + wait.total_seconds() > until:
                raise Unreachable("the platform wants to be asked later", retry_at=now + wait)
            self.sleep(wait.total_seconds())

    def _keep_quiet(self, no: int, quiet: timedelta) -> None:
        with self.database.autocommit() as connection:
            keep_quiet(
                connection=connection,
                connection_no=no,
                until=self.wall() + min(max(quiet, SHORTEST_QUIET), LONGEST_QUIET),
            )

    def _quiet(self, response: Response, limits: Limits) -> timedelta | None:
        name = limits.retry_after_header or "Retry-After"
        given = Headers(response.headers).get(name) or Headers(response.headers).get("Retry-After")
        return None if given is None else _waiting(given.strip(), name, self.wall())

    def _make(self, shop: Connection, call: Call, credentials: Credentials) -> Response:
        """Make one call and write it down, whatever becomes of it."""
        called_at, began = self.wall(), self.monotonic()
        status: int | None = None
        outcome, detail, size = "unreachable", "", 0
        try:
            response = self.send.send(
                method=call.method,
                url=address_of(shop.settings.store_url, call, credentials, shop.secrets),
                headers=headers_of(call, credentials, shop.secrets),
                body=call.body,
                most_bytes=self.most_bytes,
            )
            status, size = response.status, len(response.body)
            outcome, detail = _outcome(status)
        except TargetRefused as refused:
            outcome, detail = "refused", str(refused)
            raise Refused(None, detail) from None
        except Refused as refused:
            outcome, detail = "refused", refused.detail
            raise
        except NoAnswer as none:
            detail = str(none)
            raise Unreachable(f"the platform {detail}") from None
        finally:
            hidden = list(all_secrets(shop.secrets))
            asked = Asked(
                connection_no=shop.no,
                called_at=called_at,
                method=call.method,
                path=without(call.path.partition("?")[0], hidden)[:_LONGEST_PATH],
                key=None if call.key is None else without(call.key, hidden)[:_LONGEST_KEY],
                status=status,
                outcome=outcome,
                detail=without(detail, hidden)[:_LONGEST_DETAIL],
                duration_ms=round((self.monotonic() - began) * 1000),
                bytes=size,
            )
            with self.database.autocommit() as connection:
                log_call(connection=connection, asked=asked)
        return response


def _outcome(status: int) -> tuple[str, str]:
    if status == 429:
        return "slow_down", "answered 429"
    refused = status in (401, 403) or 300 <= status < 400
    return "refused" if refused else "answered", f"answered {status}"


def _waiting(given: str, name: str, now: datetime) -> timedelta | None:
    """How long an answer says to wait: seconds, milliseconds by its name, or a date."""
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", given, re.ASCII):
        unit = 0.001 if name.lower().endswith("-ms") else 1.0
        return timedelta(seconds=float(given) * unit)
    try:
        at = parsedate_to_datetime(given)
    except ValueError:
        return None
    return max(timedelta(0), (at if at.tzinfo else at.replace(tzinfo=UTC)) - now)
