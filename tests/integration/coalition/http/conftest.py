"""A hub over HTTP with two partners."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from tests.coalition_world import World
from tests.hub_http import Caller, HttpHub
from tests.integration.coalition.http import probe

NOUNS = (
    "coalition.events.api",
    "coalition.operations.api",
    "tests.integration.coalition.http.probe",
)


@pytest.fixture
def world(engine: Engine) -> World:
    """A founded coalition with two partners."""
    made = World(engine)
    made.partner("grocer")
    made.partner("bakery")
    return made


@pytest.fixture
def hub(world: World, config: Config) -> HttpHub:
    """The hub's application."""
    probe.runs.clear()
    probe.secrets_given.clear()
    probe.entered.clear()
    probe.go_on.clear()
    return HttpHub(world, config, nouns=NOUNS)


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
