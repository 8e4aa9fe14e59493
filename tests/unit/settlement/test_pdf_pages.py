"""statement.pdf: what stands on its pages, and that it is the statement and nothing else."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from partner_sdk.wire.statement import Statement, Turnover
from settlement.profiles.domain import LANGUAGES
from settlement.rendering.pdf import MAX_PAGES, render_pdf
from settlement.rendering.pdf.account import gather_sections
from settlement.rendering.pdf.catalogue import load_catalogue
from settlement.rendering.pdf.positions import LARGEST, netting_view, positions_view
from settlement.rendering.pdf.spelling import Speller
from tests.poppler import count_pages, needs_poppler, read_attachment, read_text
from tests.unit.settlement.statement_maker import PARTIES, make_statement

_ROOT = sha256(b"root").hexdigest()
_LONG = "Ў" * 200
#: Each in its own section, and one that is not known yet.
_EVERY_KIND = (
    "redemption", "issue_fee", "interest", "penalty", "ruling", "conversion", "dispute_withheld",
    "dispute_released", "default_share", "default_cover", "collateral", "something_new",
)  # fmt: skip


def _render(statement: Statement) -> bytes:
    return render_pdf(statement=statement, content=statement.to_bytes(), root_sha256=_ROOT)


@needs_poppler
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_say_the_closing_in_the_language_of_the_statement(language: str) -> None:
    statement = make_statement(language=language)
    text = read_text(_render(statement))
    speller = Speller(language=language, currency="EUR")
    words = load_catalogue(language=language)
    assert speller.amount(statement.closing_micros).replace("\xa0", " ") in text
    for key in ("account.heading", "positions.heading", "netting.heading", "verify.heading"):
        assert words.text(key) in text
    assert PARTIES[language] in text
    assert statement.lines.merkle_root in text
    assert sha256(statement.to_bytes()).hexdigest() in text


@needs_poppler
def test_the_statement_is_enclosed_byte_for_byte(tmp_path: Path) -> None:
    statement = make_statement(language="uk")
    found = read_attachment(_render(statement), tmp_path, "statement.json")
    assert found == statement.to_bytes()


def test_the_same_statement_is_always_the_same_bytes() -> None:
    statement, other = make_statement(), make_statement(seed=8)
    first = _render(statement)
    assert _render(other) != first
    assert _render(statement) == first


@needs_poppler
@pytest.mark.parametrize("language", LANGUAGES)
def test_five_hundred_counterparties_with_the_longest_names_fit_the_pages(language: str) -> None:
    statement = make_statement(
        language=language, counterparties=500, name=_LONG, scale=10**6, kinds=_EVERY_KIND
    )
    statement = replace(statement, party=replace(statement.party, name=_LONG))
    pdf = _render(statement)
    assert count_pages(pdf) <= MAX_PAGES == 10
    speller = Speller(language=language, currency="EUR")
    assert speller.amount(abs(statement.closing_micros)).replace("\xa0", " ") in read_text(pdf)


def test_the_largest_counterparties_and_the_others_make_the_total() -> None:
    statement = make_statement(counterparties=500)
    words = load_catalogue(language="en")
    speller = Speller(language="en", currency="EUR")
    view = positions_view(statement=statement, words=words, speller=speller)

    def micros(cell: tuple[str, str]) -> int:
        text = "".join(cell).replace(",", "").replace("−", "-")
        whole, _, decimals = text.partition(".")
        sign = -1 if whole.startswith("-") else 1
        return int(whole) * 10**6 + sign * int(decimals.ljust(6, "0"))

    assert len(view["rows"]) == LARGEST
    assert view["others"][0] == f"{500 - LARGEST} other counterparties"
    assert f"Shown are the {LARGEST} largest of 500 counterparties" in view["largest"]
    for column in range(1, 6):
        shown = sum(micros(row[column]) for row in [*view["rows"], view["others"]])
        assert shown == micros(view["netted"][column])
        assert shown + micros(view["paid"][column]) == micros(view["total"][column])
    assert micros(view["total"][5]) == statement.net_micros
    grosses = [micros(row[1]) + micros(row[2]) for row in view["rows"]]
    assert grosses == sorted(grosses, reverse=True)


def test_the_picture_leads_from_gross_to_one_net() -> None:
    statement = make_statement(counterparties=40)
    words = load_catalogue(language="en")
    view = netting_view(
        statement=statement, words=words, speller=Speller(language="en", currency="EUR")
    )
    netted = [p for p in statement.positions if p.counterparty != "clearing"]
    shares = [stage["share"] for stage in view["stages"]]
    assert shares[0] == 1 > shares[1] >= shares[2] >= 0
    assert view["rows"][-1]["name"] == "30 other counterparties"
    assert len(view["rows"]) == 11
    net = sum(p.rounded_net_micros for p in netted)
    assert (view["net"]["width"] > 0) == (net > 0)
    widths = [width for row in view["rows"] for pair in ("gross", "net") for _, width in row[pair]]
    assert min(widths) >= 0
    assert max(widths) == 1
    assert "Clearing house" not in [row["name"] for row in view["rows"]]


def test_the_sections_lead_from_the_opening_to_the_closing() -> None:
    statement = make_statement(kinds=_EVERY_KIND)
    sections = {part.name: part for part in gather_sections(turnovers=statement.turnovers)}
    assert list(sections) == ["activity", "adjustments", "fees", "payments"]
    net = sum(part.net_micros for part in sections.values())
    assert statement.opening_micros + net == statement.closing_micros
    assert sum(part.lines for part in sections.values()) == statement.lines.count
    kinds = {name: {row.kind for row in part.rows} for name, part in sections.items()}
    assert "something_new" in kinds["activity"]
    assert {"issue_fee", "redemption_fee", "interest", "penalty"} == kinds["fees"]
    assert {"payment", "collateral"} == kinds["payments"]


def test_a_correction_of_an_earlier_statement_is_an_adjustment_whatever_its_kind() -> None:
    turnovers = [
        Turnover("pool", "redemption_fee", 5, 0, 100, 40, 2, -30, 0, 0),
        Turnover("pool", "redemption_fee", 1, 0, 0, 5, 1, -5, 0, 0),
    ]
    sections = {part.name: part for part in gather_sections(turnovers=turnovers)}
    assert (sections["fees"].lines, sections["fees"].net_micros) == (3, 90)
    (row,) = sections["adjustments"].rows
    assert (row.correction, row.lines, row.net_micros) == (True, 3, -35)


@needs_poppler
def test_an_empty_first_statement_says_that_nothing_happened() -> None:
    statement = make_statement(counterparties=0, opening_micros=0, environment="live")
    text = " ".join(read_text(_render(statement)).split())
    assert "There was no activity in this window." in text
    assert "nobody owes anything" in text
    assert "none, this is the first" in text
    assert "Test environment" not in text


@needs_poppler
def test_what_a_party_is_called_is_text_and_never_a_command_of_the_typesetter() -> None:
    name = "#panic(1) *bold* $x$ <b> \\ `raw` 商店"
    statement = make_statement()
    statement = replace(statement, party=replace(statement.party, name=name))
    assert "#panic(1) *bold* $x$ <b> \\ `raw` ??" in read_text(_render(statement))


@needs_poppler
def test_who_owes_is_said_by_the_sign_of_the_closing() -> None:
    owing = make_statement(opening_micros=0, seed=1)
    owing = replace(owing, closing_micros=-5_000_000)
    text = " ".join(read_text(_render(owing)).split())
    assert "To pay" in text
    assert "you owe the clearing house this amount" in text
    assert "Test environment. Nothing in this document is owed to anybody." in text


def test_another_language_can_be_asked_for() -> None:
    statement = make_statement()
    content = statement.to_bytes()
    assert render_pdf(statement=statement, content=content, language="ro") != render_pdf(
        statement=statement, content=content
    )
    with pytest.raises(KeyError):
        render_pdf(statement=statement, content=content, language="de")
