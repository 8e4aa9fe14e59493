"""Who bears what: exactly what is owed, in the order agreed, and nobody more than its claim."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.risk.domain import (
    DefaultFacts,
    Purpose,
    RiskRefused,
    Share,
    WindowClaims,
    compute_waterfall,
    plan_document,
    plan_hash,
)

POOL, OPERATOR, LATE, A, B, C = 1, 2, 10, 11, 12, 13
CENT = 10_000
DAY = date(2026, 3, 2)


def facts(
    account: int,
    *windows: Mapping[int, int],
    own: Mapping[Purpose, int] | None = None,
    fund: Mapping[int, int] | None = None,
) -> DefaultFacts:
    return DefaultFacts(
        party=LATE,
        currency="EUR",
        through=DAY,
        account_micros=account,
        own=own or {},
        fund=fund or {},
        windows=[WindowClaims(DAY - timedelta(days=n), each) for n, each in enumerate(windows)],
        pool=POOL,
        operator=OPERATOR,
        minor_micros=CENT,
    )


def test_counterparties_share_in_proportion_to_what_they_were_owed() -> None:
    found = compute_waterfall(facts=facts(-300 * CENT, {A: -200 * CENT, B: -100 * CENT}))
    assert found.shares == (
        Share(A, 200 * CENT, 200 * CENT),
        Share(B, 100 * CENT, 100 * CENT),
    )


def test_its_own_money_goes_first_then_the_fund_then_the_counterparties() -> None:
    found = compute_waterfall(
        facts=facts(
            -300 * CENT,
            {A: -300 * CENT, B: -100 * CENT, C: 100 * CENT},
            own={"collateral": 50 * CENT, "prefunding": 30 * CENT, "default_fund": 20 * CENT},
            fund={A: 60 * CENT, B: 40 * CENT},
        )
    )
    assert found.own == (
        ("prefunding", 30 * CENT),
        ("collateral", 50 * CENT),
        ("default_fund", 20 * CENT),
    )
    assert found.fund == (Share(A, 60 * CENT, 60 * CENT), Share(B, 40 * CENT, 40 * CENT))
    assert found.shares == (Share(A, 300 * CENT, 75 * CENT), Share(B, 100 * CENT, 25 * CENT))
    assert (found.payable_micros, found.receivable_micros) == (400 * CENT, 100 * CENT)


def test_only_the_windows_that_were_not_paid_count() -> None:
    found = compute_waterfall(
        facts=facts(-100 * CENT, {A: -60 * CENT}, {B: -40 * CENT}, {C: -500 * CENT})
    )
    assert found.unpaid_windows == (DAY, DAY - timedelta(days=1))
    assert [share.party for share in found.shares] == [A, B]


def test_the_operator_stands_in_the_pools_place() -> None:
    found = compute_waterfall(facts=facts(-100 * CENT, {POOL: -75 * CENT, A: -25 * CENT}))
    assert found.shares == (
        Share(OPERATOR, 75 * CENT, 75 * CENT),
        Share(A, 25 * CENT, 25 * CENT),
    )


def test_who_owes_nothing_does_not_default() -> None:
    with pytest.raises(RiskRefused):
        compute_waterfall(facts=facts(0, {A: -100 * CENT}))


def test_a_plans_hash_tells_every_change() -> None:
    slugs = {LATE: "late", A: "alpha", OPERATOR: "operator"}
    hashes = set()
    for account, block in ((-100, False), (-100, True), (-99, False)):
        of = facts(account * CENT, {A: -100 * CENT})
        document = plan_document(
            facts=of, found=compute_waterfall(facts=of), block_points=block, slugs=slugs
        )
        hashes.add(plan_hash(document))
        assert plan_hash(document) == plan_hash(dict(reversed(document.items())))
    assert len(hashes) == 3


cents = st.integers(min_value=0, max_value=10**9).map(lambda n: n * CENT)
windows = st.lists(
    st.dictionaries(
        st.sampled_from([POOL, OPERATOR, A, B, C]),
        st.integers(min_value=-(10**9), max_value=10**9).map(lambda n: n * CENT),
    ),
    max_size=5,
)


@given(
    account=st.integers(min_value=1, max_value=10**15),
    windows=windows,
    own=st.dictionaries(st.sampled_from(["collateral", "prefunding", "default_fund"]), cents),
    fund=st.dictionaries(st.sampled_from([A, B, C]), cents),
)
def test_exactly_what_is_owed_is_covered_and_nobody_bears_more_than_its_claim(
    account: int,
    windows: list[dict[int, int]],
    own: dict[Purpose, int],
    fund: dict[int, int],
) -> None:
    found = compute_waterfall(facts=facts(-account, *windows, own=own, fund=fund))
    covered = (
        sum(used for _, used in found.own)
        + sum(share.amount_micros for share in found.fund)
        + sum(share.amount_micros for share in found.shares)
    )
    assert covered == found.owed_micros == account
    assert all(used <= own[purpose] for purpose, used in found.own)
    assert all(0 < share.amount_micros <= share.claim_micros for share in found.fund)
    assert all(0 < share.amount_micros <= share.claim_micros for share in found.shares)
    assert POOL not in {share.party for share in found.shares}
    # The next only bears what those before it could not.
    if found.fund:
        assert sum(used for _, used in found.own) == sum(own.values())
    if found.shares:
        assert sum(share.amount_micros for share in found.fund) == sum(fund.values())
