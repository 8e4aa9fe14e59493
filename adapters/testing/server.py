"""A shop of this package as a real HTTP server on this machine.

with ShopServer(adapter=ADAPTER, shop=ShopifyShop()) as server:
    call(server.url + "/admin/api/…", credentials)

It asks for the credentials that the manifest names, answers what the shop answers, does what is
asked for (a code for points, say), and can have trouble when told to.
"""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from time import monotonic
from typing import Any, Self, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from adapters.contract import Adapter, Answer, Call, Credentials, Headers, Limits, Login
from adapters.testing.shop import Shop, json_answer

__all__ = ["Asked", "ShopServer", "credentials_hold"]

_MOST_BODY = 1 << 20
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that came, and how it was answered. `path` is without what may be a secret."""

    method: str
    path: str
    status: int
    key: str | None = None


@dataclass(frozen=True, slots=True)
class _Trouble:
    answer: Answer
    #: Whether the shop does what is asked before its answer is lost.
    after: bool = False


@dataclass
class ShopServer:
    """Serves a shop on a free port of this machine, from `__enter__` to `__exit__`.

    While it serves, change the shop under `lock` only. `limited` holds callers to the manifest's
    limits, by `clock` (seconds); those that are too fast are answered 429. Tokens that it gives for
    a login are good for `token_seconds` of that clock.
    """

    adapter: Adapter
    shop: Shop
    limited: bool = False
    clock: Callable[[], float] = monotonic
    token_seconds: int = 600
    #: Tokens that were given for a login, and when each ends.
    tokens: dict[str, float] = field(default_factory=dict)
    #: Every call, in order.
    asked: list[Asked] = field(default_factory=list)
    #: What went wrong in the shop itself: a look-up that it does not know, say.
    errors: list[Exception] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _troubles: deque[_Trouble] = field(default_factory=deque)
    _times: deque[float] = field(default_factory=deque)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"shop_server": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        with self.lock:
            self.shop.settings = replace(self.shop.settings, store_url=self.url)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def fail(
        self,
        status: int,
        *,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
        after: bool = False,
    ) -> None:
        """Answer the next calls so; `after`: do what they ask for, and answer so nevertheless."""
        answer = json_answer({"errors": "trouble"}, status, headers)
        with self.lock:
            self._troubles.extend([_Trouble(answer, after)] * times)

    def answer(self, call: Call, headers: Headers, query: Mapping[str, str]) -> Answer:
        """What is answered to a call with these credentials."""
        manifest = self.adapter.manifest
        login = manifest.credentials.login
        logs_in = login is not None and call.path == login.path
        with self.lock:
            if not logs_in and not credentials_hold(
                wanted=manifest.credentials,
                extra=self.shop.secrets.extra,
                headers=headers,
                query=query,
                tokens={token for token, end in self.tokens.items() if self.clock() < end},
            ):
                return json_answer({"errors": "who are you?"}, 401)
            if self.limited and (slower := self._too_fast(manifest.limits)) is not None:
                return slower
            trouble = self._troubles.popleft() if self._troubles else None
            if trouble is not None and not trouble.after:
                return trouble.answer
            answer = self._token(login, call) if login and logs_in else self._served(call)
            return answer if trouble is None else trouble.answer

    def _token(self, login: Login, call: Call) -> Answer:
        """Give a token to who proves itself by the shop's secrets."""
        try:
            said = dict(parse_qsl(call.body.decode())) if login.form else json.loads(call.body)
        except ValueError:
            return json_answer({"errors": "malformed"}, 400)
        extra = self.shop.secrets.extra
        wanted = {**login.says, **{name: extra[each] for name, each in login.proves.items()}}
        if call.method != "POST" or said != wanted:
            return json_answer({"errors": "invalid client"}, 401)
        token = f"token-{next(self._numbers):04d}-of-{self.url.rpartition(':')[2]}"
        self.tokens[token] = self.clock() + self.token_seconds
        answer: dict[str, Any] = {}
        for path, value in ((login.token, token), (login.lasts, self.token_seconds)):
            place = answer
            for name in path[:-1]:
                place = place.setdefault(name, {})
            place[path[-1]] = value
        return json_answer(answer)

    def _served(self, call: Call) -> Answer:
        try:
            return self.shop.answer(call)
        except Exception as error:  # noqa: BLE001 - kept, and told as a server does
            self.errors.append(error)
            return json_answer({"errors": "the shop failed"}, 500)

    def _too_fast(self, limits: Limits) -> Answer | None:
        now = self.clock()
        while self._times and self._times[0] <= now - limits.seconds:
            self._times.popleft()
        if len(self._times) < limits.calls:
            self._times.append(now)
            return None
        wait = self._times[0] + limits.seconds - now
        name = limits.retry_after_header
        # Headers that count milliseconds say so in their names.
        value = wait * 1000 if name is not None and name.lower().endswith("-ms") else wait
        headers = {} if name is None else {name: str(int(value) + 1)}
        return json_answer({"errors": "too many calls"}, 429, headers)


