"""Reading banks' files: both versions of camt.053 and MT940 alike, and every bad one refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coalition.errors import HubError
from settlement.payments.domain.references import find_references, make_reference
from settlement.payments.files.bank import BankFile, entry_keys, read_micros
from settlement.payments.files.camt053 import read_camt053
from settlement.payments.files.mt940 import read_mt940
from settlement.payments.service.importing import read_bank_file
from tests.bank_files import IBAN, OTHER_IBAN, Line, camt, mt940

DAY = date(2026, 3, 4)
REFERENCE = make_reference(business_date=date(2026, 3, 1), party_no=10, currency="EUR")
LINES = (
    Line("0.70", DAY, REFERENCE, "B1", "Grocer", OTHER_IBAN, "settlement of March"),
    Line("-12.34", DAY, REFERENCE, "B2", "Bakery", OTHER_IBAN),
    Line("1000000.00", DAY, bank_reference="B3", text="for 2026"),
)


def entries(file: BankFile) -> list[tuple[object, ...]]:
    (statement,) = file.statements
    assert (statement.account, statement.currency) == (IBAN, "EUR")
    return [
        (
            each.booked_on,
            each.signed_micros,
            find_references(each.end_to_end, each.details),
            each.counterparty_name,
            each.counterparty_iban,
        )
        for each in statement.entries
    ]


def refusal(content: bytes, code: str = "bank_file_invalid") -> str:
    with pytest.raises(HubError) as caught:
        read_bank_file(content)
    assert caught.value.code == code
    assert "nothing of the file was taken" in caught.value.detail
    return caught.value.detail


def read_or_code(content: bytes) -> BankFile | str:
    try:
        return read_bank_file(content)
    except HubError as error:
        return error.code


@pytest.mark.parametrize("content", [camt(LINES, version="02"), camt(LINES), mt940(LINES)])
def test_the_same_bookings_are_read_from_every_kind_of_file(content: bytes) -> None:
    assert entries(read_bank_file(content)) == [
        (DAY, 700_000, (REFERENCE,), "Grocer", OTHER_IBAN),
        (DAY, -12_340_000, (REFERENCE,), "Bakery", OTHER_IBAN),
        (DAY, 10**12, (), "Somebody", ""),
    ]


def test_only_booked_entries_count() -> None:
    pending = camt(LINES, status="PDNG").replace(b"CLBD", b"XPCD")
    assert read_camt053(pending).statements[0].entries == ()


@pytest.mark.parametrize("content", [camt(LINES, version="02"), camt(LINES), mt940(LINES)])
def test_a_file_cut_off_anywhere_is_refused_or_says_the_same(content: bytes) -> None:
    whole = entries(read_bank_file(content))
    for at in range(0, len(content) - 1, 7):
        read = read_or_code(content[:at])
        assert read == "bank_file_invalid" or (
            isinstance(read, BankFile) and entries(read) == whole
        )


def test_an_entry_taken_out_of_the_file_is_noticed_by_its_balances() -> None:
    text = camt(LINES).decode()
    start, end = text.index("<Ntry>"), text.index("</Ntry>") + len("</Ntry>")
    assert "do not make the closing balance" in refusal((text[:start] + text[end:]).encode())
    lines = mt940(LINES).split(b"\r\n")
    without = [line for n, line in enumerate(lines) if n not in (5, 6)]
    assert "do not make the closing balance" in refusal(b"\r\n".join(without))


def test_an_amount_changed_in_the_file_is_noticed_by_its_balances() -> None:
    assert "closing balance" in refusal(camt(LINES).replace(b">0.70<", b">0.71<"))
    assert "closing balance" in refusal(mt940(LINES).replace(b"C0,70N", b"C0,71N"))


def test_an_entity_bomb_is_refused_before_it_is_read() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
    )
    assert "document type" in refusal(bomb + b"]><Document>&j;</Document>")
    outside = b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document>&x;</Document>'
    assert "document type" in refusal(outside)
    wide = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE d [<!ENTITY a "b">]><d>&a;</d>'
    assert "document type" in refusal(wide.encode("utf-16"))


def test_bytes_in_another_encoding_than_stated_are_refused_and_with_it_named_are_read() -> None:
    line = replace(LINES[0], name="Бакалія")
    refusal(camt([line]).decode().encode("windows-1251"))
    declared = camt([line]).decode().replace("UTF-8", "windows-1251").encode("windows-1251")
    assert entries(read_bank_file(declared))[0][3] == "Бакалія"
    assert "name the file's encoding" in refusal(mt940([line]).decode().encode("windows-1251"))
    read = read_mt940(mt940([line]).decode().encode("windows-1251"), encoding="windows-1251")
    assert entries(read)[0][3] == "Бакалія"


def test_an_amount_beyond_limits_or_between_cents_is_refused() -> None:
    refusal(camt([Line("1000000000001.00", DAY)]))
    refusal(camt(LINES).replace(b">0.70<", b">0.7001<"))
    refusal(camt(LINES).replace(b">0.70<", b">7e-1<"))
    refusal(camt(LINES).replace(b">0.70<", b">-0.70<"))
    assert read_micros("1000000000000", currency="EUR") == 10**18


def test_another_currency_inside_the_file_is_refused() -> None:
    mixed = camt(LINES).replace(b"<Ntry><Amt Ccy='EUR'>0.70", b"<Ntry><Amt Ccy='RON'>0.70")
    assert "RON" in refusal(mixed, "wrong_currency")


def test_an_entry_twice_in_one_file_is_refused() -> None:
    assert "B1 2 times" in refusal(camt([LINES[0], LINES[0]]))


def test_two_bookings_that_look_alike_are_two_where_the_bank_names_neither() -> None:
    plain = Line("5.00", DAY)
    (statement,) = read_camt053(camt([plain, plain])).statements
    first, second = entry_keys(statement.entries)
    assert first != second
    (longer,) = read_camt053(camt([plain, plain, plain])).statements
    assert entry_keys(longer.entries)[:2] == [first, second]


def test_another_message_or_nothing_is_refused() -> None:
    refusal(b"")
    refusal(b"<html></html>")
    refusal(camt(LINES).replace(b"camt.053.001.08", b"camt.052.001.08"))
    refusal(b"%PDF-1.7")
    refusal(mt940(LINES).replace(b":62F:", b":62X:"))
    refusal(mt940(LINES).replace(b"C0,70N", b"C0.7.0N"))


def test_a_text_that_is_a_path_of_a_file_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "real.sta").write_bytes(mt940(LINES))
    refusal(str(tmp_path / "real.sta").encode())


def test_the_transactions_of_one_entry_are_read_apart_if_they_make_it_up() -> None:
    text = camt([Line("3.00", DAY, bank_reference="B9")]).decode()
    start, end = text.index("<TxDtls>"), text.index("</TxDtls>") + len("</TxDtls>")
    part = "<TxDtls><Refs><EndToEndId>{}</EndToEndId></Refs><Amt Ccy='EUR'>{}</Amt></TxDtls>"
    both = part.format("A", "1.00") + part.format("B", "2.00")
    (statement,) = read_bank_file((text[:start] + both + text[end:]).encode()).statements
    assert [(each.end_to_end, each.amount_micros) for each in statement.entries] == [
        ("A", 1_000_000),
        ("B", 2_000_000),
    ]
    assert len(set(entry_keys(statement.entries))) == 2
    less = part.format("A", "1.00") + part.format("B", "1.00")
    (statement,) = read_bank_file((text[:start] + less + text[end:]).encode()).statements
    assert [each.amount_micros for each in statement.entries] == [3_000_000]


@given(st.binary(max_size=300))
def test_whatever_bytes_come_are_read_or_refused_by_name(content: bytes) -> None:
    assert read_or_code(content) in ("bank_file_invalid", "wrong_currency")


@given(st.data())
def test_whatever_byte_of_a_file_changes_it_is_read_or_refused_by_name(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([camt(LINES), mt940(LINES)])))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    read = read_or_code(bytes(content))
    assert isinstance(read, BankFile) or read in ("bank_file_invalid", "wrong_currency")
