"""Settlement on the hub's API: an extension, since the hub does not know of it."""

from __future__ import annotations

from flask import Flask

from coalition.http.edge import mount
from coalition.http.hub import Hub
from settlement.http import (
    acceptances,
    accounting,
    api,
    bank,
    currencies,
    disputes,
    explain,
    keys,
    log,
    payments,
    profiles,
    release,
    verifier,
)

NOUNS = (
    api, acceptances, disputes, log, profiles, explain, accounting, verifier, release, payments,
    bank, currencies, keys,
)  # fmt: skip


def register(app: Flask, hub: Hub) -> None:
    """Add the routes of settlement (entry point of the group `coalition.extensions`)."""
    for noun in NOUNS:
        mount(app=app, hub=hub, routes=noun.routes)
    log.register_tiles(app=app, hub=hub)


__all__ = ["register"]