def credentials_hold(
    *,
    wanted: Credentials,
    extra: Mapping[str, str],
    headers: Mapping[str, str],
    query: Mapping[str, str],
    tokens: Collection[str] = (),
) -> bool:
    """Whether a call proves itself as the manifest says.

    `extra` are the connection's secrets by name. Of `basic`, `user` names the one that is the
    user's; of `header` and `query`, `header` is the name of the field. `tokens` are those that
    were given for a login and are still good.
    """
    if wanted.scheme == "none":
        return True
    secret = extra.get(wanted.secret, "")
    given = headers.get("Authorization", "")
    if wanted.scheme == "client_credentials":
        return given.removeprefix("Bearer ") in tokens and given.startswith("Bearer ")
    if wanted.scheme == "bearer":
        expected = f"Bearer {secret}"
    elif wanted.scheme == "basic":
        user = extra.get(wanted.user, "") if wanted.user else ""
        expected = "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()
    else:
        field_name = wanted.header or "Authorization"
        given = headers.get(field_name, "") if wanted.scheme == "header" else ""
        if wanted.scheme == "query":
            given = query.get(_parameter(wanted), "")
        expected = secret
    return bool(secret) and hmac.compare_digest(given.encode(), expected.encode())


def _parameter(wanted: Credentials) -> str:
    return wanted.header or wanted.secret


class _Handler(BaseHTTPRequestHandler):
    """Turns HTTP into calls of the shop, and its answers into HTTP."""

    shop_server: ShopServer
    protocol_version = "HTTP/1.1"
    #: An idle connection is not waited for.
    timeout = 10

    def __getattr__(self, name: str) -> Any:
        if name.removeprefix("do_") in _METHODS:
            return self._handle
        raise AttributeError(name)

    def _handle(self) -> None:
        server = self.shop_server
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _MOST_BODY:
            self.close_connection = True
            self._send(json_answer({"errors": "too large"}, 413))
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            # The caller went away in the middle of its request: it is none.
            self.close_connection = True
            return
        headers = Headers(self.headers.items())
        parts = urlsplit(self.path)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        wanted = server.adapter.manifest.credentials
        path = self.path
        if wanted.scheme == "query":
            # The shop itself need not know of it, and the list of calls must not.
            kept = [pair for pair in pairs if pair[0] != _parameter(wanted)]
            path = parts.path + (f"?{urlencode(kept)}" if kept else "")
        call = Call(
            method=cast("Any", self.command),
            path=path,
            body=body,
            headers=dict(headers),
            key=headers.get("Idempotency-Key"),
        )
        answer = server.answer(call, headers, dict(pairs))
        with server.lock:
            server.asked.append(Asked(self.command, path, answer.status, call.key))
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "connection"):
                self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.status != 204:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Nothing: `asked` is the log."""
