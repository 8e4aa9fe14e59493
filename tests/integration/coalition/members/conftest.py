"""A hub over HTTP with two partners, for the routes of members."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from tests.coalition_world import World
from tests.hub_http import Caller, HttpHub


@pytest.fixture
def hub(engine: Engine, config: Config) -> HttpHub:
    """The hub's application with the grocer and the bakery."""
    world = World(engine)
    world.partner("grocer")
    world.partner("bakery")
    return HttpHub(world, config, nouns=("coalition.members.api", "coalition.events.api"))


@pytest.fixture
def grocer(hub: HttpHub) -> Caller:
    """The grocer, with its keys."""
    return hub.caller("grocer")


@pytest.fixture
def bakery(hub: HttpHub) -> Caller:
    """The bakery, with its keys."""
    return hub.caller("bakery")


@pytest.fixture
def operator(hub: HttpHub) -> Caller:
    """The operator."""
    return hub.caller("operator")
