"""What the hub shows to anyone: health, metrics, the API's description, a page to try it."""

from __future__ import annotations

from html import escape
from importlib import resources

from flask import Flask, Response, abort

from coalition import __version__
from coalition.db.migrate import pending
from coalition.db.state import server_clock
from coalition.errors import HubError
from coalition.http import fields
from coalition.http.context import Answer, RequestContext
from coalition.http.edge import ENDPOINTS, mount
from coalition.http.endpoint import Routes
from coalition.http.hub import Hub
from coalition.http.openapi import describe
from coalition.http.schemas import AnswerSchema
from coalition.http.strict_json import dump
from coalition.metrics import exposition
from partner_sdk.wire.problems import PROBLEMS, ProblemKind

MAX_CLOCK_DRIFT_SECONDS = 5.0
# Everything from this hub; Swagger UI draws its icons from data: URLs.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_ASSETS = {
    "docs.js": "text/javascript",
    "page.css": "text/css",
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
}
_MIGRATED = "migrated"
routes = Routes(tag="Health")


class HealthAnswer(AnswerSchema):
    """The hub's state in one word, and its version."""

    status = fields.Choice(("ok",), required=True)
    version = fields.Text(max_length=40, required=True)


@routes.endpoint(
    "GET",
    "/health/live",
    summary="Whether the process answers",
    caller="public",
    mode="own",
    answer=HealthAnswer,
)
def get_liveness(_context: RequestContext) -> Answer:
    """The process answers; nothing else is looked at."""
    return Answer({"status": "ok", "version": __version__})


@routes.endpoint(
    "GET",
    "/health/ready",
    summary="Whether the hub can do its work",
    caller="public",
    mode="own",
    answer=HealthAnswer,
    description="The database answers, is migrated, of this environment, and its clock agrees.",
)
def get_readiness(context: RequestContext) -> Answer:
    """Everything that a request needs is there."""
    with context.database.autocommit() as connection:
        if _MIGRATED not in context.hub.proven:
            if pending(connection):
                raise HubError("service_unavailable", "The database is not migrated.")
            context.hub.proven.add(_MIGRATED)
        theirs = server_clock(connection=connection)
    drift = abs((theirs - context.hub.clocks.wall()).total_seconds())
    if drift > MAX_CLOCK_DRIFT_SECONDS:
        raise HubError("service_unavailable", "The clocks of hub and database disagree.")
    context.hub.fresh_snapshot()
    return Answer({"status": "ok", "version": __version__})


def register(*, app: Flask, hub: Hub) -> None:
    """Serve the public pages."""
    mount(app=app, hub=hub, routes=routes)
    described: list[bytes] = []

    @app.get("/metrics", provide_automatic_options=False)
    def metrics() -> Response:
        body, content_type = exposition()
        return Response(body, content_type=content_type)

    @app.get("/openapi.json", provide_automatic_options=False)
    def openapi() -> Response:
        if not described:
            described.append(
                dump(
                    describe(
                        endpoints=app.extensions[ENDPOINTS],
                        version=__version__,
                        currency=hub.config.currency,
                    )
                )
            )
        return Response(described[0], content_type="application/json")

    @app.get("/docs", provide_automatic_options=False)
    def docs() -> Response:
        return _page(
            "Try the API",
            '<div id="swagger-ui"></div>',
            '<link rel="stylesheet" href="/docs/swagger-ui.css">'
            '<script src="/docs/swagger-ui-bundle.js" defer></script>'
            '<script src="/docs/docs.js" defer></script>',
        )

    @app.get("/docs/<name>", provide_automatic_options=False)
    def asset(name: str) -> Response:
        content_type = _ASSETS.get(name)
        if content_type is None:
            abort(404)
        body = (resources.files("coalition.http") / "static" / name).read_bytes()
        response = Response(body, content_type=f"{content_type}; charset=utf-8")
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    @app.get("/problems/", provide_automatic_options=False)
    def problems() -> Response:
        rows = "".join(_row(kind) for kind in PROBLEMS.values())
        head = "<tr><th>code</th><th>status</th><th>what it says</th><th>what to do</th></tr>"
        return _page("Problems", f"<h1>Problems</h1><table>{head}{rows}</table>", "")

    @app.get("/problems/<code>", provide_automatic_options=False)
    def problem(code: str) -> Response:
        kind = PROBLEMS.get(code)
        if kind is None:
            abort(404)
        again = "may succeed" if kind.retryable else "fails in the same way"
        return _page(
            kind.title,
            f"<h1>{escape(kind.title)}</h1><p><code>{escape(kind.code)}</code>, "
            f"status {kind.status}</p><p>{escape(kind.what_to_do)}</p>"
            f"<p>The same request, sent again later without any change, {again}.</p>"
            '<p><a href="/problems/">All problems</a></p>',
            "",
        )


def _row(kind: ProblemKind) -> str:
    cells = (
        f'<a href="/problems/{kind.code}"><code>{kind.code}</code></a>',
        str(kind.status),
        escape(kind.title),
        escape(kind.what_to_do),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _page(title: str, body: str, head: str) -> Response:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,">'
        f'<link rel="stylesheet" href="/docs/page.css">{head}'
        f"</head><body>{body}</body></html>"
    )
    response = Response(html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response
