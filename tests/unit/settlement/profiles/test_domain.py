"""What a finance profile may say."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from settlement.profiles.domain import DEFAULT_PROFILE, InvalidProfile, Profile, check_iban
from settlement.profiles.wire import FIELDS, profile_document, read_profile
from tests.certificates import certificate_of

#: Examples of the IBAN registry, one of each length that members of a coalition are likely to have.
_IBANS = (
    "RO49AAAA1B31007593840000",
    "UA213223130000026007233566001",
    "MD24AG000225100013104168",
    "DE89370400440532013000",
    "GB29NWBK60161331926819",
    "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S",
)
_FULL = {
    "language": "uk",
    "erp": "sap",
    "accounts": {"redemption": "7010", "settlement": "1310", "company_code": "UA01"},
    "iban": _IBANS[1],
    "bic": "AAAAUA2XXXX",
    "account_holder": "ТОВ «Пекарня»",
    "tax_id": "12345678",
    "settlement_currency": "UAH",
    "payment_days": 30,
    "interest_per_annum": "0.0825",
    "acceptance_certificate": base64.b64encode(
        certificate_of(Ed25519PrivateKey.generate()).public_bytes(Encoding.DER)
    ).decode(),
}


@pytest.mark.parametrize("iban", _IBANS)
def test_an_iban_of_the_registry_is_taken(iban: str) -> None:
    check_iban(iban)


@given(st.sampled_from(_IBANS), st.data())
def test_any_two_exchanged_or_any_one_changed_character_of_an_iban_is_noticed(
    iban: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(2, len(iban) - 1))
    if data.draw(st.booleans()) and at + 1 < len(iban):
        changed = iban[:at] + iban[at + 1] + iban[at] + iban[at + 2 :]
    else:
        letter = data.draw(st.sampled_from("0123456789"))
        changed = iban[:at] + letter + iban[at + 1 :]
    # A letter stands for two digits: mod 97 cannot tell all such changes from none.
    if changed == iban or any(c.isalpha() for c in iban[at : at + 2]):
        return
    with pytest.raises(InvalidProfile) as caught:
        check_iban(changed)
    assert caught.value.field == "iban"


def test_a_profile_reads_back_from_its_document() -> None:
    profile = read_profile(_FULL)
    assert profile_document(profile) == _FULL
    assert tuple(profile_document(DEFAULT_PROFILE)) == FIELDS
    assert read_profile({}) == read_profile(profile_document(DEFAULT_PROFILE)) == DEFAULT_PROFILE
    assert profile.interest_micros == 82_500


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "fr"),
        ("erp", "oracle"),
        ("accounts", {"Redemption": "1"}),
        ("accounts", {"redemption": ""}),
        ("accounts", {"redemption": "=1+1"}),
        ("accounts", {"redemption": "a\nb"}),
        ("accounts", {f"kind_{'x' * n}": "1" for n in range(101)}),
        ("iban", "RO49 AAAA 1B31 0075 9384 0000"),
        ("iban", "RO49AAAA1B3100759384000"),
        ("iban", "RO00AAAA1B31007593840000"),
        ("iban", "nonsense"),
        ("bic", "AAAARO"),
        ("bic", "aaaarobu"),
        ("account_holder", ""),
        ("account_holder", " X"),
        ("account_holder", "x" * 71),
        ("tax_id", "1\u20282"),
        ("settlement_currency", "euro"),
        ("payment_days", -1),
        ("payment_days", 366),
        ("interest_per_annum", "1.1"),
        ("interest_per_annum", "-0.1"),
        ("interest_per_annum", "8%"),
        ("currency", "EUR"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(field: str, value: Any) -> None:
    with pytest.raises(InvalidProfile) as caught:
        read_profile({field: value})
    assert caught.value.field == field


def test_an_unknown_country_is_checked_by_its_digits_only() -> None:
    check_iban("QA58DOHB00001234567890ABCDEFG")
    with pytest.raises(InvalidProfile):
        Profile(iban="QA57DOHB00001234567890ABCDEFG")
