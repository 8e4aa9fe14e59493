"""Writing an endpoint's answer: a document, bytes, a file, or a stream of known length."""

from __future__ import annotations

from pathlib import Path

from flask import Response, send_file

from coalition.http.context import Answer, Pieces
from coalition.http.endpoint import Endpoint
from coalition.http.strict_json import dump


def respond(answer: Answer, endpoint: Endpoint) -> Response:
    """The response that an answer of an endpoint makes."""
    document = answer.document
    if isinstance(document, Path):
        # Streamed by the server: what it costs does not grow with the file.
        response = send_file(document.resolve(), mimetype=endpoint.answer_type)
    elif isinstance(document, Pieces):
        response = Response(
            document.blocks, content_type=endpoint.answer_type, direct_passthrough=True
        )
        response.content_length = document.size
    else:
        if document is None:
            body = b""
        elif isinstance(document, bytes):
            body = document
        else:
            body = dump(document)
        response = Response(
            body,
            status=answer.status or endpoint.status,
            content_type=endpoint.answer_type if body else None,
        )
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response


def respond_again(body: bytes, *, status: int, endpoint: Endpoint) -> Response:
    """The response to a repeated request: what the first one was answered, and that it is so."""
    response = Response(body, status=status, content_type=endpoint.answer_type if body else None)
    response.headers["Idempotency-Replayed"] = "true"
    return response
