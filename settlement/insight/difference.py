"""Why two windows differ, by cause, so that the causes add up exactly to the difference. Pure.

A window is a set of *cells*: what one party came to owe another for one kind of obligation under
one version of an agreement. Cells of the two windows are held against each other:

- what is *late* (sales first heard of after their own window), *adjustments*, *fees* and what
  settlement itself posts are causes of their own;
- a pair that did business in one window only is a *new* or an *absent counterparty*;
- for the rest, of each debtor, creditor and kind: *volume* is the change in points at the first
  window's average price; *price* is the change of the price under versions present in both; what
  is left comes of other versions of agreements (*agreement*) or of their shares (*mix*);
- *rounding* is what each window's rounding of pairs added.

All arithmetic is exact; where an average is not a whole number of micros it is rounded half even,
and the last cause of the cell takes the rest, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

Cause = Literal[
    "volume",
    "price",
    "agreement",
    "mix",
    "new_counterparty",
    "absent_counterparty",
    "night_jobs",
    "late",
    "adjustments",
    "fees",
    "payments",
    "interest",
    "disputes",
    "risk",
    "conversion",
    "rounding",
]

CAUSES: tuple[Cause, ...] = (
    "volume",
    "price",
    "agreement",
    "mix",
    "new_counterparty",
    "absent_counterparty",
    "night_jobs",
    "late",
    "adjustments",
    "fees",
    "payments",
    "interest",
    "disputes",
    "risk",
    "conversion",
    "rounding",
)

_BY_KIND: Mapping[str, Cause] = {
    "issue_fee": "fees",
    "redemption_fee": "fees",
    "payment": "payments",
    "interest": "interest",
    "penalty": "interest",
    "dispute_withheld": "disputes",
    "dispute_released": "disputes",
    "ruling": "disputes",
    "collateral": "risk",
    "default_share": "risk",
    "default_cover": "risk",
    "conversion": "conversion",
}
_NIGHT_JOBS = frozenset({"activate", "expire"})


@dataclass(frozen=True, slots=True)
class Cell:
    """What `debtor` came to owe `creditor` in a window; parties by slug, amounts in micros."""

    debtor: str
    creditor: str
    kind: str
    movement_kind: str
    agreement: str
    corrects: bool
    obligations: int
    points: int
    micros: int
    late: bool = False


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """One window as the comparison sees it.

    `rounding` holds what rounding added for (party, counterparty), signed for the party.
    """

    name: str
    business_date: date
    currency: str
    cells: tuple[Cell, ...]
    rounding: Mapping[tuple[str, str], int]

    def nets(self) -> dict[str, int]:
        """Each party's net position, rounding included."""
        found: dict[str, int] = {}
        for cell in self.cells:
            found[cell.creditor] = found.get(cell.creditor, 0) + cell.micros
            found[cell.debtor] = found.get(cell.debtor, 0) - cell.micros
        for (party, _), micros in self.rounding.items():
            found[party] = found.get(party, 0) + micros
        return found


@dataclass(frozen=True, slots=True)
class Effect:
    """How much one cause changed what a party nets with one counterparty (micros, signed)."""

    cause: Cause
    counterparty: str
    kind: str
    micros: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PartyDifference:
    """One party's net in both windows, and the effects between them."""

    party: str
    before_micros: int
    after_micros: int
    effects: tuple[Effect, ...] = field(default=())

    @property
    def change_micros(self) -> int:
        """After less before: the sum of the effects."""
        return self.after_micros - self.before_micros

    def by_cause(self) -> dict[Cause, int]:
        """The effects summed by cause, in the order of `CAUSES`; zeros left out."""
        sums = dict.fromkeys(CAUSES, 0)
        for effect in self.effects:
            sums[effect.cause] += effect.micros
        return {cause: micros for cause, micros in sums.items() if micros}


def explain_difference(*, before: WindowFacts, after: WindowFacts) -> tuple[PartyDifference, ...]:
    """Every party's difference by cause, by slug.

    Raises ValueError for two currencies, and if the causes did not add up.
    """
    if before.currency != after.currency:
        raise ValueError("two windows in different currencies cannot be compared")
    effects: dict[str, list[Effect]] = {}
    for debtor, creditor, effect in _cell_effects(before, after):
        effects.setdefault(creditor, []).append(
            Effect(effect.cause, debtor, effect.kind, effect.micros, effect.detail)
        )
        effects.setdefault(debtor, []).append(
            Effect(effect.cause, creditor, effect.kind, -effect.micros, effect.detail)
        )
    for pair in sorted({*before.rounding, *after.rounding}):
        change = after.rounding.get(pair, 0) - before.rounding.get(pair, 0)
        if change:
            effects.setdefault(pair[0], []).append(Effect("rounding", pair[1], "rounding", change))
    first, second = before.nets(), after.nets()
    found = tuple(
        PartyDifference(
            party=party,
            before_micros=first.get(party, 0),
            after_micros=second.get(party, 0),
            effects=tuple(sorted(effects.get(party, ()), key=_order)),
        )
        for party in sorted({*first, *second})
    )
    for each in found:
        if sum(effect.micros for effect in each.effects) != each.change_micros:
            raise ValueError(f"the causes of {each.party} do not add up to its difference")
    return found


