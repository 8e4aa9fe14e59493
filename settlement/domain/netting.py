"""Netting: from what was owed to what is to be paid, exactly.

Three layers, each kept:

- *gross*: what each party came to owe each other in the window, to the micro;
- *bilateral*: one net for each pair, plus the residue that the pair carried in, rounded once, half
  even, to the minor unit; what rounding leaves is the residue that the pair carries out;
- *multilateral*: each party's sum over its pairs, owed by or to the clearing house (novation).

Signs are always a party's own: plus is to receive, minus is to pay. All amounts are micros.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from partner_sdk.wire.amounts import round_half_even_to_minor


class NotZeroSum(Exception):  # noqa: N818 - the name says it
    """The books do not balance: nothing may be issued."""


@dataclass(frozen=True, slots=True)
class Gross:
    """All that `debtor` came to owe `creditor` in a window."""

    debtor: int
    creditor: int
    amount_micros: int


@dataclass(frozen=True, slots=True)
class PairNet:
    """One pair's net of a window; the amounts are signed as party `a` sees them.

    `a` is the smaller number. `residue_in + exact = rounded + residue_out`.
    """

    a: int
    b: int
    a_receives_micros: int
    a_pays_micros: int
    residue_in_micros: int
    rounded_micros: int
    residue_out_micros: int

    @property
    def exact_micros(self) -> int:
        """What `a` is to receive from `b` for this window alone, before rounding."""
        return self.a_receives_micros - self.a_pays_micros

    def seen_by(self, party: int) -> PairView:
        """The pair as one of its two parties sees it. Raises ValueError for a third one."""
        if party == self.a:
            return PairView(
                counterparty=self.b,
                receivable_micros=self.a_receives_micros,
                payable_micros=self.a_pays_micros,
                residue_in_micros=self.residue_in_micros,
                rounded_micros=self.rounded_micros,
                residue_out_micros=self.residue_out_micros,
            )
        if party != self.b:
            raise ValueError(f"party {party} is not of the pair {self.a}, {self.b}")
        return PairView(
            counterparty=self.a,
            receivable_micros=self.a_pays_micros,
            payable_micros=self.a_receives_micros,
            residue_in_micros=-self.residue_in_micros,
            rounded_micros=-self.rounded_micros,
            residue_out_micros=-self.residue_out_micros,
        )


@dataclass(frozen=True, slots=True)
class PairView:
    """A pair from one side."""

    counterparty: int
    receivable_micros: int
    payable_micros: int
    residue_in_micros: int
    rounded_micros: int
    residue_out_micros: int

    @property
    def exact_micros(self) -> int:
        """Receivable less payable, before rounding."""
        return self.receivable_micros - self.payable_micros

    @property
    def rounding_micros(self) -> int:
        """What a closing line of the statement adds so that the pair is in the minor unit."""
        return self.rounded_micros - self.exact_micros


@dataclass(frozen=True, slots=True)
class NetPosition:
    """A party against the clearing house: the sum over its pairs."""

    party: int
    exact_micros: int
    rounded_micros: int


@dataclass(frozen=True, slots=True)
class Compression:
    """How much netting saves: the sums that would move without it, by pairs, and by positions."""

    gross_micros: int
    bilateral_micros: int
    multilateral_micros: int


def net_pairs(
    *, gross: Iterable[Gross], residues: Mapping[tuple[int, int], int], currency: str
) -> tuple[PairNet, ...]:
    """Net each pair and round it once; pairs are sorted.

    `residues` are what pairs (smaller number first) carry in, as the first of them sees it. A pair
    that did nothing but carries a residue is in the result, so that the residue is carried on.
    Raises ValueError for an obligation to oneself or of less than nothing.
    """
    receives: dict[tuple[int, int], int] = {}
    pays: dict[tuple[int, int], int] = {}
    for one in gross:
        if one.debtor == one.creditor or one.amount_micros < 0:
            raise ValueError("an obligation has two parties and an amount above zero")
        pair = (min(one.debtor, one.creditor), max(one.debtor, one.creditor))
        side = receives if one.creditor == pair[0] else pays
        side[pair] = side.get(pair, 0) + one.amount_micros
    carried = {pair: micros for pair, micros in residues.items() if micros}
    nets = []
    for pair in sorted({*receives, *pays, *carried}):
        due = receives.get(pair, 0) - pays.get(pair, 0) + carried.get(pair, 0)
        rounded = round_half_even_to_minor(due, currency)
        nets.append(
            PairNet(
                a=pair[0],
                b=pair[1],
                a_receives_micros=receives.get(pair, 0),
                a_pays_micros=pays.get(pair, 0),
                residue_in_micros=carried.get(pair, 0),
                rounded_micros=rounded,
                residue_out_micros=due - rounded,
            )
        )
    return tuple(nets)


def views_by_party(*, pairs: Iterable[PairNet]) -> dict[int, tuple[PairView, ...]]:
    """Each party's view of its pairs, in the order of the pairs."""
    views: dict[int, list[PairView]] = {}
    for pair in pairs:
        for party in (pair.a, pair.b):
            views.setdefault(party, []).append(pair.seen_by(party))
    return {party: tuple(found) for party, found in views.items()}


