"""The composition root of the HTTP hub: what is made once for a process, and which routes it has.

Under gunicorn each worker makes its own after the fork (`coalition.app:create_app()`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from coalition.clock import wall_now
from coalition.config import Config, ConfigError, read_config
from coalition.db.database import Database
from coalition.db.embedded import running_address
from coalition.db.engine import create_engine_for
from coalition.directory import Clocks, Directory
from coalition.http import pages
from coalition.http.edge import READIED, mount
from coalition.http.hub import Hub
from coalition.http.middleware import install
from coalition.logging import logger

NOUNS = (
    "coalition.members.api",
    "coalition.sales.api",
    "coalition.sales.digests.api",
    "coalition.redemptions.api",
    "coalition.ledger.api",
    "coalition.events.api",
    "coalition.partners.api",
    "coalition.agreements.api",
    "coalition.checkouts.api.connections",
    "coalition.checkouts.api.messages",
    "coalition.checkouts.api.hooks",
    "coalition.checkouts.calls.api",
    "coalition.checkouts.certification.api",
    "coalition.checkouts.files.api",
    "coalition.checkouts.spends.api",
    "coalition.operations.api",
)
EXTENSIONS = "coalition.extensions"
HUB = "coalition.hub"

_log = logger(__name__)


class HubApp(Flask):
    """Flask without what costs time on each request and serves nobody here."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Views are plain functions; Flask would look each time."""
        return func


def create_app(
    config: Config | None = None,
    *,
    engine: Engine | None = None,
    wall: Callable[[], datetime] = wall_now,
    nouns: Sequence[str] = NOUNS,
) -> Flask:
    """The hub as a WSGI application.

    Without `config`, it is read from the environment; without `engine`, one is made for the
    configured database or the supervisor's embedded one; `nouns` are the modules with routes.

    Raises:
        ConfigError: a setting is missing or cannot be used, or no database is known.
    """
    config = config or read_config()
    hub = Hub(
        config=config,
        database=Database(engine or _engine(config)),
        directory=Directory(monotonic=time.monotonic),
        clocks=Clocks(wall=wall),
    )
    app = HubApp("coalition", static_folder=None)
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    app.extensions[HUB] = hub
    if config.trusted_proxies:
        count = config.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's own way to wrap it
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )
    install(app=app, hub=hub)
    pages.register(app=app, hub=hub)
    for noun in nouns:
        mount(app=app, hub=hub, routes=import_module(noun).routes)
    for point in sorted(entry_points(group=EXTENSIONS), key=lambda each: each.name):
        point.load()(app, hub)
    return app


def make_ready(app: Flask) -> None:
    """Do what a worker does before it takes traffic: read the directory, and what nouns declare.

    So the first request is answered as fast as any. What fails is logged, and done when it is
    asked for: a worker whose database is away for a moment answers as soon as that is back.
    """
    hub: Hub = app.extensions[HUB]
    for step in (Hub.fresh_snapshot, *app.extensions[READIED]):
        try:
            step(hub)
        except Exception:  # noqa: BLE001 - whatever it is, requests will find it out, and say so
            _log.exception("worker_not_ready")


def _engine(config: Config) -> Engine:
    address = config.database_url or running_address(data_folder=config.data_folder)
    if address is None:
        raise ConfigError(
            "DATABASE_URL is not given, and no embedded database runs: start the hub with "
            "`coalition serve`"
        )
    return create_engine_for(
        address,
        pool_size=config.pool_size,
        statement_timeout_ms=config.statement_timeout_ms,
        lock_timeout_ms=config.lock_timeout_ms,
    )
