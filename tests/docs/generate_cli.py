"""The reference of the commands, from the parsers that read them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from coalition.cli.app import app as coalition_app
from partner_sdk.cli_arguments import build_parser
from settlement.cli.app import app as settlement_app
from tests.docs.marked import table


def typer_commands(app: typer.Typer, name: str) -> Iterator[tuple[str, Any]]:
    """Every command that can be run, by its full name, in the order of the help."""
    yield from _commands(get_command(app), name)


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "list_commands"):
        yield name, command
        return
    context = typer.Context(command)
    for each in command.list_commands(context):
        yield from _commands(command.get_command(context, each), f"{name} {each}")


def argparse_commands(
    parser: argparse.ArgumentParser, name: str
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command of `coalition-partner`, by its full name."""
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not groups:
        yield name, parser
    for group in groups:
        for each, inner in group.choices.items():
            yield from argparse_commands(inner, f"{name} {each}")


def coalition_reference() -> str:
    """The commands of `coalition`."""
    return _typer_reference(coalition_app, "coalition")


def settlement_reference() -> str:
    """The commands of `settlement`."""
    return _typer_reference(settlement_app, "settlement")


def _typer_reference(app: typer.Typer, name: str) -> str:
    parts = []
    for full, command in typer_commands(app, name):
        rows = [_typer_row(each) for each in command.params if not _is_usual(each)]
        parts.append(_section(full, _unwrapped(command.help or ""), rows))
    return "\n\n".join(parts)


def _is_usual(parameter: Any) -> bool:
    return parameter.name in ("install_completion", "show_completion")


def _typer_row(parameter: Any) -> tuple[str, str]:
    about = parameter.help or ""
    if parameter.param_type_name == "argument":
        shown = (parameter.metavar or parameter.name or "").upper()
        shown = shown if parameter.required else f"[{shown}]"
    else:
        shown = "`, `".join([*parameter.opts, *parameter.secondary_opts])
        if not parameter.is_flag:
            shown += f" {(parameter.metavar or _value(parameter)).upper()}"
        about = f"{about} {_extra(parameter)}".strip()
    return f"`{shown}`", about


def _value(parameter: Any) -> str:
    annotation = str(parameter.type_descriptor.annotation)
    if "int" in annotation:
        return "NUMBER"
    return "FILE" if "Path" in annotation else "TEXT"


def _extra(parameter: Any) -> str:
    facts = []
    if parameter.required:
        facts.append("Required.")
    elif parameter.default not in (None, "", False) and not parameter.is_flag:
        facts.append(f"Default: {parameter.default}.")
    elif parameter.is_flag and parameter.secondary_opts:
        facts.append(f"Default: {'yes' if parameter.default else 'no'}.")
    if parameter.envvar:
        facts.append(f"Environment: `{parameter.envvar}`.")
    return " ".join(facts)


def partner_reference() -> str:
    """The commands of `coalition-partner`."""
    parser = build_parser()
    parts = [_options(parser)]
    for full, command in argparse_commands(parser, "coalition-partner"):
        rows = [_argparse_row(a) for a in command._actions if a.dest != "help"]
        parts.append(_section(full, command.description or "", rows))
    return "\n\n".join(parts)


def _options(parser: argparse.ArgumentParser) -> str:
    kinds = (argparse._SubParsersAction, argparse._HelpAction)
    rows = [_argparse_row(a) for a in parser._actions if not isinstance(a, kinds)]
    return (
        "Before the command:\n\n"
        f"{table(heading=('Option', 'Meaning'), rows=rows)}\n\n"
        f"```text\n{(parser.epilog or '').strip()}\n```"
    )


def _argparse_row(action: argparse.Action) -> tuple[str, str]:
    value = action.metavar or action.dest.upper()
    if not action.option_strings:
        return f"`{value}`", action.help or ""
    shown = "`, `".join(action.option_strings)
    if action.nargs != 0:
        shown += f" {value}"
    about = (action.help or "") % {"default": action.default}
    return f"`{shown}`", f"{about}. Required.".lstrip(". ") if action.required else about


def _section(name: str, about: str, rows: list[tuple[str, str]]) -> str:
    parts = [f"### `{name}`", about]
    if rows:
        rows = sorted(rows, key=lambda row: row[0].startswith("`-"))  # arguments first
        parts.append(table(heading=("Argument or option", "Meaning"), rows=rows))
    return "\n\n".join(parts)


def _unwrapped(text: str) -> str:
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(" ".join(each.split()) for each in paragraphs)
