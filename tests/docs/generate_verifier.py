"""The published hash of verify.py, from the bytes that bundles carry."""

from __future__ import annotations

from partner_sdk.wire import verifier

__all__ = ["verifier_hash"]


def verifier_hash() -> str:
    """The line that `sha256sum --check` reads."""
    return f"```text\n{verifier.SHA256}  verify.py\n```"
