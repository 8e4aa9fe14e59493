"""Every job the hub runs, from the nouns that have some."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from coalition.jobs.job import Job

MODULES = (
    "coalition.jobs.housekeeping",
    "coalition.redemptions.jobs",
    "coalition.ledger.jobs",
    "coalition.partners.jobs",
    "coalition.events.jobs",
    "coalition.http.jobs",
)


def load_jobs() -> tuple[Job, ...]:
    """The jobs of all modules, in order. Raises ValueError when two have one name."""
    jobs: list[Job] = []
    for module in MODULES:
        if find_spec(module) is not None:
            jobs.extend(import_module(module).JOBS)
    names = [job.name for job in jobs]
    if len(set(names)) != len(names):
        raise ValueError(f"two jobs have one name among {sorted(names)}")
    return tuple(jobs)
