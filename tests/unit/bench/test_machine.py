"""A turn during which the machine was taken away is taken again, and the calmest try counts."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.machine import Patience, Spell, undisturbed

PATIENCE = Patience(most_stolen=0.1, tries=3, rest_seconds=0)


@dataclass(frozen=True, slots=True)
class Taken(Spell):
    share: float

    def stolen(self) -> float:
        return self.share


def attempts(*shares: float) -> tuple[str, float, list[str]]:
    """What counts of tries a, b, c during which those shares were taken, and what is said."""
    names = iter("abc")
    spells = iter([Taken((), share) for share in shares])
    said: list[str] = []
    result, stolen = undisturbed(
        lambda: next(names), patience=PATIENCE, say=said.append, begin=lambda: next(spells)
    )
    return result, stolen, said


def test_a_calm_turn_is_taken_once() -> None:
    assert attempts(0.02) == ("a", 0.02, [])


def test_a_disturbed_turn_is_taken_again_and_said_to_be() -> None:
    assert attempts(0.5, 0.1) == ("b", 0.1, ["    50% of the processors was taken meanwhile"])


def test_of_turns_that_were_all_disturbed_the_calmest_counts() -> None:
    result, stolen, said = attempts(0.7, 0.3, 0.6)
    assert (result, stolen, len(said)) == ("b", 0.3, 3)


def test_the_share_that_was_taken_is_of_all_time_since_the_beginning() -> None:
    now = Spell.begin().ticks
    before = Spell((now[0] - 1_000_000, *now[1:7], now[7] - 1_000_000))
    assert 0.49 < before.stolen() < 0.51
