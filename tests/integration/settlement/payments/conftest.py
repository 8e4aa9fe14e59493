"""Fixtures: a desk over a window that waits for its release."""

from __future__ import annotations

import pytest

from settlement.steps.night import Night
from tests.integration.settlement.builder import Books
from tests.integration.settlement.payments.desk import Desk, make_desk


@pytest.fixture
def desk(books: Books, night: Night) -> Desk:
    """The first window is issued; nothing is released yet."""
    return make_desk(books, night)
