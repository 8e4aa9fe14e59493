"""Prometheus metrics, true for all processes of a host together.

Under `coalition serve`, PROMETHEUS_MULTIPROC_DIR names a folder where each process keeps its
counts; it is set before any process starts, as prometheus-client reads it when imported. Labels
have few values: routes are templates, never paths.
"""

from __future__ import annotations

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Counter(
    "coalition_http_requests_total", "HTTP requests answered.", ["method", "route", "status"]
)
REQUEST_SECONDS = Histogram(
    "coalition_http_request_seconds",
    "Time to answer an HTTP request.",
    ["method", "route"],
    buckets=_BUCKETS,
)
PROBLEMS = Counter("coalition_problems_total", "Refusals by problem code.", ["code"])
JOB_RUNS = Counter("coalition_job_runs_total", "Job runs by outcome.", ["job", "outcome"])
JOB_SECONDS = Histogram(
    "coalition_job_seconds", "Time of a job's run.", ["job"], buckets=(*_BUCKETS, 60.0, 600.0)
)
DELIVERIES = Counter(
    "coalition_webhook_deliveries_total", "Webhook delivery attempts by outcome.", ["outcome"]
)
CHECKOUT_DELIVERIES = Counter(
    "coalition_checkout_deliveries_total",
    "Messages of checkout platforms by how they were received.",
    ["platform", "outcome"],
)
CHECKOUT_DELIVERY_SECONDS = Histogram(
    "coalition_checkout_delivery_seconds",
    "Time to receive a message of a checkout platform.",
    buckets=_BUCKETS,
)
CHECKOUT_MESSAGES = Counter(
    "coalition_checkout_messages_total",
    "Messages of checkout platforms by what became of them.",
    ["platform", "outcome"],
)
UNCOVERED = Gauge(
    "coalition_uncovered_ratio",
    "A partner's uncovered position as a share of its cap; at 1 its issuing stops.",
    ["party"],
    multiprocess_mode="mostrecent",
)


def observe_cap(*, party: str, uncovered_micros: int, cap_micros: int) -> None:
    """Show how much of a partner's cap is used; a cap of nothing is used up."""
    UNCOVERED.labels(party).set(uncovered_micros / cap_micros if cap_micros else 1.0)


def observe_request(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request; `route` is the rule, such as `/v1/members/{id}`."""
    REQUESTS.labels(method, route, str(status)).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)


def exposition() -> tuple[bytes, str]:
    """The metrics of all processes as text, and its content type."""
    if MULTIPROCESS_VARIABLE not in os.environ:
        return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # has no types
    return generate_latest(registry), CONTENT_TYPE_LATEST


def process_ended(*, pid: int) -> None:
    """Forget the gauges of a process that ended; its counts stay."""
    if MULTIPROCESS_VARIABLE in os.environ:
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]  # has no types
