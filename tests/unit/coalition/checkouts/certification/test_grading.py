"""A grade follows from what was tried: what fails says what to do, and nothing is passed over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from coalition.checkouts.certification.domain import (
    CASES,
    Certification,
    Graded,
    case_documents,
    cases_of,
    check_may_run,
    failed,
    passed,
    state_of,
)
from coalition.checkouts.certification.grading import (
    Points,
    Signatures,
    grade_earning,
    grade_guest,
    grade_old_revision,
    grade_signatures,
    grade_spend,
    grade_taken_back,
    grade_time,
    grade_twice,
)
from coalition.errors import HubError

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)
REFUSED = Points("order 7", (), "wrong_currency", "The agreement is in EUR, the sale in USD.")
HEARD = Signatures(taken=("paid",), kept_out=3, told=True)


def earning(*tried: Points, **changes: object) -> Graded:
    """An asked shop, without trouble."""
    facts: dict[str, object] = {"unasked": None, "unread": (), "left_out": (), "days": 30}
    return grade_earning(tried, **{**facts, **changes})  # type: ignore[arg-type]


def spending(**changes: object) -> Graded:
    """A code that was made and taken back; 40 points, one of them held meanwhile."""
    facts: dict[str, object] = {
        "code": "PTS-1",
        "same": True,
        "needs_order": False,
        "trouble": None,
        "held": (40, 39, 40),
        "refusal": None,
    }
    return grade_spend(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tried", "found"),
    [
        (replace(HEARD, let_in=("paid, signed by another",)), "another signed is taken"),
        (replace(HEARD, refused="paid: signature_wrong: no"), "a sample is refused"),
        (replace(HEARD, last_refusal="signature_wrong: no"), "last message was refused"),
        (replace(HEARD, told=False), "has sent nothing"),
    ],
)
def test_whoever_signs_wrongly_or_not_at_all_fails(tried: Signatures, found: str) -> None:
    graded = grade_signatures(tried, hook="/hooks/con_1")
    assert graded.grade == "failed"
    assert found in graded.found
    assert graded.mend


def test_what_is_taken_and_refused_is_told() -> None:
    graded = grade_signatures(HEARD, hook="/hooks/con_1")
    assert (graded.grade, graded.mend) == ("passed", "")
    assert "3 messages of strangers were refused" in graded.found
    only_theirs = Signatures(unsigned="there is no private key", told=True)
    assert "only the platform can sign" in grade_signatures(only_theirs, hook="").found
    late = grade_signatures(replace(HEARD, last_refusal="stale: signed too long ago"), hook="")
    assert "clocks" in late.mend
    # A till's questions leave no message in state test.
    assert grade_signatures(replace(HEARD, told=False, silent=True), hook="").grade == "passed"


def test_the_slowest_answer_is_held_against_the_platforms_patience() -> None:
    assert grade_time([0.01, 0.4], limit_ms=500, title="Toast").grade == "passed"
    late = grade_time([0.01, 0.6], limit_ms=500, title="Toast")
    assert (late.grade, late.found) == (
        "failed",
        "answered in 600 ms at most; Toast waits 500 ms",
    )
    assert grade_time([], limit_ms=500, title="Toast").grade == "not_for_it"


def test_one_delivery_counts_once() -> None:
    once = Points("order 7", (40, 40))
    assert grade_twice(once, door="200 and 200", kept_twice=False).grade == "passed"
    assert grade_twice(once, door="200 and 200", kept_twice=True).grade == "failed"
    again = Points("order 7", (40, 80))
    assert grade_twice(again, door=None, kept_twice=False).grade == "failed"
    assert grade_twice(REFUSED, door=None, kept_twice=False).grade == "failed"


def test_a_shop_earns_when_all_its_orders_are_taken_and_one_is_worth_something() -> None:
    graded = earning(Points("order 6", (0,)), Points("order 7", (40,)))
    assert (graded.grade, graded.found) == ("passed", "2 orders are taken; order 7 earns 40 points")


@pytest.mark.parametrize(
    ("tried", "changes", "found"),
    [
        ((), {"unasked": "no connection"}, "cannot be asked for orders: no connection"),
        ((), {"unread": ("malformed: id", "x")}, "2 orders cannot be read: malformed: id"),
        ((), {}, "no paid order of the last 30 days"),
        ((), {"left_out": ("a test order",)}, "1 were left out: a test order"),
        ((Points("order 6", (0,)),), {}, "order 6 earns no points"),
        ((Points("order 6", (40,)), REFUSED), {}, "order 7 is refused: wrong_currency"),
    ],
)
def test_an_order_that_earns_nothing_fails_and_says_what_to_do(
    tried: tuple[Points, ...], changes: dict[str, object], found: str
) -> None:
    graded = earning(*tried, **changes)
    assert graded.grade == "failed"
    assert found in graded.found
    assert graded.mend


@pytest.mark.parametrize(("after", "grade"), [((40, 40), "passed"), ((40, 80), "failed")])
def test_an_older_state_must_change_nothing(after: tuple[int, ...], grade: str) -> None:
    assert grade_old_revision(Points("order 7", after)).grade == grade


@pytest.mark.parametrize(
    ("case", "after", "grade"),
    [
        ("refund_by_line", (40, 31), "passed"),
        ("refund_by_line", (40, 40), "failed"),
        ("cancel", (40, 0), "passed"),
        ("cancel", (40, 31), "failed"),
        # Nothing was earned, so nothing was proven.
        ("refund_by_amount", (0, 0), "failed"),
    ],
)
def test_what_comes_back_takes_its_points_along(
    case: str, after: tuple[int, ...], grade: str
) -> None:
    assert grade_taken_back(case, Points("order 7", after)).grade == grade


def test_a_guest_earns_nothing_and_is_kept_or_left_out_as_is_set() -> None:
    guests = Points("order 7", (0,))
    assert grade_guest(guests, outcome="created", guests="keep").grade == "passed"
    assert grade_guest(guests, outcome="guest", guests="ignore").grade == "passed"
    assert grade_guest(guests, outcome="guest", guests="keep").grade == "failed"
    assert grade_guest(Points("order 7", (4,)), outcome="created", guests="keep").grade == "failed"
    assert grade_guest(REFUSED, outcome="refused", guests="keep").grade == "failed"


def test_points_pay_when_the_code_went_away_and_the_points_came_back() -> None:
    assert spending().grade == "passed"
    assert "no write_discounts" in spending(trouble="no write_discounts").found
    # What may be left at the platform is named.
    assert "PTS-1" in spending(trouble="the platform answered 500").mend
    for wrong in (
        {"same": False},
        {"needs_order": True, "code": None, "same": False},
        {"held": None, "refusal": "agreement_not_in_force"},
        {"held": (40, 39, 39)},
        {"held": (40, 40, 40)},
    ):
        assert spending(**wrong).grade == "failed"


def test_a_run_passes_when_no_case_failed_and_reads_back_as_it_was() -> None:
    cases = (
        passed("earn", "order 7 earns 40 points"),
        Graded("spend", "not_for_it", "nothing at Adyen"),
    )
    made = Certification(UUID(int=1), 1, NOON, cases, "a")
    assert made.passed
    assert cases_of(case_documents(cases)) == cases
    wrong = replace(made, cases=(*cases, failed("signed", "x" * 900, "Rotate it.")))
    assert not wrong.passed
    assert len(wrong.cases[-1].found) == 500
    assert len(CASES) == 10


def test_a_report_is_of_what_the_connection_was_set_to() -> None:
    settings = {"currency": "EUR", "options": {}}
    before = state_of(settings, "keep", None)
    assert before == state_of(dict(reversed(settings.items())), "keep", None)
    assert len({before, state_of(settings, "ignore", None), state_of(settings, "keep", NOON)}) == 3


@pytest.mark.parametrize("state", ["live", "paused", "closed"])
def test_only_a_connection_in_test_is_certified(state: str) -> None:
    check_may_run("test")
    with pytest.raises(HubError) as refused:
        check_may_run(state)
    assert refused.value.code == "connection_not_in_test"
    assert state in refused.value.detail
