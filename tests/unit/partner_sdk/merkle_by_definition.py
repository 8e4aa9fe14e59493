"""RFC 9162 §2.1, its definitions written down as they stand: slow, and independent of the SDK."""

from __future__ import annotations

from hashlib import sha256

__all__ = ["mth", "path", "proof"]


def mth(d: list[bytes]) -> bytes:
    """§2.1.1: the hash of the tree over a list of leaf hashes."""
    if not d:
        return sha256(b"").digest()
    if len(d) == 1:
        return d[0]
    k = _split(len(d))
    return sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: list[bytes]) -> list[bytes]:
    """§2.1.3.1: the inclusion path of leaf m."""
    if len(d) == 1:
        return []
    k = _split(len(d))
    if m < k:
        return [*path(m, d[:k]), mth(d[k:])]
    return [*path(m - k, d[k:]), mth(d[:k])]


def proof(m: int, d: list[bytes]) -> list[bytes]:
    """§2.1.4.1: the consistency path from the first m leaves to all of them."""
    return _subproof(m, d, whole=True)


def _subproof(m: int, d: list[bytes], *, whole: bool) -> list[bytes]:
    n = len(d)
    if m == n:
        return [] if whole else [mth(d)]
    k = _split(n)
    if m <= k:
        return [*_subproof(m, d[:k], whole=whole), mth(d[k:])]
    return [*_subproof(m - k, d[k:], whole=False), mth(d[:k])]


def _split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k
