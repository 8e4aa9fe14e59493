"""Secrets at rest: they open where they lie, and nowhere else."""

from __future__ import annotations

import pytest

from coalition.sealing import SealBroken, place, seal, unseal

KEY = b"k" * 32
HERE = place(table="subscription", row="1", column="secret")
SEALED = seal(key=KEY, secret=b"whsec", at=HERE, nonce=b"n" * 12)


def test_a_secret_opens_where_it_was_sealed() -> None:
    assert unseal(key=KEY, sealed=SEALED, at=HERE) == b"whsec"
    assert b"whsec" not in SEALED


@pytest.mark.parametrize(
    "at",
    [
        place(table="other", row="1", column="secret"),
        place(table="subscription", row="2", column="secret"),
        place(table="subscription", row="1", column="url"),
    ],
)
def test_a_secret_moved_to_another_place_does_not_open(at: bytes) -> None:
    with pytest.raises(SealBroken):
        unseal(key=KEY, sealed=SEALED, at=at)


def test_a_changed_byte_or_another_key_does_not_open() -> None:
    for index in range(len(SEALED)):
        changed = bytearray(SEALED)
        changed[index] ^= 1
        with pytest.raises(SealBroken):
            unseal(key=KEY, sealed=bytes(changed), at=HERE)
    with pytest.raises(SealBroken):
        unseal(key=b"x" * 32, sealed=SEALED, at=HERE)
