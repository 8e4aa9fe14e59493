"""Asking a platform: credentials, pace, patience, and a log that holds no secret."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlencode, urljoin, urlsplit

from adapters.contract import Answer, Call, Credentials, Headers, Limits, Secrets
from adapters.registry import adapter_named
from coalition.checkouts.calls.domain import Asked
from coalition.checkouts.calls.store import keep_quiet, log_call, take_turn
from coalition.checkouts.domain import Connection, Refused, Unreachable
from coalition.db.database import Database
from coalition.outgoing.pinned import NoAnswer, PinnedClient, Response
from coalition.outgoing.targets import TargetRefused

MOST_BYTES = 8 * 1024 * 1024
"""The longest answer that is read."""
SHORTEST_QUIET, LONGEST_QUIET = timedelta(milliseconds=250), timedelta(hours=1)
"""How long the hub is silent after an answer 429, whatever the platform says."""
_LONGEST_PATH, _LONGEST_DETAIL, _LONGEST_KEY = 300, 200, 200
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Client:
    """Makes the calls that adapters ask for. Safe to share between threads.

    `patience` is how many seconds in all it waits for its turn, or because the platform says so,
    before it gives up with `Unreachable`.
    """

    database: Database
    send: PinnedClient
    wall: Callable[[], datetime]
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
        return tuple(
            self._ask(connection, call, manifest.credentials, manifest.limits, until)
            for call in calls
        )

    def _ask(
        self, shop: Connection, call: Call, credentials: Credentials, limits: Limits, until: float
    ) -> Answer:
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
            if response.status in (401, 403):
                raise Refused(
                    response.status,
                    f"the platform answered {response.status}: are the credentials right?",
                )
            if 300 <= response.status < 400:
                raise Refused(
                    response.status,
                    f"the platform answered {response.status}: redirects are not followed; "
                    "set the address that it leads to",
                )
            return Answer(response.status, Headers(response.headers), response.body)

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
                headers=_headers(call, credentials, shop.secrets),
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
            hidden = list(_all_secrets(shop.secrets))
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


def address_of(store_url: str, call: Call, credentials: Credentials, secrets: Secrets) -> str:
    """The address of a call: below the store's, whatever the path says.

    Raises:
        Refused: the store has no address, or the path leads to another host: a credential is
            shown to nobody but the store that it is for.
    """
    base = store_url.rstrip("/") + "/"
    if not store_url:
        raise Refused(None, "the connection has no store address")
    absolute = re.match(r"[a-z][a-z0-9+.-]*:", call.path, re.IGNORECASE | re.ASCII) is not None
    url = call.path if absolute else base + call.path.lstrip("/")
    try:
        there, here = urlsplit(url), urlsplit(urljoin(base, "/"))
        same = (there.scheme, there.hostname, there.port) == (here.scheme, here.hostname, here.port)
    except ValueError:
        same = False
    if not same:
        raise Refused(None, "the call leads away from the store's address")
    if credentials.scheme == "query":
        name = credentials.header or credentials.secret
        added = urlencode({name: _secret(secrets, credentials.secret)}, quote_via=quote)
        url += ("&" if "?" in url else "?") + added
    return url


def without(text: str, secrets: Iterable[str]) -> str:
    """A text in which no secret can be read."""
    for secret in secrets:
        for spelt in {secret, quote(secret, safe=""), quote(secret)}:
            text = text.replace(spelt, _HIDDEN)
    return text


def _outcome(status: int) -> tuple[str, str]:
    if status == 429:
        return "slow_down", "answered 429"
    refused = status in (401, 403) or 300 <= status < 400
    return "refused" if refused else "answered", f"answered {status}"


def _headers(call: Call, credentials: Credentials, secrets: Secrets) -> dict[str, str]:
    """The call's own header fields, its key, and what proves the hub."""
    given = {name.lower(): value for name, value in call.headers.items()}
    sent = {"user-agent": "coalition-hub/1", "accept": "application/json", **given}
    if call.key is not None:
        sent.setdefault("idempotency-key", call.key)
    return sent | _proof(credentials, secrets)


def _proof(credentials: Credentials, secrets: Secrets) -> dict[str, str]:
    match credentials.scheme:
        case "bearer":
            return {"authorization": f"Bearer {_secret(secrets, credentials.secret)}"}
        case "basic":
            user = _secret(secrets, credentials.user) if credentials.user else ""
            pair = f"{user}:{_secret(secrets, credentials.secret)}"
            return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        case "header":
            name = (credentials.header or "authorization").lower()
            return {name: _secret(secrets, credentials.secret)}
        case _:
            return {}


def _secret(secrets: Secrets, name: str) -> str:
    try:
        found = secrets.extra[name]
    except KeyError:
        raise Refused(None, f"the connection has no secret {name}") from None
    if not found.isascii() or not found.isprintable():
        raise Refused(None, f"the secret {name} is not one line of ASCII")
    return found


def _all_secrets(secrets: Secrets) -> Iterable[str]:
    for secret in (*secrets.signing, *secrets.extra.values()):
        # What is shorter proves nothing, and would blacken the log.
        if len(secret) >= 4:
            yield secret


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
