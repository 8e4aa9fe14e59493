"""Converting pairs' nets into the clearing currency. Amounts are micros, exact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from settlement.domain.netting import Gross, NotZeroSum


@dataclass(frozen=True, slots=True)
class PairConversion:
    """A pair's net in another currency, converted; the amounts are signed as party `a` sees them.

    `net_micros` is in that currency. `converted_micros` is the net converted at once,
    `lines_micros` the sum of its lines, each converted by itself.
    """

    a: int
    b: int
    net_micros: int
    lines_micros: int
    converted_micros: int

    @property
    def difference(self) -> Gross | None:
        """What must stand on a line of its own, so that the lines make what the net makes."""
        micros = self.converted_micros - self.lines_micros
        if not micros:
            return None
        debtor, creditor = (self.b, self.a) if micros > 0 else (self.a, self.b)
        return Gross(debtor=debtor, creditor=creditor, amount_micros=abs(micros))


def convert_pairs(
    *, gross: Iterable[Gross], lines: Iterable[Gross], convert: Callable[[int], int]
) -> tuple[PairConversion, ...]:
    """Each pair's net converted once, beside the sum of its lines, each converted by itself.

    `gross` is in the currency to be converted, `lines` the same obligations line by line in the
    clearing currency. `convert` keeps signs, so that the two sides of a pair stay opposite.
    """
    nets, sums = _net_by_pair(gross), _net_by_pair(lines)
    return tuple(
        PairConversion(
            a=pair[0],
            b=pair[1],
            net_micros=nets.get(pair, 0),
            lines_micros=sums.get(pair, 0),
            converted_micros=convert(nets.get(pair, 0)),
        )
        for pair in sorted({*nets, *sums})
    )


def prove_conversions(
    *, conversions: Iterable[PairConversion], exact_by_party: Mapping[int, int]
) -> None:
    """Prove that a currency sums to zero before it is converted.

    `exact_by_party` are the parties' nets in that currency, summed another way than over pairs.
    Raises NotZeroSum.
    """
    found: dict[int, int] = {}
    for pair in conversions:
        found[pair.a] = found.get(pair.a, 0) + pair.net_micros
        found[pair.b] = found.get(pair.b, 0) - pair.net_micros
    for party in sorted({*found, *exact_by_party}):
        if found.get(party, 0) != exact_by_party.get(party, 0):
            raise NotZeroSum(f"party {party}: its pairs and its obligations to convert differ")


def _net_by_pair(gross: Iterable[Gross]) -> dict[tuple[int, int], int]:
    nets: dict[tuple[int, int], int] = {}
    for one in gross:
        pair = (min(one.debtor, one.creditor), max(one.debtor, one.creditor))
        signed = one.amount_micros if one.creditor == pair[0] else -one.amount_micros
        nets[pair] = nets.get(pair, 0) + signed
    return nets
