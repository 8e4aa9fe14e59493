"""Ids on statement lines: spelled in bulk, and hidden from everyone but their recipient.

A counterparty's copy of a line names the movement, the lot and the member by *pairwise*
pseudonyms: the 128 bits of the id under AES-256 with a key of that one recipient and kind of id.
The same id always gets the same pseudonym for the same recipient, two recipients cannot join
theirs, and the coalition, who holds the keys, can turn one quoted in a dispute back into the id
without a table. AES on a single block is a pseudo-random permutation; no two ids collide.
"""

from collections.abc import Sequence
from functools import cache
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from partner_sdk.wire import ids

__all__ = ["Pseudonyms", "pairwise_pseudonym", "pseudonym_key", "spell_ids"]

_BLOCK = 16
_DIGITS = 26
_LANE = 32
_ALPHABET = b"0123456789abcdefghjkmnpqrstvwxyz"
#: Lanes hold digit values 0 … 31 in a byte each; the rest of the table is never met.
_SPELLING = _ALPHABET + bytes(256 - len(_ALPHABET))
#: An id is 32 digits of five bits. Each step moves the upper half of every group of digits up,
#: until each digit has a byte of its own: (digits in half a group, bits between the halves).
_SPREAD = ((80, 128), (40, 64), (20, 32), (10, 16), (5, 8))


def pseudonym_key(*, secret: bytes, party: str) -> bytes:
    """Derive a recipient's key (32 bytes) from the coalition's secret (HKDF, RFC 5869)."""
    return _derive(secret, f"statement pseudonyms of {party}")


def spell_ids(*, values: Sequence[bytes]) -> list[str]:
    """Spell many 16-byte ids as 26 base32 digits each, as ``partner_sdk.wire.ids`` does.

    All ids are spread from five to eight bits a digit at once, as lanes of one large integer:
    about a third of the time of one after the other.
    """
    if not values:
        return []
    count = len(values)
    lanes = int.from_bytes((bytes(_LANE - _BLOCK)).join((b"", *values)), "big")
    # Masks for the next power of two fit as well; so there are few of them to keep.
    masks = _masks(1 << (count - 1).bit_length())
    for (width, distance), (low, high) in zip(_SPREAD, masks, strict=True):
        lanes = lanes & low | (lanes & high) << (distance - width)
    text = lanes.to_bytes(count * _LANE, "big").translate(_SPELLING).decode("ascii")
    skip = _LANE - _DIGITS
    return [text[at : at + _DIGITS] for at in range(skip, count * _LANE, _LANE)]


class Pseudonyms:
    """The pseudonyms that one recipient sees."""

    __slots__ = ("_ciphers",)

    def __init__(self, *, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("a pseudonym key has 32 bytes")
        self._ciphers = {
            prefix: Cipher(algorithms.AES256(_derive(key, prefix)), modes.ECB())  # noqa: S305 - single random blocks
            for prefix in ("mov", "lot", "psn")
        }

    def of(self, *, prefix: str, values: Sequence[bytes]) -> list[str]:
        """Return the 26 digits of the pseudonyms (without prefix) of many 16-byte ids."""
        encryptor = self._ciphers[prefix].encryptor()
        hidden = encryptor.update(b"".join(values))
        return spell_ids(values=[hidden[at : at + _BLOCK] for at in range(0, len(hidden), _BLOCK)])

    def reveal(self, *, prefix: str, text: str) -> UUID:
        """Return the id behind a pseudonym quoted by its recipient.

        Raises:
            partner_sdk.wire.ids.InvalidId: the text is no such pseudonym.
        """
        decryptor = self._ciphers[prefix].decryptor()
        return UUID(bytes=decryptor.update(ids.decode(prefix, text).bytes))


def pairwise_pseudonym(*, key: bytes, prefix: str, value: UUID) -> str:
    """Return one pseudonym with its prefix; ``Pseudonyms`` does many at a time."""
    return f"{prefix}_{Pseudonyms(key=key).of(prefix=prefix, values=[value.bytes])[0]}"


def _derive(key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key)


@cache
def _masks(lanes: int) -> list[tuple[int, int]]:
    """Return, for each step, the masks of the lower and the upper halves of all groups."""
    total = lanes * _LANE * 8
    masks = []
    for width, distance in _SPREAD:
        # One group in each 2 * distance bits: its lower half, then its upper half right above.
        every = ((1 << total) - 1) // ((1 << 2 * distance) - 1)
        low = every * ((1 << width) - 1)
        masks.append((low, low << width))
    return masks
