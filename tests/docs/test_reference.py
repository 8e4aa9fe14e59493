"""The reference is in step with the code, and leaves nothing out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from coalition.agreements.reading import parse_terms
from coalition.agreements.schemas import TERMS_SCHEMA
from coalition.cli.app import app as coalition_app
from coalition.events.domain import EVENT_TYPES
from coalition.ledger.domain import BUCKETS, MovementKind, ObligationKind
from coalition.settings import settings
from partner_sdk.cli_arguments import build_parser
from partner_sdk.wire.amounts import MICROS
from partner_sdk.wire.archive import FILES
from partner_sdk.wire.lines import COLUMNS, ROUNDING
from partner_sdk.wire.problems import PROBLEMS
from settlement.cli.app import app as settlement_app
from settlement.config import settlement_settings
from settlement.disputes.domain import OUTCOMES, REASONS, STATES
from settlement.disputes.values import Rules
from settlement.entries.domain import KIND_MEANINGS
from tests.docs.generate import PARTS, REFERENCE, generated
from tests.docs.generate_api import endpoints
from tests.docs.generate_cli import argparse_commands, typer_commands
from tests.docs.pages import DOCS
from tests.docs.statements import example_statement
from tests.docs.walkthrough import blocks_of, files_of


def page(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def first_cells(text: str) -> list[str]:
    """The code words in the first cell of each table row."""
    rows = re.findall(r"^\| (.*?) \|", text, flags=re.MULTILINE)
    return [word for row in rows for word in re.findall(r"`([^`]+)`", row)]


@pytest.mark.parametrize("name", PARTS)
def test_a_generated_page_is_in_step_with_the_code(name: str) -> None:
    assert page(name) == generated(name), "run `make docs`"


def test_every_command_is_documented() -> None:
    commands = [
        *(name for name, _ in typer_commands(coalition_app, "coalition")),
        *(name for name, _ in typer_commands(settlement_app, "settlement")),
        *(name for name, _ in argparse_commands(build_parser(), "coalition-partner")),
    ]
    assert len(commands) > 60
    text = page("cli.md")
    assert [name for name in commands if f"### `{name}`\n" not in text] == []


def test_every_setting_is_documented_and_no_other() -> None:
    variables = [each.variable for each in (*settings(), *settlement_settings())]
    tables = page("configuration.md").partition("## The demo")[0]
    assert first_cells(tables) == variables


def test_every_problem_is_documented_with_its_status() -> None:
    text = page("problems.md")
    for kind in PROBLEMS.values():
        assert f"### `{kind.code}`\n" in text
        assert f"| [`{kind.code}`](#{kind.code}) | {kind.status} |" in text


def test_every_endpoint_is_documented() -> None:
    text = page("api.md")
    missing = [e.path for e in endpoints() if f"### {e.method} {e.path}\n" not in text]
    assert missing == []


def test_every_event_is_documented_in_the_order_of_the_code() -> None:
    text = page("events.md")
    listed = text.partition("## Types")[2].partition("## What")[0]
    assert first_cells(listed) == list(EVENT_TYPES)
    assert re.findall(r"^### (\S+)$", text, flags=re.MULTILINE) == list(EVENT_TYPES)


def section(text: str, heading: str) -> str:
    """A section of level two, without the next one."""
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_column_of_the_lines_is_documented_in_order() -> None:
    lines = section(page("file-formats.md"), "Lines").partition("### Kinds")[0]
    rows = re.findall(r"^\| `(\w+)` \|", lines, flags=re.MULTILINE)
    assert tuple(rows) == COLUMNS


def test_every_kind_of_line_is_documented() -> None:
    kinds = section(page("file-formats.md"), "Lines").partition("### Kinds")[2]
    assert set(first_cells(kinds)) == {*ObligationKind.__args__, *KIND_MEANINGS, ROUNDING}
    for kind in MovementKind.__args__:
        assert f"`{kind}`" in kinds


def test_the_files_of_a_bundle_are_documented_in_order() -> None:
    bundle = section(page("file-formats.md"), "The bundle")
    assert tuple(first_cells(bundle)) == FILES


def test_disputes_are_documented_as_they_are() -> None:
    text = page("disputes.md")
    assert first_cells(section(text, "What can be disputed")) == list(REASONS)
    assert first_cells(section(text, "States")) == [*STATES, *OUTCOMES]
    numbers = re.findall(r"^\| (?:days|amount) .* \| ([0-9.]+) \|$", text, flags=re.MULTILINE)
    usual = Rules()
    assert [Decimal(number) for number in numbers] == [
        usual.open_days,
        usual.answer_days,
        usual.escalate_days,
        Decimal(usual.two_people_micros) / MICROS,
    ]


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """The dotted paths of a JSON document's values; a list's items are `[]`."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value[:1]:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path


def written_out(names: list[str]) -> set[str]:
    """`a.b`, `.c` → a.b, a.c: rows name a sister by its last part only."""
    found, stem = set(), ""
    for name in names:
        if name.startswith("."):
            name = stem + name
        stem = name.rpartition(".")[0]
        found.add(name)
    return found


def test_every_field_of_a_statement_is_documented_and_no_other() -> None:
    text = section(page("file-formats.md"), "statement.json")
    rows = re.findall(r"^\| (.*?) \|", text, flags=re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    statement = json.loads(example_statement().to_bytes())
    assert written_out(names) - {"previous"} == set(leaves(statement))


def term_paths(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The dotted paths of all fields that terms may have."""
    for name, inner in schema.get("properties", {}).items():
        at = f"{path}.{name}" if path else name
        yield at
        yield from term_paths(inner, at)
        yield from term_paths(inner.get("items", {}), f"{at}[]")


def test_every_field_of_terms_is_documented_and_no_other() -> None:
    text = section(page("file-formats.md"), "Terms of an agreement")
    assert re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE) == list(
        term_paths(TERMS_SCHEMA)
    )


def test_the_agreements_shown_in_the_tutorial_are_good() -> None:
    tutorial = (DOCS / "tutorial" / "first-coalition.md").read_text("utf-8")
    files = files_of(blocks_of(tutorial))
    for name in ("grocer.json", "fuel.json"):
        assert parse_terms(json.loads(files[name])["terms"]).currency == "EUR"


def test_every_bucket_of_a_lot_is_explained() -> None:
    ledger = (DOCS / "explanation" / "ledger.md").read_text("utf-8")
    assert [bucket for bucket in BUCKETS if f"`{bucket}`" not in ledger] == []
