"""Rates: exact fractions, rounded once, from the quotes that the policy names."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.currencies.domain import (
    RATE_SCALE,
    InvalidQuotes,
    Method,
    MissingRate,
    Policy,
    Quote,
    Rate,
    divide_half_even,
    rate_of,
    read_quotes,
)
from settlement.domain.conversion import convert_pairs, prove_conversions
from settlement.domain.netting import Gross, NotZeroSum, net_pairs, net_positions, prove_zero_sum

DAY = date(2026, 3, 6)


def policy(method: Method = "spot") -> Policy:
    return Policy(date(2026, 1, 1), "convert", method, "ECB")


def quote(days_ago: int, rate: str, *, base: str = "EUR", other: str = "RON") -> Quote:
    return Quote("ECB", base, other, DAY - timedelta(days=days_ago), rate)


def rate(quotes: list[Quote], method: Method = "spot") -> Rate:
    return rate_of(
        currency="RON", clearing="EUR", policy=policy(method), quotes=quotes, business_date=DAY
    )


def test_the_spot_rate_is_the_newest_quote_turned_round_once() -> None:
    found = rate([quote(0, "4.9765"), quote(1, "4.9000")])
    assert found.scaled == round(Fraction(RATE_SCALE) / Fraction("4.9765"))
    assert found.text == "0.2009444389"
    assert found.quoted_on == (DAY,)
    assert found.note == "rate ECB spot 2026-03-06"


def test_a_quote_in_the_direction_that_is_needed_is_taken_as_it_is() -> None:
    assert rate([quote(0, "0.2", base="RON", other="EUR")]).text == "0.2"


def test_the_mean_is_of_the_five_newest_quotes_as_published() -> None:
    quotes = [quote(n, text) for n, text in zip((0, 1, 2, 3, 4, 7), "456789", strict=True)]
    found = rate(quotes, "mean5")
    assert found.scaled == round(Fraction(RATE_SCALE) / Fraction(4 + 5 + 6 + 7 + 8, 5))
    assert len(found.quoted_on) == 5


def test_over_a_weekend_fridays_quote_serves_and_later_ones_do_not() -> None:
    assert rate([quote(2, "5"), quote(-1, "4")]).text == "0.2"


@pytest.mark.parametrize(
    ("quotes", "method"),
    [
        ([], "spot"),
        ([quote(6, "5")], "spot"),
        ([quote(-1, "5")], "spot"),
        ([quote(n, "5") for n in range(4)], "mean5"),
        ([quote(n, "5") for n in (0, 1, 2, 3, 15)], "mean5"),
        ([quote(n, "5") for n in (6, 7, 8, 9, 10)], "mean5"),
        ([quote(0, "5", other="USD")], "spot"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(quotes: list[Quote], method: Method) -> None:
    usable = [each for each in quotes if {each.base, each.quote} == {"EUR", "RON"}]
    with pytest.raises(MissingRate, match='settlement currencies import FILE --source "ECB"'):
        rate(usable, method)


@given(st.integers(1, 10**19), st.integers(1, 10**12), st.booleans())
def test_amounts_are_converted_as_decimals_would_and_keep_their_sign(
    micros: int, scaled: int, negative: bool
) -> None:
    found = Rate("RON", "EUR", scaled, "spot", "ECB", (DAY,))
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(micros) * Decimal(scaled) / Decimal(RATE_SCALE)
        wanted = int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))
    assert found.convert(micros) == wanted
    assert found.convert(-micros) == -wanted
    assert Fraction(found.text) == Fraction(scaled, RATE_SCALE)
    assert negative or divide_half_even(0, scaled) == 0


parties = st.integers(min_value=1, max_value=6)
foreign = st.lists(
    st.tuples(parties, parties, st.integers(1, 10**12)).filter(lambda one: one[0] != one[1]),
    max_size=40,
)


@given(foreign, st.integers(1, 10**12))
def test_converted_line_by_line_with_its_differences_a_window_is_converted_at_once(
    owed: list[tuple[int, int, int]], scaled: int
) -> None:
    found = Rate("RON", "EUR", scaled, "spot", "ECB", (DAY,))
    gross = [Gross(debtor=d, creditor=c, amount_micros=m) for d, c, m in owed]
    lines = [Gross(g.debtor, g.creditor, found.convert(g.amount_micros)) for g in gross]
    conversions = convert_pairs(gross=gross, lines=lines, convert=found.convert)
    differences = [each.difference for each in conversions if each.difference is not None]
    # Each line is at most half a micro off, so the difference stays below that for all of them.
    assert all(2 * d.amount_micros <= len(owed) + 1 for d in differences)
    pairs = net_pairs(gross=[*lines, *differences], residues={}, currency="EUR")
    exact = {(pair.a, pair.b): pair.exact_micros for pair in pairs}
    for each in conversions:
        assert exact.get((each.a, each.b), 0) == found.convert(each.net_micros)
    in_euro: dict[int, int] = {}
    in_ron: dict[int, int] = {}
    for sums, amounts in ((in_euro, [*lines, *differences]), (in_ron, gross)):
        for one in amounts:
            sums[one.creditor] = sums.get(one.creditor, 0) + one.amount_micros
            sums[one.debtor] = sums.get(one.debtor, 0) - one.amount_micros
    prove_zero_sum(pairs=pairs, positions=net_positions(pairs=pairs), exact_by_party=in_euro)
    prove_conversions(conversions=conversions, exact_by_party=in_ron)
    if in_ron:
        lost = {**in_ron, min(in_ron): in_ron[min(in_ron)] + 1}
        with pytest.raises(NotZeroSum):
            prove_conversions(conversions=conversions, exact_by_party=lost)


def test_quotes_are_read_from_a_list_with_their_lines_named() -> None:
    rows = [
        {"date": "2026-03-02", "base": "EUR", "quote": "RON", "rate": "4.9765"},
        {"date": "2026-03-03", "base": "EUR", "quote": "RON", "rate": "4.98"},
    ]
    assert [each.rate for each in read_quotes(source="ECB", rows=rows)] == ["4.9765", "4.98"]
    for change, said in (
        ({"date": "02.03.2026"}, "line 2"),
        ({"rate": "4,9"}, "line 2: a rate is"),
        ({"rate": "0.0"}, "line 2: a rate is"),
        ({"rate": "-1"}, "line 2: a rate is"),
        ({"base": "RON"}, "no rate against itself"),
        ({"base": "Eur"}, "three capital letters"),
    ):
        with pytest.raises(InvalidQuotes, match=said):
            read_quotes(source="ECB", rows=[rows[0] | change])
    with pytest.raises(InvalidQuotes, match="the column rate is missing"):
        read_quotes(source="ECB", rows=[{"date": "2026-03-02", "base": "EUR", "quote": "RON"}])
    with pytest.raises(InvalidQuotes, match="the source is"):
        read_quotes(source="", rows=rows)


def test_a_policy_converts_by_a_method_and_a_source_or_not_at_all() -> None:
    for wrong in (
        ("convert", None, "ECB"),
        ("convert", "spot", None),
        ("per_currency", "spot", ""),
    ):
        with pytest.raises(ValueError, match="by a method and a source"):
            Policy(DAY, *wrong)  # type: ignore[arg-type]
