"""Netting: what holds for any set of obligations, and the story of the design by number."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_sdk.wire.amounts import MICROS
from settlement.domain.netting import (
    Compression,
    Gross,
    NetPosition,
    NotZeroSum,
    PairNet,
    compress,
    net_pairs,
    net_positions,
    novate,
    pairs_due,
    prove_zero_sum,
)

POOL, OPERATOR, CLEARING, GROCER, FUEL, BAKERY = 1, 2, 3, 10, 11, 12
CENT = MICROS // 100

parties = st.integers(min_value=1, max_value=9)
pair_of_parties = st.tuples(parties, parties).filter(lambda pair: pair[0] != pair[1])
obligations = st.lists(
    st.builds(
        lambda pair, micros: Gross(debtor=pair[0], creditor=pair[1], amount_micros=micros),
        pair_of_parties,
        st.integers(min_value=1, max_value=10**15),
    ),
    max_size=60,
)
residues = st.dictionaries(
    pair_of_parties.map(lambda pair: (min(pair), max(pair))),
    st.integers(min_value=-CENT // 2, max_value=CENT // 2),
    max_size=20,
)
currencies = st.sampled_from(["EUR", "JPY", "KWD"])


def by_party(gross: list[Gross]) -> dict[int, int]:
    nets: dict[int, int] = {}
    for one in gross:
        nets[one.creditor] = nets.get(one.creditor, 0) + one.amount_micros
        nets[one.debtor] = nets.get(one.debtor, 0) - one.amount_micros
    return nets


@given(obligations, residues, currencies)
def test_positions_sum_to_zero_exactly_and_rounded(
    gross: list[Gross], carried: dict[tuple[int, int], int], currency: str
) -> None:
    pairs = net_pairs(gross=gross, residues=carried, currency=currency)
    positions = net_positions(pairs=pairs)
    assert sum(p.exact_micros for p in positions) == 0
    assert sum(p.rounded_micros for p in positions) == 0
    prove_zero_sum(pairs=pairs, positions=positions, exact_by_party=by_party(gross))


@given(obligations, residues, currencies)
def test_a_pairs_residue_is_carried_and_never_dropped(
    gross: list[Gross], carried: dict[tuple[int, int], int], currency: str
) -> None:
    unit = {"EUR": CENT, "JPY": MICROS, "KWD": MICROS // 1000}[currency]
    pairs = net_pairs(gross=gross, residues=carried, currency=currency)
    for pair in pairs:
        assert pair.residue_in_micros == carried.get((pair.a, pair.b), 0)
        assert (
            pair.residue_in_micros + pair.exact_micros
            == pair.rounded_micros + pair.residue_out_micros
        )
        assert pair.rounded_micros % unit == 0
        assert abs(pair.residue_out_micros) * 2 <= unit
    kept = {(pair.a, pair.b) for pair in pairs}
    assert all(pair in kept for pair, micros in carried.items() if micros)


@given(st.lists(obligations, min_size=1, max_size=6), currencies)
def test_over_many_windows_no_more_than_half_a_minor_unit_is_outstanding(
    nights: list[list[Gross]], currency: str
) -> None:
    carried: dict[tuple[int, int], int] = {}
    paid: dict[tuple[int, int], int] = {}
    owed: dict[tuple[int, int], int] = {}
    for gross in nights:
        pairs = net_pairs(gross=gross, residues=carried, currency=currency)
        for pair in pairs:
            key = (pair.a, pair.b)
            paid[key] = paid.get(key, 0) + pair.rounded_micros
            owed[key] = owed.get(key, 0) + pair.exact_micros
        carried = {(p.a, p.b): p.residue_out_micros for p in pairs}
        assert all(owed[key] - paid[key] == carried.get(key, 0) for key in owed)


@given(obligations, residues)
def test_both_sides_of_a_pair_see_the_same_amounts_with_opposite_signs(
    gross: list[Gross], carried: dict[tuple[int, int], int]
) -> None:
    for pair in net_pairs(gross=gross, residues=carried, currency="EUR"):
        mine, theirs = pair.seen_by(pair.a), pair.seen_by(pair.b)
        assert mine.receivable_micros == theirs.payable_micros
        assert mine.rounded_micros == -theirs.rounded_micros
        assert mine.exact_micros == -theirs.exact_micros
        assert mine.residue_out_micros == -theirs.residue_out_micros
        assert mine.rounding_micros == mine.residue_in_micros - mine.residue_out_micros


@given(obligations, residues)
def test_swapping_debtors_and_creditors_turns_every_sign(
    gross: list[Gross], carried: dict[tuple[int, int], int]
) -> None:
    turned = [
        Gross(debtor=g.creditor, creditor=g.debtor, amount_micros=g.amount_micros) for g in gross
    ]
    there = net_pairs(gross=gross, residues=carried, currency="EUR")
    back = net_pairs(
        gross=turned, residues={pair: -micros for pair, micros in carried.items()}, currency="EUR"
    )
    assert [(p.a, p.b, p.rounded_micros) for p in there] == [
        (p.a, p.b, -p.rounded_micros) for p in back
    ]


@given(obligations)
def test_the_order_and_the_splitting_of_obligations_do_not_matter(gross: list[Gross]) -> None:
    halves = [
        Gross(debtor=g.debtor, creditor=g.creditor, amount_micros=part)
        for g in reversed(gross)
        for part in (g.amount_micros // 2, g.amount_micros - g.amount_micros // 2)
        if part
    ]
    assert net_pairs(gross=gross, residues={}, currency="EUR") == net_pairs(
        gross=halves, residues={}, currency="EUR"
    )


@given(obligations, residues)
def test_netting_never_makes_more_to_pay(
    gross: list[Gross], carried: dict[tuple[int, int], int]
) -> None:
    pairs = net_pairs(gross=gross, residues=carried, currency="EUR")
    positions = net_positions(pairs=pairs)
    sums = compress(pairs=pairs, positions=positions)
    assert sums.gross_micros == sum(g.amount_micros for g in gross)
    assert sums.multilateral_micros <= sums.bilateral_micros
    # Rounding may lift a pair's net, but by no more than a minor unit.
    assert sums.bilateral_micros <= sums.gross_micros + CENT * len(pairs)


@given(obligations, residues)
def test_novation_leaves_the_clearing_house_with_nothing(
    gross: list[Gross], carried: dict[tuple[int, int], int]
) -> None:
    positions = net_positions(pairs=net_pairs(gross=gross, residues=carried, currency="EUR"))
    novated = novate(positions=positions, clearing=CLEARING + 100)
    assert by_party(list(novated)).get(CLEARING + 100, 0) == 0
    assert all(one.amount_micros > 0 for one in novated)
    assert {p.party: p.rounded_micros for p in positions if p.rounded_micros} == {
        party: net for party, net in by_party(list(novated)).items() if party != CLEARING + 100
    }


@given(obligations, obligations, st.lists(st.tuples(parties, st.integers(1, 10**12))), currencies)
def test_with_entries_and_payments_both_what_is_due_and_all_together_sum_to_zero(
    gross: list[Gross], entries: list[Gross], paid: list[tuple[int, int]], currency: str
) -> None:
    clearing = 100
    payments = [
        Gross(debtor=clearing, creditor=party, amount_micros=micros)
        if micros % 2
        else Gross(debtor=party, creditor=clearing, amount_micros=micros)
        for party, micros in paid
    ]
    everything = [*gross, *entries, *payments]
    pairs = net_pairs(gross=everything, residues={}, currency=currency)
    prove_zero_sum(
        pairs=pairs, positions=net_positions(pairs=pairs), exact_by_party=by_party(everything)
    )
    due = pairs_due(pairs=pairs, clearing=clearing)
    positions = net_positions(pairs=due)
    prove_zero_sum(pairs=due, positions=positions, exact_by_party=by_party([*gross, *entries]))
    # Payments change nothing of what is due, and what is due is what it would be without them.
    assert due == net_pairs(gross=[*gross, *entries], residues={}, currency=currency)
    assert clearing not in {position.party for position in positions}


def test_day_one_of_the_story_nets_to_zero() -> None:
    gross = [
        Gross(debtor=FUEL, creditor=POOL, amount_micros=660_000),
        Gross(debtor=GROCER, creditor=BAKERY, amount_micros=400_000),
        Gross(debtor=POOL, creditor=BAKERY, amount_micros=300_000),
    ]
    pairs = net_pairs(gross=gross, residues={}, currency="EUR")
    positions = net_positions(pairs=pairs)
    assert {p.party: p.rounded_micros for p in positions} == {
        POOL: 360_000,
        GROCER: -400_000,
        FUEL: -660_000,
        BAKERY: 700_000,
    }
    assert compress(pairs=pairs, positions=positions) == Compression(
        gross_micros=1_360_000, bilateral_micros=1_360_000, multilateral_micros=1_060_000
    )


def test_half_a_cent_goes_to_the_even_cent_and_the_rest_is_carried() -> None:
    gross = [Gross(debtor=GROCER, creditor=BAKERY, amount_micros=CENT // 2)]
    first = net_pairs(gross=gross, residues={}, currency="EUR")
    assert (first[0].rounded_micros, first[0].residue_out_micros) == (0, -CENT // 2)
    second = net_pairs(
        gross=gross, residues={(GROCER, BAKERY): first[0].residue_out_micros}, currency="EUR"
    )
    assert (second[0].rounded_micros, second[0].residue_out_micros) == (-CENT, 0)


def test_a_pair_that_only_carries_a_residue_is_carried_on() -> None:
    (pair,) = net_pairs(gross=[], residues={(GROCER, BAKERY): 1234}, currency="EUR")
    assert (pair.rounded_micros, pair.residue_out_micros) == (0, 1234)


def test_an_obligation_to_oneself_is_refused() -> None:
    with pytest.raises(ValueError, match="two parties"):
        net_pairs(
            gross=[Gross(debtor=GROCER, creditor=GROCER, amount_micros=1)],
            residues={},
            currency="EUR",
        )


def test_a_third_party_has_no_view_of_a_pair() -> None:
    (pair,) = net_pairs(gross=[], residues={(GROCER, BAKERY): 1}, currency="EUR")
    with pytest.raises(ValueError, match="not of the pair"):
        pair.seen_by(POOL)


def _proof_fails(
    pairs: tuple[PairNet, ...], positions: tuple[NetPosition, ...], exact: dict[int, int]
) -> str:
    with pytest.raises(NotZeroSum) as raised:
        prove_zero_sum(pairs=pairs, positions=positions, exact_by_party=exact)
    return str(raised.value)


def test_the_proof_finds_what_does_not_balance() -> None:
    gross = [Gross(debtor=GROCER, creditor=BAKERY, amount_micros=704_999)]
    pairs = net_pairs(gross=gross, residues={}, currency="EUR")
    positions = net_positions(pairs=pairs)
    exact = by_party(gross)
    more = replace(positions[0], exact_micros=positions[0].exact_micros + 1)
    assert "exact" in _proof_fails(pairs, (more, positions[1]), exact)
    more = replace(positions[0], rounded_micros=positions[0].rounded_micros + CENT)
    assert "rounded" in _proof_fails(pairs, (more, positions[1]), exact)
    assert f"party {BAKERY}" in _proof_fails(pairs, positions, {**exact, BAKERY: 1})
    lossy = replace(pairs[0], residue_out_micros=0)
    assert "residue" in _proof_fails((lossy,), positions, exact)
