"""Fixtures of checkouts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from tests.checkout_world import Market


@pytest.fixture
def market(engine: Engine, config: Config) -> Iterator[Market]:
    """A hub with a partner that connects shops."""
    made = Market(engine, config)
    with made.stack:
        yield made
