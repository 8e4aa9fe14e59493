"""Why accounting refuses."""

from __future__ import annotations


class AccountingRefused(Exception):  # noqa: N818 - the name says it
    """The request cannot be met; the message says why."""
