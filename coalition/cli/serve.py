"""`coalition serve`."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

import typer

from coalition.config import Config
from coalition.logging import configure_logging
from coalition.processes import end_with_supervisor
from coalition.supervisor import ServeError, Supervisor


def serve(*, config: Config) -> None:
    """Run the hub until SIGINT or SIGTERM; then stop all of it cleanly and exit with 0."""
    end_with_supervisor()
    configure_logging(level=config.log_level, output=config.log_format)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        with Supervisor(config=config) as supervisor:
            typer.echo(f"The hub ({config.environment}) answers at {supervisor.base_url}")
            typer.echo(f"  to try it        {supervisor.base_url}/docs")
            typer.echo(f"  data             {config.data_folder}")
            typer.echo("Ctrl-C stops it.")
            supervisor.wait()
    except KeyboardInterrupt:
        typer.echo("Stopped.")
    except ServeError as error:
        sys.exit(f"coalition: {error}")


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Begin to stop; an impatient second signal must not leave half of it running."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
