"""Structured logs: one JSON object a line on standard error, with request ids, without secrets.

Everything logged through the standard library (gunicorn, Alembic, APScheduler) comes out the same
way. Values under names that hold secrets, and texts that look like one of our keys, are masked.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_SECRET_NAMES = re.compile(
    r"authorization|cookie|password|passwd|secret|token|private|signature$|database_url|phone|email",
    re.IGNORECASE,
)
_SECRET_TEXTS = re.compile(
    r"(ch[lo]_(?:test|live)_)[0-9A-Za-z_]+|(whsec_)[0-9A-Za-z+/=_-]+|(://[^:/@\s]+:)[^@\s]+(?=@)"
)
_MASK = "***"


def configure_logging(*, level: str = "info", output: str = "json") -> None:
    """Set up logging of this process; call once, at its start. `output` is json or console."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer()]
        if output == "console"
        else [
            structlog.processors.format_exc_info,
            mask_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    )
    if output == "console":
        shared.append(mask_secrets)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("apscheduler", "alembic", "urllib3"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger; facts go in as keywords: `log.info("sale_posted", sale=…, points=…)`."""
    return structlog.stdlib.get_logger(name)


def bind_request(*, request_id: str) -> None:
    """Begin a request: every line of this thread's context carries its id from now on."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)


def clear_request() -> None:
    """End the request."""
    structlog.contextvars.clear_contextvars()


def mask_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: mask values by their names, and keys by their looks."""
    for name, value in event.items():
        event[name] = _masked(name, value)
    return event


def _masked(name: str, value: Any) -> Any:
    if _SECRET_NAMES.search(name) and value is not None:
        return _MASK
    if isinstance(value, str):
        return _SECRET_TEXTS.sub(lambda m: next(g for g in m.groups() if g) + _MASK, value)
    if isinstance(value, Mapping):
        return {key: _masked(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_masked("", each) for each in value]
    return value
