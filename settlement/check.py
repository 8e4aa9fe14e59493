"""Proving settlement's books, for whoever asks."""

from __future__ import annotations

from settlement.steps.night import Night
from settlement.store.checks import Check, Finding, run_checks

__all__ = ["Check", "Finding", "check_books"]


def check_books(*, night: Night) -> list[Finding]:
    """Every check and what it found, from one snapshot of the database."""
    with night.database.engine.connect() as connection:
        return run_checks(connection=connection)
