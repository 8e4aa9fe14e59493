"""What a client does that no schema says: each operation has an Idempotency-Key of its own.

Without this, generated keys repeat, and nearly every POST ends at the check of its key.
"""

from __future__ import annotations

import uuid
from typing import Any

import schemathesis


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Give well-formed requests a fresh key."""
    meta = case.meta
    if meta is None or meta.generation.mode.is_positive:
        headers = case.headers or {}
        if "Idempotency-Key" in headers:
            case.headers = {**headers, "Idempotency-Key": uuid.uuid4().hex}
