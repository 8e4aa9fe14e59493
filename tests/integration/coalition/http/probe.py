"""Endpoints that do to the edge what a noun might do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

from sqlalchemy import text

from coalition.db.database import Database
from coalition.db.transactions import Conflict
from coalition.errors import HubError, StaleDirectory
from coalition.http import fields
from coalition.http.context import Answer, RequestContext
from coalition.http.endpoint import Routes
from coalition.http.schemas import Body

routes = Routes(tag="Probe")
entered, go_on = threading.Event(), threading.Event()
runs: list[UUID] = []
secrets_given: list[str] = []
overtake: list[Callable[[Database], None]] = []


class NoteBody(Body):
    """A note."""

    note = fields.Text(max_length=100, required=True)


def _write(context: RequestContext) -> None:
    context.connection.execute(
        text("INSERT INTO party_event VALUES (:id, :party, 'note', NULL, NULL, :note, :at)"),
        {
            "id": context.new_id(),
            "party": context.caller.party_no,
            "note": context.body["note"],
            "at": context.now,
        },
    )


@routes.endpoint("POST", "/v1/probe/notes", summary="Write", body=NoteBody, status=201)
def write_note(context: RequestContext) -> Answer:
    """Write a note."""
    runs.append(context.request_id)
    _write(context)
    return Answer({"note": context.body["note"], "run": len(runs)})


@routes.endpoint("PUT", "/v1/probe/notes", summary="Put", body=NoteBody)
def put_note(context: RequestContext) -> Answer:
    """Write a note by PUT."""
    return write_note(context)


@routes.endpoint("POST", "/v1/probe/refused", summary="Refuse", body=NoteBody)
def refuse_note(context: RequestContext) -> Answer:
    """Write, then refuse."""
    runs.append(context.request_id)
    _write(context)
    raise HubError("insufficient_points", "There are 5 points.", available=5)


@routes.endpoint("POST", "/v1/probe/overtaken", summary="Late", body=NoteBody, status=201)
def overtaken_note(context: RequestContext) -> Answer:
    """Write; meanwhile `overtake` is called, the first time but one, and it may refuse."""
    runs.append(context.request_id)
    _write(context)
    if len(runs) == 2:
        overtake[0](context.database)
    return Answer({"note": context.body["note"], "run": len(runs)})


@routes.endpoint("POST", "/v1/probe/broken", summary="Break", body=NoteBody)
def break_note(context: RequestContext) -> Answer:
    """Write, then fail."""
    _write(context)
    raise RuntimeError("postgresql://hub:hunter2@db/secret-detail")


@routes.endpoint("POST", "/v1/probe/slow", summary="Wait", body=NoteBody, status=201)
def wait_note(context: RequestContext) -> Answer:
    """Write when told to."""
    entered.set()
    assert go_on.wait(20)
    _write(context)
    return Answer({"note": context.body["note"]})


@routes.endpoint("POST", "/v1/probe/stale", summary="Stale", body=NoteBody, status=201)
def stale_note(context: RequestContext) -> Answer:
    """Find the directory moved, then a conflict, then write."""
    runs.append(context.request_id)
    _write(context)
    if len(runs) == 1:
        raise StaleDirectory
    if len(runs) == 2:
        raise Conflict
    return Answer({"runs": len(runs)})


@routes.endpoint("POST", "/v1/probe/never", summary="Never", body=NoteBody)
def never_note(_context: RequestContext) -> Answer:
    """Always in the way of others."""
    raise Conflict


@routes.endpoint(
    "POST", "/v1/probe/secret", summary="Secret", body=NoteBody, status=201, sensitive=True
)
def secret_note(context: RequestContext) -> Answer:
    """Give a secret."""
    secrets_given.append(str(context.new_id()))
    return Answer({"secret": secrets_given[-1]})


@routes.endpoint("PUT", "/v1/probe/own/{sale_id}", summary="Own", body=NoteBody, mode="own")
def own_note(context: RequestContext, *, sale_id: str) -> Answer:
    """Show what a service with a unit of work of its own gets."""
    evidence = context.evidence
    return Answer(
        {
            "sale": sale_id,
            "evidence": None if evidence is None else sorted(evidence),
            "same": evidence is not None and evidence["request_id"] == context.request_id,
        }
    )
