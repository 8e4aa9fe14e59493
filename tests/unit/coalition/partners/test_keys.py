"""Bearer tokens and public keys."""

from __future__ import annotations

import hashlib
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coalition.errors import HubError
from coalition.partners.keys import check_public_key, is_well_formed, make_token, token_sha256

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def test_a_token_names_its_family_and_environment_and_carries_a_checksum() -> None:
    token = make_token(family="chl", environment="test", random=bytes(range(24)))
    family, environment, secret, checksum = token.split("_")
    assert (family, environment, len(secret), len(checksum)) == ("chl", "test", 32, 6)
    text = token.removesuffix(f"_{checksum}")
    assert hashlib.sha256(text.encode()).hexdigest().startswith(checksum)
    assert is_well_formed(token)


def test_a_token_with_any_character_changed_is_not_well_formed() -> None:
    token = make_token(family="cho", environment="live", random=os.urandom(24))
    for index, character in enumerate(token):
        other = "x" if character != "x" else "y"
        assert not is_well_formed(token[:index] + other + token[index + 1 :])
    assert not is_well_formed(token[:-1])
    assert not is_well_formed("")


def test_tokens_of_different_randomness_differ_and_hash_as_a_whole() -> None:
    tokens = {
        make_token(family="chl", environment="test", random=os.urandom(24)) for _ in range(100)
    }
    assert len(tokens) == 100
    token = tokens.pop()
    assert token_sha256(token) == hashlib.sha256(token.encode("ascii")).digest()


def test_a_token_needs_its_24_random_bytes() -> None:
    with pytest.raises(ValueError, match="24"):
        make_token(family="chl", environment="test", random=b"short")


def test_a_real_public_key_is_accepted() -> None:
    raw = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    assert check_public_key(raw) == raw


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_public_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(HubError) as refusal:
        check_public_key(bytes(length))
    assert refusal.value.code == "validation_failed"
    assert refusal.value.errors[0].pointer == "/public_key"


def double(point: tuple[int, int]) -> tuple[int, int]:
    """Twice a point of the curve, affine (RFC 8032 §5.1.4)."""
    x, y = point
    t = D * x * x * y * y
    return (
        2 * x * y * pow(1 + t, -1, P) % P,
        (y * y + x * x) * pow(1 - t, -1, P) % P,
    )


def x_of(y: int) -> int | None:
    """An x for a y of the curve (RFC 8032 §5.1.3), or None."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return x if (x * x - square) % P == 0 else None


def small_order_ys() -> set[int]:
    """The y of all eight points whose order divides eight, found by arithmetic."""
    found: set[int] = set()
    y = 2
    while len(found) < 5:
        x = x_of(y)
        y += 1
        if x is None:
            continue
        # The subgroup's order is prime; times that, only the part of small order is left.
        point = multiply((x, y - 1), 2**252 + 27742317777372353535851937790883648493)
        for _ in range(3):
            found.add(point[1])
            point = double(point)
        assert point == (0, 1)
    return found


def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    t = D * a[0] * b[0] * a[1] * b[1]
    return (
        (a[0] * b[1] + b[0] * a[1]) * pow(1 + t, -1, P) % P,
        (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, -1, P) % P,
    )


def multiply(point: tuple[int, int], times: int) -> tuple[int, int]:
    result = (0, 1)
    while times:
        if times & 1:
            result = add(result, point)
        point = double(point)
        times >>= 1
    return result


def test_keys_of_small_order_are_refused_in_every_spelling() -> None:
    ys = small_order_ys()
    assert len(ys) == 5
    spellings = [y + k * P for y in ys for k in (0, 1) if y + k * P < 2**255]
    for y in spellings:
        for sign in (0, 1 << 255):
            with pytest.raises(HubError):
                check_public_key((y | sign).to_bytes(32, "little"))
