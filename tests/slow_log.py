"""A log by its definitions, slow and of the standard library alone: what tests compare with.

Nothing here is shared with the code under test: trees by the recursion of RFC 6962 §2.1, tiles by
the formula of C2SP tlog-tiles, notes by their grammar, Ed25519 by the arithmetic of RFC 8032 §5.1.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

_P = 2**255 - 19
_D = -121665 * pow(121666, _P - 2, _P) % _P
_I = pow(2, (_P - 1) // 4, _P)
Point = tuple[int, int]


def tree_hash(records: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 over records, not their hashes."""
    if not records:
        return hashlib.sha256(b"").digest()
    if len(records) == 1:
        return hashlib.sha256(b"\x00" + records[0]).digest()
    split = 1
    while split * 2 < len(records):
        split *= 2
    left, right = tree_hash(records[:split]), tree_hash(records[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def tile_files(records: Sequence[bytes]) -> dict[str, bytes]:
    """Every tile and bundle of the tree, by path, as a fresh log of this size has them."""
    files = {}
    level = 0
    while len(records) >= 256**level:
        span = 256**level
        hashes = [
            tree_hash(records[at : at + span]) for at in range(0, len(records) - span + 1, span)
        ]
        for index in range(0, len(hashes), 256):
            part = hashes[index : index + 256]
            files[f"tile/{level}/{_name(index // 256, len(part))}"] = b"".join(part)
        level += 1
    for index in range(0, len(records), 256):
        part = records[index : index + 256]
        content = b"".join(bytes(divmod(len(one), 256)) + one for one in part)
        files[f"tile/entries/{_name(index // 256, len(part))}"] = content
    return files


def _name(index: int, width: int) -> str:
    digits = str(index)
    digits = digits.rjust(-(-len(digits) // 3) * 3, "0")
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    name = "/".join([*("x" + part for part in parts[:-1]), parts[-1]])
    return name if width == 256 else f"{name}.p/{width}"


def note_is_signed(note: bytes, *, name: str, public_key: bytes, kind: int = 1) -> bool:
    """Whether exactly one line of the note is a right signature of this key."""
    text, _, lines = note.decode().rpartition("\n\n")
    text += "\n"
    marked = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:4]
    found = []
    for line in lines.splitlines():
        dash, who, encoded = line.split(" ")
        content = base64.b64decode(encoded)
        if (dash, who, content[:4]) == ("—", name, marked):
            found.append(content[4:])
    if len(found) != 1:
        return False
    if kind == 1:
        return ed25519_holds(public_key, found[0], text.encode())
    stamp, signature = int.from_bytes(found[0][:8], "big"), found[0][8:]
    return ed25519_holds(public_key, signature, f"cosignature/v1\ntime {stamp}\n{text}".encode())


def ed25519_holds(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature holds, in affine coordinates."""
    base = (_x_of(4 * pow(5, _P - 2, _P) % _P, 0), 4 * pow(5, _P - 2, _P) % _P)
    key, r = _decode(public_key), _decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little")
    return _times(base, s) == _add(r, _times(key, h))


def _x_of(y: int, sign: int) -> int:
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _I % _P
    assert (x * x - square) % _P == 0, "not a point of the curve"
    return _P - x if x & 1 != sign else x


def _decode(encoded: bytes) -> Point:
    number = int.from_bytes(encoded, "little")
    y = number & (2**255 - 1)
    return _x_of(y, number >> 255), y


def _add(one: Point, two: Point) -> Point:
    (a, b), (c, d) = one, two
    k = _D * a * b * c * d % _P
    x = (a * d + b * c) * pow(1 + k, _P - 2, _P) % _P
    y = (b * d + a * c) * pow(1 - k, _P - 2, _P) % _P
    return x, y


def _times(point: Point, factor: int) -> Point:
    found: Point = (0, 1)
    while factor:
        if factor & 1:
            found = _add(found, point)
        point = _add(point, point)
        factor >>= 1
    return found
