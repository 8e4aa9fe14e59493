"""Deferred revenue: the standard's own example, and the identity for any history."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from settlement.accounting.domain.deferred import Cohort, Flow, Movement, Version, roll

JANUARY = date(2026, 1, 1)
COHORT = Cohort(10, 10, "redemption", "EUR", JANUARY)
PRICE = 10_000


def flow(
    day: int,
    issued: int = 0,
    redeemed: int = 0,
    expired: int = 0,
    clawed: int = 0,
    cohort: Cohort = COHORT,
) -> Flow:
    counts = (issued, redeemed, expired, clawed)
    return Flow(
        JANUARY + timedelta(days=day), cohort, *counts, *(count * PRICE for count in counts)
    )


def version(no: int, day: int, share: int, new: int | None = None) -> Version:
    return Version(
        no,
        JANUARY + timedelta(days=day),
        {(10, "redemption", JANUARY): share},
        {(10, "redemption"): share if new is None else new},
    )


def rolled(flows: list[Flow], versions: list[Version], days: int = 10) -> list[Movement]:
    dates = [JANUARY + timedelta(days=n) for n in range(days)]
    return [movement for _, _, movement in roll(flows=flows, versions=versions, dates=dates)]


def test_without_an_estimate_points_are_deferred_at_their_price_until_spent_or_expired() -> None:
    first, second, third = rolled(
        [flow(0, issued=100), flow(1, redeemed=40, clawed=10), flow(2, expired=50)], [], days=3
    )
    assert (first.issued, first.closing) == (1_000_000, 1_000_000)
    assert (second.redeemed, second.clawed_back) == (-400_000, -100_000)
    assert (third.opening, third.expired, third.closing) == (500_000, -500_000, 0)


def test_example_52_of_ifrs_15_comes_out() -> None:
    """10,000 points at 1.00, of which 9,500 are expected to be redeemed; 4,500 are in year 1; then
    9,700 are expected, and 8,500 are redeemed by the end of year 2. (The example scales all by the
    stand-alone prices: 8,676 of 9,500 are allocated.)"""
    price = 1_000_000
    cohort = Cohort(10, 10, "redemption", "EUR", JANUARY)
    issue = Flow(JANUARY, cohort, 10_000, 0, 0, 0, 10_000 * price, 0, 0, 0)
    year_1 = Flow(JANUARY + timedelta(days=1), cohort, 0, 4_500, 0, 0, 0, 4_500 * price, 0, 0)
    year_2 = Flow(JANUARY + timedelta(days=3), cohort, 0, 4_000, 0, 0, 0, 4_000 * price, 0, 0)
    # Of the 5,500 outstanding, 300 are expected to expire: 9,700 in all are redeemed.
    again = round(300 * 1_000_000 / 5_500)
    found = rolled([issue, year_1, year_2], [version(1, 0, 50_000), version(2, 2, again)], days=4)
    assert found[0].closing == 9_500 * price
    allocated = 9_500 * price
    assert -found[1].redeemed == allocated * 4_500 // 9_500
    recognised = allocated - found[3].closing
    # 8,500 of 9,700 parts, to the hundredth: the share is kept in millionths.
    assert abs(recognised - allocated * 8_500 // 9_700) < 10_000
    assert found[2].estimate_change > 0


def test_points_that_expire_as_expected_change_nothing() -> None:
    found = rolled(
        [flow(0, issued=100), flow(1, redeemed=50), flow(2, expired=20), flow(3, expired=30)],
        [version(1, 0, 200_000)],
        days=4,
    )
    assert found[0].issued == 800_000
    assert found[2].expired == 0
    assert found[3].expired == -300_000
    assert found[3].closing == 0


def test_a_changed_estimate_is_caught_up_at_once() -> None:
    found = rolled([flow(0, issued=100), flow(1, redeemed=50)], [version(1, 3, 500_000)], days=5)
    # 25 more are expected now: 25 of 75 parts of what was allocated.
    assert found[2].closing == 500_000
    assert found[3].estimate_change == 333_333 - 500_000
    assert found[4].opening == 333_333


counts = st.integers(0, 1000)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Flow], list[Version]]:
    flows = []
    for cohort in (COHORT, Cohort(10, 10, "redemption", "EUR", date(2026, 2, 1))):
        outstanding = 0
        for day in range(8):
            if draw(st.booleans()):
                continue
            issued = draw(counts)
            outstanding += issued
            # A reversal can give back more than a day redeemed.
            redeemed = draw(st.integers(0, outstanding))
            expired = draw(st.integers(0, outstanding - redeemed))
            clawed = draw(st.integers(0, outstanding - redeemed - expired))
            outstanding -= redeemed + expired + clawed
            flows.append(flow(day, issued, redeemed, expired, clawed, cohort))
    shares = st.integers(0, 1_000_000)
    versions = [
        version(no, day, draw(shares), draw(shares))
        for no, day in enumerate(sorted(draw(st.sets(st.integers(0, 7), max_size=3))), 1)
    ]
    return flows, versions


@given(worlds())
def test_opening_and_changes_give_the_closing_which_opens_the_next(
    world: tuple[list[Flow], list[Version]],
) -> None:
    flows, versions = world
    closing: dict[Cohort, tuple[int, int]] = {}
    dates = [JANUARY + timedelta(days=n) for n in range(9)]
    for _, cohort, movement in roll(flows=flows, versions=versions, dates=dates):
        assert movement.adds_up
        assert (movement.opening, movement.opening_points) == closing.get(cohort, (0, 0))
        closing[cohort] = (movement.closing, movement.closing_points)


@given(worlds())
def test_what_is_deferred_is_between_nothing_and_what_the_points_are_worth(
    world: tuple[list[Flow], list[Version]],
) -> None:
    flows, versions = world
    dates = [JANUARY + timedelta(days=n) for n in range(9)]
    for _, _, movement in roll(flows=flows, versions=versions, dates=dates):
        assert 0 <= movement.closing <= movement.closing_points * PRICE
        assert movement.issued >= 0
        assert movement.redeemed <= 0
        assert movement.expired <= 0


@given(worlds(), st.integers(1, 8))
def test_a_span_can_be_rolled_in_parts(world: tuple[list[Flow], list[Version]], cut: int) -> None:
    flows, versions = world
    dates = [JANUARY + timedelta(days=n) for n in range(9)]
    whole = list(roll(flows=flows, versions=versions, dates=dates))
    parts = [
        row
        for part in (dates[:cut], dates[cut:])
        for row in roll(
            flows=[each for each in flows if not part or each.business_date <= part[-1]],
            versions=versions,
            dates=part,
        )
    ]
    assert parts == whole
