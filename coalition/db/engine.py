"""Making SQLAlchemy engines: one driver (psycopg 3), one set of session settings."""

from __future__ import annotations

from sqlalchemy import URL, Engine, create_engine, make_url

_DRIVER = "postgresql+psycopg"


def driver_url(url: str) -> URL:
    """The address with psycopg 3 as its driver, whichever way PostgreSQL was spelled.

    Raises ValueError for another database.
    """
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        raise ValueError("the hub speaks PostgreSQL only")
    return parsed.set(drivername=_DRIVER)


def create_engine_for(
    url: str,
    *,
    pool_size: int = 16,
    application_name: str = "coalition",
    statement_timeout_ms: int = 0,
    lock_timeout_ms: int = 0,
) -> Engine:
    """An engine for one process. Make it after a fork, never before.

    The pool never grows beyond `pool_size`: a request waits 10 s for a connection, then fails.
    READ COMMITTED is what the locking discipline is written for (ordered row locks, constraints),
    so it is asked for whatever the server's default. Times are always UTC.
    """
    options = {
        "default_transaction_isolation": r"read\ committed",
        "timezone": "UTC",
        "jit": "off",  # short statements: compiling costs more than it gains
        "statement_timeout": str(statement_timeout_ms),
        "lock_timeout": str(lock_timeout_ms),
        # A process that dies without closing its connection must not keep its locks.
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
    }
    return create_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_recycle=1800,
        pool_use_lifo=True,
        connect_args={
            "application_name": application_name,
            "connect_timeout": 10,
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        },
    )
