"""The simulator's HTTP: signatures, idempotency, canned failures, problem documents."""

import json
import socket
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from partner_sdk.testing.refusals import Refusal, refusal_document
from partner_sdk.wire.problems import CONTENT_TYPE
from partner_sdk.wire.signing import SignatureError, verify_headers

if TYPE_CHECKING:
    from partner_sdk.testing.hub import HubSimulator

__all__ = ["Failure", "HubServer", "RecordedRequest"]

MAX_BODY_BYTES = 8 * 1024 * 1024
_WITHOUT_KEY = frozenset({"/v1/members/lookup", "/v1/quotes"})


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request that came in, and the status it got; 0 when its answer was withheld."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int


@dataclass(slots=True)
class Failure:
    """A canned failure: a problem instead of the work, or the answer lost after the work."""

    code: str | None
    times: int
    path: str | None
    retry_after: int | None = None
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class HubServer(ThreadingHTTPServer):
    """Keeps track of its connections, so that closing leaves none open."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, hub: "HubSimulator") -> None:
        self.hub = hub
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up is part of the game."""

    def stop(self) -> None:
        """Stop serving, hang up on all clients, and wait for their threads."""
        self.shutdown()
        with self._guard:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body of an answer go out as they are written.
    disable_nagle_algorithm = True
    server: HubServer

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - as http.server calls them

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing; ``HubSimulator.requests`` keeps what came in."""

    def _serve(self) -> None:
        hub = self.server.hub
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY_BYTES:
            self.close_connection = True
            self._send(self._refused(Refusal("payload_too_large")))
            return
        body = self.rfile.read(length)
        failure = hub._next_failure(self.path)
        if failure is not None and failure.delay_seconds:
            time.sleep(failure.delay_seconds)
        if failure is not None and failure.code is not None:
            answer = self._refused(Refusal(failure.code), retry_after=failure.retry_after)
        else:
            try:
                answer = self._answer(body)
            except Refusal as refusal:
                answer = self._refused(refusal)
        lost = failure is not None and failure.code is None and not failure.delay_seconds
        hub._record(
            RecordedRequest(
                method=self.command,
                path=self.path,
                headers=dict(self.headers.items()),
                body=body,
                status=0 if lost else answer.status,
            )
        )
        if lost:
            self.close_connection = True
            return
        self._send(answer)

    def _answer(self, body: bytes) -> _Answer:
        hub = self.server.hub
        self._authenticate(body)
        path, _, query = self.path.partition("?")
        key = self.headers.get("Idempotency-Key")
        if self.command == "POST" and path not in _WITHOUT_KEY:
            if key is None:
                raise Refusal("idempotency_key_missing")
        else:
            key = None
        parsed = _json(body) if body else None
        with hub._lock:
            if key is not None and key in hub._answers:
                first_body, answer = hub._answers[key]
                if first_body != (path, body):
                    raise Refusal("idempotency_key_reused")
                replayed = (("Idempotency-Replayed", "true"),)
                return _Answer(answer.status, answer.body, answer.content_type, replayed)
            status, result = hub._handle(
                method=self.command,
                parts=[unquote(part) for part in path.strip("/").split("/")],
                body=parsed,
                query=dict(parse_qsl(query)),
            )
            if isinstance(result, bytes):
                return _Answer(status, result, "application/zip")
            answer = _Answer(status, b"" if result is None else json.dumps(result).encode())
            if key is not None:
                hub._answers[key] = ((path, body), answer)
            return answer

    def _authenticate(self, body: bytes) -> None:
        hub = self.server.hub
        authorization = self.headers.get("Authorization")
        if authorization is not None and "Signature" not in self.headers:
            if authorization != f"Bearer {hub.bearer}":
                raise Refusal("unauthorized")
            return
        try:
            verify_headers(
                method=self.command,
                url=f"http://{self.headers.get('Host')}{self.path}",
                headers=self.headers,  # type: ignore[arg-type]
                body=body,
                resolve_key=hub._key,
                now=hub.wall_now(),
            )
        except SignatureError as error:
            raise Refusal(error.code, str(error)) from error

    def _refused(self, refusal: Refusal, *, retry_after: int | None = None) -> _Answer:
        request_id = self.server.hub.model.new_id("req")
        document = refusal_document(refusal, request_id=request_id)
        headers = () if retry_after is None else (("Retry-After", str(retry_after)),)
        return _Answer(document["status"], json.dumps(document).encode(), CONTENT_TYPE, headers)

    def _send(self, answer: _Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal("malformed_json") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
