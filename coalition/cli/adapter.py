"""`coalition adapter`: which platforms have an adapter, whether it holds, and a new one."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from adapters.contract import Adapter
from adapters.registry import UnknownAdapter, adapters

if TYPE_CHECKING:
    from adapters.conformance.run import CaseResult
    from adapters.testing.shop import Shop

app = typer.Typer(
    help="Adapters of checkout platforms: those installed, the kit that each must pass, a new one.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_Json = Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")]


@app.command("list")
def list_adapters(json_: _Json = False) -> None:
    """List the adapters that are installed, ours and those that partners ship."""
    found = [adapter.manifest for adapter in adapters().values()]
    if json_:
        rows = [
            {
                "name": each.name,
                "title": each.title,
                "capabilities": sorted(each.capabilities),
                "not": {str(name): reason for name, reason in sorted(each.ignores.items())},
                "events": each.events,
                "scenarios": each.scenarios,
                "secrets": dict(each.secrets),
                "options": dict(each.options),
            }
            for each in found
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table()
    for name in ("name", "platform", "points pay by", "not here"):
        table.add_column(name)
    for each in found:
        table.add_row(each.name, each.title, each.redeem_by, ", ".join(sorted(each.ignores)))
    console = Console()
    Console(width=max(console.width, 120)).print(table)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="The adapter: installed, or in this folder.")],
    case: Annotated[str, typer.Option(help="Only the cases whose names hold this.")] = "",
    histories: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many random histories are tried.")
    ] = 500,
    fake: Annotated[
        str, typer.Option(metavar="MODULE:CLASS", help="The platform's fake, if not its own.")
    ] = "",
    trace: Annotated[bool, typer.Option(help="Show where each failure comes from.")] = False,
    json_: _Json = False,
) -> None:
    """Run the conformance kit for an adapter, and tell each case in words.

    Exit code 0: every case that the manifest declares passed; 1: one failed; 2: there is no such
    adapter, no fake of it, or no case of that name.
    """
    # What is being written stands in this folder, and is not installed.
    sys.path.insert(0, str(Path.cwd()))
    adapter, shop = _found(name, fake)
    from adapters.conformance.run import run_kit

    results = []
    for result in run_kit(adapter=adapter, shop=shop, histories=histories, matching=case):
        results.append(result)
        if not json_:
            _show(result, new_group=result.group != (results[-2].group if results[1:] else ""))
            if trace and result.trace:
                typer.echo(result.trace)
    if not results:
        _stop(f"no case of the kit is called {case!r}")
    count = Counter(result.state for result in results)
    if json_:
        cases = [asdict(each) | {"words": each.words} for each in results]
        typer.echo(json.dumps({"adapter": name, "count": count, "cases": cases}, indent=2))
    else:
        typer.echo(
            f"\n{count['passed']} passed, {count['failed']} failed, {count['not_for_it']} are "
            f"not for {adapter.manifest.title}, as its manifest says"
        )
    raise typer.Exit(1 if count["failed"] else 0)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Small letters, digits and _, such as `my_shop`.")],
    title: Annotated[str, typer.Option(help="What people call the platform.")] = "",
    folder: Annotated[
        Path | None, typer.Option(help="Where to write; a folder of that name, if not given.")
    ] = None,
    in_tree: Annotated[
        bool, typer.Option("--in-tree", help="Write into this project's own folders.")
    ] = False,
) -> None:
    """Write an adapter, its fake and its test from a template that passes the kit as it is."""
    from adapters.template import Naming, UnfitName, write_adapter

    try:
        naming = Naming(name, title or name.replace("_", " ").title(), in_tree)
        place = folder or (Path() if in_tree else Path(name))
        if in_tree and not (place / "adapters" / "contract").is_dir():
            _stop("--in-tree is for the root of this project: there is no adapters/contract here")
        for path in write_adapter(naming=naming, folder=place):
            typer.echo(path)
    except (UnfitName, FileExistsError) as error:
        _stop(str(error))
    if in_tree:
        typer.echo(
            f"\nNext: write {name} = {naming.package + ':ADAPTER'!r} under "
            '[project.entry-points."coalition.checkout"] in pyproject.toml.'
        )
    else:
        typer.echo(f"\nNext: cd {place}")
    typer.echo(f"      coalition adapter check {name}")
    typer.echo("      docs/how-to/write-an-adapter.md")


@app.command()
def backfill(
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="The con_ id.")],
    since: Annotated[
        str, typer.Option("--from", metavar="WHEN", help="Date, or RFC 3339 instant, in UTC.")
    ],
    until: Annotated[
        str, typer.Option("--to", metavar="WHEN", help="The same; now unless given.")
    ] = "",
    json_: _Json = False,
) -> None:
    """Ask a connection's platform for all that changed in a time range, and state the sales."""
    from coalition.checkouts.polling.command import backfill as run

    counts, problems = run(connection=connection, since=since, until=until)
    if json_:
        typer.echo(json.dumps({"became": counts, "problems": problems}))
    else:
        for problem in problems:
            typer.echo(problem, err=True)
        typer.echo(", ".join(f"{n} {became}" for became, n in counts.items()) or "nothing changed")
    if problems:
        raise typer.Exit(1)


def _found(name: str, fake: str) -> tuple[Adapter, type[Shop]]:
    """The adapter and its fake; ends the command where there is none."""
    from adapters.testing.finding import NoFake, adapter_of, fake_of, shop_of

    try:
        return adapter_of(name), shop_of(fake) if fake else fake_of(name)
    except (UnknownAdapter, NoFake) as error:
        _stop(str(error))


def _show(result: CaseResult, *, new_group: bool) -> None:
    if new_group:
        typer.echo(f"\n{result.group}")
    mark = {"passed": "ok    ", "failed": "FAILED", "not_for_it": "-     "}[result.state]
    typer.echo(f"  {mark} {result.words}")
    if result.detail:
        typer.echo(f"         {result.detail}")
    if result.place:
        typer.echo(f"         at {result.place}; its name: {result.case}")


def _stop(problem: str) -> NoReturn:
    sys.stderr.write(f"coalition: {problem}\n")
    raise typer.Exit(2)
