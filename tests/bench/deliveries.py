"""Deliveries: a platform's signed messages to the hub's door, and the job that works on them."""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from adapters.testing.generic import GenericShop
from adapters.testing.shop import Item, Purchase
from coalition.checkouts.jobs import JOBS
from coalition.checkouts.sealed import SECRETS_KEY
from coalition.checkouts.service import Opening, open_connection
from coalition.checkouts.service.manage import Means
from coalition.checkouts.workshop import WORKERS
from coalition.ids import IdSource
from coalition.jobs.job import JobContext, SelfLockingJob
from coalition.jobs.runner import make_context
from partner_sdk.wire import ids
from tests.bench.bed import Bed
from tests.bench.http_load import UnexpectedAnswerError, run_load
from tests.bench.over_http import CONNECTIONS, raw_request
from tests.bench.turns import Sample

PLATFORM = "generic"
"""Its messages hold the whole order: of what is measured, nothing waits for a platform's answer."""
SHOPS = WORKERS
"""As many connections as a process of jobs works on at once."""
_WAKING_SECONDS = 30.0
_JOB = next(each for each in JOBS if isinstance(each, SelfLockingJob) and each.name == "work-inbox")


class Platform:
    """Shops of one partner that deliver to the hub, and the job that works on what they said.

    A turn of `processed` works on what turns of `accepted` before it left, and on no more; if they
    left nothing, it has so much delivered first.
    """

    def __init__(
        self, *, bed: Bed, context: JobContext, address: tuple[str, int], requests: int
    ) -> None:
        self._bed = bed
        self._context = context
        self._address = address
        self._requests = requests
        self._shop = GenericShop()
        self._connections = _open_connections(bed=bed, context=context, shop=self._shop)
        self._random = random.Random(7)
        self._count = 0
        self._left = 0

    def wake(self) -> None:
        """Deliver until all is taken, to every worker of the hub.

        A worker that has just started does not know its connections yet, has 1.8 s for an answer,
        and on a busy machine says 503; what is kept all the same is known when it comes again.
        """
        self._shop.now = datetime.now(UTC).replace(microsecond=0)
        requests = [self._delivery() for _ in range(2 * CONNECTIONS)]
        until = time.monotonic() + _WAKING_SECONDS
        while True:
            try:
                run_load(address=self._address, requests=requests, connections=CONNECTIONS)
            except UnexpectedAnswerError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)
            else:
                self._left += len(requests)
                return

    def accepted(self) -> Sample:
        """New messages, each signed as the platform signs."""
        # The signature says when, and the hub wants that to be now.
        self._shop.now = datetime.now(UTC).replace(microsecond=0)
        requests = [self._delivery() for _ in range(self._requests)]
        sample = run_load(address=self._address, requests=requests, connections=CONNECTIONS)
        self._left += len(requests)
        return sample

    def processed(self) -> Sample:
        """The inbox's job, from when all are waiting until all are sales."""
        if not self._left:
            self.accepted()
        left, self._left = self._left, 0
        began = time.perf_counter()
        done = _JOB.run(self._context)
        seconds = time.perf_counter() - began
        if dict(done.counts) != {"done": left}:
            raise RuntimeError(f"of {left} deliveries became {dict(done.counts)}")
        return Sample(rate=left / seconds)

    def _delivery(self) -> bytes:
        """A basket of three lines, of a member by id, as the signed sales beside it have."""
        self._count += 1
        now = self._shop.now
        purchase = Purchase(
            number=self._count,
            placed_at=now,
            changed_at=now,
            currency=self._shop.currency,
            items=(
                Item("1", 1000 + self._count % 40 * 100),
                Item("2", 250, count=2),
                Item("3", 399),
            ),
            customer=ids.encode("mem", self._random.choice(self._bed.members)),
        )
        said = {
            "type": "order.changed",
            "timestamp": now.isoformat(),
            "data": self._shop.order(purchase),
        }
        request = self._shop.signed(
            json.dumps(said).encode(), "application/json", message=f"msg_{self._count}"
        )
        connection = self._connections[self._count % len(self._connections)]
        host, port = self._address
        return raw_request(
            "POST",
            f"/hooks/{ids.encode('con', connection)}",
            f"{host}:{port}",
            {n: v for n, v in request.headers.items() if n != "content-type"},
            request.body,
        )


def _open_connections(*, bed: Bed, context: JobContext, shop: GenericShop) -> list[UUID]:
    new_id = IdSource()
    means = Means(
        key=context.config.derived_key(purpose=SECRETS_KEY),
        random=secrets.token_bytes,
        allow_private=False,
        wall_now=datetime.now(UTC),
    )
    found = []
    with context.database.transaction() as connection:
        for number in range(SHOPS):
            opening = Opening(
                party_no=bed.partners[1],
                name=f"shop-{number}",
                platform=PLATFORM,
                settings={"currency": shop.currency, "time_zone": shop.settings.time_zone},
                secrets={"signing": shop.signing[0]},
            )
            connection_id = new_id()
            open_connection(
                connection=connection, opening=opening, connection_id=connection_id, means=means
            )
            found.append(connection_id)
    return found


@contextmanager
def delivering(*, bed: Bed, address: tuple[str, int], requests: int) -> Iterator[Platform]:
    """Shops that are connected to the hub at that address, and what jobs work with."""
    context = make_context(config=bed.config(), address=bed.address, threads=len(JOBS))
    try:
        platform = Platform(bed=bed, context=context, address=address, requests=requests)
        platform.wake()
        yield platform
    finally:
        context.database.engine.dispose()
