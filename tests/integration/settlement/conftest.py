"""Fixtures: a coalition's books in a fresh database, and a night on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from coalition.config import Config
from settlement.app import make_night
from settlement.cli import app
from settlement.config import SettlementConfig
from settlement.steps.night import Night
from tests.integration.settlement.builder import Books
from tests.settlement_command import Command, set_environment


@pytest.fixture
def books(engine: Engine) -> Books:
    """A founded coalition in Europe/Bucharest, whose first business date is 1 March 2026."""
    return Books(engine=engine).found()


@pytest.fixture
def make_pipeline(config: Config, database_url: str) -> Iterator[Callable[..., Night]]:
    """Makes pipelines on the test's database; their connections are closed after the test.

    Their bundles have no PDF unless asked for: it takes a tenth of a second for each.
    """
    made: list[Night] = []

    def make(
        *, observe: Callable[[date, str], None] | None = None, pdf: str = "no", **settings: Any
    ) -> Night:
        night = make_night(
            config=config,
            settings=SettlementConfig(key_passphrase="a passphrase of tests", pdf=pdf, **settings),
            address=database_url,
            observe=observe,
        )
        made.append(night)
        return night

    yield make
    for night in made:
        night.database.engine.dispose()


@pytest.fixture
def night(make_pipeline: Callable[..., Night]) -> Night:
    """A pipeline as a scheduler's process has it."""
    return make_pipeline()


@pytest.fixture
def settlement(config: Config, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command `settlement` in this process, configured by the environment."""
    set_environment(monkeypatch, config)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))
