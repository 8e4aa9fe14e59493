"""What the cases share: the samples, the orders, and the ways to try them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from adapters.contract import (
    Adapter,
    Capability,
    Malformed,
    Order,
    Parsed,
    Question,
    Rejected,
    Reply,
    Request,
    Verified,
)
from adapters.registry import adapter_named
from coalition.checkouts.certification import orders as told
from coalition.checkouts.certification.domain import Graded
from coalition.checkouts.certification.grading import Points
from coalition.checkouts.certification.orders import Evidence
from coalition.checkouts.certification.platform import Found
from coalition.checkouts.certification.rehearsal import Rehearsal, Said
from coalition.checkouts.domain import Connection
from coalition.checkouts.receiving.telling import as_told
from coalition.checkouts.trying.sending import samples
from coalition.errors import HubError
from partner_sdk.wire.ids import encode

__all__ = ["Run"]


@dataclass
class Run:
    """What the cases share. `connection` is the real one, with its secrets.

    `samples` are those that can be signed, by scenario; `unsigned` says why one cannot. `took` are
    the seconds of each delivery. `unread` are samples that do not say what the adapter promises,
    with these settings. `base` is an order that earns, for what the shop has no order of; until
    one is found, one that is made.
    """

    connection: Connection
    rehearsal: Rehearsal
    found: Found
    samples: dict[str, tuple[Request, ...]] = field(default_factory=dict)
    unsigned: str | None = None
    questions: list[tuple[Request, Question]] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    base: Evidence = field(init=False)

    def __post_init__(self) -> None:
        """Sign and read the samples, and gather the orders."""
        settings = self.connection.settings
        self.base = told.made_order(settings, self.rehearsal.now)
        self.evidence = told.named(self.found.orders, "of the shop")
        own, unread = told.orders_told(self.adapter, self.found.parsed, settings)
        self.unread += unread
        self.evidence += told.named(own, "that the platform told")
        for scenario in self.adapter.manifest.scenarios:
            try:
                self.samples[scenario] = self.signed(scenario)
            except HubError as refusal:
                why = refusal.errors[0].detail if refusal.errors else refusal.detail
                self.unsigned = self.unsigned or why
                continue
            said = self._read(self.samples[scenario])
            self.questions += [(req, each) for req, each in said if isinstance(each, Question)]
            orders, unread = told.orders_told(self.adapter, [each for _, each in said], settings)
            self.unread += [f"the sample `{scenario}`: {why}" for why in unread]
            name = f"the sample `{scenario}`"
            self.evidence += [Evidence(each, name, "sample") for each in orders]

    @property
    def adapter(self) -> Adapter:
        """The platform's."""
        return adapter_named(self.connection.platform)

    def can(self, capability: Capability) -> bool:
        """Whether the platform can do it."""
        return capability in self.adapter.manifest.capabilities

    def not_for_it(self, case: str, capability: Capability) -> Graded:
        """It cannot; the manifest says why."""
        return Graded(case, "not_for_it", self.adapter.manifest.ignores[capability])

    def deliver(self, request: Request) -> tuple[Reply, Verified | Rejected]:
        """Through the hub's door; with the adapter's verdict, for the report."""
        began = time.monotonic()
        reply = self.rehearsal.receive(request)
        self.took.append(time.monotonic() - began)
        verdict = self.adapter.verify(
            request=as_told(request, self.connection),
            secrets=self.connection.secrets_at(self.rehearsal.wall_now),
            now=self.rehearsal.wall_now,
        )
        return reply, verdict

    def question(self, kind: str) -> tuple[Question, Request] | None:
        """A till's question of that kind, from the samples."""
        return next(
            ((each, request) for request, each in self.questions if each.kind == kind), None
        )

    def points(self, source: str, *states: Order) -> Points:
        """State an order of a new member in these states, one after another."""
        buyer, after = self.rehearsal.buyer(), []
        for each in states:
            said = self.state(each, buyer)
            if said.problem is not None:
                return Points(source, (), said.problem, said.detail)
            after.append(said.points)
        return Points(source, tuple(after))

    def state(self, order: Order, buyer: UUID | None) -> Said:
        """State an order; that of another buyer is another order."""
        whose = "guest" if buyer is None else encode("mem", buyer)
        return self.rehearsal.state(replace(order, id=f"{whose}.{order.id}"), buyer=buyer)

    def signed(
        self, scenario: str, *, by: Connection | None = None, at: datetime | None = None
    ) -> tuple[Request, ...]:
        """Samples of a scenario, signed now with the connection's secrets, or another's, or then.

        Raises:
            HubError: they cannot be signed.
        """
        return samples(
            connection=by or self.connection, scenario=scenario, now=at or self.rehearsal.wall_now
        )

    def _read(self, requests: tuple[Request, ...]) -> list[tuple[Request, Parsed]]:
        found = []
        for request in requests:
            try:
                said = self.adapter.parse(request=request, settings=self.connection.settings)
                found.append((request, said))
            except Malformed as fault:
                self.unread.append(f"a sample: {fault}")
        return found
