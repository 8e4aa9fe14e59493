"""Fixtures of the hub's integration tests."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.integration.coalition.founding import Founded, found


@pytest.fixture
def founded(engine: Engine) -> Founded:
    """A coalition with two live partners, grocer and fuel."""
    with engine.begin() as connection:
        found(connection)
    made = Founded(engine)
    made.add_partner("grocer")
    made.add_partner("fuel")
    return made
