"""The published table of partner states and the code's are one and the same."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from coalition.errors import HubError
from coalition.partners.domain import (
    STATES,
    TRANSITIONS,
    Action,
    Party,
    check_allowed,
    check_transition,
)
from partner_sdk.wire.problems import PROBLEMS

PAGE = Path(__file__).parents[4] / "docs/reference/partner-states.md"

COLUMNS = {
    "Earn here": Action.EARN,
    "Spend here": Action.SPEND,
    "Own points spendable elsewhere": Action.SPEND_ELSEWHERE,
    "Refunds": Action.REFUND,
    "Statements": Action.STATEMENT,
    "API": Action.API,
}


def table_under(heading: str) -> list[dict[str, str]]:
    """The first table after a heading of the page, as one dict a row."""
    section = PAGE.read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[2:]]


def party_in(state: str) -> Party:
    return Party(
        no=10,
        id=UUID(int=1),
        kind="partner",
        slug="grocer",
        name="Grocer",
        state=state,
        time_zone="Europe/Bucharest",
        lots_blocked=False,
        issuing_stopped=False,
    )


RULES = table_under("What each state allows")
CELLS = [(row["State"], action, row[column]) for row in RULES for column, action in COLUMNS.items()]


def test_the_table_has_every_state_and_every_action_once() -> None:
    assert tuple(row["State"] for row in RULES) == STATES
    assert list(COLUMNS.values()) == list(Action)
    assert set(RULES[0]) == {"State", *COLUMNS}


@pytest.mark.parametrize(("state", "action", "answer"), CELLS)
def test_the_hub_allows_what_the_table_says(state: str, action: Action, answer: str) -> None:
    assert answer in ("yes", "no")
    if answer == "yes":
        check_allowed(party=party_in(state), action=action)
        return
    with pytest.raises(HubError) as refusal:
        check_allowed(party=party_in(state), action=action)
    before_live = state in ("applied", "certified")
    assert refusal.value.code == ("partner_not_live" if before_live else "partner_state_forbids")
    assert PROBLEMS[refusal.value.code].status == 409


def test_the_table_of_transitions_is_the_codes() -> None:
    published = {
        row["From"]: frozenset(filter(None, row["To"].split(", ")))
        for row in table_under("How a state changes")
    }
    assert published == TRANSITIONS


@pytest.mark.parametrize("from_state", STATES)
@pytest.mark.parametrize("to_state", STATES)
def test_a_change_of_state_outside_the_table_is_refused(from_state: str, to_state: str) -> None:
    if to_state in TRANSITIONS[from_state]:
        check_transition(slug="grocer", from_state=from_state, to_state=to_state)
        return
    with pytest.raises(HubError) as refusal:
        check_transition(slug="grocer", from_state=from_state, to_state=to_state)
    assert refusal.value.code == "partner_state_forbids"


def test_every_state_but_the_first_can_be_reached() -> None:
    reached = {"applied"}
    for _ in STATES:
        reached |= {to for state in reached for to in TRANSITIONS[state]}
    assert reached == set(STATES)
