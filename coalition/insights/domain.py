"""A partner's sales replayed under proposed terms, by the hub's own rules. Pure.

Every sale is priced twice: under the version that was in force, and under the proposed terms. What
became of its points is kept *in proportion*: had it earned a fifth more, a fifth more would have
been spent at the same tills, have expired, and be there still. Points of a sale that earned
nothing before are taken as still there. Both sides are computed the same way, so that the
difference comes of the terms alone.

Points in proportion are kept in millionths and rounded once, half even, in the sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from coalition.agreements.terms import Terms
from coalition.ledger.domain import Lot, Owed
from coalition.ledger.pricing import (
    price_activation,
    price_expiry,
    price_redemption,
    price_redemption_fee,
)
from coalition.sales.domain import Sale
from coalition.sales.earning import apply_day_cap, points_of_sale

PPM = 1_000_000
Side = Literal["before", "after"]

BANDS: tuple[str, ...] = (
    "loses all",
    "loses 20 % or more",
    "loses less than 20 %",
    "as before",
    "gains less than 20 %",
    "gains 20 % or more",
    "gains, had none",
)


@dataclass(frozen=True, slots=True)
class Spent:
    """Points of a sale's lots that were spent at a redeemer, at a face value in micros."""

    redeemer: int
    face_micros: int
    points: int


@dataclass(frozen=True, slots=True)
class ReplayedSale:
    """A sale, and what became of the points of its lots."""

    sale: Sale
    face_micros: int
    spent: tuple[Spent, ...]
    expired: int
    outstanding: int


@dataclass(frozen=True, slots=True)
class OwnRedemptions:
    """What the partner accepted at its own tills in the period, by the version that priced it."""

    agreement_no: int
    face_micros: int
    points: int


@dataclass(slots=True)
class Band:
    """Members whose points change alike."""

    members: int = 0
    before: int = 0
    after: int = 0


@dataclass(slots=True)
class _Use:
    """Points granted under one set of terms and what became of them; millionths of points but
    `granted`."""

    granted: int = 0
    spent: dict[tuple[int, int], int] = field(default_factory=dict)
    expired: int = 0
    outstanding: int = 0


