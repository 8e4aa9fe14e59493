"""The door for the platforms: one route, and what a process makes once to serve it."""

from __future__ import annotations

from uuid import UUID

from adapters.contract import Headers, Request
from coalition.checkouts.answering import Answering
from coalition.checkouts.domain import MAX_BODY
from coalition.checkouts.making import make_connections, make_processing
from coalition.checkouts.receiving import PRODUCTION, Door, Limits
from coalition.http.endpoint import Answer, Routes
from coalition.http.hub import Hub
from coalition.http.raw import RawRequest

routes = Routes(tag="Checkouts")


@routes.endpoint(
    "POST",
    "/hooks/{connection_id}",
    summary="What platforms send",
    description=(
        "Signed as the platform signs and answered as it wants; the body is of its own kind, and "
        "at most 1 MiB. What is not the platform's is answered 400, 401 or 403, by its habit."
    ),
    caller="public",
    mode="raw",
    also_statuses=(201, 202, 204, 400, 401, 403),
    max_body=MAX_BODY,
    answer_type="*/*",
)
def receive_message(hub: Hub, request: RawRequest, *, connection_id: UUID) -> Answer:
    """Verify, keep, acknowledge."""
    reply = _door(hub).receive(
        connection_id=connection_id,
        request=Request(
            method=request.method,
            url=request.url,
            headers=Headers(request.headers),
            body=request.body,
            query=request.query,
        ),
    )
    return Answer(reply.body, reply.status, reply.headers)


@routes.before_traffic
def know_connections(hub: Hub) -> None:
    """Have connections and their adapters at hand."""
    _door(hub).make_ready()


def make_door(hub: Hub, *, limits: Limits = PRODUCTION) -> Door:
    """A door for a process."""
    config, database, directory = hub.config, hub.database, hub.directory
    connections = make_connections(config=config, database=database, directory=directory)
    return Door(
        database=database,
        connections=connections,
        answering=Answering(
            make_processing(
                config=config,
                database=database,
                directory=directory,
                clocks=hub.clocks,
                connections=connections,
            )
        ),
        new_id=hub.new_id,
        wall=hub.clocks.wall,
        threads=config.threads,
        limits=limits,
    )


def _door(hub: Hub) -> Door:
    return hub.once(Door, lambda: make_door(hub))
