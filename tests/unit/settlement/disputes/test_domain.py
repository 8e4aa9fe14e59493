"""The life of a dispute: each disputed micro ends in exactly one outcome, whatever is tried."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from settlement.disputes import domain
from settlement.disputes.domain import Change, Dispute, DisputedLine, DisputeRefused, Move

ONE, TWO, THREE = 10, 11, 12
START = datetime(2026, 3, 2, tzinfo=UTC)
TEN_DAYS = timedelta(days=10)


def a_line(
    number: int, micros: int, *, claimant_owes: bool = True, other: int = TWO
) -> DisputedLine:
    debtor, creditor = (ONE, other) if claimant_owes else (other, ONE)
    return DisputedLine(number, number + 5, "redemption", debtor, creditor, micros)


def a_dispute(*lines: DisputedLine) -> Dispute:
    return Dispute(ONE, TWO, "EUR", lines or (a_line(1, 400),), due_at=START + TEN_DAYS)


def rejected(dispute: Dispute) -> Dispute:
    return domain.answer(
        dispute=dispute, accepted=False, now=START, escalate_by=START + TEN_DAYS
    ).dispute


def escalated(dispute: Dispute) -> Dispute:
    return domain.escalate(dispute=rejected(dispute), now=START).dispute


def positions(moves: list[Move]) -> dict[int, int]:
    found: dict[int, int] = {}
    for move in moves:
        found[move.creditor] = found.get(move.creditor, 0) + move.amount_micros
        found[move.debtor] = found.get(move.debtor, 0) - move.amount_micros
    return found


class Disputes(RuleBasedStateMachine):
    """Everyone tries everything, in any order and at any time."""

    @initialize(
        lines=st.lists(
            st.tuples(st.integers(min_value=1, max_value=10**12), st.booleans()),
            min_size=1,
            max_size=4,
        )
    )
    def begin(self, lines: list[tuple[int, bool]]) -> None:
        self.now = START
        self.moves: list[Move] = []
        made = a_dispute(
            *(a_line(n, micros, claimant_owes=owes) for n, (micros, owes) in enumerate(lines, 1))
        )
        self.take(domain.withhold(dispute=made))

    def take(self, change: Change) -> None:
        self.dispute = change.dispute
        self.moves.extend(change.moves)

    def attempt(self, act: object, **facts: object) -> None:
        before = (self.dispute, len(self.moves))
        try:
            self.take(act(dispute=self.dispute, **facts))  # type: ignore[operator]
        except DisputeRefused:
            assert (self.dispute, len(self.moves)) == before

    @rule(hours=st.integers(min_value=0, max_value=400))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(accepted=st.booleans())
    def the_respondent_answers(self, accepted: bool) -> None:
        self.attempt(
            domain.answer, accepted=accepted, now=self.now, escalate_by=self.now + TEN_DAYS
        )

    @rule()
    def the_claimant_escalates(self) -> None:
        self.attempt(domain.escalate, now=self.now)

    @rule()
    def the_claimant_withdraws(self) -> None:
        self.attempt(domain.withdraw)

    @rule(
        share=st.integers(min_value=-1, max_value=11),
        person=st.sampled_from(["ann", "bob"]),
        two_people=st.booleans(),
    )
    def somebody_rules(self, share: int, person: str, two_people: bool) -> None:
        upheld = [line.withheld_micros * share // 10 for line in self.dispute.lines]
        self.attempt(domain.rule, upheld=upheld, person=person, two_people=two_people)

    @rule()
    def the_night_comes(self) -> None:
        change = domain.lapse(dispute=self.dispute, until=self.now)
        if change is not None:
            self.take(change)
        assert domain.lapse(dispute=self.dispute, until=self.now) is None

    @invariant()
    def the_entries_sum_to_zero(self) -> None:
        assert sum(positions(self.moves).values()) == 0

    @invariant()
    def what_is_withheld_is_still_open_or_has_one_outcome(self) -> None:
        still_open = domain.open_moves(moves=self.moves)
        ruled: dict[int, int] = {}
        for move in self.moves:
            if move.kind == "ruling":
                ruled[move.line] = ruled.get(move.line, 0) + move.amount_micros
        for place, line in enumerate(self.dispute.lines):
            if self.dispute.state != "closed":
                assert line.upheld_micros is None
                assert still_open[place] == line.withheld_micros
                assert place not in ruled
                continue
            assert line.upheld_micros is not None
            stands = line.withheld_micros - line.upheld_micros
            # withheld = what stands again + what was ruled
            assert line.withheld_micros == stands + ruled.get(place, 0)
            assert still_open[place] == 0
            assert stands >= 0

    @invariant()
    def an_open_amount_has_left_the_netting(self) -> None:
        if self.dispute.state == "closed":
            return
        owed = sum(
            line.withheld_micros if line.debtor == ONE else -line.withheld_micros
            for line in self.dispute.lines
        )
        assert positions(self.moves).get(ONE, 0) == owed


TestDisputes = Disputes.TestCase


def test_who_does_not_answer_in_time_agrees() -> None:
    change = domain.lapse(dispute=a_dispute(), until=START + TEN_DAYS)
    assert change is not None
    assert (change.dispute.outcome, change.dispute.closed_by) == ("upheld", "no_answer")
    assert [(m.kind, m.debtor, m.creditor, m.amount_micros) for m in change.moves] == [
        ("dispute_released", ONE, TWO, 400),
        ("ruling", TWO, ONE, 400),
    ]


def test_who_does_not_escalate_in_time_gives_in() -> None:
    change = domain.lapse(dispute=rejected(a_dispute()), until=START + TEN_DAYS)
    assert change is not None
    assert (change.dispute.outcome, change.dispute.closed_by) == ("rejected", "not_escalated")
    assert [m.kind for m in change.moves] == ["dispute_released"]


def test_a_ruling_has_no_default() -> None:
    assert domain.lapse(dispute=escalated(a_dispute()), until=START + 100 * TEN_DAYS) is None


def test_an_answer_at_the_deadline_is_too_late() -> None:
    with pytest.raises(DisputeRefused, match="time for this is over") as refused:
        domain.answer(dispute=a_dispute(), accepted=True, now=START + TEN_DAYS, escalate_by=START)
    assert refused.value.code == "dispute_deadline_passed"


def test_a_ruling_of_two_people_takes_effect_with_the_second() -> None:
    dispute = escalated(a_dispute())
    proposed = domain.rule(dispute=dispute, upheld=[100], person="ann", two_people=True)
    assert proposed.moves == ()
    with pytest.raises(DisputeRefused) as refused:
        domain.rule(dispute=proposed.dispute, upheld=[100], person="ann", two_people=True)
    assert refused.value.code == "another_person_needed"
    done = domain.rule(dispute=proposed.dispute, upheld=[100], person="bob", two_people=True)
    assert (done.dispute.outcome, done.dispute.upheld_micros, done.confirmed) == (
        "split",
        100,
        True,
    )


def test_another_ruling_takes_the_place_of_the_proposal() -> None:
    first = domain.rule(dispute=escalated(a_dispute()), upheld=[100], person="ann", two_people=True)
    other = domain.rule(dispute=first.dispute, upheld=[101], person="bob", two_people=True)
    assert other.moves == ()
    assert other.dispute.proposal == domain.Proposal((101,), "bob")


def test_a_line_with_a_third_party_is_refused() -> None:
    dispute = a_dispute(a_line(1, 400), a_line(2, 1, other=THREE))
    with pytest.raises(DisputeRefused) as refused:
        domain.withhold(dispute=dispute)
    assert (refused.value.code, refused.value.pointer) == (
        "dispute_of_two_parties",
        "/lines/1/line",
    )


@given(
    parts=st.lists(st.integers(min_value=1, max_value=10**15), min_size=1, max_size=6),
    share=st.fractions(min_value=0, max_value=1),
)
def test_an_amount_in_all_is_split_without_loss(parts: list[int], share: object) -> None:
    dispute = a_dispute(*(a_line(n, micros) for n, micros in enumerate(parts, 1)))
    upheld = int(sum(parts) * share)  # type: ignore[operator]
    found = domain.split_evenly(dispute=dispute, upheld_micros=upheld)
    assert sum(found) == upheld
    assert all(0 <= part <= whole for part, whole in zip(found, parts, strict=True))
