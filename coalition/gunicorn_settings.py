"""How gunicorn serves the hub: gthread workers that each make their own application.

Gunicorn reads the module's lower-case names as its settings and calls the hooks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from coalition.config import read_config
from coalition.logging import configure_logging
from coalition.metrics import process_ended
from coalition.processes import end_with_supervisor


class _Logs(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's own lines go the way of all others."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        configure_logging(level=_config.log_level, output=_config.log_format)
        for each in (self.error_log, self.access_log):
            each.handlers.clear()
            each.propagate = True


_config = read_config()
_shared_memory = Path("/dev/shm")  # noqa: S108 - heartbeat files of workers, without content

end_with_supervisor()

bind = _config.bind
workers = _config.workers
threads = _config.threads
worker_class = "gthread"
preload_app = False  # engines and the directory belong to one process
timeout = 60
graceful_timeout = 30
keepalive = 75
backlog = 1024
limit_request_line = 4094
limit_request_fields = 64
proc_name = "coalition"
accesslog = None  # the application logs requests, with their ids
control_socket_disable = True
logger_class = _Logs
forwarded_allow_ips = "*" if _config.trusted_proxies else "127.0.0.1"
worker_tmp_dir = str(_shared_memory) if _shared_memory.is_dir() else None


def post_worker_init(worker: Any) -> None:
    """Know what the first request will ask for, before it comes."""
    # Not at the top: workers import the application, so that a reload takes the newest.
    from coalition.app import HubApp, make_ready

    if isinstance(worker.wsgi, HubApp):
        make_ready(worker.wsgi)


def child_exit(_server: Any, worker: Any) -> None:
    """Keep metrics true when a worker is gone."""
    process_ended(pid=worker.pid)
