"""Deferred revenue of points (IFRS 15, B39–B47 and Example 52), to the micro. Pure.

When points are issued, a part of the price of the sale is allocated to them: their redemption price
times the share that is expected to be redeemed. It is recognised as they are redeemed, in
proportion to all that are expected to be: of a cohort with A allocated, R points redeemed and E
expected still to be, what is deferred is A × E ÷ (R + E). Points that expire as expected change
nothing; those that expire unexpectedly, and changed estimates, change E and so what is deferred:
the cumulative catch-up. It is never more than the outstanding points are worth.

Shares of breakage are millionths; expected points are kept in millionths of a point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

PPM = 1_000_000


@dataclass(frozen=True, slots=True, order=True)
class Cohort:
    """Points of one issuer, funder, funding model, currency and month of issue."""

    issuer: int
    funder: int
    funding: str
    currency: str
    month: date


@dataclass(frozen=True, slots=True)
class Flow:
    """What a window changed in a cohort: points, and micros at redemption prices."""

    business_date: date
    cohort: Cohort
    issued: int
    redeemed: int
    expired: int
    clawed_back: int
    issued_micros: int
    redeemed_micros: int
    expired_micros: int
    clawed_back_micros: int


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the breakage estimate, in force from a business date.

    `shares` are the millionths of a cohort's outstanding points that are expected to expire, by
    issuer, funding and month; `new_ppm` those of points of later months, by issuer and funding.
    """

    no: int
    effective_from: date
    shares: Mapping[tuple[int, str, date], int] = field(default_factory=dict)
    new_ppm: Mapping[tuple[int, str], int] = field(default_factory=dict)

    def share_of(self, cohort: Cohort) -> int:
        """The share that is expected of the cohort's outstanding points."""
        share = self.shares.get((cohort.issuer, cohort.funding, cohort.month))
        return self.share_of_new(cohort) if share is None else share

    def share_of_new(self, cohort: Cohort) -> int:
        """The share that is expected of points just issued."""
        return self.new_ppm.get((cohort.issuer, cohort.funding), 0)


NO_ESTIMATE = Version(0, date.min)


@dataclass(frozen=True, slots=True)
class State:
    """A cohort's books: points and micros since the beginning, and the expected breakage.

    `breaking` is what of the outstanding points is expected to expire, in millionths of a point.
    """

    issued: int = 0
    redeemed: int = 0
    expired: int = 0
    clawed_back: int = 0
    outstanding_micros: int = 0
    allocated_micros: int = 0
    breaking: int = 0

    @property
    def outstanding(self) -> int:
        """Points that are there still."""
        return self.issued - self.redeemed - self.expired - self.clawed_back

    @property
    def deferred_micros(self) -> int:
        """What is deferred, half even to the micro."""
        outstanding = max(0, self.outstanding)
        expected = max(0, outstanding * PPM - max(0, self.breaking))
        if expected == 0 or self.allocated_micros <= 0:
            return 0
        whole = max(0, self.redeemed) * PPM + expected
        share = _half_even(self.allocated_micros * expected, whole)
        return min(share, max(0, self.outstanding_micros))


