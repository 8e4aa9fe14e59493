"""The command `coalition`: its own commands, and one group for each noun that has some.

A noun's commands are the Typer application `app` of its module `cli`, or one function; it is
imported only when it is called or listed.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command as command_of

import coalition
from coalition.config import ConfigError, read_config
from coalition.db.embedded import EmbeddedError
from coalition.errors import HubError
from coalition.logging import configure_logging

NOUNS = {
    "partner": "coalition.partners.cli:app",
    "agreement": "coalition.agreements.cli:app",
    "member": "coalition.members.cli:app",
    "ledger": "coalition.ledger.cli:app",
    "connection": "coalition.checkouts.cli:app",
    "replay": "coalition.checkouts.cli.showing:replay",
    "listen": "coalition.checkouts.trying.cli:listen",
    "trigger": "coalition.checkouts.trying.cli:trigger",
    "adapter": "coalition.cli.adapter:app",
    "demo": "coalition.demo.cli:demo",
}


def _is_there(name: str) -> bool:
    return name in NOUNS and find_spec(NOUNS[name].partition(":")[0]) is not None


class _Nouns(TyperGroup):
    """A group whose further commands live in the nouns."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Its own commands, then those of the nouns that have some."""
        return [*super().list_commands(ctx), *filter(_is_there, NOUNS)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by name; a noun's module is imported now."""
        if not _is_there(cmd_name):
            return super().get_command(ctx, cmd_name)
        module, _, attribute = NOUNS[cmd_name].partition(":")
        found = getattr(import_module(module), attribute)
        if not isinstance(found, typer.Typer):  # a function: a single command
            alone = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
            alone.command(cmd_name)(found)
            found = alone
        command = command_of(found)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="coalition",
    cls=_Nouns,
    help="The hub of a coalition loyalty network.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback(invoke_without_command=True)
def _top(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(coalition.__version__)
        raise typer.Exit


@app.command()
def serve() -> None:
    """Run the hub: embedded database if none is given, migrations, HTTP server and jobs."""
    from coalition.cli.serve import serve as run

    run(config=read_config())


@app.command()
def migrate(
    check: Annotated[
        bool, typer.Option(help="Change nothing; exit 1 if something is due.")
    ] = False,
    revise: Annotated[str, typer.Option(help="Write a migration with this message.")] = "",
    migration_set: Annotated[str, typer.Option("--set", help="The set to write it for.")] = "hub",
) -> None:
    """Bring the database to the newest schema, or found a new one."""
    from coalition.cli.migrate import migrate as run

    run(config=read_config(), check=check, message=revise, migration_set=migration_set)


@app.command()
def doctor() -> None:
    """Check what can be wrong with this installation, and say how to mend it."""
    from coalition.cli.doctor import command as run

    run()


@app.command()
def jobs() -> None:
    """Run the background jobs until stopped (`serve` does so by itself)."""
    from coalition.jobs.runner import main as run

    run(read_config())


def main() -> None:
    """Run the command; what can be mended is told in one line, with exit code 1."""
    configure_logging(level="warning", output="console")
    try:
        app()
    except (ConfigError, EmbeddedError) as error:
        sys.exit(f"coalition: {error}")
    except HubError as error:
        for each in error.errors:
            sys.stderr.write(f"  {each.pointer}: {each.detail}\n")
        sys.exit(f"coalition: {error.detail} ({error.code})")


if __name__ == "__main__":
    main()
