"""Getting one request to the hub and its answer back: signature, retries, connections.

A call may be sent several times; the ``Idempotency-Key`` stays, the signature is made anew each
time. That makes every retry safe, also one after an answer that was lost.
"""

import json
import random
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from partner_sdk import __version__
from partner_sdk.errors import (
    CoalitionError,
    ConnectionFailed,
    TimedOut,
    TransportError,
    UnexpectedAnswer,
    error_of,
)
from partner_sdk.wire.problems import Problem
from partner_sdk.wire.signing import sign_headers

__all__ = ["Credentials", "RetryPolicy", "Transport", "wall_now"]

#: A JSON answer may be this long; statement bundles are streamed and have no limit.
MAX_ANSWER_BYTES = 64 * 1024 * 1024
_RETRYABLE_STATUS = frozenset({429, 502, 503, 504})
_BROKEN = (
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)

T = TypeVar("T")


def wall_now() -> datetime:
    """Return the wall clock in UTC; signatures and webhooks are dated by it."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are: a key pair to sign with, or a bearer key of the sandbox or an operator."""

    key_id: str | None = None
    private_key: Ed25519PrivateKey | None = None
    bearer: str | None = None

    def __post_init__(self) -> None:
        signs = self.key_id is not None and self.private_key is not None
        if (self.key_id is None) != (self.private_key is None) or signs == bool(self.bearer):
            raise ValueError("give key_id and private_key, or bearer, and not both")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Bounds of the retries: waits are random up to a doubling limit ("full jitter").

    All times are in seconds. ``patience`` bounds the waiting of one call in all; a hub that asks
    for more by ``Retry-After`` is not waited for.
    """

    attempts: int = 4
    first_wait: float = 0.2
    longest_wait: float = 5.0
    patience: float = 30.0


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why an attempt failed, whether another may help, and how long the hub asks to wait."""

    error: CoalitionError
    again: bool
    retry_after: float = 0.0