@dataclass(frozen=True, slots=True)
class Movement:
    """A window's change of deferred revenue; amounts in micros, signed as they change it."""

    opening: int = 0
    issued: int = 0
    redeemed: int = 0
    expired: int = 0
    clawed_back: int = 0
    estimate_change: int = 0
    closing: int = 0
    opening_points: int = 0
    issued_points: int = 0
    redeemed_points: int = 0
    expired_points: int = 0
    clawed_back_points: int = 0
    closing_points: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether opening and changes give the closing, in money and in points."""
        money = (
            self.opening
            + self.issued
            + self.redeemed
            + self.expired
            + self.clawed_back
            + self.estimate_change
        )
        points = (
            self.opening_points
            + self.issued_points
            - self.redeemed_points
            - self.expired_points
            - self.clawed_back_points
        )
        return money == self.closing and points == self.closing_points

    def plus(self, other: Movement) -> Movement:
        """Both together."""
        return Movement(*(getattr(self, name) + getattr(other, name) for name in _MOVEMENT_FIELDS))


_MOVEMENT_FIELDS = tuple(Movement.__dataclass_fields__)


def roll(
    *, flows: Iterable[Flow], versions: Iterable[Version], dates: Iterable[date]
) -> Iterator[tuple[date, Cohort, Movement]]:
    """Roll every cohort through the dates, in order; cohorts without points are left out.

    `flows` are those of all dates from the beginning up to the last one; `versions` by number.
    """
    by_date: dict[date, list[Flow]] = {}
    for flow in flows:
        by_date.setdefault(flow.business_date, []).append(flow)
    waiting = sorted(versions, key=lambda version: version.no)
    wanted = set(dates)
    states: dict[Cohort, State] = {}
    version = NO_ESTIMATE
    last = max(wanted, default=date.min)
    adopted_on = {each.effective_from for each in waiting if each.effective_from <= last}
    for day in sorted({*by_date, *wanted, *adopted_on}):
        adopted = False
        while waiting and waiting[0].effective_from <= day:
            version, adopted = waiting.pop(0), True
        changes = {flow.cohort: flow for flow in by_date.get(day, ())}
        touched = {*states, *changes} if adopted or day in wanted else set(changes)
        for cohort in sorted(touched):
            before = states.get(cohort, State())
            movement, after = _step(before, changes.get(cohort), version, cohort, adopted=adopted)
            states[cohort] = after
            if day in wanted and movement != _NOTHING:
                yield day, cohort, movement


_NOTHING = Movement()


def _step(
    before: State, flow: Flow | None, version: Version, cohort: Cohort, *, adopted: bool
) -> tuple[Movement, State]:
    """One window of one cohort: the new estimate first, then what happened, one after the other."""
    state = before
    if adopted:
        breaking = max(0, state.outstanding) * version.share_of(cohort)
        state = replace(state, breaking=_bounded(breaking, state))
    estimated = state.deferred_micros - before.deferred_micros
    if flow is None:
        closing = state.deferred_micros
        points = before.outstanding
        return (
            Movement(
                opening=before.deferred_micros,
                estimate_change=estimated,
                closing=closing,
                opening_points=points,
                closing_points=points,
            ),
            state,
        )
    ppm = version.share_of_new(cohort)
    allocated = _half_even(flow.issued_micros * (PPM - ppm), PPM)
    issued = replace(
        state,
        issued=state.issued + flow.issued,
        outstanding_micros=state.outstanding_micros + flow.issued_micros,
        allocated_micros=state.allocated_micros + allocated,
        breaking=state.breaking + flow.issued * ppm,
    )
    redeemed = _after(issued, redeemed=flow.redeemed, micros=flow.redeemed_micros)
    expired = _after(redeemed, expired=flow.expired, micros=flow.expired_micros)
    clawed = _after(expired, clawed_back=flow.clawed_back, micros=flow.clawed_back_micros)
    movement = Movement(
        opening=before.deferred_micros,
        issued=allocated,
        redeemed=redeemed.deferred_micros - issued.deferred_micros,
        expired=expired.deferred_micros - redeemed.deferred_micros,
        clawed_back=clawed.deferred_micros - expired.deferred_micros,
        # New points among old ones of another rate change what all of them are worth.
        estimate_change=estimated + issued.deferred_micros - state.deferred_micros - allocated,
        closing=clawed.deferred_micros,
        opening_points=before.outstanding,
        issued_points=flow.issued,
        redeemed_points=flow.redeemed,
        expired_points=flow.expired,
        clawed_back_points=flow.clawed_back,
        closing_points=clawed.outstanding,
    )
    return movement, clawed


def _after(
    state: State, *, redeemed: int = 0, expired: int = 0, clawed_back: int = 0, micros: int
) -> State:
    allocated = state.allocated_micros
    if clawed_back:
        # A return undoes the sale, and with it what was allocated to its points.
        net_issued = state.issued - state.clawed_back
        if net_issued > 0:
            allocated -= _half_even(allocated * min(clawed_back, net_issued), net_issued)
    after = replace(
        state,
        redeemed=state.redeemed + redeemed,
        expired=state.expired + expired,
        clawed_back=state.clawed_back + clawed_back,
        outstanding_micros=state.outstanding_micros - micros,
        allocated_micros=allocated,
        breaking=state.breaking - expired * PPM,
    )
    return replace(after, breaking=_bounded(after.breaking, after))


def _bounded(breaking: int, state: State) -> int:
    return min(max(0, breaking), max(0, state.outstanding) * PPM)


def _half_even(numerator: int, denominator: int) -> int:
    """A fraction as a whole number, ties to the even one; the denominator is above zero."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))
