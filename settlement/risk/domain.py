"""Who bears what when a partner cannot pay: the waterfall, and the plan that two people release.

What it owes is covered, in this order, by

1. its own prefunding, collateral and contribution to the default fund;
2. its receivables: netting set them off, so they are in what it owes already and only shown;
3. the other partners' contributions to the default fund, in proportion;
4. its counterparties: each bears a share in proportion to what the partner owed it in the windows
   that it did not pay, and none bears more than that. The pool bears nothing: it holds what members
   will spend, and the operator, who keeps it, stands in its place.

Payments are taken to have paid the oldest windows first, so the windows not paid are the newest
ones whose positions make up what is owed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from partner_sdk.wire.amounts import format_micros6, minor_unit_micros

Purpose = Literal["prefunding", "collateral", "default_fund"]
PURPOSES: tuple[Purpose, ...] = ("prefunding", "collateral", "default_fund")


class RiskRefused(Exception):  # noqa: N818 - the name says it
    """What is asked cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class WindowClaims:
    """A netted window of the partner: what it is to receive (+) from each party, or pay (-)."""

    business_date: date
    receives_micros: Mapping[int, int]

    @property
    def net_micros(self) -> int:
        """The position of the window."""
        return sum(self.receives_micros.values())


@dataclass(frozen=True, slots=True)
class RunOff:
    """What a partner leaves behind (micros): the points that it funds, and what covers them."""

    points: int
    liability_micros: int
    prefunded_micros: int
    account_micros: int
    currency: str

    @property
    def missing_micros(self) -> int:
        """What is to be prefunded yet, up to the whole minor unit."""
        unit = minor_unit_micros(self.currency)
        return max(0, -(-(self.liability_micros - self.prefunded_micros) // unit) * unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultFacts:
    """All that a plan is made from; amounts are micros.

    `account_micros` is the balance after the newest netted window and everything entered since
    with the clearing house: below zero, it is owed. `own` is what the partner put up by purpose,
    `fund` what the others gave to the default fund; `windows` are netted ones, the newest first.
    """

    party: int
    currency: str
    through: date
    account_micros: int
    own: Mapping[Purpose, int]
    fund: Mapping[int, int]
    windows: Sequence[WindowClaims]
    pool: int
    operator: int
    minor_micros: int


@dataclass(frozen=True, slots=True)
class Share:
    """What a party bears, and its claim that the share is measured by."""

    party: int
    claim_micros: int
    amount_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """How what is owed is covered: the last four add up to `owed_micros`."""

    owed_micros: int
    payable_micros: int
    receivable_micros: int
    unpaid_windows: tuple[date, ...]
    own: tuple[tuple[Purpose, int], ...]
    fund: tuple[Share, ...]
    shares: tuple[Share, ...]


def compute_waterfall(*, facts: DefaultFacts) -> Waterfall:
    """Work the waterfall out. Raises RiskRefused if nothing is owed."""
    owed = -facts.account_micros
    if owed <= 0:
        raise RiskRefused("nothing is owed: there is no default to settle")
    unpaid = _unpaid(facts.windows, owed)
    by_party: dict[int, int] = {}
    for window in unpaid:
        for party, micros in window.receives_micros.items():
            bearer = facts.operator if party == facts.pool else party
            by_party[bearer] = by_party.get(bearer, 0) + micros
    rest = owed
    own: list[tuple[Purpose, int]] = []
    for purpose in PURPOSES:
        used = min(rest, max(facts.own.get(purpose, 0), 0))
        if used:
            own.append((purpose, used))
            rest -= used
    fund = _spread(
        amount=min(rest, sum(max(each, 0) for each in facts.fund.values())),
        claims=facts.fund,
        unit=facts.minor_micros,
    )
    rest -= sum(share.amount_micros for share in fund)
    claims = {party: -micros for party, micros in by_party.items() if micros < 0}
    # Interest and the like may make more of a debt than its windows; the operator bears that.
    beyond = max(0, rest - sum(claims.values()))
    if beyond:
        claims[facts.operator] = claims.get(facts.operator, 0) + beyond
    shares = _spread(amount=rest, claims=claims, unit=facts.minor_micros)
    return Waterfall(
        owed_micros=owed,
        payable_micros=sum(-micros for micros in by_party.values() if micros < 0),
        receivable_micros=sum(micros for micros in by_party.values() if micros > 0),
        unpaid_windows=tuple(window.business_date for window in unpaid),
        own=tuple(own),
        fund=fund,
        shares=shares,
    )


def plan_document(
    *, facts: DefaultFacts, found: Waterfall, block_points: bool, slugs: Mapping[int, str]
) -> dict[str, Any]:
    """The plan as it is shown, hashed and kept: only texts, so that its bytes are certain."""

    def shares(of: Sequence[Share]) -> list[dict[str, str]]:
        return [
            {
                "party": slugs[share.party],
                "of": format_micros6(share.claim_micros),
                "bears": format_micros6(share.amount_micros),
            }
            for share in of
        ]

    return {
        "plan": "coalition.default-plan/1",
        "party": slugs[facts.party],
        "currency": facts.currency,
        "through": facts.through.isoformat(),
        "owed": format_micros6(found.owed_micros),
        "unpaid_windows": [day.isoformat() for day in found.unpaid_windows],
        "payable_in_them": format_micros6(found.payable_micros),
        "receivable_in_them": format_micros6(found.receivable_micros),
        "own": [{"purpose": purpose, "used": format_micros6(used)} for purpose, used in found.own],
        "default_fund": shares(found.fund),
        "counterparties": shares(found.shares),
        "then": ["freeze_earning", *(["block_points"] if block_points else [])],
    }


def plan_hash(document: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of a plan's canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _unpaid(windows: Sequence[WindowClaims], owed: int) -> tuple[WindowClaims, ...]:
    found, total = [], 0
    for window in windows:
        if total >= owed:
            break
        found.append(window)
        total -= window.net_micros
    return tuple(found)


def _spread(*, amount: int, claims: Mapping[int, int], unit: int) -> tuple[Share, ...]:
    """Spread an amount over claims in proportion, in whole minor units where it is whole itself.

    The parts add up exactly, and none is above its claim.
    """
    claims = {party: micros for party, micros in sorted(claims.items()) if micros > 0}
    total = sum(claims.values())
    if any(micros % unit for micros in (amount, *claims.values())):
        unit = 1
    found, before, given = [], 0, 0
    for party, claim in claims.items():
        before += claim
        upto = amount // unit * before // total * unit
        if upto > given:
            found.append(Share(party, claim, upto - given))
        given = upto
    return tuple(found)
