"""As much DER (X.690) as a detached signature needs: write it, and read it back strictly."""

from collections.abc import Iterable

__all__ = [
    "InvalidDer",
    "children",
    "integer",
    "octets",
    "oid",
    "only",
    "sequence",
    "set_of",
    "tlv",
]

SEQUENCE = 0x30
SET = 0x31
INTEGER = 0x02
OCTETS = 0x04
OID = 0x06
#: [0], constructed: where CMS puts content, certificates and signed attributes.
CONTEXT_0 = 0xA0


class InvalidDer(ValueError):  # noqa: N818 - the name says it
    """The bytes are not the DER that was expected."""


def tlv(tag: int, content: bytes) -> bytes:
    """Write one element; the length in its shortest form."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def sequence(*parts: bytes) -> bytes:
    """Write a SEQUENCE of elements that are already DER."""
    return tlv(SEQUENCE, b"".join(parts))


def set_of(parts: Iterable[bytes]) -> bytes:
    """Return the content of a SET OF: its elements sorted as DER asks (X.690 §11.6)."""
    return b"".join(sorted(parts))


def integer(value: int) -> bytes:
    """Write a non-negative INTEGER."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(content: bytes) -> bytes:
    """Write an OCTET STRING."""
    return tlv(OCTETS, content)


def oid(dotted: str) -> bytes:
    """Write an OBJECT IDENTIFIER."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    content = bytearray([first * 40 + second])
    for arc in rest:
        digits = [arc & 0x7F]
        while arc := arc >> 7:
            digits.append(arc & 0x7F | 0x80)
        content += bytes(reversed(digits))
    return tlv(OID, bytes(content))


def children(content: bytes) -> list[tuple[int, bytes, bytes]]:
    """Split the content of a constructed element into (tag, content, whole element).

    Raises:
        InvalidDer: a length that runs over the end, is not the shortest, or is indefinite.
    """
    found: list[tuple[int, bytes, bytes]] = []
    at, end = 0, len(content)
    while at < end:
        if end - at < 2:
            raise InvalidDer("an element is cut off")
        start, tag, length = at, content[at], content[at + 1]
        at += 2
        if length >= 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4 or at + count > end:
                raise InvalidDer("a length that DER does not allow")
            length = int.from_bytes(content[at : at + count], "big")
            at += count
        if at + length > end:
            raise InvalidDer("an element is longer than what holds it")
        found.append((tag, content[at : at + length], content[start : at + length]))
        at += length
    return found


def only(content: bytes, tag: int) -> bytes:
    """Return the content of the single element of this tag that ``content`` must be.

    Raises:
        InvalidDer: another tag, or something before or behind it.
    """
    found = children(content)
    if len(found) != 1 or found[0][0] != tag:
        raise InvalidDer("another structure than expected")
    return found[0][1]
