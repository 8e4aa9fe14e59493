"""Why windows differ: for any two windows the causes add up, and the obvious cases are named."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.insight.difference import Cell, WindowFacts, explain_difference

ONE, TWO = date(2026, 3, 1), date(2026, 3, 2)
PARTIES = ("grocer", "fuel", "bakery", "operator", "pool")


def cell(
    micros: int,
    points: int,
    *,
    kind: str = "redemption",
    debtor: str = "grocer",
    creditor: str = "bakery",
    agreement: str = "version 1 of grocer",
    movement: str = "capture",
    corrects: bool = False,
    late: bool = False,
) -> Cell:
    return Cell(debtor, creditor, kind, movement, agreement, corrects, 1, points, micros, late)


def window(
    *cells: Cell, day: date = ONE, rounding: dict[tuple[str, str], int] | None = None
) -> WindowFacts:
    return WindowFacts(str(day), day, "EUR", cells, rounding or {})


def causes(before: WindowFacts, after: WindowFacts, party: str = "bakery") -> dict[str, int]:
    (found,) = (p for p in explain_difference(before=before, after=after) if p.party == party)
    return {str(cause): micros for cause, micros in found.by_cause().items()}


cells = st.builds(
    Cell,
    debtor=st.sampled_from(PARTIES),
    creditor=st.sampled_from(PARTIES),
    kind=st.sampled_from(["redemption", "issue", "issue_fee", "clawback", "payment", "ruling"]),
    movement_kind=st.sampled_from(["capture", "earn", "activate", "take"]),
    agreement=st.sampled_from([f"version {n} of grocer" for n in (1, 2, 3)]),
    corrects=st.booleans(),
    obligations=st.integers(1, 9),
    points=st.integers(0, 10**6),
    micros=st.integers(1, 10**12),
    late=st.booleans(),
).filter(lambda cell: cell.debtor != cell.creditor)
pairs = st.tuples(st.sampled_from(PARTIES), st.sampled_from(PARTIES))
windows = st.builds(
    lambda found, rounding, day: WindowFacts(str(day), day, "EUR", tuple(found), rounding),
    st.lists(cells, max_size=10),
    st.dictionaries(pairs, st.integers(-5000, 5000), max_size=6),
    st.sampled_from([ONE, TWO]),
)


@given(windows, windows)
def test_the_causes_add_up_exactly_to_the_difference(
    before: WindowFacts, after: WindowFacts
) -> None:
    first, second = before.nets(), after.nets()
    for each in explain_difference(before=before, after=after):
        assert sum(each.by_cause().values()) == each.change_micros
        assert each.change_micros == second.get(each.party, 0) - first.get(each.party, 0)


@given(windows, windows)
def test_what_one_party_gains_by_a_cause_others_lose(
    before: WindowFacts, after: WindowFacts
) -> None:
    sums: dict[str, int] = {}
    for each in explain_difference(before=before, after=after):
        for cause, micros in each.by_cause().items():
            sums[cause] = sums.get(cause, 0) + micros
    sums.pop("rounding", None)
    assert set(sums.values()) <= {0}


@given(windows)
def test_a_window_does_not_differ_from_itself(facts: WindowFacts) -> None:
    assert all(not each.effects for each in explain_difference(before=facts, after=facts))


def test_more_points_at_the_same_price_are_volume() -> None:
    assert causes(window(cell(400_000, 40)), window(cell(700_000, 70), day=TWO)) == {
        "volume": 300_000
    }


def test_another_price_under_the_same_version_is_price() -> None:
    assert causes(window(cell(400_000, 40)), window(cell(440_000, 40), day=TWO)) == {
        "price": 40_000
    }


def test_a_new_version_of_an_agreement_is_named() -> None:
    after = window(cell(880_000, 80, agreement="version 2 of grocer"), day=TWO)
    found = explain_difference(before=window(cell(400_000, 40)), after=after)
    (bakery,) = (p for p in found if p.party == "bakery")
    assert bakery.by_cause() == {"volume": 400_000, "agreement": 80_000}
    (named,) = (e for e in bakery.effects if e.cause == "agreement")
    assert named.detail == "without version 1 of grocer, with version 2 of grocer"


def test_other_shares_of_the_same_versions_are_mix() -> None:
    two = {"agreement": "version 2 of grocer"}
    before = window(cell(400_000, 40), cell(440_000, 40, **two))  # type: ignore[arg-type]
    after = window(cell(200_000, 20), cell(660_000, 60, **two), day=TWO)  # type: ignore[arg-type]
    assert causes(before, after) == {"mix": 20_000}


def test_counterparties_of_one_window_only_are_new_or_absent() -> None:
    before = window(cell(400_000, 40))
    after = window(cell(300_000, 30, debtor="fuel", agreement="version 1 of fuel"), day=TWO)
    assert causes(before, after) == {"new_counterparty": 300_000, "absent_counterparty": -400_000}


def test_fees_adjustments_and_rounding_stand_by_themselves() -> None:
    fee = cell(7_500, 30, kind="redemption_fee", debtor="bakery", creditor="operator")
    back = cell(200_000, 20, kind="clawback", movement="take", corrects=True)
    after = window(cell(400_000, 40), fee, back, day=TWO, rounding={("bakery", "grocer"): -500})
    assert causes(window(cell(400_000, 40)), after) == {
        "adjustments": 200_000,
        "fees": -7_500,
        "rounding": -500,
    }


def test_what_was_told_of_late_is_no_volume() -> None:
    told = cell(110_000, 11, kind="issue", movement="earn", late=True)
    fee = cell(1_000, 11, kind="issue_fee", movement="earn", creditor="operator", late=True)
    after = window(cell(400_000, 40), told, fee, day=TWO)
    assert causes(window(cell(400_000, 40)), after) == {"late": 110_000}
    assert causes(window(cell(400_000, 40)), after, party="grocer") == {"late": -111_000}


def test_against_its_own_dry_run_the_jobs_of_the_night_are_a_cause() -> None:
    activated = cell(660_000, 60, kind="issue", movement="activate", creditor="pool")
    assert causes(window(), window(activated), party="pool") == {"night_jobs": 660_000}
    assert causes(window(), window(activated, day=TWO), party="pool") == {
        "new_counterparty": 660_000
    }


def test_two_currencies_are_not_compared() -> None:
    other = WindowFacts("x", TWO, "RON", (), {})
    with pytest.raises(ValueError, match="different currencies"):
        explain_difference(before=window(), after=other)