def net_positions(*, pairs: Iterable[PairNet]) -> tuple[NetPosition, ...]:
    """Each party's sum over its pairs, by party."""
    exact: dict[int, int] = {}
    rounded: dict[int, int] = {}
    for pair in pairs:
        for party in (pair.a, pair.b):
            view = pair.seen_by(party)
            exact[party] = exact.get(party, 0) + view.exact_micros
            rounded[party] = rounded.get(party, 0) + view.rounded_micros
    return tuple(
        NetPosition(party=party, exact_micros=exact[party], rounded_micros=rounded[party])
        for party in sorted(exact)
    )


def pairs_due(*, pairs: Iterable[PairNet], clearing: int) -> tuple[PairNet, ...]:
    """The pairs whose nets are to be paid: all but those with the clearing house.

    What stands between a party and the clearing house (payments, collateral) has been paid.
    """
    return tuple(pair for pair in pairs if clearing not in (pair.a, pair.b))


def novate(*, positions: Iterable[NetPosition], clearing: int) -> tuple[Gross, ...]:
    """The obligations against the clearing house that take the place of all netted ones."""
    return tuple(
        Gross(debtor=clearing, creditor=p.party, amount_micros=p.rounded_micros)
        if p.rounded_micros > 0
        else Gross(debtor=p.party, creditor=clearing, amount_micros=-p.rounded_micros)
        for p in positions
        if p.rounded_micros
    )


def compress(*, pairs: Iterable[PairNet], positions: Iterable[NetPosition]) -> Compression:
    """The three sums to pay: of all obligations, of the pairs' nets, of the parties' positions."""
    gross = bilateral = 0
    for pair in pairs:
        gross += pair.a_receives_micros + pair.a_pays_micros
        bilateral += abs(pair.rounded_micros)
    return Compression(
        gross_micros=gross,
        bilateral_micros=bilateral,
        multilateral_micros=sum(max(p.rounded_micros, 0) for p in positions),
    )


def prove_zero_sum(
    *,
    pairs: Iterable[PairNet],
    positions: Iterable[NetPosition],
    exact_by_party: Mapping[int, int],
) -> None:
    """Prove that nothing was lost between the obligations and the positions.

    `exact_by_party` are the parties' nets summed from the obligations on another way than over
    pairs. Raises NotZeroSum unless the exact and the rounded positions each sum to zero, the
    exact ones are those of the other way, and each pair conserves its residue.
    """
    positions = tuple(positions)
    if sum(p.exact_micros for p in positions) != 0:
        raise NotZeroSum("the exact positions do not sum to zero")
    if sum(p.rounded_micros for p in positions) != 0:
        raise NotZeroSum("the rounded positions do not sum to zero")
    found = {p.party: p.exact_micros for p in positions if p.exact_micros}
    wanted = {party: micros for party, micros in exact_by_party.items() if micros}
    for party in sorted({*found, *wanted}):
        if found.get(party, 0) != wanted.get(party, 0):
            raise NotZeroSum(
                f"party {party}: its pairs make {found.get(party, 0)} micros, "
                f"its obligations {wanted.get(party, 0)}"
            )
    for pair in pairs:
        kept = pair.rounded_micros + pair.residue_out_micros
        if pair.residue_in_micros + pair.exact_micros != kept:
            raise NotZeroSum(f"the pair {pair.a}, {pair.b} loses a part of its residue")