class Transport:
    """A pool of connections to one hub; safe to share among threads."""

    def __init__(
        self,
        *,
        base_url: str,
        credentials: Credentials,
        timeout: float | tuple[float, float],
        retry: RetryPolicy,
        pool_size: int,
        verify: bool | str = True,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = wall_now,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise ValueError("base_url must be like https://hub.example")
        self._base = base_url.rstrip("/")
        self._credentials = credentials
        self._timeout = timeout
        self._retry = retry
        self._verify = verify
        self._sleep = sleep
        self._now = now
        self._random = random.Random()
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=pool_size)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)
        # Read once: asking the environment for proxies costs more than the request's own work.
        self._proxies = get_environ_proxies(self._base)

    def close(self) -> None:
        self._session.close()

    def pause(self, seconds: float) -> None:
        """Wait between two requests."""
        self._sleep(seconds)

    def json(
        self,
        *,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Send a call until it is answered and return the JSON, None for an empty answer.

        ``path`` is percent-encoded; a body of bytes is JSON already. A POST gets an
        ``Idempotency-Key`` unless one is given.

        Raises:
            CoalitionError: an ``ApiError`` for a problem, a ``TransportError`` without answer.
        """
        content = self.exchange(
            method=method,
            path=path,
            body=body,
            query=query,
            idempotency_key=idempotency_key,
            receive=_content,
        )
        if not content:
            return None
        try:
            return json.loads(content)
        except ValueError as error:
            raise UnexpectedAnswer(f"{method} {path}: the answer is not JSON") from error

    def exchange(
        self,
        *,
        method: str,
        path: str,
        receive: Callable[[requests.Response], T],
        body: object = None,
        query: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        accept: str = "application/json, application/problem+json",
    ) -> T:
        """Send a call until it is answered and return what ``receive`` makes of the answer.

        ``receive`` gets a response whose body is not read yet; when the connection breaks on
        the way, the call is sent again and ``receive`` starts afresh.
        """
        payload = None
        if method in {"POST", "PUT"}:
            payload = b"" if body is None else _encode(body)
        if method == "POST" and idempotency_key is None:
            idempotency_key = secrets.token_urlsafe(18)
        headers = _headers(accept=accept, has_body=bool(payload), key=idempotency_key)
        request = requests.Request(
            method, self._base + path, params=query, data=payload, headers=headers
        ).prepare()
        waited = 0.0
        attempt = 1
        while True:
            answer = self._once(request=request, payload=payload, receive=receive)
            if not isinstance(answer, _Failure):
                return answer
            wait = self._wait(attempt=attempt, asked=answer.retry_after)
            spent = attempt >= self._retry.attempts or waited + wait > self._retry.patience
            if spent or not answer.again:
                raise answer.error
            waited += wait
            attempt += 1
            self._sleep(wait)

    def _wait(self, *, attempt: int, asked: float) -> float:
        limit = min(self._retry.longest_wait, self._retry.first_wait * 2 ** (attempt - 1))
        # What the hub asks for is the least; the jitter keeps tills from coming back as one.
        return asked + self._random.uniform(0, limit)

    def _once(
        self,
        *,
        request: requests.PreparedRequest,
        payload: bytes | None,
        receive: Callable[[requests.Response], T],
    ) -> T | _Failure:
        request.headers.update(self._proof(request=request, payload=payload))
        try:
            response = self._session.send(
                request,
                timeout=self._timeout,
                stream=True,
                allow_redirects=False,
                proxies=self._proxies,
                verify=self._verify,
            )
            with response:
                if 200 <= response.status_code < 300:
                    return receive(response)
                return _failure_of(response)
        except requests.Timeout as error:
            return _Failure(_caused(TimedOut("the hub did not answer in time"), error), True)
        except requests.exceptions.SSLError as error:
            return _Failure(_caused(ConnectionFailed(f"TLS failed: {error}"), error), False)
        except _BROKEN as error:
            return _Failure(_caused(ConnectionFailed("the hub cannot be reached"), error), True)
        except requests.RequestException as error:
            return _Failure(_caused(TransportError(str(error)), error), False)

    def _proof(self, *, request: requests.PreparedRequest, payload: bytes | None) -> dict[str, str]:
        who = self._credentials
        if who.key_id is None or who.private_key is None:
            return {"Authorization": f"Bearer {who.bearer}"}
        return sign_headers(
            method=str(request.method),
            # As prepared, not as given: this spelling is what goes over the wire.
            url=str(request.url),
            headers=request.headers,
            body=payload,
            key_id=who.key_id,
            private_key=who.private_key,
            created=int(self._now().timestamp()),
            nonce=secrets.token_urlsafe(16),
        )


def _headers(*, accept: str, has_body: bool, key: str | None) -> dict[str, str]:
    headers = {"Accept": accept, "User-Agent": f"coalition-partner-sdk/{__version__}"}
    if has_body:
        headers["Content-Type"] = "application/json"
    if key is not None:
        headers["Idempotency-Key"] = key
    return headers


def _encode(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()


def _content(response: requests.Response) -> bytes:
    """Read the answer up to its limit."""
    pieces, size = [], 0
    for piece in response.iter_content(64 * 1024):
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise UnexpectedAnswer("the answer is too long")
        pieces.append(piece)
    return b"".join(pieces)


def _failure_of(response: requests.Response) -> _Failure:
    status = response.status_code
    retry_after = _retry_after(response.headers.get("Retry-After"))
    try:
        problem = Problem.from_wire(json.loads(_content(response)))
    except (KeyError, TypeError, ValueError, AttributeError):
        error: CoalitionError = UnexpectedAnswer(f"HTTP {status} without a problem document")
        return _Failure(error, status in _RETRYABLE_STATUS, retry_after)
    again = problem.retryable or status in _RETRYABLE_STATUS
    return _Failure(error_of(problem), again, retry_after)


def _retry_after(value: str | None) -> float:
    """Read ``Retry-After`` in seconds; the form with a date is taken as no wish."""
    if value is not None:
        with suppress(ValueError):
            return max(0.0, float(value))
    return 0.0


def _caused(error: CoalitionError, cause: BaseException) -> CoalitionError:
    error.__cause__ = cause
    return error
