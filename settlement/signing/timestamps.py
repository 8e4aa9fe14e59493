"""A timestamp authority over HTTP (RFC 3161), asked a few times and no more."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from settlement.signing.errors import TimestampUnavailable

__all__ = ["TimestampAuthority"]

_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
#: A token with the authority's certificates has a few kilobytes.
_MAX_REPLY_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 13


@dataclass(slots=True)
class TimestampAuthority:
    """Where timestamps come from, and how long we wait for one.

    An authority that has failed is not asked again for ``rest_seconds``: a night of many
    statements must not wait for it at each of them.
    """

    url: str
    attempts: int = 3
    timeout_seconds: float = 5.0
    pause_seconds: float = 0.5
    rest_seconds: float = 60.0
    pause: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    _resting_until: float = field(default=float("-inf"), init=False)

    def ask(self, *, query: bytes) -> bytes:
        """Return the reply (DER) to a query (DER); what it says is for the caller to judge.

        Raises:
            TimestampUnavailable: no reply after all attempts, or a failure not long ago.
        """
        if self.monotonic() < self._resting_until:
            raise TimestampUnavailable(f"{self.url} has failed a moment ago")
        problem = ""
        for attempt in range(self.attempts):
            if attempt:
                self.pause(self.pause_seconds * attempt)
            try:
                return self._ask_once(query)
            except (requests.RequestException, TimestampUnavailable) as error:
                problem = str(error) or type(error).__name__
        raise self.failed(problem)

    def failed(self, problem: str) -> TimestampUnavailable:
        """Note that the authority is of no use for now; return the error to raise."""
        self._resting_until = self.monotonic() + self.rest_seconds
        return TimestampUnavailable(f"no timestamp from {self.url}: {problem}")

    def _ask_once(self, query: bytes) -> bytes:
        with requests.post(
            self.url,
            data=query,
            headers={"Content-Type": _QUERY, "Accept": _REPLY},
            timeout=self.timeout_seconds,
            allow_redirects=False,
            stream=True,
        ) as response:
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
            if response.status_code != requests.codes.ok or kind != _REPLY:
                raise TimestampUnavailable(f"status {response.status_code}, {kind or 'no type'}")
            reply = b""
            for block in response.iter_content(_BLOCK_BYTES):
                reply += block
                if len(reply) > _MAX_REPLY_BYTES:
                    raise TimestampUnavailable("the reply is too long")
            return reply
