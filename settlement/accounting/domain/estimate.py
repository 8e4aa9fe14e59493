"""Breakage per cohort: how much of what is outstanding is not expected to be spent.

The development of a cohort is followed month by month, as in the chain-ladder method on what is
left (equally: the product-limit estimator in months). Of all cohorts that were seen at an age, the
*rate* of redemption at that age is what they redeemed in that month over what they had at its
start (issued in it, at age 0); the same for what returns claw back. What a cohort has now goes
through the rates of the ages before it, until its last lot expires; what is left then is breakage.

Rates are of the segment (issuer and funding model) where it was seen with enough points, else of
the whole coalition, else the *tail*: the rate of the last ages that were seen, taken together.
Where nothing was seen at all, everything is expected to be spent: no breakage without evidence
(IFRS 15 B46 and 56 to 58).

Rates are fractions of integers; the result is rounded once, half even, to whole points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

METHOD = "development of what is outstanding, by month, version 1"
PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the estimate depends on beside the data: `credible_points` is how many points must
    have been seen at an age, `tail_months` how many ages the tail is taken from."""

    credible_points: int = 1_000
    tail_months: int = 3


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """Cohorts that are expected to develop alike."""

    issuer: int
    funding: str


@dataclass(frozen=True, slots=True)
class MonthFlow:
    """What a month did to a cohort, in points; `cohort` and `month` are firsts of months."""

    segment: Segment
    cohort: date
    month: date
    issued: int
    redeemed: int
    expired: int
    clawed_back: int


@dataclass(frozen=True, slots=True)
class CohortEstimate:
    """One cohort as estimated; outstanding = expected redeemed + clawed back + breakage."""

    segment: Segment
    cohort: date
    issued: int
    redeemed: int
    expired: int
    clawed_back: int
    outstanding: int
    expected_redeemed: int
    expected_clawed_back: int
    expected_breakage: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """All cohorts, and of each segment the share of newly issued points that will break (ppm)."""

    as_of: date
    cohorts: tuple[CohortEstimate, ...]
    new_ppm: Mapping[Segment, int]


@dataclass(slots=True)
class _Exposure:
    points: int = 0
    redeemed: int = 0
    clawed_back: int = 0

    def add(self, points: int, redeemed: int, clawed_back: int) -> None:
        self.points += points
        self.redeemed += redeemed
        self.clawed_back += clawed_back


def month_of(day: date) -> date:
    """The first of the day's month."""
    return day.replace(day=1)


def months_between(first: date, last: date) -> int:
    """Whole months from one first of a month to another."""
    return (last.year - first.year) * 12 + last.month - first.month


class Rates:
    """Rates of redemption and clawback by age, of each segment and of all together."""

    def __init__(self, *, flows: Iterable[MonthFlow], as_of: date, parameters: Parameters) -> None:
        """`as_of` is the first of the last month that is complete; later flows are not seen."""
        self._parameters = parameters
        self._of_segment: dict[tuple[Segment, int], _Exposure] = {}
        self._of_all: dict[int, _Exposure] = {}
        for segment, cohort, by_age in _histories(flows, as_of):
            outstanding = 0
            for age in range(months_between(cohort, as_of) + 1):
                flow = by_age.get(age)
                issued = flow.issued if flow else 0
                redeemed, clawed = (flow.redeemed, flow.clawed_back) if flow else (0, 0)
                expired = flow.expired if flow else 0
                exposed = outstanding + issued
                for exposure in (
                    self._of_segment.setdefault((segment, age), _Exposure()),
                    self._of_all.setdefault(age, _Exposure()),
                ):
                    # What a reversal gave back beyond a month's redemptions counts as none.
                    exposure.add(exposed, max(redeemed, 0), max(clawed, 0))
                outstanding = exposed - redeemed - expired - clawed
        self._tail = self._tail_rates()

    def at(self, segment: Segment, age: int) -> tuple[Fraction, Fraction]:
        """The rates of redemption and of clawback at an age; together at most 1."""
        for exposure in (self._of_segment.get((segment, age)), self._of_all.get(age)):
            if exposure is not None and self._is_credible(exposure):
                return _rates(exposure)
        return self._tail

    def _is_credible(self, exposure: _Exposure) -> bool:
        return exposure.points >= max(1, self._parameters.credible_points)

    def _tail_rates(self) -> tuple[Fraction, Fraction]:
        seen = sorted(age for age, each in self._of_all.items() if self._is_credible(each))
        if not seen:
            return (Fraction(1), Fraction(0))
        together = _Exposure()
        for age in seen[-self._parameters.tail_months :]:
            each = self._of_all[age]
            together.add(each.points, each.redeemed, each.clawed_back)
        return _rates(together)


def _rates(exposure: _Exposure) -> tuple[Fraction, Fraction]:
    redeemed = min(Fraction(exposure.redeemed, exposure.points), Fraction(1))
    clawed = min(Fraction(exposure.clawed_back, exposure.points), 1 - redeemed)
    return redeemed, clawed


