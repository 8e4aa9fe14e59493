"""Configuration: read once from the environment by the composition root, then frozen.

Every setting is a field of `Config` with its variable's name and a description beside it, so that
the reference table in the docs is made from here (`coalition.settings`). Nothing else reads the
environment.
"""

from __future__ import annotations

import os
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from environs import Env, EnvError

from coalition.secret import SECRET_BYTES, decode_secret, secret_in
from coalition.secret import ConfigError as ConfigError

Environment = Literal["test", "live"]
_AT_LEAST_ONE = (
    "workers", "threads", "pool_size", "jobs_tick_seconds", "max_body_bytes", "evidence_months",
    "answer_days", "inbox_days", "call_log_days", "digest_days",
)  # fmt: skip


def _setting(variable: str, description: str, *, default: Any, shown: str | None = None) -> Any:
    return field(
        default=default,
        metadata={"variable": variable, "description": description, "shown": shown},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The hub's settings. Tests build it directly; processes get it from `read_config`."""

    environment: Environment = _setting(
        "COALITION_ENV",
        "`test` or `live`. One database is one coalition in one environment. A test environment "
        "has bearer keys and a business clock that can be set; a live one has neither.",
        default="test",
    )
    name: str = _setting(
        "COALITION_NAME", "The coalition's name, as statements show it.", default="Coalition"
    )
    currency: str = _setting(
        "COALITION_CURRENCY", "ISO 4217 code of the coalition's currency.", default="EUR"
    )
    time_zone: str = _setting(
        "COALITION_TIME_ZONE",
        "IANA time zone whose midnights bound the business dates (windows).",
        default="Europe/Bucharest",
    )
    face_value: str = _setting(
        "COALITION_FACE_VALUE",
        "What a point is worth at any till, as a decimal amount of the currency; used once, when "
        "the coalition is founded in an empty database.",
        default="0.01",
    )
    first_date: str | None = _setting(
        "COALITION_FIRST_DATE",
        "First business date (YYYY-MM-DD) of a coalition founded in an empty database.",
        default=None,
        shown="(the day it is founded)",
    )
    database_url: str | None = _setting(
        "DATABASE_URL",
        "PostgreSQL 16 or later, `postgresql://user:password@host/database`. When it is not given, "
        "an embedded PostgreSQL runs under the data folder.",
        default=None,
        shown="(embedded server)",
    )
    data_folder: Path = _setting(
        "COALITION_DATA",
        "Folder for the embedded database, statements, keys and metrics.",
        default=Path("var"),
    )
    secret_key: bytes = _setting(
        "COALITION_SECRET",
        "32 random bytes in base64, from which the keys for contact hashes, members' data, cursors "
        "and pseudonyms are derived. Losing it loses what it protects. Needed in a live "
        "environment; a test environment makes one in the data folder.",
        default=b"",
        shown="(made in the data folder; none in live)",
    )
    bind: str = _setting(
        "COALITION_BIND", "Address and port the HTTP server listens on.", default="127.0.0.1:8080"
    )
    workers: int = _setting("COALITION_WORKERS", "HTTP worker processes.", default=2)
    threads: int = _setting("COALITION_THREADS", "Threads of each HTTP worker.", default=16)
    pool_size: int = _setting(
        "COALITION_POOL_SIZE",
        "Database connections each process may hold; workers × this must stay below the server's "
        "`max_connections`.",
        default=16,
    )
    statement_timeout_ms: int = _setting(
        "COALITION_STATEMENT_TIMEOUT_MS",
        "Longest time one SQL statement of a request may take, in milliseconds; 0 is no limit.",
        default=15_000,
    )
    lock_timeout_ms: int = _setting(
        "COALITION_LOCK_TIMEOUT_MS",
        "Longest wait for a row or advisory lock, in milliseconds; 0 is no limit.",
        default=5_000,
    )
    max_body_bytes: int = _setting(
        "COALITION_MAX_BODY_BYTES",
        "Largest request body accepted, in bytes.",
        default=5_000_000,
    )
    trusted_proxies: int = _setting(
        "COALITION_TRUSTED_PROXIES",
        "Reverse proxies in front whose X-Forwarded-* headers are believed (0: none).",
        default=0,
    )
    evidence_months: int = _setting(
        "COALITION_EVIDENCE_MONTHS",
        "Months for which signed requests are kept as evidence.",
        default=18,
    )
    answer_days: int = _setting(
        "COALITION_ANSWER_DAYS",
        "Days for which the answer to a request with an Idempotency-Key is kept, and given again. "
        "The key is kept for ever: it never does the work twice.",
        default=30,
    )
    inbox_days: int = _setting(
        "COALITION_INBOX_DAYS",
        "Days for which messages of checkout platforms are kept, and known when they come again.",
        default=60,
    )
    call_log_days: int = _setting(
        "COALITION_CALL_LOG_DAYS",
        "Days for which it is kept what was asked of checkout platforms.",
        default=30,
    )
    digest_days: int = _setting(
        "COALITION_DIGEST_DAYS",
        "Days for which partners' hourly digests of their sales are kept.",
        default=400,
    )
    jobs_tick_seconds: int = _setting(
        "COALITION_JOBS_TICK_SECONDS",
        "Seconds between two looks of the job runner at what is due.",
        default=5,
    )
    webhook_private_hosts: bool = _setting(
        "COALITION_WEBHOOK_PRIVATE_HOSTS",
        "Allow webhooks, and calls to checkout platforms, to private and loopback addresses "
        "(test environments only).",
        default=False,
    )
    log_level: str = _setting(
        "COALITION_LOG_LEVEL", "`debug`, `info`, `warning` or `error`.", default="info"
    )
    log_format: str = _setting(
        "COALITION_LOG_FORMAT", "`json`, or `console` for people.", default="json"
    )

    def __post_init__(self) -> None:
        """Refuse what cannot work, naming the variable."""
        _require(self.environment in ("test", "live"), "COALITION_ENV", "must be test or live")
        _require(
            re.fullmatch(r"[A-Z]{3}", self.currency) is not None,
            "COALITION_CURRENCY",
            "must be three capital letters, such as EUR",
        )
        _require(
            self.time_zone in zoneinfo.available_timezones(),
            "COALITION_TIME_ZONE",
            "must be an IANA time zone, such as Europe/Bucharest",
        )
        _require(
            self.database_url is None
            or self.database_url.startswith(
                ("postgresql://", "postgresql+psycopg://", "postgres://")
            ),
            "DATABASE_URL",
            "must begin with postgresql://",
        )
        _require(
            re.fullmatch(r".+:\d{1,5}", self.bind) is not None,
            "COALITION_BIND",
            "must be address:port, such as 127.0.0.1:8080",
        )
        _require(
            re.fullmatch(r"(0|[1-9]\d{0,5})(\.\d{1,6})?", self.face_value) is not None
            and self.face_value.strip("0.") != "",
            "COALITION_FACE_VALUE",
            "must be a decimal above zero with up to six places, such as 0.01",
        )
        _require(
            self.first_date is None or _is_date(self.first_date),
            "COALITION_FIRST_DATE",
            "must be a date, such as 2026-01-31",
        )
        for name in _AT_LEAST_ONE:
            _require(getattr(self, name) >= 1, _variable(name), "must be 1 or more")
        for name in ("statement_timeout_ms", "lock_timeout_ms", "trusted_proxies"):
            _require(getattr(self, name) >= 0, _variable(name), "must be 0 or more")
        _require(
            self.log_level in ("debug", "info", "warning", "error"),
            "COALITION_LOG_LEVEL",
            "must be debug, info, warning or error",
        )
        _require(
            self.log_format in ("json", "console"),
            "COALITION_LOG_FORMAT",
            "must be json or console",
        )
        _require(
            not (self.environment == "live" and self.webhook_private_hosts),
            "COALITION_WEBHOOK_PRIVATE_HOSTS",
            "must not be set in a live environment",
        )
        _require(
            len(self.secret_key) in (0, SECRET_BYTES),
            "COALITION_SECRET",
            "must be 32 bytes in base64",
        )

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The coalition's time zone."""
        return zoneinfo.ZoneInfo(self.time_zone)

    def derived_key(self, *, purpose: str) -> bytes:
        """A 32-byte key for one purpose (HKDF-SHA-256, RFC 5869); one key never serves two.

        Raises ConfigError when the configuration holds no secret.
        """
        _require(len(self.secret_key) == SECRET_BYTES, "COALITION_SECRET", "is needed for this")
        info = b"coalition/v1/" + self.environment.encode() + b"/" + purpose.encode()
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(
            self.secret_key
        )


def _require(holds: bool, variable: str, message: str) -> None:
    if not holds:
        raise ConfigError(f"{variable} {message}")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _fields() -> tuple[Field[Any], ...]:
    return fields(Config)


def _variable(name: str) -> str:
    return next(str(f.metadata["variable"]) for f in _fields() if f.name == name)


def read_config(*, overrides: Mapping[str, Any] | None = None) -> Config:
    """Read the configuration from the environment; `overrides` (by field name) win.

    In a test environment without COALITION_SECRET, a secret is made in the data folder and used
    from then on. Raises ConfigError.
    """
    env = Env()
    values: dict[str, Any] = {}
    try:
        for each in _fields():
            variable = str(each.metadata["variable"])
            if os.environ.get(variable, "") == "":
                continue  # an empty variable counts as not given
            if each.name == "secret_key":
                values[each.name] = decode_secret(env.str(variable), source=variable)
            elif isinstance(each.default, bool):
                values[each.name] = env.bool(variable)
            elif isinstance(each.default, int):
                values[each.name] = env.int(variable)
            elif isinstance(each.default, Path):
                values[each.name] = env.path(variable)
            else:
                values[each.name] = env.str(variable)
    except EnvError as error:
        raise ConfigError(str(error)) from error
    values.update(overrides or {})
    values["data_folder"] = Path(values.get("data_folder", Config().data_folder)).absolute()
    if not values.get("secret_key"):
        if values.get("environment", "test") == "live":
            raise ConfigError("COALITION_SECRET is needed in a live environment (32 bytes, base64)")
        values["secret_key"] = secret_in(values["data_folder"])
    return Config(**values)
