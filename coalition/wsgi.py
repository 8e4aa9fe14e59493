"""What the HTTP server calls, in each of its worker processes."""

from __future__ import annotations

from flask import Flask

from coalition.app import create_app
from coalition.config import read_config


def make() -> Flask:
    """The application of this process, configured from the environment."""
    return create_app(config=read_config())
