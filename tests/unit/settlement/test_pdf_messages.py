"""The PDF's words: complete in four languages, and every letter of them can be drawn."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from string import Formatter
from typing import get_args

import pytest
from babel import Locale

from coalition.ledger.domain import MovementKind, ObligationKind
from settlement.entries.domain import EntryKind
from settlement.profiles.domain import LANGUAGES
from settlement.rendering.pdf.catalogue import load_catalogue
from settlement.rendering.pdf.spelling import COVERED, Speller, printable

_FONTS = sorted(
    file.name
    for file in (resources.files("settlement.rendering.pdf") / "fonts").iterdir()
    if file.name.endswith(".otf")
)
_ALPHABETS = {
    "en": "abcdefghijklmnopqrstuvwxyz",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя’",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "ro": "aăâbcdefghiîjklmnopqrsștțuvwxyz",
}


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_with_the_same_places_to_fill(language: str) -> None:
    english, other = load_catalogue(language="en"), load_catalogue(language=language)
    assert other.texts.keys() == english.texts.keys()
    assert other.plurals.keys() == english.plurals.keys()
    for key, text in english.texts.items():
        assert _places(other.texts[key]) == _places(text), key
        assert other.texts[key].strip() == other.texts[key] != "", key
    for key, forms in other.plurals.items():
        wanted = {*Locale.parse(language).plural_form.tags, "other"}
        assert forms.keys() == wanted, key
        assert all(_places(form) == {"count"} for form in forms.values()), key


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_no_english_text_is_left_in_a_cyrillic_language(language: str) -> None:
    without = {"facts.instant", "facts.period_value"}
    for key, text in load_catalogue(language=language).texts.items():
        assert key in without or any("\u0400" <= char <= "\u04ff" for char in text), key


def test_romanian_is_written_with_a_comma_below() -> None:
    texts = load_catalogue(language="ro").texts.values()
    assert not set("".join(texts)) & set("şţŞŢ")


def test_every_kind_of_line_has_a_name() -> None:
    texts = load_catalogue(language="en").texts
    kinds = {*get_args(ObligationKind), *get_args(MovementKind), *get_args(EntryKind), "rounding"}
    assert {f"kind.{kind}" for kind in kinds} <= texts.keys()


@pytest.mark.parametrize(
    ("language", "number", "words"),
    [
        ("en", 1, "1 other counterparty"),
        ("en", 2, "2 other counterparties"),
        ("uk", 1, "Ще 1 контрагент"),
        ("uk", 21, "Ще 21 контрагент"),
        ("uk", 22, "Ще 22 контрагенти"),
        ("uk", 112, "Ще 112 контрагентів"),
        ("ru", 2, "Ещё 2 контрагента"),
        ("ru", 11, "Ещё 11 контрагентов"),
        ("ro", 1, "Încă 1 contraparte"),
        ("ro", 19, "Alte 19 contrapărți"),
        ("ro", 20, "Alte 20 de contrapărți"),
        ("ro", 101, "Alte 101 contrapărți"),
    ],
)
def test_plurals_follow_the_language(language: str, number: int, words: str) -> None:
    assert load_catalogue(language=language).plural("positions.others", number, count=number) == (
        words
    )


def test_a_language_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError):
        load_catalogue(language="de")


@pytest.mark.parametrize("font", _FONTS)
def test_the_typeface_draws_every_letter_of_the_four_languages(font: str) -> None:
    drawn = set(_characters_of(font))
    assert {chr(code) for low, high in COVERED for code in range(low, high + 1)} <= drawn
    for language in LANGUAGES:
        words = load_catalogue(language=language)
        texts = [*words.texts.values(), *(f for forms in words.plurals.values() for f in forms)]
        alphabet = _ALPHABETS[language] + _ALPHABETS[language].upper()
        assert set("".join(texts) + alphabet) <= drawn


def test_the_licence_of_the_typeface_is_beside_it() -> None:
    licence = resources.files("settlement.rendering.pdf") / "fonts" / "OFL.txt"
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence.read_text()
    assert len(_FONTS) == 3


def test_what_cannot_be_drawn_becomes_a_question_mark() -> None:
    assert printable("Ґанок Țară Ёлка 商店\u202e\x07") == "Ґанок Țară Ёлка ???"
    assert printable("S\u0326i") == "Și"


@pytest.mark.parametrize(
    ("language", "amount", "date", "instant"),
    [
        ("en", "−1,234,567.80", "5 March 2026", "5 Mar 2026, 01:30"),
        ("uk", "−1 234 567,80", "5 березня 2026 р.", "05.03.2026, 01:30"),
        ("ru", "−1 234 567,80", "5 марта 2026 г.", "05.03.2026, 01:30"),
        ("ro", "−1.234.567,80", "5 martie 2026", "05.03.2026, 01:30"),
    ],
)
def test_numbers_and_dates_follow_the_language(
    language: str, amount: str, date: str, instant: str
) -> None:
    speller = Speller(language=language, currency="EUR")
    pattern = load_catalogue(language=language).text("facts.instant")
    at = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    assert speller.amount(-1_234_567_800_000).replace("\xa0", " ") == amount
    assert " ".join(speller.date("2026-03-05").split()) == date
    assert speller.instant(at, time_zone="Europe/Bucharest", pattern=pattern) == instant


def test_an_amount_never_loses_a_decimal() -> None:
    speller = Speller(language="en", currency="EUR")
    with pytest.raises(ValueError, match="lose"):
        speller.amount(1_005_000)
    assert speller.digits_for([10_000, 1_005_000, -7]) == 6
    assert speller.split(-1_005_000, digits=4) == ("−1.00", "50")
    assert speller.split(1_000_000, digits=2) == ("1.00", "")
    assert Speller(language="en", currency="JPY").amount(1_234_000_000) == "1,234"
    assert Speller(language="en", currency="JPY").split(1_500_000, digits=1) == ("1", ".5")


def _characters_of(font: str) -> Iterator[str]:
    """The characters of an OpenType font, from its `cmap` (format 4 and 12)."""
    data = (resources.files("settlement.rendering.pdf") / "fonts" / font).read_bytes()
    tables = {
        data[at : at + 4]: struct.unpack(">II", data[at + 8 : at + 16])
        for at in range(12, 12 + 16 * struct.unpack(">H", data[4:6])[0], 16)
    }
    start = tables[b"cmap"][0]
    for record in range(struct.unpack(">H", data[start + 2 : start + 4])[0]):
        at = start + struct.unpack(">I", data[start + 8 + 8 * record : start + 12 + 8 * record])[0]
        form = struct.unpack(">H", data[at : at + 2])[0]
        if form == 4:
            count = struct.unpack(">H", data[at + 6 : at + 8])[0] // 2
            ends = struct.unpack(f">{count}H", data[at + 14 : at + 14 + 2 * count])
            begin = at + 16 + 2 * count
            starts = struct.unpack(f">{count}H", data[begin : begin + 2 * count])
            for low, high in zip(starts, ends, strict=True):
                yield from (chr(code) for code in range(low, high + 1) if code != 0xFFFF)
        elif form == 12:
            groups = struct.unpack(">I", data[at + 12 : at + 16])[0]
            for group in range(groups):
                low, high, _ = struct.unpack(">III", data[at + 16 + 12 * group :][:12])
                yield from map(chr, range(low, high + 1))
