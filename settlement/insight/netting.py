"""How a window nets: gross, bilateral, multilateral, compression, and the proof of zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from partner_sdk.wire.amounts import format_micros, format_micros6
from settlement import hub
from settlement.currencies import store as currencies
from settlement.domain.netting import (
    Compression,
    Gross,
    NetPosition,
    PairNet,
    compress,
    net_positions,
    novate,
    pairs_due,
)
from settlement.entries import store as entries
from settlement.insight.snapshots import NoSuchWindow
from settlement.steps.net import compute_netting
from settlement.steps.night import Night
from settlement.store import nets, runs, statements


@dataclass(frozen=True, slots=True)
class GrossSum:
    """All that one party came to owe another; micros."""

    debtor: str
    creditor: str
    amount_micros: int


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that must hold, the number that shows it, and whether it does."""

    name: str
    rule: str
    found: str
    holds: bool


@dataclass(frozen=True, slots=True)
class NettingReport:
    """A window's netting in one currency. Parties in `pairs`, `positions` and `payments` are
    numbers; `converted` are the currencies whose obligations were converted into it."""

    business_date: date
    netted: bool
    currency: str
    other_currencies: tuple[str, ...]
    converted: tuple[str, ...]
    slugs: dict[int, str]
    gross: tuple[GrossSum, ...]
    pairs: tuple[PairNet, ...]
    positions: tuple[NetPosition, ...]
    payments: tuple[Gross, ...]
    compression: Compression
    proofs: tuple[Proof, ...]

    @property
    def holds(self) -> bool:
        """Whether every proof holds."""
        return all(proof.holds for proof in self.proofs)


def report_netting(*, night: Night, business_date: date, currency: str = "") -> NettingReport:
    """The netting of a window in the clearing currency, or in another that it was netted in.

    As it was kept, or, of a window not netted yet, as it would be. Raises NoSuchWindow, NotZeroSum
    and MissingRate.
    """
    with night.database.transaction() as connection:
        runs.forbid_writing(connection=connection)
        coalition = hub.read_coalition(connection=connection)
        window = hub.read_window(connection=connection, business_date=business_date)
        if window is None and business_date <= coalition.last_closed:
            raise NoSuchWindow(f"there is no window of {business_date}")
        wanted = currency or coalition.currency
        parties = {party.no: party for party in hub.read_parties(connection=connection)}
        netted = "net" in runs.done_steps(connection=connection, business_date=business_date)
        by_party = (
            *hub.read_party_obligations(connection=connection, business_date=business_date),
            *entries.read_party_entries(connection=connection, business_date=business_date),
        )
        rates = currencies.read_window_rates(connection=connection, business_date=business_date)
        computed: tuple[PairNet, ...] | None = None
        converted = tuple(sorted(rates))
        if not (netted and rates):
            # Computed anew: what was kept must be what the obligations give.
            netting = compute_netting(connection=connection, business_date=business_date)
            books = {book.currency: book for book in netting.books}
            computed = books[wanted].pairs if wanted in books else ()
            converted = tuple(sorted(each.rate.currency for each in netting.converted))
        others = tuple(books) if not netted else nets.read_currencies(
            connection=connection, business_date=business_date
        )  # fmt: skip
        pairs = computed or ()
        if netted:
            pairs = nets.read_pairs(
                connection=connection, business_date=business_date, currency=wanted
            )
        issued = statements.read_window_statements(
            connection=connection, business_date=business_date
        )
    due = pairs_due(pairs=pairs, clearing=hub.CLEARING)
    positions = net_positions(pairs=due)
    slugs = {no: party.slug for no, party in parties.items()}
    mine = [one for one in by_party if one.currency == wanted]
    issued = tuple(each for each in issued if each.plan.currency == wanted)
    return NettingReport(
        business_date=business_date,
        netted=netted,
        currency=wanted,
        other_currencies=tuple(each for each in others if each != wanted),
        converted=converted,
        slugs=slugs,
        gross=_gross(pairs, slugs),
        pairs=pairs,
        positions=positions,
        payments=novate(positions=positions, clearing=hub.CLEARING),
        compression=compress(pairs=due, positions=positions),
        proofs=(
            *_proofs(pairs, positions, None if converted else mine),
            *_kept_proofs(pairs, computed, issued, netted=netted),
        ),
    )