@dataclass(frozen=True, slots=True)
class Money:
    """What a party or a kind amounts to on both sides; micros, signed for the partner."""

    before: int
    after: int

    @property
    def change(self) -> int:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a replay. Amounts are micros, signed for the partner: plus receives."""

    sales: int
    guests: int
    differing: int
    sales_micros: int
    members: int
    points: Money
    outstanding: Money
    liability: Money
    counterparties: Mapping[int, Money]
    kinds: Mapping[str, Money]
    bands: Mapping[str, Band]

    @property
    def cost(self) -> Money:
        """What the programme costs the partner: all that it pays less all that it receives."""
        return Money(
            -sum(each.before for each in self.counterparties.values()),
            -sum(each.after for each in self.counterparties.values()),
        )


class Replay:
    """Takes the sales account by account, day by day, and keeps sums only."""

    def __init__(self, *, party_no: int, proposed: Terms, agreed: Mapping[int, Terms]) -> None:
        """`agreed` are the terms of all versions by number."""
        self._party_no = party_no
        self._proposed = proposed
        self._agreed = agreed
        self._before: dict[int, _Use] = {}
        self._after = _Use()
        self._bands = {name: Band() for name in BANDS}
        self._account: UUID | None = None
        self._account_points = [0, 0]
        self._day: list[ReplayedSale] = []
        self._sales = self._guests = self._differing = self._amount = self._members = 0

    def add(self, replayed: ReplayedSale) -> None:
        """Take the next sale, in the order of account, local date, time and id."""
        sale = replayed.sale
        if sale.account_id is None:
            self._guests += 1
            return
        if self._day and (
            self._day[0].sale.account_id != sale.account_id
            or self._day[0].sale.local_date != sale.local_date
        ):
            self._end_day()
        if sale.account_id != self._account:
            self._end_account()
            self._account = sale.account_id
        self._day.append(replayed)

    def finish(self, *, own: Iterable[OwnRedemptions]) -> Outcome:
        """The outcome; `own` are the redemptions that the partner accepted, for its fee."""
        self._end_day()
        self._end_account()
        before: list[Owed] = []
        liability = [0, 0]
        outstanding = [0, 0]
        for no, use in self._before.items():
            terms = self._agreed[no]
            before += self._owed(terms, use)
            outstanding[0] += _whole(use.outstanding)
            liability[0] += _whole(use.outstanding) * terms.redemption_price_micros
        after = self._owed(self._proposed, self._after)
        outstanding[1] = _whole(self._after.outstanding)
        liability[1] = outstanding[1] * self._proposed.redemption_price_micros
        for each in own:
            before += self._fee(self._agreed[each.agreement_no], each)
            after += self._fee(self._proposed, each)
        return Outcome(
            sales=self._sales,
            guests=self._guests,
            differing=self._differing,
            sales_micros=self._amount,
            members=self._members,
            points=Money(sum(u.granted for u in self._before.values()), self._after.granted),
            outstanding=Money(*outstanding),
            liability=Money(*liability),
            counterparties=self._by_counterparty(before, after),
            kinds=self._by_kind(before, after),
            bands=self._bands,
        )

    def _end_day(self) -> None:
        """Price a member-day under both terms, caps included."""
        day, self._day = self._day, []
        if not day:
            return
        old = [
            points_of_sale(
                terms=self._agreed[one.sale.agreement_no],
                facts=one.sale.facts(face_micros=one.face_micros),
            )
            for one in day
        ]
        new = [
            points_of_sale(terms=self._proposed, facts=one.sale.facts(face_micros=one.face_micros))
            for one in day
        ]
        old = self._capped_before(day, old)
        if self._proposed.cap_per_member_day is not None:
            new = apply_day_cap(worth=new, cap=self._proposed.cap_per_member_day)
        for one, before, after in zip(day, old, new, strict=True):
            self._take(one, before, after)

    def _capped_before(self, day: Sequence[ReplayedSale], worth: list[int]) -> list[int]:
        """As the hub settles a member-day: the sales that have a cap share the largest one."""
        capped = [at for at, one in enumerate(day) if one.sale.day_capped]
        if not capped:
            return worth
        cap = max(self._agreed[day[at].sale.agreement_no].cap_per_member_day or 0 for at in capped)
        for at, points in zip(
            capped, apply_day_cap(worth=[worth[at] for at in capped], cap=cap), strict=True
        ):
            worth[at] = points
        return worth

    def _take(self, one: ReplayedSale, before: int, after: int) -> None:
        sale = one.sale
        self._sales += 1
        self._amount += sum(row[3] for row in sale.document["lines"])
        self._differing += before != sale.points
        self._account_points[0] += before
        self._account_points[1] += after
        use = self._before.setdefault(sale.agreement_no, _Use())
        _add(use, one, before, share=(1, 1))
        if before:
            _add(self._after, one, after, share=(after, before))
        else:
            self._after.granted += after
            self._after.outstanding += after * PPM

    def _end_account(self) -> None:
        before, after = self._account_points
        if self._account is not None:
            band = self._bands[band_of(before, after)]
            band.members += 1
            band.before += before
            band.after += after
            self._members += 1
        self._account, self._account_points = None, [0, 0]

    def _owed(self, terms: Terms, use: _Use) -> list[Owed]:
        """What the granted points came to cost, by the rules that price movements."""
        lot = self._lot(terms)
        found = list(
            price_activation(lot=lot, points=use.granted, issue_fee_micros=terms.issue_fee_micros)
        )
        for (redeemer, face_micros), points in sorted(use.spent.items()):
            found += price_redemption(
                lot=lot, points=_whole(points), face_micros=face_micros, redeemer=redeemer
            )
        found += price_expiry(
            lot=lot, points=_whole(use.expired), issuer_share_ppm=terms.breakage_issuer_ppm
        )
        return found

    def _fee(self, terms: Terms, own: OwnRedemptions) -> tuple[Owed, ...]:
        return price_redemption_fee(
            points=own.points,
            face_micros=own.face_micros,
            redeemer=self._party_no,
            fee_ppm=terms.redemption_fee_ppm,
            currency=terms.currency,
        )

    def _lot(self, terms: Terms) -> Lot:
        """A lot with the terms' prices; its times and ids play no part in pricing."""
        return Lot(
            lot_id=_NOBODY,
            issuer=self._party_no,
            funder=self._party_no,
            funding=terms.funding,
            issue_price_micros=terms.issue_price_micros,
            redemption_price_micros=terms.redemption_price_micros,
            currency=terms.currency,
            agreement_no=0,
            sale_id=None,
            occurred_at=_NEVER,
            activates_at=_NEVER,
            expires_at=_NEVER,
            granted=0,
        )

    def _by_counterparty(self, before: list[Owed], after: list[Owed]) -> dict[int, Money]:
        sums = [self._signed(owed) for owed in (before, after)]
        return {
            party: Money(sums[0].get(party, 0), sums[1].get(party, 0))
            for party in sorted({*sums[0], *sums[1]})
        }

    def _signed(self, owed: Iterable[Owed]) -> dict[int, int]:
        """What each counterparty owes the partner (plus) or is owed (minus)."""
        found: dict[int, int] = {}
        for one in owed:
            if one.creditor == self._party_no:
                found[one.debtor] = found.get(one.debtor, 0) + one.amount_micros
            elif one.debtor == self._party_no:
                found[one.creditor] = found.get(one.creditor, 0) - one.amount_micros
        return found

    def _by_kind(self, before: list[Owed], after: list[Owed]) -> dict[str, Money]:
        """Obligations by kind, whoever owes them: what the pool and others owe is among them."""
        sums: list[dict[str, int]] = [{}, {}]
        for side, owed in enumerate((before, after)):
            for one in owed:
                sums[side][one.kind] = sums[side].get(one.kind, 0) + one.amount_micros
        return {
            kind: Money(sums[0].get(kind, 0), sums[1].get(kind, 0))
            for kind in sorted({*sums[0], *sums[1]})
        }


_NOBODY = UUID(int=0)
_NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def band_of(before: int, after: int) -> str:
    """The band of a member whose points go from `before` to `after`."""
    if before == after:
        return "as before"
    if before == 0:
        return "gains, had none"
    if after == 0:
        return "loses all"
    change = abs(after - before) * 5 >= before
    if after > before:
        return "gains 20 % or more" if change else "gains less than 20 %"
    return "loses 20 % or more" if change else "loses less than 20 %"


def _add(use: _Use, one: ReplayedSale, granted: int, *, share: tuple[int, int]) -> None:
    """Add a sale's points, and what became of them times a share."""
    over, under = share
    use.granted += granted
    for spent in one.spent:
        key = (spent.redeemer, spent.face_micros)
        use.spent[key] = use.spent.get(key, 0) + spent.points * PPM * over // under
    use.expired += one.expired * PPM * over // under
    use.outstanding += one.outstanding * PPM * over // under


def _whole(millionths: int) -> int:
    """Millionths of points as whole points, half even."""
    whole, rest = divmod(millionths, PPM)
    return whole + (2 * rest > PPM or (2 * rest == PPM and whole % 2 == 1))
