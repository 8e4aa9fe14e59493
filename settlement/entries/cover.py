"""What entries change of the sums that caps are measured by (`coalition.feed.add_cover`).

Money that a partner paid in covers what it owes, whether it lies on its account or as collateral:
so collateral moving between the two changes nothing of what is covered. What it gives to the
default fund covers others, and counts no more. Only partners have caps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from settlement import hub
from settlement.domain.conversion import PairConversion
from settlement.entries.domain import NewEntry

#: Purposes of collateral that stay the partner's own cover.
OWN = ("collateral", "prefunding")
_NO_CAP = (hub.POOL, hub.OPERATOR, hub.CLEARING)


def is_own_cover(*, kind: str, about: Mapping[str, Any]) -> bool:
    """Whether an entry moves a partner's own collateral."""
    return kind in ("collateral", "default_cover") and about.get("purpose") in OWN


def cover_changes(*, entries: Iterable[NewEntry]) -> dict[tuple[int, str], hub.Cover]:
    """The changes by party and currency, of both parties of each entry."""
    sums: dict[tuple[int, str], list[int]] = {}
    for each in entries:
        place = 1 if is_own_cover(kind=each.kind, about=each.about) else 0
        for party, micros in (
            (each.creditor, each.amount_micros),
            (each.debtor, -each.amount_micros),
        ):
            if party in _NO_CAP:
                continue
            # Collateral is what its owner's account paid into it.
            sums.setdefault((party, each.currency), [0, 0])[place] += -micros if place else micros
    return {key: hub.Cover(covering, held) for key, (covering, held) in sums.items()}


def conversion_changes(
    *, conversions: Iterable[PairConversion], currency: str, clearing: str
) -> dict[tuple[int, str], hub.Cover]:
    """What converting a window's obligations changes: owed in one currency no more, in another now.

    What obligations make in the currency stays in the hub's sums; this takes it out of them, and
    puts what it was converted to (differences of conversion included) into those of the clearing
    currency, in which it is paid.
    """
    sums: dict[tuple[int, str], int] = {}
    for each in conversions:
        for party, sign in ((each.a, 1), (each.b, -1)):
            if party in _NO_CAP:
                continue
            for name, micros in ((currency, -each.net_micros), (clearing, each.converted_micros)):
                sums[party, name] = sums.get((party, name), 0) + sign * micros
    return {key: hub.Cover(covering_micros=micros) for key, micros in sums.items()}