def _gross(pairs: Iterable[PairNet], slugs: dict[int, str]) -> tuple[GrossSum, ...]:
    """What each party came to owe each other, both ways of every pair."""
    found = []
    for pair in pairs:
        if pair.a_receives_micros:
            found.append(GrossSum(slugs[pair.b], slugs[pair.a], pair.a_receives_micros))
        if pair.a_pays_micros:
            found.append(GrossSum(slugs[pair.a], slugs[pair.b], pair.a_pays_micros))
    return tuple(sorted(found, key=lambda each: (each.debtor, each.creditor)))


def _proofs(
    pairs: tuple[PairNet, ...],
    positions: tuple[NetPosition, ...],
    by_party: Iterable[hub.PartyObligations] | None,
) -> tuple[Proof, ...]:
    everything = net_positions(pairs=pairs)
    all_exact = sum(p.exact_micros for p in everything)
    exact = sum(p.exact_micros for p in positions)
    rounded = sum(p.rounded_micros for p in positions)
    found = {p.party: p.exact_micros for p in everything if p.exact_micros}
    sums: dict[int, int] = {}
    for one in by_party or ():
        sums[one.party_no] = sums.get(one.party_no, 0) + one.net_micros
    wanted = {party: micros for party, micros in sums.items() if micros}
    apart = sum(1 for party in {*found, *wanted} if found.get(party, 0) != wanted.get(party, 0))
    lost = sum(
        1 for p in pairs
        if p.residue_in_micros + p.exact_micros != p.rounded_micros + p.residue_out_micros
    )  # fmt: skip
    proofs = [
        Proof(
            "all-zero", "what was owed and what was paid sum to zero over all parties",
            format_micros6(all_exact), all_exact == 0,
        ),
        Proof("exact-zero", "the exact positions sum to zero", format_micros6(exact), exact == 0),
        Proof(
            "rounded-zero", "the positions to be paid sum to zero", format_micros(rounded),
            rounded == 0,
        ),
        Proof(
            "residues", "of each pair: residue in + exact = rounded + residue out",
            f"{lost} of {len(pairs)} pairs lose a part", lost == 0,
        ),
    ]  # fmt: skip
    # What was converted line by line was summed two ways when it was converted.
    if by_party is not None:
        told = f"{apart} of {len(wanted)} parties differ"
        rule = "summed by party, the obligations give what the pairs give"
        proofs.append(Proof("two-ways", rule, told, apart == 0))
    return tuple(proofs)


def _kept_proofs(
    pairs: tuple[PairNet, ...],
    computed: tuple[PairNet, ...] | None,
    issued: tuple[statements.StoredStatement, ...],
    *,
    netted: bool,
) -> tuple[Proof, ...]:
    if not netted:
        return ()
    found = []
    if computed is not None:
        same = pairs == computed
        told = "the same" if same else "another result"
        rule = "netted anew, the obligations give the pairs that were kept"
        found.append(Proof("kept", rule, told, same))
    if issued:
        of_statements = {each.plan.party_no: each.plan.net_micros for each in issued}
        everything = [p for p in net_positions(pairs=pairs) if p.party != hub.CLEARING]
        apart = sum(1 for p in everything if of_statements.get(p.party, 0) != p.rounded_micros)
        found.append(
            Proof(
                "statements",
                "each statement's net is the sum of its party's pairs",
                f"{apart} of {len(everything)} differ",
                apart == 0,
            )
        )
    return tuple(found)


__all__ = ["GrossSum", "NettingReport", "Proof", "report_netting"]
