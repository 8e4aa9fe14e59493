"""Delivering a shop's messages over HTTP, as its platform would: with retries, and with losses.

Time is an argument, so that four hours of retries take no time:

    deliverer = Deliverer(shop=shop, retries=MANIFEST.retries, url=hub + "/hooks/con_…")
    deliverer.run(now)               # all that is due by now
    deliverer.run_to_the_end(now)    # and all the tries that would follow
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from adapters.contract import Request, Retries
from adapters.testing.shop import Message, Shop

__all__ = ["Attempt", "Deliverer", "Delivery", "post"]

State = Literal["waiting", "delivered", "given_up", "lost"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try: `status` None where no answer came in time, `problem` says why."""

    at: datetime
    status: int | None
    problem: str | None = None
    body: bytes = b""


@dataclass(slots=True)
class Delivery:
    """A message and what became of it."""

    message: Message
    due_at: datetime
    state: State = "waiting"
    attempts: list[Attempt] = field(default_factory=list)


@dataclass
class Deliverer:
    """Delivers what a shop says to one address, by the retry contract of its platform.

    `loses` tells of a message whether it gets lost before the first try, `unheard` of an answer
    that came whether it gets lost on the way back, so that the platform delivers again.
    `signs_at`: where the platform signs the time, when it signs each try; without it, every
    message goes out as it was signed when it was said.
    """

    shop: Shop
    retries: Retries
    url: str
    loses: Callable[[Message], bool] = lambda _message: False
    unheard: Callable[[Attempt], bool] = lambda _attempt: False
    signs_at: Callable[[], datetime] | None = None
    deliveries: list[Delivery] = field(default_factory=list)
    _taken: int = 0

    def __post_init__(self) -> None:
        # Some platforms sign the address that they were told to call.
        self.shop.url = self.url

    def run(self, now: datetime) -> list[Delivery]:
        """Try everything that is due, oldest first; gives what was tried, or lost."""
        for message in self.shop.sent[self._taken :]:
            lost = self.loses(message)
            self.deliveries.append(Delivery(message, now, "lost" if lost else "waiting"))
        new = self.deliveries[self._taken :]
        self._taken = len(self.deliveries)
        lost_now = [each for each in new if each.state == "lost"]
        due = [each for each in self.deliveries if each.state == "waiting" and each.due_at <= now]
        for delivery in sorted(due, key=lambda each: each.due_at):
            self._try(delivery, now)
        return lost_now + due

    def run_to_the_end(self, now: datetime) -> datetime:
        """Try until all is delivered, lost or given up; gives the instant of the last try."""
        self.run(now)
        while waiting := [each.due_at for each in self.deliveries if each.state == "waiting"]:
            now = max(now, min(waiting))
            self.run(now)
        return now

    def again(self, delivery: Delivery, now: datetime) -> Attempt:
        """Deliver a message once more, as platforms do for no reason at all."""
        message = self.shop.redelivered(delivery.message.request)
        return self._post(message, now)

    def find(self, state: State) -> list[Delivery]:
        """Those in this state."""
        return [each for each in self.deliveries if each.state == state]

    def _try(self, delivery: Delivery, now: datetime) -> None:
        request = delivery.message.request
        if delivery.attempts:
            request = self.shop.redelivered(request)
        attempt = self._post(request, now)
        if attempt.status is not None and self.unheard(attempt):
            attempt = replace(attempt, status=None, problem="the answer was lost on the way")
        delivery.attempts.append(attempt)
        retried = len(delivery.attempts) - 1
        if attempt.status in self.retries.succeeds_on:
            delivery.state = "delivered"
        elif attempt.status in self.retries.gives_up_on or retried >= self.retries.tries:
            delivery.state = "given_up"
        else:
            delivery.due_at = now + self.pause(retried)

    def pause(self, retried: int) -> timedelta:
        """How long the platform waits before the next retry: twice as long each time.

        All pauses together are the span of the contract.
        """
        steps = (1 << self.retries.tries) - 1
        return timedelta(seconds=self.retries.over_seconds * (1 << retried) / steps)

    def _post(self, request: Request, now: datetime) -> Attempt:
        if self.signs_at is not None:
            before, self.shop.now = self.shop.now, self.signs_at()
            try:
                request = self.shop.sign(request.body, like=request)
            finally:
                self.shop.now = before
        return post(
            request,
            url=self.url,
            at=now,
            within_seconds=self.retries.answer_within_ms / 1000,
        )


def post(request: Request, *, url: str, at: datetime, within_seconds: float) -> Attempt:
    """Send a message over HTTP; redirects are answers, and no answer in time is none."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=within_seconds)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(request.method, target or "/", request.body, dict(request.headers))
        answer = connection.getresponse()
        return Attempt(at, answer.status, body=answer.read(1 << 20))
    except (OSError, http.client.HTTPException) as error:
        problem = "no answer in time" if isinstance(error, TimeoutError) else "no connection"
        return Attempt(at, None, problem)
    finally:
        connection.close()
