"""The settings as a list: for the docs' reference, and for handing them to a child process."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from coalition.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the settings' reference: variable, default as text, what it does."""

    name: str
    variable: str
    default: str
    description: str


def settings() -> list[Setting]:
    """Every setting, in the order of `Config`; the docs' table is made from it."""
    return [
        Setting(
            name=each.name,
            variable=str(each.metadata["variable"]),
            default=str(each.metadata["shown"] or each.default),
            description=str(each.metadata["description"]),
        )
        for each in fields(Config)
    ]


def child_environment(*, config: Config, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process that is to read the same configuration, and `extra`."""
    given: dict[str, str] = {}
    for each in fields(Config):
        value = getattr(config, each.name)
        if isinstance(value, bytes):
            given[str(each.metadata["variable"])] = base64.b64encode(value).decode()
        elif value is not None:
            given[str(each.metadata["variable"])] = str(value)
    return {**os.environ, **given, **extra}
