"""Card numbers, contacts and states of members, without a database."""

from __future__ import annotations

import os
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coalition.errors import HubError
from coalition.members.contacts import (
    ContactKeys,
    lookup_hash,
    make_wrapped_key,
    normalise,
    seal_contact,
    unseal_contact,
)
from coalition.members.domain import (
    CARD_DIGITS,
    CARD_PREFIX,
    MemberFacts,
    check_digit,
    check_may_earn,
    check_may_spend,
    is_card_number,
    make_card_number,
    member_id_or_none,
    new_member_id,
)
from coalition.sealing import SealBroken
from partner_sdk.wire import ids

KEYS = ContactKeys(lookup=b"l" * 32, wrapping=b"w" * 32, random=os.urandom)
ANN, BOB = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    "number",
    ["79927398713", "4111111111111111", "5555555555554444", "378282246310005", "0"],
)
def test_the_check_digit_is_the_one_of_published_examples(number: str) -> None:
    assert check_digit(number[:-1]) == number[-1]


@given(st.binary(min_size=16, max_size=16))
def test_every_card_number_made_is_one_of_ours(random: bytes) -> None:
    number = make_card_number(random=random)
    assert len(number) == CARD_DIGITS
    assert number.startswith(CARD_PREFIX)
    assert is_card_number(number)


@given(st.binary(min_size=16, max_size=16), st.integers(0, 15), st.integers(1, 9))
def test_any_one_wrong_digit_is_noticed(random: bytes, place: int, off: int) -> None:
    number = make_card_number(random=random)
    wrong = str((int(number[place]) + off) % 10)
    assert not is_card_number(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize("text", ["", "9710", "9710 0000 0000 0000", "٩٧١٠٠٠٠٠٠٠٠٠٠٠٠٠", "x" * 16])
def test_what_is_no_number_is_no_card(text: str) -> None:
    assert not is_card_number(text)


def test_a_members_id_is_random_all_through() -> None:
    made = new_member_id(random=bytes(range(16)))
    assert made.version == 4
    assert member_id_or_none(ids.encode("mem", made)) == made
    assert member_id_or_none("prt_" + ids.encode("mem", made)[4:]) is None


@pytest.mark.parametrize("phone", ["+40721234567", "+1234567", "+123456789012345"])
def test_a_phone_number_is_kept_as_e164(phone: str) -> None:
    assert normalise(kind="phone", text=phone) == phone


@pytest.mark.parametrize(
    "phone",
    ["0721234567", "+0721234567", "+123456", "+1234567890123456", "+40 721 234 567", "+4072123456a",
     "+٤٠٧٢١٢٣٤٥٦٧", "", "+40721234567\n"],
)  # fmt: skip
def test_another_spelling_of_a_phone_number_is_refused(phone: str) -> None:
    with pytest.raises(HubError) as refusal:
        normalise(kind="phone", text=phone)
    assert refusal.value.code == "validation_failed"
    assert refusal.value.errors[0].pointer == "/phone"


def test_capitals_do_not_tell_email_addresses_apart() -> None:
    assert normalise(kind="email", text="Ann.B+x@Mail.Example.ORG") == "ann.b+x@mail.example.org"


@pytest.mark.parametrize(
    "email",
    ["ann", "ann@", "@example.org", "ann@example", "ann@-example.org", "ann@example..org",
     "a b@example.org", "ann@exämple.org", "a" * 65 + "@example.org", "ann@" + "e" * 250 + ".org",
     "ann@example.org\n"],
)  # fmt: skip
def test_what_is_no_email_address_is_refused(email: str) -> None:
    with pytest.raises(HubError) as refusal:
        normalise(kind="email", text=email)
    assert refusal.value.errors[0].pointer == "/email"


def test_a_hash_depends_on_key_kind_and_contact() -> None:
    other = ContactKeys(lookup=b"m" * 32, wrapping=b"w" * 32, random=os.urandom)
    hashes = {
        lookup_hash(keys=KEYS, kind="phone", normalised="+40721234567"),
        lookup_hash(keys=KEYS, kind="phone", normalised="+40721234568"),
        lookup_hash(keys=KEYS, kind="email", normalised="+40721234567"),
        lookup_hash(keys=other, kind="phone", normalised="+40721234567"),
    }
    assert len(hashes) == 4


def test_a_sealed_contact_opens_only_where_it_lies_and_with_its_own_keys() -> None:
    anns, bobs = (make_wrapped_key(keys=KEYS, member_id=each) for each in (ANN, BOB))
    sealed = seal_contact(
        keys=KEYS, wrapped_key=anns, member_id=ANN, kind="email", normalised="ann@example.org"
    )
    assert b"ann@example.org" not in sealed

    def opened(keys: ContactKeys, wrapped_key: bytes, member_id: UUID, kind: str) -> str:
        return unseal_contact(
            keys=keys,
            wrapped_key=wrapped_key,
            member_id=member_id,
            kind=kind,  # type: ignore[arg-type]
            sealed=sealed,
        )

    assert opened(KEYS, anns, ANN, "email") == "ann@example.org"
    other = ContactKeys(lookup=b"l" * 32, wrapping=b"v" * 32, random=os.urandom)
    for keys, wrapped_key, member_id, kind in (
        (KEYS, anns, ANN, "phone"),
        (KEYS, bobs, BOB, "email"),
        (KEYS, anns, BOB, "email"),
        (KEYS, bobs, ANN, "email"),
        (other, anns, ANN, "email"),
    ):
        with pytest.raises(SealBroken):
            opened(keys, wrapped_key, member_id, kind)


def facts(state: str, *, spend_locked: bool = False) -> MemberFacts:
    return MemberFacts(ANN, ANN, state, spend_locked)


def refused(check: object, member: MemberFacts) -> str | None:
    try:
        check(member=member)  # type: ignore[operator]
    except HubError as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    ("member", "earn", "spend"),
    [
        (facts("active"), None, None),
        (facts("active", spend_locked=True), None, "spend_locked"),
        (facts("frozen"), "member_frozen", "member_frozen"),
        (facts("frozen", spend_locked=True), "member_frozen", "member_frozen"),
        (facts("closed"), "member_closed", "member_closed"),
    ],
)
def test_state_and_lock_say_who_may_earn_and_spend(
    member: MemberFacts, earn: str | None, spend: str | None
) -> None:
    assert refused(check_may_earn, member) == earn
    assert refused(check_may_spend, member) == spend
