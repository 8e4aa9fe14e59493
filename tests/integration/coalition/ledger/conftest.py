"""A coalition of two partners."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from tests.coalition_world import World


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine)
    made.partner("grocer")
    made.partner("bakery")
    return made
