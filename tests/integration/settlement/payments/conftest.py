"""Fixtures: a desk over a window that waits for its release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from coalition.db.embedded import EmbeddedServer
from settlement.steps.night import Night
from tests.database import copy_of
from tests.integration.settlement.builder import Books
from tests.integration.settlement.kept import Kept, keep
from tests.integration.settlement.payments.desk import Desk, make_desk


@pytest.fixture(scope="session")
def kept_desk(
    server: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Kept[Desk]:
    """The first window is issued; nothing is released yet."""
    return keep(
        lambda engine, night: make_desk(Books(engine=engine).found(), night),
        name="desk",
        server=server,
        template=template_database,
        folder=tmp_path_factory.mktemp("desk"),
    )


@pytest.fixture
def database_url(server: EmbeddedServer, kept_desk: Kept[Desk]) -> Iterator[str]:
    """Address of a copy of the database that was kept."""
    with copy_of(server, kept_desk.template) as address:
        yield address


@pytest.fixture
def desk(kept_desk: Kept[Desk], engine: Engine, night: Night, config: Config) -> Desk:
    """A desk of the test's own."""
    kept_desk.copy_files(config)
    made = kept_desk.made
    return replace(made, books=replace(made.books, engine=engine), night=night)