def _histories(
    flows: Iterable[MonthFlow], as_of: date
) -> Iterable[tuple[Segment, date, dict[int, MonthFlow]]]:
    found: dict[tuple[Segment, date], dict[int, MonthFlow]] = {}
    for flow in flows:
        if flow.month <= as_of:
            age = max(0, months_between(flow.cohort, flow.month))
            found.setdefault((flow.segment, flow.cohort), {})[age] = flow
    return [(segment, cohort, by_age) for (segment, cohort), by_age in sorted(found.items())]


def estimate_breakage(
    *,
    flows: Iterable[MonthFlow],
    lives: Mapping[tuple[Segment, date], int],
    as_of: date,
    parameters: Parameters,
) -> Estimate:
    """Estimate every cohort as of the end of a month (`as_of`: its first day).

    `flows` have one item for each cohort and month at most. `lives` are the months from a cohort's
    month to that of its last expiry; the age after it, nothing is left.
    """
    flows = [flow for flow in flows if flow.month <= as_of]
    rates = Rates(flows=flows, as_of=as_of, parameters=parameters)
    cohorts = []
    longest: dict[Segment, int] = {}
    for segment, cohort, by_age in _histories(flows, as_of):
        life = lives.get((segment, cohort), 0)
        longest[segment] = max(longest.get(segment, 0), life)
        cohorts.append(_cohort(segment, cohort, by_age.values(), rates, life, as_of))
    new = {
        segment: round(_develop(Fraction(1), segment, rates, 0, life)[2] * PPM)
        for segment, life in longest.items()
    }
    return Estimate(as_of=as_of, cohorts=tuple(cohorts), new_ppm=new)


def _cohort(
    segment: Segment,
    cohort: date,
    flows: Iterable[MonthFlow],
    rates: Rates,
    life: int,
    as_of: date,
) -> CohortEstimate:
    sums = [0, 0, 0, 0]
    for flow in flows:
        for at, points in enumerate((flow.issued, flow.redeemed, flow.expired, flow.clawed_back)):
            sums[at] += points
    issued, redeemed, expired, clawed = sums
    outstanding = max(0, issued - redeemed - expired - clawed)
    age = months_between(cohort, as_of)
    will, back, _ = _develop(Fraction(outstanding), segment, rates, age + 1, life)
    expected = round(will)
    returned = min(round(back), outstanding - expected)
    return CohortEstimate(
        segment=segment,
        cohort=cohort,
        issued=issued,
        redeemed=redeemed,
        expired=expired,
        clawed_back=clawed,
        outstanding=outstanding,
        expected_redeemed=expected,
        expected_clawed_back=returned,
        expected_breakage=outstanding - expected - returned,
    )


def breakage_ppm(estimate: CohortEstimate) -> int:
    """The share of the outstanding points that is expected to expire, in millionths."""
    if estimate.outstanding == 0:
        return 0
    return round(Fraction(estimate.expected_breakage * PPM, estimate.outstanding))


def _develop(
    points: Fraction, segment: Segment, rates: Rates, first: int, life: int
) -> tuple[Fraction, Fraction, Fraction]:
    """What of the points will be redeemed, clawed back and left, through ages `first` to `life`."""
    redeemed = clawed = Fraction(0)
    left = points
    for age in range(first, life + 1):
        of_redemption, of_clawback = rates.at(segment, age)
        redeemed += left * of_redemption
        clawed += left * of_clawback
        left -= left * (of_redemption + of_clawback)
    return redeemed, clawed, left


@dataclass(frozen=True, slots=True)
class BacktestRow:
    """A cohort's redemptions between two months: as expected at the first, and as they were."""

    segment: Segment
    cohort: date
    outstanding: int
    expected: int
    actual: int

    @property
    def error_points(self) -> int:
        """Expected less actual; plus means that too much redemption was expected."""
        return self.expected - self.actual


def backtest(
    *, flows: Iterable[MonthFlow], as_of: date, until: date, parameters: Parameters
) -> tuple[BacktestRow, ...]:
    """What an estimate as of one month would have said of the months up to `until`, and what
    happened; cohorts that had nothing outstanding are left out."""
    flows = list(flows)
    rates = Rates(flows=flows, as_of=as_of, parameters=parameters)
    rows = []
    for segment, cohort, by_age in _histories(flows, until):
        if cohort > as_of:
            continue
        known = months_between(cohort, as_of)
        outstanding, actual = 0, 0
        for age, flow in by_age.items():
            if age <= known:
                outstanding += flow.issued - flow.redeemed - flow.expired - flow.clawed_back
            else:
                actual += flow.redeemed
        if outstanding <= 0:
            continue
        last = months_between(cohort, until)
        will, _, _ = _develop(Fraction(outstanding), segment, rates, known + 1, last)
        rows.append(BacktestRow(segment, cohort, outstanding, round(will), actual))
    return tuple(rows)
