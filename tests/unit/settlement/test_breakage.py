"""The breakage estimate: what follows from the data, and only from what was seen by its date."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from settlement.accounting.domain.estimate import (
    Estimate,
    MonthFlow,
    Parameters,
    Segment,
    backtest,
    breakage_ppm,
    estimate_breakage,
)

GROCER = Segment(10, "redemption")
FUEL = Segment(11, "issue")
SMALL = Parameters(credible_points=1, tail_months=3)


def month(n: int) -> date:
    """The n-th month from January 2026."""
    return date(2026 + n // 12, n % 12 + 1, 1)


def flow(cohort: int, at: int, *points: int, segment: Segment = GROCER) -> MonthFlow:
    issued, redeemed, expired, clawed = (*points, 0, 0, 0, 0)[:4]
    return MonthFlow(segment, month(cohort), month(at), issued, redeemed, expired, clawed)


def estimate(
    flows: list[MonthFlow], as_of: int, life: int = 3, parameters: Parameters = SMALL
) -> Estimate:
    lives = {(each.segment, each.cohort): life for each in flows}
    return estimate_breakage(flows=flows, lives=lives, as_of=month(as_of), parameters=parameters)


# A cohort that was followed to its end: 50 % in its month, 20 % of the rest, then half of it.
WHOLE = [flow(0, 0, 1000, 500), flow(0, 1, 0, 100), flow(0, 2, 0, 200), flow(0, 3, 0, 0, 200)]


def test_a_new_cohort_develops_as_the_one_before_it() -> None:
    found = estimate([*WHOLE, flow(4, 4, 1000, 500)], as_of=4)
    newest = found.cohorts[-1]
    assert newest.outstanding == 500
    assert newest.expected_redeemed == 300
    assert newest.expected_breakage == 200
    assert breakage_ppm(newest) == 400_000
    assert found.new_ppm == {GROCER: 200_000}


def test_what_returns_take_back_is_not_breakage() -> None:
    flows = [flow(0, 0, 1000, 0, 0, 100), flow(0, 1, 0, 450, 0, 90), flow(0, 2, 0, 0, 360)]
    found = estimate([*flows, flow(3, 3, 100, 0, 0, 10)], as_of=3, life=2)
    newest = found.cohorts[-1]
    assert (newest.expected_redeemed, newest.expected_clawed_back) == (45, 9)
    assert newest.expected_breakage == 36


def test_without_any_history_everything_is_expected_to_be_spent() -> None:
    found = estimate([flow(0, 0, 100)], as_of=0, parameters=Parameters())
    assert found.cohorts[0].expected_redeemed == 100
    assert found.cohorts[0].expected_breakage == 0


def test_ages_that_nobody_has_reached_go_on_at_the_rate_of_the_last_seen() -> None:
    found = estimate([flow(0, 0, 1000, 100), flow(0, 1, 0, 90)], as_of=1, life=3)
    (cohort,) = found.cohorts
    assert cohort.outstanding == 810
    # 10 % a month for the two months that are left.
    assert cohort.expected_redeemed == 81 + 73
    assert cohort.expected_breakage == 656


def test_a_small_segment_follows_the_whole_coalition() -> None:
    new = flow(4, 4, 10, 0, segment=FUEL)
    found = estimate([*WHOLE, new], as_of=4, parameters=Parameters(credible_points=100))
    fuel = next(each for each in found.cohorts if each.segment == FUEL)
    assert fuel.expected_redeemed == 6  # a fifth of ten, then half of eight


def test_an_expired_cohort_has_nothing_left() -> None:
    found = estimate(WHOLE, as_of=5)
    assert found.cohorts[0].outstanding == found.cohorts[0].expected_breakage == 0


points = st.integers(0, 10_000)


@st.composite
def histories(draw: st.DrawFn) -> list[MonthFlow]:
    """Cohorts whose points are never below zero."""
    flows = []
    for segment in (GROCER, FUEL):
        for cohort in range(draw(st.integers(0, 4))):
            outstanding = 0
            for at in range(cohort, 6):
                issued = draw(points) if at == cohort else 0
                outstanding += issued
                redeemed = draw(st.integers(0, outstanding))
                expired = draw(st.integers(0, outstanding - redeemed))
                clawed = draw(st.integers(0, outstanding - redeemed - expired))
                outstanding -= redeemed + expired + clawed
                flows.append(flow(cohort, at, issued, redeemed, expired, clawed, segment=segment))
    return flows


@given(histories(), st.integers(0, 6), st.integers(0, 8), st.integers(1, 5000))
def test_outstanding_is_what_is_redeemed_clawed_back_and_broken(
    flows: list[MonthFlow], as_of: int, life: int, credible: int
) -> None:
    found = estimate(flows, as_of, life, Parameters(credible_points=credible))
    for each in found.cohorts:
        parts = (each.expected_redeemed, each.expected_clawed_back, each.expected_breakage)
        assert min(parts) >= 0
        assert sum(parts) == each.outstanding
        assert 0 <= breakage_ppm(each) <= 1_000_000
    assert all(0 <= ppm <= 1_000_000 for ppm in found.new_ppm.values())


@given(histories(), st.integers(0, 4))
def test_an_estimate_sees_nothing_of_the_months_after_it(
    flows: list[MonthFlow], as_of: int
) -> None:
    known = [each for each in flows if each.month <= month(as_of)]
    assert estimate(flows, as_of).cohorts == estimate(known, as_of).cohorts


@given(histories(), st.randoms())
def test_the_order_of_the_data_does_not_matter(flows: list[MonthFlow], random: object) -> None:
    mixed = list(flows)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis' own Random
    assert estimate(mixed, 5) == estimate(flows, 5)


def test_a_backtest_compares_with_what_happened() -> None:
    second = [flow(4, 4, 1000, 500), flow(4, 5, 0, 150), flow(4, 6, 0, 150)]
    rows = backtest(flows=[*WHOLE, *second], as_of=month(4), until=month(6), parameters=SMALL)
    (row,) = (each for each in rows if each.cohort == month(4))
    assert (row.outstanding, row.expected, row.actual) == (500, 300, 300)
    assert row.error_points == 0
    (short,) = (
        each
        for each in backtest(
            flows=[*WHOLE, *second], as_of=month(4), until=month(5), parameters=SMALL
        )
        if each.cohort == month(4)
    )
    assert (short.expected, short.actual, short.error_points) == (100, 150, -50)
