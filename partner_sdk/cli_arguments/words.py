"""What the arguments of all commands are made of."""

import argparse
from typing import TypeAlias

__all__ = ["Commands", "add_command", "add_group", "add_member"]

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_command(
    commands: Commands, name: str, text: str, dotted: str = ""
) -> argparse.ArgumentParser:
    """Add a command, which sets ``command`` to its dotted name."""
    made = commands.add_parser(name, help=text, description=text)
    made.set_defaults(command=dotted or name)
    return made


def add_group(commands: Commands, name: str, text: str) -> Commands:
    """Add a command that has actions."""
    made = commands.add_parser(name, help=text, description=text)
    return made.add_subparsers(required=True, metavar="ACTION")


def add_member(parser: argparse.ArgumentParser, *, contacts: bool) -> None:
    """Add the ways to name a member, of which exactly one is needed."""
    ways = parser.add_mutually_exclusive_group(required=True)
    ways.add_argument("--member", metavar="ID", help="the hub's id, mem_...")
    ways.add_argument("--card", metavar="NUMBER", help="a card number")
    ways.add_argument("--reference", help="your own reference of the member")
    if contacts:
        ways.add_argument("--phone")
        ways.add_argument("--email")
