"""Cases of single messages: who signed them, and what comes of the same one twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

from adapters.contract import (
    Capability,
    Customer,
    Headers,
    Question,
    Rejected,
    Request,
    Secrets,
    Verified,
)
from coalition.checkouts.certification import orders as told
from coalition.checkouts.certification.cases.run import Run
from coalition.checkouts.certification.domain import Graded
from coalition.checkouts.certification.grading import (
    Points,
    Signatures,
    grade_signatures,
    grade_twice,
)
from coalition.errors import HubError
from partner_sdk.wire.ids import encode

__all__ = ["signed", "twice"]

_PING = "ping"
"""A scenario that some platforms do not sign."""
_NEXT_DIGIT = str.maketrans("0123456789abcdef", "123456789abcdef0")


def signed(run: Run) -> Graded:
    """Samples are taken, those of strangers are not, and the platform was heard."""
    taken, refused = [], None
    for scenario, requests in run.samples.items():
        why = next((each for each in map(partial(_why_refused, run), requests) if each), None)
        if why is None:
            taken.append(scenario)
        refused = refused or (None if why is None else f"{scenario}: {why}")
    strange = list(_strange(run)) if run.samples else []
    let_in = []
    for scenario, request in strange:
        reply, verdict = run.deliver(request)
        if isinstance(verdict, Verified) or reply.status < 400:
            let_in.append(scenario)
    last, at = run.found.refused, run.found.taken_at
    if last is not None and at is not None and at > last.rejected_at:
        last = None
    tried = Signatures(
        taken=tuple(taken),
        refused=refused,
        unsigned=None if run.samples else run.unsigned,
        let_in=tuple(let_in),
        kept_out=len(strange) - len(let_in),
        told=at is not None,
        last_refusal=None if last is None else f"{last.reason}: {last.detail}",
        silent=run.can(Capability.SYNCHRONOUS),
    )
    return grade_signatures(tried, hook=f"/hooks/{encode('con', run.connection.id)}")


def _why_refused(run: Run, request: Request) -> str | None:
    """Why a sample is not taken, None where it is. A till may be told that nobody is called so."""
    reply, verdict = run.deliver(request)
    if isinstance(verdict, Rejected):
        return f"{verdict.reason}: {verdict.detail}"
    waits = run.can(Capability.SYNCHRONOUS) and reply.status < 500
    if waits or reply.status in run.adapter.manifest.retries.succeeds_on:
        return None
    return f"it is answered {reply.status}"


def _strange(run: Run) -> Iterator[tuple[str, Request]]:
    """Samples that another signed, that nobody signed, and that were signed long ago."""
    own = run.connection.secrets_at(run.rehearsal.wall_now)
    other = Secrets(
        tuple(_another(each) for each in own.signing),
        {name: _another(each) for name, each in own.extra.items()},
    )
    stranger = replace(run.connection, secrets=other, previous_until=None)
    scenarios = [each for each in run.samples if each != _PING]
    for scenario in scenarios:
        with suppress(HubError):
            for request in run.signed(scenario, by=stranger):
                yield f"{scenario}, signed by another", request
    for scenario in scenarios[:1]:
        request = run.samples[scenario][0]
        kind = Headers({"Content-Type": request.headers.get("Content-Type", "")})
        yield f"{scenario}, signed by nobody", replace(request, headers=kind, body=b"{}")
        if run.can(Capability.SIGNED_TIME):
            tolerance = timedelta(seconds=run.adapter.manifest.tolerance_seconds)
            long_ago = run.rehearsal.wall_now - tolerance - timedelta(minutes=1)
            for old in run.signed(scenario, at=long_ago):
                yield f"{scenario}, signed long ago", old


def _another(secret: str) -> str:
    """A secret of the same letters, which opens nothing; for a key or a set of keys, a text."""
    if secret.lstrip().startswith(("-----BEGIN ", "{")):
        return "a stranger's secret"
    other = secret.translate(_NEXT_DIGIT)
    return other if other != secret else secret + "0"


def twice(run: Run) -> Graded:
    """One message delivered twice, and one order told twice."""
    if (asked := run.question("accrue")) is not None:
        return _asked_twice(run, *asked)
    door, kept_twice = None, False
    request = next((each[0] for name, each in run.samples.items() if name != _PING), None)
    if request is not None:
        first, _ = run.deliver(request)
        before = run.rehearsal.messages()
        second, _ = run.deliver(request)
        door = f"{first.status} and {second.status}"
        kept_twice = run.rehearsal.messages() != before
    order = told.plain(run.base.order)
    return grade_twice(run.points(run.base.source, order, order), door=door, kept_twice=kept_twice)


def _asked_twice(run: Run, question: Question, request: Request) -> Graded:
    """A till accrues one check by one key, twice."""
    buyer = run.rehearsal.buyer()
    order = told.plain(run.base.order)
    accrual = replace(
        question,
        customer=Customer(id=encode("mem", buyer)),
        order=replace(order, occurred_at=run.rehearsal.now),
    )
    outcomes = [run.rehearsal.ask(accrual, request) for _ in range(2)]
    problem = next((each.problem for each in outcomes if each.problem), None)
    points = tuple(int(each.facts.get("earned_points", 0)) for each in outcomes)
    tried = Points(run.base.source, points, problem)
    return grade_twice(tried, door="alike", kept_twice=outcomes[1].kind == "answered")