def _order(effect: Effect) -> tuple[int, str, str]:
    return (CAUSES.index(effect.cause), effect.counterparty, effect.kind)


_Group = tuple[str, str, str]


def _cell_effects(before: WindowFacts, after: WindowFacts) -> Iterator[tuple[str, str, Effect]]:
    """The effects as seen by each creditor, with debtor and creditor; zeros left out."""
    same_date = before.business_date == after.business_date
    ordinary: tuple[dict[_Group, list[Cell]], ...] = ({}, {})
    plain: dict[tuple[str, str, Cause, str], int] = {}
    for side, facts in enumerate((before, after)):
        for cell in facts.cells:
            cause = _own_cause(cell, same_date=same_date)
            if cause is None:
                group = (cell.debtor, cell.creditor, cell.kind)
                ordinary[side].setdefault(group, []).append(cell)
            else:
                key = (cell.debtor, cell.creditor, cause, cell.kind)
                plain[key] = plain.get(key, 0) + (cell.micros if side else -cell.micros)
    for (debtor, creditor, cause, kind), micros in sorted(plain.items()):
        if micros:
            yield debtor, creditor, Effect(cause, "", kind, micros)
    pairs = [{frozenset(group[:2]) for group in groups} for groups in ordinary]
    for group in sorted({*ordinary[0], *ordinary[1]}):
        debtor, creditor, kind = group
        old, new = ordinary[0].get(group, []), ordinary[1].get(group, [])
        pair = frozenset((debtor, creditor))
        if pair not in pairs[0] or pair not in pairs[1]:
            change = _micros(new) - _micros(old)
            name: Cause = "absent_counterparty" if pair in pairs[0] else "new_counterparty"
            effects = [Effect(name, "", kind, change)]
        else:
            effects = list(_split(kind, old, new))
        for effect in effects:
            if effect.micros:
                yield debtor, creditor, effect


def _own_cause(cell: Cell, *, same_date: bool) -> Cause | None:
    """The cause that a cell is by itself, if it is one."""
    by_kind = _BY_KIND.get(cell.kind)
    if by_kind is not None and by_kind != "fees":
        return by_kind
    if same_date and cell.movement_kind in _NIGHT_JOBS:
        return "night_jobs"
    if cell.late:
        return "late"
    return "adjustments" if cell.corrects else by_kind


def _split(kind: str, old: list[Cell], new: list[Cell]) -> Iterator[Effect]:
    """Volume, price and agreement of one debtor, creditor and kind."""
    change = _micros(new) - _micros(old)
    points_old, points_new = _points(old), _points(new)
    detail = f"{points_old} → {points_new} points"
    if not old or not new or points_old == 0:
        yield Effect("volume", "", kind, change, detail)
        return
    volume = _rounded(Fraction((points_new - points_old) * _micros(old), points_old))
    first, second = _by_version(old), _by_version(new)
    price = Fraction(0)
    for version in first.keys() & second.keys():
        points_before, micros_before = first[version]
        points_after, micros_after = second[version]
        if points_before:
            price += micros_after - Fraction(points_after * micros_before, points_before)
    priced = _rounded(price)
    yield Effect("volume", "", kind, volume, detail)
    yield Effect("price", "", kind, priced)
    gone, come = first.keys() - second.keys(), second.keys() - first.keys()
    named: Cause = "agreement" if gone or come else "mix"
    told = ", ".join(
        [*(f"without {v}" for v in sorted(gone)), *(f"with {v}" for v in sorted(come))]
    )
    yield Effect(named, "", kind, change - volume - priced, told)


def _by_version(cells: Iterable[Cell]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for cell in cells:
        points, micros = found.get(cell.agreement, (0, 0))
        found[cell.agreement] = (points + cell.points, micros + cell.micros)
    return found


def _micros(cells: Iterable[Cell]) -> int:
    return sum(cell.micros for cell in cells)


def _points(cells: Iterable[Cell]) -> int:
    return sum(cell.points for cell in cells)


def _rounded(value: Fraction) -> int:
    """To a whole micro, half even (which is what `round` does to a fraction)."""
    return round(value)
