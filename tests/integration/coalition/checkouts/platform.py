"""A platform's server on loopback that answers what a test tells it to, and remembers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Platform:
    """What it got, and what it answers next (status, header fields, body); 200 and {} else."""

    url: str = ""
    got: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    next: deque[tuple[int, Mapping[str, str], bytes]] = field(default_factory=deque)

    def will(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        """Answer the next call so; underscores in names of header fields are dashes."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.next.append((status, fields, body))


@contextmanager
def platform() -> Iterator[Platform]:
    """A running one."""
    state = Platform()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {k.lower(): v for k, v in self.headers.items()}
            state.got.append((self.command, self.path, headers, body))
            status, fields, said = state.next.popleft() if state.next else (200, {}, b"{}")
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the library's names

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
