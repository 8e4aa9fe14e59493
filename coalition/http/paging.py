"""Cursors: the key of the last item shown, authenticated, and bound to list and caller.

A cursor is `base64url(HMAC-SHA-256(key, binding ‖ payload)[:16] ‖ payload)`. The binding is the
endpoint, the path, the filters and the caller, so a cursor is of no use on another list.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

from coalition.errors import FieldError, HubError

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
MAX_CURSOR_LENGTH = 512
_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Page:
    """`limit` items after the item whose key is `after` (None: from the start)."""

    limit: int
    after: tuple[str | int, ...] | None
    key: bytes
    binding: bytes


def bind(*, operation: str, path: str, query: Mapping[str, str], party_no: int) -> bytes:
    """What a cursor is good for: this list, these filters, this caller."""
    filters = sorted((name, value) for name, value in query.items() if name not in _OWN)
    return json.dumps([operation, path, filters, party_no]).encode()


def read_page(*, query: Mapping[str, str], key: bytes, binding: bytes) -> Page:
    """Read `limit` and `cursor`.

    Raises:
        HubError: `limit_out_of_range` or `invalid_cursor`.
    """
    limit = DEFAULT_LIMIT
    text = query.get("limit")
    if text is not None:
        # Only one spelling of a number: "7", not "07", "+7" or other scripts' digits.
        plain = text.isascii() and text.isdigit() and len(text) <= 3 and not text.startswith("0")
        limit = int(text) if plain else 0
        if not 1 <= limit <= MAX_LIMIT:
            error = FieldError("/query/limit", f"must be a whole number from 1 to {MAX_LIMIT}")
            raise HubError("limit_out_of_range", "The limit cannot be used.", errors=(error,))
    cursor = query.get("cursor")
    after = None if cursor is None else _open(cursor, key, binding)
    return Page(limit=limit, after=after, key=key, binding=binding)


def next_cursor(*, page: Page, after: tuple[str | int, ...]) -> str:
    """The cursor for what comes after the item with the key `after`."""
    payload = json.dumps(list(after), separators=(",", ":")).encode()
    mac = _mac(page.key, page.binding, payload)
    return base64.urlsafe_b64encode(mac + payload).rstrip(b"=").decode()


def _open(cursor: str, key: bytes, binding: bytes) -> tuple[str | int, ...]:
    refusal = HubError("invalid_cursor", "The cursor was not given for this list, or was changed.")
    if len(cursor) > MAX_CURSOR_LENGTH or not cursor.isascii():
        raise refusal
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        raise refusal from None
    # The decoder skips what is not its alphabet; a cursor has exactly one spelling.
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != cursor:
        raise refusal
    mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(key, binding, payload)):
        raise refusal
    return tuple(json.loads(payload))


def _mac(key: bytes, binding: bytes, payload: bytes) -> bytes:
    length = len(binding).to_bytes(4, "big")
    return hmac.new(key, length + binding + payload, hashlib.sha256).digest()[:_MAC_BYTES]


_OWN = frozenset({"cursor", "limit"})
