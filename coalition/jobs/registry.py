"""Every job the hub runs."""

from __future__ import annotations

from importlib import import_module

from coalition.jobs.job import Job

MODULES = (
    "coalition.jobs.housekeeping",
    "coalition.jobs.postings",
    "coalition.ledger.exposure",
    "coalition.events.jobs",
    "coalition.checkouts.calls.jobs",
    "coalition.checkouts.files.jobs",
    "coalition.checkouts.polling.jobs",
    "coalition.checkouts.spends.jobs",
    "coalition.checkouts.jobs",
)


def load_jobs() -> tuple[Job, ...]:
    """The jobs of all modules, in order. Raises ValueError when two have one name."""
    jobs: list[Job] = []
    for module in MODULES:
        jobs.extend(import_module(module).JOBS)
    names = [job.name for job in jobs]
    if len(set(names)) != len(names):
        raise ValueError(f"two jobs have one name among {sorted(names)}")
    return tuple(jobs)
