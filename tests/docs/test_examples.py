"""The numbers of the explanations, computed by the code that they explain."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from uuid import UUID

from coalition.ledger.domain import OPERATOR, POOL, Lot, Owed
from coalition.ledger.pricing import price_taking
from partner_sdk.wire.amounts import format_micros, format_micros6
from settlement.domain.netting import Gross, compress, net_pairs, net_positions
from settlement.risk.domain import (
    DefaultFacts,
    WindowClaims,
    compute_waterfall,
    plan_document,
)
from tests.docs.marked import slug
from tests.docs.pages import DOCS, ROOT
from tests.docs.walkthrough import blocks_of

GROCER, FUEL, BAKERY = 11, 12, 13
NAMES = {"Grocer": GROCER, "Fuel": FUEL, "Bakery": BAKERY, "pool": POOL}


def rows_of(text: str) -> list[list[str]]:
    """The cells of all table rows, without emphasis."""
    rows = re.findall(r"^\| (.*) \|$", text, flags=re.MULTILINE)
    return [[cell.strip(" *") for cell in row.split("|")] for row in rows]


def part(name: str, heading: str) -> str:
    """A section of a page of the explanations."""
    text = (DOCS / "explanation" / name).read_text("utf-8")
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def micros(text: str) -> int:
    """`−0.40` → −400000."""
    sign = -1 if text[:1] in "−-" else 1
    whole, _, rest = text.lstrip("−+-").partition(".")
    return sign * (int(whole) * 1_000_000 + int(rest.ljust(6, "0")))


def test_netting_by_example_adds_up_as_settlement_adds_up() -> None:
    gross = [
        Gross(debtor=NAMES[debtor], creditor=NAMES[creditor], amount_micros=micros(amount))
        for debtor, creditor, _, amount in rows_of(
            part("netting-by-example.md", "Gross: what was owed")
        )
        if debtor in NAMES
    ]
    assert len(gross) == 3
    pairs = net_pairs(gross=gross, residues={}, currency="EUR")
    positions = net_positions(pairs=pairs)
    page = part("netting-by-example.md", "Multilateral: through the clearing house")
    stated = {NAMES[row[0]]: micros(row[-1]) for row in rows_of(page) if row[0] in NAMES}
    assert stated == {each.party: each.rounded_micros for each in positions}
    sums = compress(pairs=pairs, positions=positions)
    assert f"gross {format_micros(sums.gross_micros)}, net" in page
    assert f', net {format_micros(sums.multilateral_micros)}"' in page


def test_the_residues_of_the_example_are_carried_as_settlement_carries_them() -> None:
    rows = {
        row[0]: [micros(cell) for cell in row[1:]]
        for row in rows_of(part("netting-by-example.md", "Rounding"))
        if len(row) == 3 and row[0] and "window" not in row[1].lower()
        and not set(row[0]) <= set("-:")
    }  # fmt: skip
    residue = 0
    for window, exact in enumerate(rows["exact net of the lines"]):
        (pair,) = net_pairs(
            gross=[Gross(debtor=BAKERY, creditor=GROCER, amount_micros=exact)],
            residues={(GROCER, BAKERY): residue},
            currency="EUR",
        )
        assert rows["residue brought in"][window] == pair.residue_in_micros
        assert rows["rounded, half to even"][window] == pair.rounded_micros
        assert rows["residue carried out"][window] == pair.residue_out_micros
        residue = pair.residue_out_micros
    assert format_micros6(residue) == "-0.001000"


def lot(*, issuer: int, funding: str, redemption_price_micros: int) -> Lot:
    at = datetime(2031, 3, 3, tzinfo=UTC)
    return Lot(
        lot_id=UUID(int=issuer),
        issuer=issuer,
        funder=issuer,
        funding=funding,
        issue_price_micros=11_000,
        redemption_price_micros=redemption_price_micros,
        currency="EUR",
        agreement_no=1,
        sale_id=None,
        occurred_at=at,
        activates_at=at,
        expires_at=at,
        granted=40,
    )


def test_the_difference_of_prices_in_the_decision_is_what_the_operator_bears() -> None:
    owed = price_taking(
        origin=lot(issuer=GROCER, funding="redemption", redemption_price_micros=10_000),
        taken=lot(issuer=FUEL, funding="issue", redemption_price_micros=8_000),
        points=20,
    )
    assert owed == (
        Owed("clawback", POOL, GROCER, 200_000, "EUR"),
        Owed("clawback", OPERATOR, POOL, 40_000, "EUR"),
    )
    page = (DOCS / "decisions" / "0004-difference-of-prices.md").read_text("utf-8")
    assert "operator → pool 0.04" in page


def test_the_plan_of_a_default_is_what_the_waterfall_gives() -> None:
    text = (DOCS / "how-to" / "a-partner-defaults.md").read_text("utf-8")
    (shown,) = (json.loads(b.content) for b in blocks_of(text) if b.language == "json")
    facts = DefaultFacts(
        party=GROCER,
        currency="EUR",
        through=date(2031, 3, 3),
        account_micros=-6_000_000,
        own={"collateral": 1_000_000},
        fund={BAKERY: 900_000},
        windows=[WindowClaims(date(2031, 3, 3), {BAKERY: -4_000_000, FUEL: -2_000_000})],
        pool=POOL,
        operator=OPERATOR,
        minor_micros=10_000,
    )
    slugs = {number: name.lower() for name, number in NAMES.items()}
    found = compute_waterfall(facts=facts)
    assert shown == plan_document(facts=facts, found=found, block_points=True, slugs=slugs)


def test_every_make_target_that_the_readme_names_is_one() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z-]+)", (ROOT / "README.md").read_text("utf-8")))
    assert named - targets == set()


def test_the_glossary_is_in_alphabetical_order() -> None:
    terms = [slug(row[0]) for row in rows_of((DOCS / "glossary.md").read_text("utf-8"))[2:]]
    assert terms == sorted(terms)
